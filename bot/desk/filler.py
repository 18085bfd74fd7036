"""Keeps the search index and the notes on customers up with what is logged.

What is heard live only says which conversations to look at; what is taken in is read from their logs. So a desk that
missed something takes it in with the next record, and a sweep finds the conversations that have had none since.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any

from bot.conversations import keys
from bot.conversations.client import reached
from bot.conversations.errors import StoreUnavailable
from bot.conversations.record import Record
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.reports.archive import Archive
from bot.reports.customers import Customers
from bot.search.index import Index

log = logging.getLogger(__name__)

#: What is heard within this is taken in together. Each time is a transaction that waits for the disk.
_SOON = 1.0
_PAGE = 200
_AGAIN_SECONDS = 2.0


class Filler:
    """One a desk; several may work over one database."""

    def __init__(self, conversations: Conversations, archive: Archive, index: Index, customers: Customers) -> None:
        self._conversations = conversations
        self._archive = archive
        self._index = index
        self._customers = customers
        self._due: dict[str, None] = {}
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])

    def heard(self, message: dict[str, Any]) -> None:
        """A live message: a record or another state."""
        if message["type"] in ("record", "state"):
            self._due[message["conversation"]] = None
            self._some.set()

    async def fill(self) -> None:
        """Takes in what is due. Raises StoreUnavailable, DatabaseUnavailable; what is not taken in then stays due."""
        while page := list(islice(self._due, _PAGE)):
            for cid in page:
                del self._due[cid]
            try:
                await self._take(page)
            except BaseException:
                self._due.update(dict.fromkeys(page))
                raise

    async def sweep(self) -> None:
        """Takes in whatever is missing of all that was ever said. Raises StoreUnavailable, DatabaseUnavailable."""
        seen: list[str] = []
        while page := [cid for cid in await asyncio.to_thread(self._index.behind, _PAGE) if cid not in seen[-_PAGE:]]:
            logs = {cid: found[2] for cid in page if (found := await asyncio.to_thread(self._archive.find, cid))}
            await asyncio.to_thread(self._index.take, logs)
            seen += page
        for owner in keys.OWNERS:
            cids = await self._conversations.owned(owner)
            for start in range(0, len(cids), _PAGE):
                await self._take(cids[start:start + _PAGE])

    async def _take(self, cids: Sequence[str]) -> None:
        states = await self._conversations.states(cids)
        known = await asyncio.to_thread(self._index.upto, cids)
        behind = [state.id for state in states if state.seq > known.get(state.id, 0)]
        if behind:
            await asyncio.to_thread(self._index.take, await self._logs(behind, known))
        await asyncio.to_thread(self._customers.note, states)

    async def _logs(self, cids: Sequence[str], after: dict[str, int]) -> dict[str, list[Record]]:
        pipe = self._conversations.client.pipeline(transaction=False)
        for cid in cids:
            pipe.lrange(keys.log(cid), after.get(cid, 0), -1)
        with reached():
            found = await pipe.execute()
        return {cid: [json.loads(raw) for raw in records] for cid, records in zip(cids, found, strict=True)}

    async def _repeat(self) -> None:
        swept, spent = False, 0.0
        while True:
            try:
                if not swept:
                    await self.sweep()
                    swept = True
                await self._some.wait()
                await asyncio.sleep(tasks.rest(_SOON, spent))
                self._some.clear()
                began = time.monotonic()
                await self.fill()
                spent = time.monotonic() - began
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("the search index waits: %s", error)
                await self._rest()
            except Exception:
                log.exception("the search index could not be filled")
                await self._rest()

    async def _rest(self) -> None:
        self._some.set()
        await asyncio.sleep(_AGAIN_SECONDS)
