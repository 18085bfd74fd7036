"""All open event streams of the process, and who gets what of the live messages.

A stream costs its request's own task and a few objects: one subscription to Redis, one timer for the pings and one
gatherer of news serve all of them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import Any

from bot.conversations.errors import StoreUnavailable
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.desk.live import Live
from bot.desk.lobby import Lobby
from bot.desk.news import News
from bot.desk.onlookers import Onlookers
from bot.desk.sessions import Pass
from bot.desk.stream import PING, REREAD, Item, Stream, event, record_event

log = logging.getLogger(__name__)

#: Streams of one conversation: more tabs than anybody has; the oldest ends.
MOST_OF_ONE = 16
#: Every stream gets a comment line this often. A part of them is served each second, which spreads the work.
PING_SECONDS = 10
#: How often it is asked who may still have a console's stream. A key that is revoked is to end within five seconds.
CHECK_SECONDS = 4.0


class Hub:
    """Opens and closes streams, and fans live messages out to them."""

    def __init__(self, conversations: Conversations, lobby: Lobby,
                 holding: Callable[[Collection[Pass]], Awaitable[Collection[Pass]]],
                 archived: Callable[[], int] = lambda: 0,
                 also: Callable[[dict[str, Any]], None] = lambda message: None) -> None:
        #: Called at each change of a conversation's state, and with ``setup`` or ``agents`` when those changed.
        self.on_state: Callable[[], None] = lambda: None
        self.on_desk: Callable[[str], None] = lambda _: None
        #: Called when live messages may have been missed.
        self.on_resumed: Callable[[], None] = lambda: None
        self._onlookers = Onlookers()
        self._conversations = conversations
        self._also = also
        self._holding = holding
        self._streams: dict[str, list[Stream]] = {}
        self._shifts: list[set[Stream]] = [set() for _ in range(PING_SECONDS)]
        self._opened = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._news = News(conversations, self, lobby, archived)
        lobby.changed = self._news.queue_changed
        self.consoles: set[Stream] = set()

    async def start(self) -> None:
        live = Live(self._conversations, self._heard, self._resumed)
        parts = (live.run(), self._news.run(), self._tick(), self._watch())
        self._tasks = [asyncio.create_task(part) for part in parts]

    async def stop(self) -> None:
        """Ends all streams and waits a moment for their requests to finish."""
        self._stopping = True
        await tasks.end(self._tasks)
        for stream in self._all():
            stream.end()
        for _ in range(100):
            if not any(self._all()):
                return
            await asyncio.sleep(0.01)
        for stream in self._all():
            # Its client takes nothing, so its task still waits to write.
            if stream.cut is not None:
                stream.cut()

    # -- streams -----------------------------------------------------------------------------------------------

    def open(self, cid: str) -> Stream:
        """A customer's stream; from now on it misses nothing."""
        stream = self._enter(Stream(conversation=cid))
        streams = self._streams.setdefault(cid, [])
        streams.append(stream)
        if len(streams) > MOST_OF_ONE:
            streams[0].end()
        return stream

    def open_console(self, opened: Pass) -> Stream:
        stream = self._enter(Stream(opened=opened))
        self.consoles.add(stream)
        return stream

    def close(self, stream: Stream) -> None:
        """To be called when the request is over, however it ended."""
        for shift in self._shifts:
            shift.discard(stream)
        self.consoles.discard(stream)
        streams = self._streams.get(stream.conversation, [])
        if stream in streams:
            streams.remove(stream)
        if not streams:
            self._streams.pop(stream.conversation, None)

    def streams(self, cid: str) -> Collection[Stream]:
        return self._streams.get(cid, ())

    def waiting(self, queue: Sequence[str]) -> list[tuple[str, int, Collection[Stream]]]:
        """Who stands in `queue` and has streams: their places and the streams."""
        return [(cid, place, self._streams[cid]) for place, cid in enumerate(queue) if cid in self._streams]

    @property
    def has_consoles(self) -> bool:
        return bool(self.consoles)

    @property
    def open_streams(self) -> int:
        return sum(len(shift) for shift in self._shifts)

    def to_consoles(self, data: bytes) -> None:
        item = Item(0, data)
        for stream in tuple(self.consoles):
            stream.put(item)

    # ----------------------------------------------------------------------------------------------------------

    def _enter(self, stream: Stream) -> Stream:
        self._shifts[self._opened % PING_SECONDS].add(stream)
        self._opened += 1
        if self._stopping:
            stream.end()
        return stream

    def _all(self) -> Iterator[Stream]:
        for shift in self._shifts:
            yield from tuple(shift)

    def _heard(self, message: dict[str, Any]) -> None:
        if message["type"] == "desk":
            self.on_desk(message["what"])
            self.to_consoles(event("desk", {"what": message["what"]}))
            return
        self._also(message)
        cid = message["conversation"]
        if message["type"] == "record":
            self._record(cid, message["record"])
        elif message["type"] == "state":
            self._news.changed(cid, owner=True)
            self.on_state()
        elif message["type"] == "typing":
            self._typing(cid, message)
        elif message["type"] == "presence":
            self._onlookers.heard(message, time.monotonic())
            self._tell_onlookers(cid)

    def _record(self, cid: str, record: dict[str, Any]) -> None:
        if streams := self.streams(cid):
            item = Item(record["seq"], record_event(record))
            for stream in tuple(streams):
                stream.put(item)
        if self.consoles:
            self.to_consoles(event("record", {"conversation": cid, "record": record}))
            self._news.changed(cid, owner=False)

    def _typing(self, cid: str, message: dict[str, Any]) -> None:
        sender, typing = message["from"], message["typing"]
        if sender != "customer":
            told = event("typing", {"from": sender, "name": message["name"], "typing": typing})
            for stream in tuple(self.streams(cid)):
                stream.put(Item(0, told))
        if sender != "agent" and self.consoles:
            self.to_consoles(event("typing", {"conversation": cid, "from": sender, "typing": typing}))

    def _tell_onlookers(self, cid: str) -> None:
        if self.consoles:
            agents = self._onlookers.of(cid, time.monotonic())
            self.to_consoles(event("presence", {"conversation": cid, "agents": agents}))

    def _resumed(self) -> None:
        """Something may have been missed: customers' streams read their log again, consoles start anew."""
        self.on_resumed()
        for cid, streams in self._streams.items():
            for stream in tuple(streams):
                stream.put(REREAD)
            self._news.changed(cid, owner=True)
        for stream in tuple(self.consoles):
            stream.end()

    async def _tick(self) -> None:
        """Each second pings one shift; each round notes which agents are there."""
        second = 0
        while True:
            await asyncio.sleep(1)
            second = (second + 1) % PING_SECONDS
            for stream in tuple(self._shifts[second]):
                stream.put(Item(0, PING))
            for cid in self._onlookers.gone(time.monotonic()):
                self._tell_onlookers(cid)
            if second == 0:
                try:
                    await self._note_agents()
                except StoreUnavailable:
                    pass
                except Exception:
                    log.exception("presence could not be noted")

    async def _note_agents(self) -> None:
        """A browser answers its stream. Behind an API key there is none, so its stream alone stands for it."""
        opened = self._opened_with()
        await self._conversations.saw(sorted({one.who for one in opened if not one.session}))
        await self._conversations.listens(sorted({one.who for one in opened if one.session}))

    async def check(self) -> None:
        """Ends the streams of consoles that would not be opened any more: somebody was removed, signed out, or has
        another role or password; a key was revoked or is over. Raises StoreUnavailable, DatabaseUnavailable."""
        if opened := self._opened_with():
            holding = await self._holding(opened)
            for stream in tuple(self.consoles):
                if stream.opened in opened and stream.opened not in holding:
                    stream.end()

    def _opened_with(self) -> set[Pass]:
        return {stream.opened for stream in self.consoles if stream.opened and not stream.ended}

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.check()
            except (StoreUnavailable, DatabaseUnavailable):
                pass  # An outage sends nobody away.
            except Exception:
                log.exception("it could not be checked who may listen")
