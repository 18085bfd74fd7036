"""Many widgets at once on one desk: memory of an open stream, time to tell all, time until all are back after a cut.

A process of its own: reads ``{"port", "pid", "redis", "streams", "cut"}`` from stdin, prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).parent))

from load import Events
from processes import rss

from bot.conversations.store import Conversations, connect

#: Loopback addresses to come from, since one address has too few ports for very many streams.
_SOURCES = 4
#: Records a second while nothing special happens.
_STEADY = 300


class Widget:
    """One open widget; it knows which records it has, as a real one does."""

    def __init__(self, cid: str, token: str) -> None:
        self.cid, self.token = cid, token
        self.seq = 0
        self.heard: dict[int, float] = {}
        #: Seconds from when the newest record was written, by the store's clock, to its arrival.
        self.late = 0.0
        self.gaps = 0
        self.status = asyncio.Event()
        self.events: Events | None = None
        self.wanted: tuple[int, asyncio.Future[float]] | None = None

    async def open(self, port: int, number: int) -> None:
        self.status.clear()
        resume = f"Last-Event-ID: {self.seq}\r\n" if self.seq else ""
        events = self.events = Events("/api/widget/events", f"Authorization: Bearer {self.token}\r\n{resume}", self._on)
        loop = asyncio.get_running_loop()
        source = (f"127.0.0.{1 + number % _SOURCES}", 0)
        await loop.create_connection(lambda: events, "127.0.0.1", port, local_addr=source)
        await self.status.wait()

    def cut(self) -> None:
        if self.events is not None and self.events.transport is not None:
            self.events.transport.abort()

    def _on(self, name: str, data: bytes) -> None:
        if name == "status":
            self.status.set()
        elif name == "record":
            record = json.loads(data)
            seq, self.late = record["seq"], time.time() - record["at"]
            self.gaps += seq != self.seq + 1
            self.seq = seq
            self.heard[seq] = time.monotonic()
            if self.wanted is not None and self.wanted[0] <= seq and not self.wanted[1].done():
                self.wanted[1].set_result(self.heard[seq])

    def next(self) -> asyncio.Future[float]:
        """When the record after the newest one arrives."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.wanted = (self.seq + 1, future)
        return future


def share(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


async def main(told: dict[str, Any]) -> dict[str, Any]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    client = connect(told["redis"], 64)
    store = Conversations(client)
    found: dict[str, Any] = {"streams": told["streams"]}
    pairs: list[tuple[str, str]] = []
    while len(pairs) < told["streams"]:
        pairs += await asyncio.gather(*(store.create() for _ in range(100)))
    widgets = [Widget(*pair) for pair in pairs[: told["streams"]]]
    before = rss([told["pid"]])
    begun = time.monotonic()
    for start in range(0, len(widgets), 200):
        part = widgets[start : start + 200]
        await asyncio.gather(*(one.open(told["port"], start + i) for i, one in enumerate(part)))
    found["open_seconds"] = time.monotonic() - begun
    await asyncio.sleep(2)
    after = rss([told["pid"]])
    found["kb_per_stream"] = (sum(after.values()) - sum(before.values())) * 1e3 / len(widgets)
    found["desk_mb"] = sum(after.values())

    async def tell(one: Widget, number: int) -> float:
        """Seconds from writing a record to its arrival at the widget."""
        arrives = one.next()
        begun = time.monotonic()
        # A record that no assistant takes up: a note to the customer's own log would do as well.
        await store._run("say", one.cid, "bench", f"n{number}", "d", _BODY, "")
        return await asyncio.wait_for(arrives, 30) - begun

    # A steady flow of records to streams picked at random, while all others stay open.
    picked = random.Random(3)
    tasks = []
    begun = time.monotonic()
    for number, one in enumerate(picked.sample(widgets, min(len(widgets), int(_STEADY * 5)))):
        await asyncio.sleep(max(0.0, begun + number / _STEADY - time.monotonic()))
        tasks.append(asyncio.create_task(tell(one, number)))
    steady = await asyncio.gather(*tasks)
    found["steady"] = {"rate": _STEADY, "p50": share(steady, 0.5), "p99": share(steady, 0.99)}

    # Everybody at once: one record for every open stream.
    arrivals = [one.next() for one in widgets]
    begun = time.monotonic()
    pipe = client.pipeline(transaction=False)
    script = store._scripts["say"]
    for one in widgets:
        pipe.evalsha(script.sha, 0, one.cid, "bench", "burst", "d", _BODY, "")
    await pipe.execute()
    written = time.monotonic() - begun
    all_heard = [when - begun for when in await asyncio.wait_for(asyncio.gather(*arrivals), 60)]
    late = [one.late for one in widgets]
    found["burst"] = {"written": written, "p50": share(late, 0.5), "p99": share(late, 0.99), "all": max(all_heard)}

    # A cut: many are thrown out at once, records go on meanwhile, and all resume from where they were.
    lost = widgets[: told["cut"]]
    begun = time.monotonic()
    for one in lost:
        one.cut()
    pipe = client.pipeline(transaction=False)
    for one in lost:
        pipe.evalsha(script.sha, 0, one.cid, "bench", "missed", "d", _BODY, "")
    await pipe.execute()

    async def back(number: int, one: Widget) -> None:
        missed = one.next()
        while True:
            try:
                await asyncio.wait_for(one.open(told["port"], number), 20)
                break
            except (OSError, asyncio.TimeoutError):
                await asyncio.sleep(0.1)
        await asyncio.wait_for(missed, 30)

    await asyncio.gather(*(back(number, one) for number, one in enumerate(lost)))
    found["resume"] = {"clients": len(lost), "seconds": time.monotonic() - begun,
                       "gaps": sum(one.gaps for one in widgets)}
    for one in widgets:
        one.cut()
    await client.close()
    return found


_BODY = json.dumps({"kind": "message", "from": "agent", "text": "Your parcel is on its way.", "id": "n",
                    "by": {"id": "bench", "name": "Bench"}})

if __name__ == "__main__":
    uvloop.install()
    json.dump(asyncio.run(main(json.load(sys.stdin))), sys.stdout)
