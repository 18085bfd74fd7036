"""Tells open streams what follows from a change: a customer's status and place, a console's summaries and counts.

Changes are gathered for a moment and read together, so that a busy minute costs a few round trips and not one for
each stream and change.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.conversations.errors import StoreUnavailable
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.desk import lists, tasks
from bot.desk.lobby import Lobby
from bot.desk.stream import Item, event

if TYPE_CHECKING:
    from bot.desk.hub import Hub

log = logging.getLogger(__name__)

#: How long changes are gathered: of a conversation, and of the queue.
_SOON = 0.02
_QUEUE_SOON = 0.25
#: When what could not be told is tried again.
_AGAIN_SECONDS = 1.0


class News:
    """Two gatherers: conversations that changed, and the queue as a whole."""

    def __init__(self, conversations: Conversations, hub: Hub, lobby: Lobby, archived: Callable[[], int]) -> None:
        self._conversations = conversations
        self._hub = hub
        self._lobby = lobby
        self._archived = archived
        self._changed: dict[str, bool] = {}
        self._some = asyncio.Event()
        self._queue = asyncio.Event()

    def changed(self, cid: str, owner: bool) -> None:
        """Something about this conversation is new; with `owner` also who has it."""
        self._changed[cid] = owner or self._changed.get(cid, False)
        self._some.set()
        if owner:
            self._queue.set()

    def queue_changed(self) -> None:
        """What waiting customers are told may be new."""
        self._queue.set()

    async def run(self) -> None:
        """Runs until cancelled."""
        # What changed in a conversation is told soon at any rate. The queue is read whole, so it is read less often
        # where thousands wait.
        await asyncio.gather(self._repeat(self._some, lambda _: _SOON, self._tell_changes),
                             self._repeat(self._queue, partial(tasks.rest, _QUEUE_SOON), self._tell_queue))

    async def _repeat(
        self, due: asyncio.Event, rest: Callable[[float], float], tell: Callable[[], Awaitable[None]],
    ) -> None:
        """Tells what is due, each time after a rest that may depend on how long the last telling took."""
        spent = 0.0
        while True:
            await due.wait()
            await asyncio.sleep(rest(spent))
            due.clear()
            began = time.monotonic()
            try:
                await tell()
            except StoreUnavailable:
                # The subscription may live through it, and then nobody is told anew by itself.
                due.set()
                await asyncio.sleep(_AGAIN_SECONDS)
            except Exception:
                log.exception("news could not be told")
            spent = time.monotonic() - began

    async def _tell_changes(self) -> None:
        changed, self._changed = self._changed, {}
        try:
            await self._tell(changed)
        except StoreUnavailable:
            for cid, owner in changed.items():
                self.changed(cid, owner)
            raise

    async def _tell(self, changed: dict[str, bool]) -> None:
        consoles = self._hub.has_consoles
        wanted = [cid for cid, owner in changed.items() if consoles or (owner and self._hub.streams(cid))]
        if not wanted:
            return
        states = await self._conversations.states(wanted)
        for state in states:
            if changed[state.id] and self._hub.streams(state.id):
                await self._tell_status(state)
        if consoles:
            for summary in await lists.summaries(self._conversations, states):
                self._hub.to_consoles(event("conversation", summary))

    async def _tell_status(self, state: State) -> None:
        status = await self._lobby.status(state)
        for stream in self._hub.streams(state.id):
            stream.told = status
            stream.put(Item(0, event("status", status)))

    async def _tell_queue(self) -> None:
        queues = await self._conversations.queues()
        waiting = {cid: (ahead, streams)
                   for queue in queues.values() for cid, ahead, streams in self._hub.waiting(queue)}
        for state in await self._conversations.states(list(waiting)):
            ahead, streams = waiting[state.id]
            status = self._lobby.told(state, ahead)
            if state.owner != "queue":
                continue  # it was taken a moment ago, which is told by itself
            for stream in streams:
                if _differs(stream.told, status):
                    stream.told = status
                    stream.put(Item(0, event("status", status)))
        if self._hub.has_consoles:
            found = await lists.counts(self._conversations, self._archived())
            agents = {stream.agent for stream in self._hub.consoles}
            mentions = {agent: await self._conversations.unread_mentions(agent) for agent in agents}
            for stream in tuple(self._hub.consoles):
                if stream.agent in mentions:
                    stream.put(Item(0, event("counts", found.of(stream.agent, mentions[stream.agent]))))


def _differs(before: dict[str, Any] | None, now: dict[str, Any]) -> bool:
    """Whether a customer would see the difference: a wait is told in minutes."""
    return before is None or {**before, "wait": _minutes(before)} != {**now, "wait": _minutes(now)}


def _minutes(status: dict[str, Any]) -> tuple[int, int] | None:
    wait = status["wait"]
    return (wait["low"] // 60, -(-wait["high"] // 60)) if wait else None
