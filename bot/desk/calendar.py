"""Entries appear and go on their days: a publish by itself, whenever a day has changed what customers may be shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.desk.errors import ApiError
from bot.desk.workshop import Workshop
from bot.library.publications import Publications

log = logging.getLogger(__name__)

_EVERY_SECONDS = 60.0


class Calendar:
    """Looks once a day and after each publish, and again each minute until what is due is done. Several desks may: of
    those with one home only one publishes, and each home has a snapshot of its own."""

    def __init__(self, ledger: Publications, workshop: Workshop, serving: Callable[[], str | None]) -> None:
        """`serving` tells which snapshot serves in this home."""
        self._ledger = ledger
        self._workshop = workshop
        self._serving = serving
        self._task: asyncio.Task[None] | None = None
        #: The day for which nothing is left to do, and the last way back that counted in.
        self._done = (0, "")

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])

    async def run(self) -> bool:
        """Publishes where a day asks for it; returns whether it did. Raises DatabaseUnavailable, ApiError."""
        # Going back, and a publish that began before midnight, bring again what the day took away.
        seen = await asyncio.to_thread(self._ledger.state)
        if self._done == seen:
            return False
        due, came = await asyncio.to_thread(lambda: self._ledger.due(self._serving()))
        told: dict[str, Any] = {"snapshot": "", "stopped": []}
        if due or came:
            told = await self._workshop.call("turn_day")
        if told["stopped"]:
            log.warning("ready for %s, but the gate stops it: %s", seen[1], ", ".join(told["stopped"][:20]))
        self._done = seen
        return bool(told["snapshot"])

    async def _repeat(self) -> None:
        while True:
            try:
                await self.run()
            except (DatabaseUnavailable, ApiError) as error:
                log.warning("entries whose day has come wait: %s", error)
            except Exception:
                log.exception("publishing by the calendar failed")
            await asyncio.sleep(_EVERY_SECONDS)
