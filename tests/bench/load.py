"""The load generator, a process of its own: sends turns at given times whether or not earlier ones were answered.

Latency counts from the moment at which a turn was due, not from when it could be sent, so that a stall of what is
measured is not left out of the figures (G. Tene, "How NOT to Measure Latency", 2015: coordinated omission).

Reads one JSON object from stdin, writes one to stdout. `kind` is ``frontdesk`` (messages by POST, answers from the
event stream) or ``rest`` (Rasa's REST channel).
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import uvloop

#: Seconds for answers that are still out when the last turn has been sent.
PATIENCE = 10.0
#: Seconds between two turns of one customer.
THINKS = 8.0


class Http(asyncio.Protocol):
    """One kept-alive connection, one request at a time."""

    def __init__(self) -> None:
        self.transport: Any = None
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionError("cut off"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap or self._answer is None:
            return
        length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                       if line.startswith(b"content-length:")), 0)
        if len(body) >= length and not self._answer.done():
            self._buffer = body[length:]
            self._answer.set_result((int(head[9:12]), body[:length]))

    async def post(self, path: str, body: Any, headers: str = "") -> tuple[int, bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        data = json.dumps(body).encode()
        self.transport.write(f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{headers}"
                             f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        return await self._answer


class Events(asyncio.Protocol):
    """One open event stream; `heard` gets each event's name and data."""

    def __init__(self, path: str, headers: str, heard: Callable[[str, bytes], None]) -> None:
        self._request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n{headers}\r\n".encode()
        self._heard = heard
        self._rest = b""
        self._name = ""
        self.transport: Any = None
        self.lost: Callable[[], None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        if self.lost is not None:
            self.lost()

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            # Chunk sizes and headers start with neither; an event never spans two chunks' middle of a line.
            if line.startswith(b"event: "):
                self._name = line[7:].decode().strip()
            elif line.startswith(b"data: "):
                self._heard(self._name, line[6:])


class Conversation:
    """One customer; `waits` holds the due times of turns that are not answered yet."""

    def __init__(self, cid: str, token: str) -> None:
        self.cid, self.token = cid, token
        self.sent = 0
        self.waits: deque[tuple[float, list[int]]] = deque()
        self.over = False
        self.stream: Events | None = None


class Load:
    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.random = random.Random(told.get("seed", 1))
        self.asked = iter(told["questions"])
        self.fresh = deque(Conversation(*pair) for pair in told["conversations"])
        self.idle: list[Http] = []
        self.answers: list[tuple[float, float]] = []
        self.errors: dict[str, int] = {}
        self.sent = 0
        self.began = 0.0
        self.tasks: set[asyncio.Task[None]] = set()

    async def connection(self) -> Http:
        while self.idle:
            kept = self.idle.pop()
            if kept.transport is not None and not kept.transport.is_closing():
                return kept
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(Http, "127.0.0.1", self.told["port"])
        return made

    async def run(self) -> dict[str, Any]:
        rate, seconds = self.told["rate"], self.told["seconds"]
        active = deque(self.fresh.popleft() for _ in range(max(1, int(rate * THINKS))))
        self.began = time.monotonic()
        cpu, due = time.process_time(), 0.0
        while True:
            due += self.random.expovariate(rate)
            if due > seconds:
                break
            await asyncio.sleep(max(0.0, self.began + due - time.monotonic()))
            one = active.popleft()
            if one.over or one.sent >= self.told["turns"]:
                self.leave(one)
                one = self.fresh.popleft()
            active.append(one)
            task = asyncio.create_task(self.turn(one, due))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and (self.tasks or any(one.waits for one in self.seen)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        spent = time.process_time() - cpu
        answered = len(self.answers)
        return {"sent": self.sent, "answered": answered, "missing": self.sent - answered, "errors": self.errors,
                "cpu": spent, "answers": self.answers}

    seen: set[Conversation]

    async def turn(self, one: Conversation, due: float) -> None:
        self.sent += 1
        one.sent += 1
        try:
            await (self.frontdesk if self.told["kind"] == "frontdesk" else self.rest)(one, due)
        except Exception as error:
            self.failed(type(error).__name__)

    def failed(self, why: str) -> None:
        self.errors[why] = self.errors.get(why, 0) + 1

    def question(self) -> str:
        """The next one, or any where they may come again."""
        return str(self.random.choice(self.told["questions"]) if self.told["again"] else next(self.asked))

    def done(self, due: float) -> None:
        self.answers.append((due, time.monotonic() - self.began - due))

    # -- Rasa's REST channel -----------------------------------------------------------------------------------

    async def rest(self, one: Conversation, due: float) -> None:
        http = await self.connection()
        question = self.question()
        status, body = await http.post("/webhooks/rest/webhook", {"sender": one.cid, "message": question})
        self.idle.append(http)
        if status == 200 and json.loads(body):
            self.done(due)
        else:
            self.failed(f"status {status}" if status != 200 else "no answer")

    # -- Frontdesk ---------------------------------------------------------------------------------------------

    async def frontdesk(self, one: Conversation, due: float) -> None:
        if one.stream is None:
            await self.listen(one)
        seq = [0]
        one.waits.append((due, seq))
        self.seen.add(one)
        http = await self.connection()
        question = self.question()
        status, body = await http.post("/api/widget/messages", {"id": f"m{one.sent}", "text": question},
                                       f"Authorization: Bearer {one.token}\r\n")
        self.idle.append(http)
        if status != 200:
            self.failed(f"status {status}")
            return
        seq[0] = json.loads(body)["seq"]

    async def listen(self, one: Conversation) -> None:
        def heard(name: str, data: bytes) -> None:
            if name == "status":
                one.over = one.over or b'"owner":"bot"' not in data
            elif name == "record" and b'"from":"bot"' in data and b'"kind":"message"' in data:
                number = json.loads(data)["seq"]
                while one.waits and one.waits[0][1][0] < number:
                    self.done(one.waits.popleft()[0])
                if not one.waits:
                    self.seen.discard(one)

        one.stream = Events("/api/widget/events", f"Authorization: Bearer {one.token}\r\n", heard)
        loop = asyncio.get_running_loop()
        stream = one.stream
        await loop.create_connection(lambda: stream, "127.0.0.1", self.told["port"])

    def leave(self, one: Conversation) -> None:
        if one.stream is not None and one.stream.transport is not None and not one.waits:
            one.stream.transport.abort()


async def main() -> None:
    load = Load(json.load(sys.stdin))
    load.seen = set()
    json.dump(await load.run(), sys.stdout)


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main())
