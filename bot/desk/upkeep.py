"""What has to be done now and then: idle conversations closed, abandoned ones given back, closed ones archived."""

from __future__ import annotations

import asyncio
import logging
import time

from bot.conversations import keys
from bot.conversations.errors import ConversationError, StoreUnavailable
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.desk.lists import in_hands
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
        self._well_since = time.monotonic()
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
        # While the desk or the store was down nobody could show that they are there.
        trusted = time.monotonic() - self._well_since >= keys.AWAY_SECONDS
        now = await self._conversations.now()
        await self._conversations.close_idle(now - self._settings.idle_hours * 3600)
        if trusted:
            await self.give_back()
        await keep(self._conversations, self._archive, self._settings.keep_days)
        self.archived = await asyncio.to_thread(self._archive.count)

    async def give_back(self) -> None:
        """An agent whose machine went dark holds customers whom nobody answers: they go to the front of the queue."""
        present = await self._conversations.present(keys.AWAY_SECONDS)
        for state in await in_hands(self._conversations):
            if state.agent not in present:
                try:
                    await self._conversations.release(state.id, state.agent, state.agent_name)
                except StoreUnavailable:
                    raise
                except ConversationError as error:
                    log.debug("not given back: %s", error)  # somebody acted meanwhile

    async def _repeat(self) -> None:
        while True:
            try:
                await self.run()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("upkeep waits: %s", error)
                self._well_since = time.monotonic()
            except Exception:
                log.exception("upkeep failed")
            await asyncio.sleep(_EVERY_SECONDS)
