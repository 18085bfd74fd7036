"""One open event stream, and the order in which its records leave.

The log is the truth; what is pushed live only says so early. A customer's stream therefore never has to trust that
it heard everything: a number that is not the next one sends it back to the log.
"""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any, NamedTuple

from bot.conversations.amendments import seen_by_customer
from bot.conversations.record import Record, for_customer
from bot.conversations.store import Conversations
from bot.desk.sessions import Pass

#: Events that may wait for a slow client. Beyond it the stream ends, and the client resumes from the log.
MOST_WAITING = 512

#: What was sent and is not taken within this leads nowhere: the machine sleeps or the network is gone, and no farewell
#: came. The system by itself would wait for a quarter of an hour.
SILENT_SECONDS = 30.0

PING = b": ping\n\n"


def event(name: str, data: Any, seq: int = 0) -> bytes:
    """One server-sent event; `seq`, where given, becomes its id."""
    head = f"id: {seq}\n" if seq else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def record_event(record: Record) -> bytes:
    """A record as its customer gets it."""
    shown = for_customer(record)
    return event("record", shown, shown["seq"])


class Item(NamedTuple):
    """Something to send: the record `seq`, or at once where `seq` is 0. Without data: read the log again."""

    seq: int
    data: bytes


REREAD = Item(0, b"")


class Stream:
    """What waits to be sent on one response. Filled by the hub, emptied by the request's own task."""

    __slots__ = ("_items", "_wake", "conversation", "cut", "ended", "opened", "told")

    def __init__(self, conversation: str = "", opened: Pass | None = None) -> None:
        self.conversation = conversation
        #: What a console's stream was opened with.
        self.opened = opened
        self.ended = False
        #: Called when the stream ends while the client takes nothing: a task that waits to write must be woken.
        self.cut: Any = None
        #: The status that was last told.
        self.told: dict[str, Any] | None = None
        self._items: list[Item] = []
        self._wake = asyncio.Event()

    @property
    def agent(self) -> str:
        """Whose console it is."""
        return self.opened.who if self.opened else ""

    def send_over(self, transport: Any) -> None:
        """Says which connection it is sent over; the system ends one whose other end has vanished."""
        self.cut = transport.abort
        connection, option = transport.get_extra_info("socket"), getattr(socket, "TCP_USER_TIMEOUT", None)
        # Linux alone has it; a connection that is over already has no options.
        if connection is not None and option is not None:
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, option, int(SILENT_SECONDS * 1000))

    def put(self, item: Item) -> None:
        if len(self._items) >= MOST_WAITING:
            self.end()
            if self.cut is not None:
                self.cut()
            return
        self._items.append(item)
        self._wake.set()

    def end(self) -> None:
        """Lets the request finish; the client comes back and resumes."""
        self.ended = True
        self._wake.set()

    async def get(self) -> list[Item]:
        """All that waits, at least one item; nothing when the stream has ended."""
        await self._wake.wait()
        if self.ended:
            return []
        self._wake.clear()
        items, self._items = self._items, []
        return items


class Feed:
    """The records of one conversation for one customer: each once, in order, without a gap."""

    def __init__(self, conversations: Conversations, cid: str, seq: int) -> None:
        self._conversations = conversations
        self._cid = cid
        #: The last record that was sent.
        self.seq = seq

    async def catch_up(self) -> bytes:
        """All records after the last one sent."""
        records = await self._conversations.records(self._cid, self.seq)
        if records:
            self.seq = records[-1]["seq"]
        return b"".join(event("record", shown, shown["seq"]) for shown in seen_by_customer(records))

    async def take(self, items: list[Item]) -> bytes:
        """What to send for these items. Raises StoreUnavailable when a gap cannot be filled."""
        sent = []
        for item in items:
            if item is REREAD or item.seq > self.seq + 1:
                sent.append(await self.catch_up())
            elif item.seq == 0:
                sent.append(item.data)
            elif item.seq == self.seq + 1:
                sent.append(item.data)
                self.seq = item.seq
        return b"".join(sent)
