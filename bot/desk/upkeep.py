"""What has to be done now and then: idle conversations closed, closed ones archived."""

from __future__ import annotations

import asyncio
import logging

from bot.conversations.errors import StoreUnavailable
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.reports.archive import Archive, keep
from bot.settings import Settings

log = logging.getLogger(__name__)

_EVERY_SECONDS = 60.0


class Upkeep:
    """Runs each minute. Several desks may do so at once: every step is safe to repeat."""

    def __init__(self, settings: Settings, conversations: Conversations, archive: Archive) -> None:
        self._settings = settings
        self._conversations = conversations
        self._archive = archive
        self._task: asyncio.Task[None] | None = None
        #: How many conversations only the archive has, as of the last run.
        self.archived = 0

    async def start(self) -> None:
        self.archived = await asyncio.to_thread(self._archive.count)
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])

    async def run(self) -> None:
        """All of it, once. Raises StoreUnavailable, DatabaseUnavailable."""
        now = await self._conversations.now()
        await self._conversations.close_idle(now - self._settings.idle_hours * 3600)
        await keep(self._conversations, self._archive, self._settings.keep_days)
        self.archived = await asyncio.to_thread(self._archive.count)

    async def _repeat(self) -> None:
        while True:
            try:
                await self.run()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("upkeep waits: %s", error)
            except Exception:
                log.exception("upkeep failed")
            await asyncio.sleep(_EVERY_SECONDS)
