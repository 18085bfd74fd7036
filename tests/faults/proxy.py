"""A TCP proxy that plays a bad network, by a seed: the n-th connection meets the same fault in every run.

Usage::

    async with FaultProxy("127.0.0.1", 6379, Faults(seed=7, delay=0.1, cut=0.05)) as proxy:
        ...connect to ("127.0.0.1", proxy.port)...
        proxy.mode = "silent"     # half-open: bytes are taken and go nowhere
        proxy.mode = "refuse"     # the other side is gone
    proxy.mode = "slow"       # each chunk waits for as long as `slow` says
        proxy.mode = "pass"
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

Mode = Literal["pass", "refuse", "silent", "slow"]
_CHUNK = 65536


@dataclass(frozen=True)
class Faults:
    """How likely each connection is to meet a fault, from 0 to 1. `slow` is the longest delay of one chunk in seconds."""

    seed: int = 0
    #: Each chunk of the connection waits for a moment.
    delay: float = 0.0
    #: The connection is reset after some bytes, in the middle of a request or of an answer.
    cut: float = 0.0
    #: It is reset at once.
    drop: float = 0.0
    #: From some chunk on nothing arrives any more, and nobody is told: half-open.
    silence: float = 0.0
    #: A request is delivered once more, on a connection of its own, a moment later.
    duplicate: float = 0.0
    slow: float = 0.2


class _Fate:
    """What will happen to one connection; drawn when it is opened, so that it does not hang on timing."""

    def __init__(self, faults: Faults, number: int) -> None:
        dice = random.Random(f"{faults.seed}:{number}")
        self.dropped = dice.random() < faults.drop
        self.cut_after = dice.randrange(1, 4000) if dice.random() < faults.cut else None
        self.silent_after = dice.randrange(1, 20) if dice.random() < faults.silence else None
        self.delayed = dice.random() < faults.delay
        self.duplicated = dice.randrange(0, 12) if dice.random() < faults.duplicate else None
        self.dice = dice


class FaultProxy:
    """Stands before one address. `mode` changes at once for all connections, those that are open too."""

    def __init__(self, host: str, port: int, faults: Faults = Faults()) -> None:
        self.host, self.to_port, self.faults = host, port, faults
        self.port = 0
        #: Faults that really happened, by kind.
        self.played: Counter[str] = Counter()
        #: What was delivered once more, and when it was first.
        self.duplicates: list[tuple[float, bytes]] = []
        #: Requests whose connection broke before they were answered, and when they were passed on.
        self.unanswered: list[tuple[float, bytes]] = []
        self._mode: Mode = "pass"
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._connections = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.AbstractServer | None = None

    async def __aenter__(self) -> FaultProxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._reset_all()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "silent":
            self._flowing.clear()
        else:
            self._flowing.set()
        if mode == "refuse":
            self._reset_all()

    def _reset_all(self) -> None:
        for writer in tuple(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        number, self._connections = self._connections, self._connections + 1
        fate = _Fate(self.faults, number)
        self._open.add(writer)
        try:
            if self._mode == "refuse" or fate.dropped:
                self.played["dropped"] += fate.dropped
                return
            await self._flowing.wait()
            with suppress(OSError):
                # From the caller's own address: limits by address stay those of the callers.
                caller = writer.get_extra_info("peername")[0]
                up_reader, up_writer = await asyncio.open_connection(self.host, self.to_port, local_addr=(caller, 0))
                self._open.add(up_writer)
                try:
                    await self._both(fate, reader, writer, up_reader, up_writer)
                finally:
                    self._open.discard(up_writer)
                    _reset(up_writer)
        except asyncio.CancelledError:
            pass  # the proxy ends; a task that ends cancelled would be reported by asyncio's streams
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            _reset(writer)

    async def _both(
        self, fate: _Fate, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader, up_writer: asyncio.StreamWriter,
    ) -> None:
        passed = [0, 0]  # bytes and chunks, of both directions
        asked: tuple[float, bytes] | None = None

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, up: bool) -> None:
            nonlocal asked
            while chunk := await source.read(_CHUNK):
                if fate.delayed or self._mode == "slow":
                    self.played["delayed"] += 1
                    await asyncio.sleep(self.faults.slow * (1 if self._mode == "slow" else fate.dice.random()))
                passed[1] += 1
                if up and fate.duplicated == passed[1]:
                    self._later(chunk)
                if fate.silent_after is not None and passed[1] >= fate.silent_after:
                    self.played["half-open"] += passed[1] == fate.silent_after
                    continue
                await self._flowing.wait()
                if fate.cut_after is not None and passed[0] + len(chunk) > fate.cut_after:
                    self.played["cut"] += 1
                    sink.write(chunk[: max(0, fate.cut_after - passed[0])])
                    with suppress(OSError):
                        await sink.drain()
                    return
                passed[0] += len(chunk)
                asked = (time.monotonic(), chunk) if up else None
                sink.write(chunk)
                await sink.drain()

        tasks = [asyncio.create_task(pump(reader, up_writer, True)), asyncio.create_task(pump(up_reader, writer, False))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if asked is not None:
                self.unanswered.append(asked)

    def _later(self, chunk: bytes) -> None:
        self.duplicates.append((time.monotonic(), chunk))

        async def deliver() -> None:
            await asyncio.sleep(0.3)
            with suppress(OSError, asyncio.TimeoutError):
                reader, writer = await asyncio.open_connection(self.host, self.to_port)
                try:
                    writer.write(chunk)
                    await asyncio.wait_for(reader.read(_CHUNK), 5)
                    self.played["duplicated"] += 1
                finally:
                    _reset(writer)

        task = asyncio.create_task(deliver())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(RuntimeError):
        writer.transport.abort()
