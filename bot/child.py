"""One process that is kept alive: started, watched, started again with back-off, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.logs import LogFile, Loudness
from bot.settings import ROOT

#: Seconds before a child that died is started again: doubled at each death, and the first again once one has lived
#: for HEALTHY seconds.
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
HEALTHY = 60.0
#: Seconds that a child has to end by itself before it is killed.
GRACE = 10.0

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None] | None:
    """For ``preexec_fn``: the kernel kills the child with the process that started it, even on SIGKILL of that one.

    SIGKILL, because whoever would follow up a politer signal is gone, and every child is built to survive it: what
    was acknowledged is on disk. None where the kernel is not Linux; there, children of a killed parent live on.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return arrange


@dataclass(frozen=True)
class Spec:
    """What to run. `echo`: whether its warnings go to the terminal too. `stdin`: a descriptor that it reads from."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    echo: bool = True
    stdin: int = DEVNULL


class Child:
    """Keeps one Spec running until told to stop. `say` gets lines for the terminal."""

    def __init__(self, spec: Spec, logs: Path, say: Callable[[str], None]) -> None:
        self.spec = spec
        self.say = say
        self.log = LogFile(logs / f"{spec.name}.log")
        #: Deaths since it last lived for HEALTHY seconds, and what the last one looked like.
        self.deaths = 0
        self.ending = ""
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._last_line = ""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def keep(self) -> None:
        """Runs the child, again and again, until stop()."""
        while not self._stopping.is_set():
            begun = time.monotonic()
            self.ending = await self._once()
            if self._stopping.is_set():
                return
            if time.monotonic() - begun >= HEALTHY:
                self.deaths = 0
            delay = min(FIRST_DELAY * 2 ** min(self.deaths, 32), LONGEST_DELAY)
            self.deaths += 1
            self.say(f"{self.spec.name} {self.ending}; it starts again in {delay:g} s (log: {self.log.path})")
            try:
                await asyncio.wait_for(self._stopping.wait(), delay)
            except asyncio.TimeoutError:
                continue

    async def stop(self, grace: float = GRACE) -> None:
        """Asks the child to end, and kills it and whatever it started when `grace` seconds have passed."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), grace)
            except asyncio.TimeoutError:
                self.say(f"{self.spec.name} did not stop within {grace:g} s and was killed")
        _kill_group(process.pid)
        await process.wait()

    async def _once(self) -> str:
        """One life; returns how it ended."""
        self._last_line = ""
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self.spec.command, cwd=ROOT, env=self.spec.environ, stdin=self.spec.stdin, stdout=PIPE, stderr=STDOUT,
                # A session of its own: the terminal's Ctrl-C reaches the supervisor alone, which then ends the
                # children in the right order.
                start_new_session=True, preexec_fn=die_with_parent(),
            )
        except OSError as error:
            return f"could not be started: {error.strerror or error}"
        if self._stopping.is_set():  # told to stop while it was being started
            _signal(process.pid, signal.SIGTERM)
        assert process.stdout is not None
        reading = asyncio.create_task(self._read(process.stdout))
        status = await process.wait()
        _kill_group(process.pid)  # what it started itself would otherwise hold sockets and the log's pipe
        await asyncio.wait([reading], timeout=2)
        reading.cancel()
        if status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        return f"ended with status {status}" + (f": {self._last_line[:200]}" if self._last_line else "")

    async def _read(self, stream: asyncio.StreamReader) -> None:
        loud, rest = Loudness(), b""
        while chunk := await stream.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > 1_000_000:  # no line of ours; keep memory bounded
                lines, rest = [*lines, rest], b""
            for raw in lines:
                self._line(raw.decode(errors="replace").rstrip("\r"), loud)
        if rest:
            self._line(rest.decode(errors="replace"), loud)

    def _line(self, line: str, loud: Loudness) -> None:
        self.log.write(line)
        if line.strip():
            self._last_line = line.strip()
        if loud(line) and self.spec.echo:
            self.say(f"{self.spec.name} | {line}")


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
