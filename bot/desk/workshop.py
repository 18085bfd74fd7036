"""The desk's way to the workshop: a process that is started when it is needed and let go when it is not.

The encoder, the index and what the judgement needs take some 400 MB; the desk itself stays small.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import logs
from bot.child import die_with_parent
from bot.desk import tasks
from bot.desk.errors import ApiError
from bot.settings import ROOT, Settings, as_environ

log = logging.getLogger(__name__)

#: Seconds without a request after which the process is let go.
_IDLE = 600.0
#: Seconds between two looks at whether it has been idle.
_LOOKS_EVERY = 30.0
#: How long the outcome of a job can be asked for.
_KEPT = 1800.0
#: Libraries that draw bars of their own or reach for a hub would only disturb.
_QUIET = {"TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


@dataclass
class Job:
    """A long request: ``working``, then ``done`` or ``failed``."""

    id: str
    call: str
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    of: int = 1
    state: str = "working"
    result: Any = None
    error: dict[str, Any] | None = None

    def shown(self) -> dict[str, Any]:
        return {"job": self.id, "call": self.call, "state": self.state, "done": self.done, "of": self.of,
                "result": self.result, "error": self.error}


#: Calls by number, of one process: a call to its successor does not fail with it.
_Waiting = dict[int, tuple["asyncio.Future[Any]", Job | None]]


class Workshop:
    """One process at most, one request after another."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._idle: asyncio.Task[None] | None = None
        self._waiting: _Waiting = {}
        self._number = 0
        self._used = time.monotonic()
        self._starting = asyncio.Lock()
        self.jobs: dict[str, Job] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def call(self, call: str, job: Job | None = None, **args: Any) -> Any:
        """The result of a call. Raises ApiError with the workshop's own code, or ``unavailable`` where it died."""
        async with self._starting:
            if self._process is None:
                await self._start()
        assert self._process is not None and self._process.stdin is not None
        self._used = time.monotonic()
        self._number += 1
        number, future, waiting = self._number, asyncio.get_running_loop().create_future(), self._waiting
        waiting[number] = (future, job)
        try:
            self._process.stdin.write((json.dumps({"id": number, "call": call, "args": args}) + "\n").encode())
            await self._process.stdin.drain()
            return await future
        except (BrokenPipeError, ConnectionResetError):
            raise _gone() from None
        finally:
            waiting.pop(number, None)
            self._used = time.monotonic()

    def begin(self, call: str, scratch: Path | None = None, **args: Any) -> Job:
        """Starts a long call; its job can be asked after. The folder `scratch` is removed when it is over, however it
        ends. Raises ApiError ``publishing`` during a publish."""
        now = time.monotonic()
        self.jobs = {key: job for key, job in self.jobs.items() if job.state == "working" or now - job.began < _KEPT}
        if any(job.state == "working" and job.call == "publish" for job in self.jobs.values()):
            raise ApiError(409, "publishing", "A publish is at work; wait until it is done, then try again.")
        job = Job(secrets.token_urlsafe(9), call)
        self.jobs[job.id] = job

        async def run() -> None:
            try:
                try:
                    job.result = await self.call(call, job, **args)
                finally:
                    if scratch is not None:
                        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
                job.state = "done"
            except ApiError as error:
                job.error = {"code": error.code, "message": str(error), **error.more}
                job.state = "failed"
            except Exception:
                log.exception("%s failed", call)
                job.error = {"code": "internal", "message": "Something went wrong here. It has been noted."}
                job.state = "failed"

        task = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return job

    def warm(self) -> None:
        """Starts the process where it is not there, and has it load what a first attempt would wait for."""
        if self._process is None and not self._starting.locked():
            self.begin("warm")

    async def stop(self) -> None:
        """Lets the process go. A publish under way comes to nothing: the old snapshot stays."""
        if self._idle is not None:
            await tasks.end([self._idle])
            self._idle = None
        await self._end()
        await tasks.end(list(self._running))

    async def _start(self) -> None:
        read, write = os.pipe()
        output = await asyncio.to_thread(logs.opened, self._settings.home / "logs" / "workshop.log")
        # It listens on nothing, so our port is no affair of its.
        settings = {name: value for name, value in as_environ(self._settings).items() if name != "FRONTDESK_PORT"}
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.workshop", str(write), cwd=ROOT, stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL, stderr=output, pass_fds=[write],
                preexec_fn=die_with_parent(), env={**os.environ, **settings, **_QUIET},
            )
        except OSError as error:
            os.close(read)
            log.error("the workshop cannot be started: %s", error)
            raise _gone() from None
        finally:
            os.close(write)
            output.close()
        self._waiting = {}
        self._reader = asyncio.create_task(self._read(self._process, read, self._waiting))
        if self._idle is None:
            self._idle = asyncio.create_task(self._let_go())

    async def _read(self, process: asyncio.subprocess.Process, pipe: int, waiting: _Waiting) -> None:
        reader = asyncio.StreamReader(limit=64 << 20)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb"))
        try:
            while line := await reader.readline():
                told = json.loads(line)
                future, job = waiting.get(told["id"], (None, None))
                if "of" in told:
                    if job is not None:
                        job.done, job.of = told["done"], told["of"]
                elif future is not None and not future.done():
                    if "error" in told:
                        future.set_exception(_refusal(told["error"]))
                    else:
                        future.set_result(told["result"])
        finally:
            transport.close()
            if self._process is process:
                self._process = None
            for future, _ in list(waiting.values()):
                if not future.done():
                    future.set_exception(_gone())
            await process.wait()

    async def _let_go(self) -> None:
        while True:
            await asyncio.sleep(_LOOKS_EVERY)
            if self._process is not None and not self._waiting and time.monotonic() - self._used > _IDLE:
                await self._end()

    async def _end(self) -> None:
        process, reader = self._process, self._reader
        self._process = None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()  # what it writes, it writes whole or not at all
        await process.wait()
        if reader is not None:
            await asyncio.wait([reader], timeout=2)


def _refusal(error: dict[str, Any]) -> ApiError:
    """What the workshop said no with."""
    code, message = error["code"], error["message"]
    if code == "stopped":
        return ApiError(409, "stopped", message, report=error["report"])
    if code == "moved":
        return ApiError(409, "moved", message)
    if code == "publishing":
        return ApiError(409, "publishing", message)
    if code == "bad_entry":
        return ApiError(400, "bad_entry", message)
    if code == "internal":
        return ApiError(500, "internal", message)
    return ApiError(409, "refused", message)


def _gone() -> ApiError:
    return ApiError(503, "unavailable", "The workshop has ended unexpectedly; please try again.", {"Retry-After": "2"})
