"""Writes deliveries of webhooks from the conversations' logs.

As with the search index, what is heard live only says which logs to read on; what is written follows from the log and
from how far it was looked through, so nothing is passed over by a desk that was down, and nothing written twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from bot.conversations import keys
from bot.conversations.client import reached
from bot.conversations.errors import StoreUnavailable
from bot.conversations.record import Record
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.reports.archive import Archive
from bot.webhooks.ledger import KEPT_SECONDS, Ledger, Told

log = logging.getLogger(__name__)

#: What is heard within this is written together; and while there is no webhook.
_SOON, _IDLE = 0.1, 1.0
_PAGE = 100
_AGAIN_SECONDS = 2.0
_SWEEP_SECONDS = 600.0
#: What it says last changes with each message, and is told with that.
_NOT_TOLD = ("last", "mentions")


class Collector:
    """One a desk; several may work over one database. `nudge` is called when there is something to send."""

    def __init__(self, conversations: Conversations, archive: Archive, ledger: Ledger,
                 nudge: Callable[[], None]) -> None:
        self._conversations = conversations
        self._archive = archive
        self._ledger = ledger
        self._nudge = nudge
        self._due: dict[str, None] = {}
        self._some = asyncio.Event()
        self._sweep_at = 0.0
        self._pause = _SOON
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])

    def heard(self, message: dict[str, Any]) -> None:
        """A live message, of which records are of interest."""
        if message["type"] == "record":
            self._due[message["conversation"]] = None
            self._some.set()

    def missed(self) -> None:
        """Live messages may have been lost."""
        self._sweep_at = 0.0
        self._some.set()

    async def collect(self) -> None:
        """Writes what is due. Raises StoreUnavailable, DatabaseUnavailable; what is not written then stays due."""
        while page := list(islice(self._due, _PAGE)):
            for cid in page:
                del self._due[cid]
            try:
                since = await asyncio.to_thread(self._ledger.since)
                self._pause = _IDLE if since is None else _SOON
                if since is not None:
                    await self._take(page, since)
            except BaseException:
                self._due.update(dict.fromkeys(page))
                raise

    async def sweep(self) -> None:
        """Writes whatever is missing, of archived conversations and of live ones, and drops the log of long ago. Raises
        StoreUnavailable, DatabaseUnavailable."""
        await asyncio.to_thread(self._ledger.forget, time.time() - KEPT_SECONDS)
        since = await asyncio.to_thread(self._ledger.since)
        if since is None:
            return
        seen: set[str] = set()
        while page := [cid for cid in await asyncio.to_thread(self._ledger.behind, since, _PAGE) if cid not in seen]:
            for cid in page:
                if found := await asyncio.to_thread(self._archive.find, cid):
                    state, packet, records = found
                    await self._write({cid: records}, {cid: Told(_summary(state), packet)})
            seen.update(page)
        for owner in keys.OWNERS:
            cids = await self._conversations.owned(owner)
            for start in range(0, len(cids), _PAGE):
                await self._take(cids[start:start + _PAGE], since)

    async def _take(self, cids: Sequence[str], since: float) -> None:
        states = [state for state in await self._conversations.states(cids) if state.updated >= since]
        known = await asyncio.to_thread(self._ledger.upto, [state.id for state in states])
        behind = {state.id: state for state in states if state.seq > known.get(state.id, 0)}
        if not behind:
            return
        logs, packets = await self._read(list(behind), known)
        await self._write(logs, {cid: Told(_summary(state), packets[cid]) for cid, state in behind.items()})

    async def _write(self, logs: dict[str, list[Record]], told: dict[str, Told]) -> None:
        if await asyncio.to_thread(self._ledger.write, logs, told):
            self._nudge()

    async def _read(
        self, cids: Sequence[str], after: dict[str, int]
    ) -> tuple[dict[str, list[Record]], dict[str, dict[str, Any] | None]]:
        """What is new of each log, and the packets."""
        pipe = self._conversations.client.pipeline(transaction=False)
        for cid in cids:
            pipe.lrange(keys.log(cid), after.get(cid, 0), -1)
            pipe.get(keys.packet(cid))
        with reached():
            found = await pipe.execute()
        logs = {cid: [json.loads(raw) for raw in found[2 * place]] for place, cid in enumerate(cids)}
        packets = {cid: json.loads(raw) if (raw := found[2 * place + 1]) else None for place, cid in enumerate(cids)}
        return logs, packets

    async def _repeat(self) -> None:
        while True:
            try:
                if time.monotonic() >= self._sweep_at:
                    # Said before: what is missed meanwhile asks for another.
                    self._sweep_at = time.monotonic() + _SWEEP_SECONDS
                    await self.sweep()
                try:
                    await asyncio.wait_for(self._some.wait(), max(0.0, self._sweep_at - time.monotonic()))
                except asyncio.TimeoutError:
                    continue
                await asyncio.sleep(self._pause)
                self._some.clear()
                await self.collect()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("webhooks wait: %s", error)
                await self._rest()
            except Exception:
                log.exception("webhooks could not be written")
                await self._rest()

    async def _rest(self) -> None:
        self.missed()
        await asyncio.sleep(_AGAIN_SECONDS)


def _summary(state: State) -> dict[str, Any]:
    return {name: value for name, value in state.summary(None).items() if name not in _NOT_TOLD}
