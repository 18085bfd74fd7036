"""Entries appear and go on their days: a publish by itself, whenever a day has changed what customers may be shown."""

from __future__ import annotations

import asyncio
import logging

from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.desk.errors import ApiError
from bot.desk.workshop import Workshop
from bot.library.library import today
from bot.library.publications import Publications

log = logging.getLogger(__name__)

_EVERY_SECONDS = 300.0


class Calendar:
    """Looks every five minutes. What was once scheduled by an editor is not held back by the gate."""

    def __init__(self, ledger: Publications, workshop: Workshop) -> None:
        self._ledger = ledger
        self._workshop = workshop
        self._task: asyncio.Task[None] | None = None
        self._tried = ""

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])

    async def run(self) -> bool:
        """Publishes where a day asks for it; returns whether it did. Raises DatabaseUnavailable, ApiError."""
        if self._tried == today() or not await asyncio.to_thread(self._ledger.due):
            return False
        await self._workshop.call("publish", ids=[], by="", kind="schedule", override="entries whose day has come")
        self._tried = today()
        return True

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.run()
            except (DatabaseUnavailable, ApiError) as error:
                log.warning("entries whose day has come wait: %s", error)
            except Exception:
                log.exception("publishing by the calendar failed")
