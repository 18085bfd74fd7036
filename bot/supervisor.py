"""`frontdesk run`: sets up, starts store, desk and assistants in this order, keeps them alive, stops them in reverse.

The first assistant imports what it needs while the set-up still looks whether anything is due, and waits at a gate: a
pipe whose end opens it. The other assistants follow once the first one is there, so that they do not hold it up.

A supervisor holds its home's ``run.lock`` for as long as it lives, so that two never share one home.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from redis.exceptions import RedisError

from bot import preflight, valkey
from bot.child import Child, Spec, die_with_parent
from bot.conversations import keys
from bot.errors import NotReady
from bot.lockfile import LockFile
from bot.settings import ROOT, Settings, as_environ

#: Deaths in a row after which a start is given up; once everything was ready, a child is started again for ever.
HOPELESS = 3
#: Seconds after which a start that is not ready says what it waits for.
SLOW = 60.0

SignIn = Callable[[Settings], "tuple[str, str] | None"]
Prepare = Callable[[Settings], Awaitable[int]]


class SetUpFailed(Exception):
    """The set-up ended with a status, and has said why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        # Of a process that was killed, a shell says it this way.
        self.status = status if status > 0 else 128 - status


def say(line: str) -> None:
    """A line for the person at the terminal, who may have gone: what reads the children's logs must go on."""
    with contextlib.suppress(OSError):
        print(f"frontdesk: {line}", file=sys.stderr, flush=True)


def desk(settings: Settings) -> Spec:
    return Spec("desk", [sys.executable, "-m", "bot.desk"], _environ(settings))


def assistants(settings: Settings, gate: int) -> list[Spec]:
    command = [sys.executable, "-m", "bot.assistant", "--wait"]
    return [Spec(f"assistant-{number}", command, _environ(settings), stdin=gate)
            for number in range(1, settings.workers + 1)]


def _environ(settings: Settings) -> dict[str, str]:
    # The settings as this process read them: a relative path must not be read anew from another folder.
    return {**os.environ, **as_environ(settings), "PYTHONUNBUFFERED": "1"}


def _first_admin(settings: Settings) -> tuple[str, str] | None:
    from bot.desk.staff import first_admin

    found: tuple[str, str] | None = first_admin(settings)
    return found


async def _set_up(settings: Settings) -> int:
    """`frontdesk setup` in a process of its own, or what its steps load would stay in the memory of this one; returns
    its exit status."""
    command = [sys.executable, "-m", "bot.cli", "setup", "--quiet"]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=_environ(settings),
                                                 preexec_fn=die_with_parent())
    try:
        return await child.wait()
    finally:
        if child.returncode is None:  # somebody wants to stop; what is half done is dropped at the next start
            child.kill()
            await child.wait()


def supervise(
    settings: Settings, prepare: Prepare = _set_up, front: Spec | None = None,
    workers: Sequence[Spec] | None = None, sign_in: SignIn = _first_admin,
) -> int:
    """Runs Frontdesk until SIGINT, SIGTERM or SIGHUP; returns the exit status.

    `front` and `workers` stand in for the desk and the assistants. Raises NotReady for what keeps it from starting,
    Busy where another Frontdesk uses the same home, SystemExit where the set-up failed.
    """
    begun = time.monotonic()
    preflight.require(settings, (preflight.home,))  # the lock below lies there
    busy = (f"Frontdesk already runs with FRONTDESK_HOME={settings.home} (process {{pid}}); stop that one, or set "
            "another FRONTDESK_HOME and FRONTDESK_PORT")
    with LockFile(settings.home / "run.lock", busy):
        for warning in preflight.require(settings):
            say(warning)
        gate, opener = os.pipe()
        front = front or desk(settings)
        workers = assistants(settings, gate) if workers is None else workers
        try:
            return asyncio.run(Supervisor(settings, front, workers, sign_in, begun, prepare, opener).run())
        except SetUpFailed as error:
            raise SystemExit(error.status) from None


class Supervisor:
    """One run, from the first child started to the last one gone."""

    def __init__(
        self, settings: Settings, front: Spec, workers: Sequence[Spec], sign_in: SignIn, begun: float, prepare: Prepare,
        opener: int,
    ) -> None:
        self.settings = settings
        self.prepare = prepare
        self._opener = opener
        self.sign_in = sign_in
        self.begun = begun
        self.logs = settings.home / "logs"
        self.front = Child(front, self.logs, say)
        self.workers = [Child(spec, self.logs, say) for spec in workers]
        self.store: Child | None = None
        self._kept: list[asyncio.Task[None]] = []
        self._signals = 0
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Returns 0 after a stop that was asked for. Raises NotReady where a child does not come up."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Under nohup the terminal's end is to end nothing.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._told_to_stop)
        try:
            await self._until_stopped(self._start())
            await self._until_stopped(self._watch())
        finally:
            await self._end()
        return 0

    def _told_to_stop(self) -> None:
        self._signals += 1
        self._stop.set()
        if self._signals == 1:
            say("stopping; the assistants finish their turn (once more to stop at once)")

    async def _until_stopped(self, work: object) -> None:
        """Awaits `work`, or leaves it when a stop is asked for."""
        doing = asyncio.ensure_future(work)  # type: ignore[call-overload]
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait([doing, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if doing.done():
            doing.result()
        else:
            doing.cancel()
            await asyncio.wait([doing])

    async def _start(self) -> None:
        first, *others = self.workers
        self._keep(first)
        if status := await self.prepare(self.settings):
            raise SetUpFailed(status)
        if self.settings.redis_url is None:
            # Its warnings are about the machine's tuning; only its log gets them.
            self.store = Child(Spec("valkey", valkey.prepare(self.settings), echo=False), self.logs, say)
            if await asyncio.to_thread(valkey.end_leftover, self.settings):
                say("stopped the store of an earlier run that was left over")
            self._keep(self.store)
            await self._wait_for("the store", lambda: valkey.answers(self.settings))
        with valkey.client(self.settings) as client:
            # By the store's clock, since the assistants' signs of life carry its time.
            since = int((await asyncio.to_thread(client.time))[0])
        os.close(self._opener)
        self._keep(self.front)
        await self._wait_for("the desk", self._desk_answers)
        await self._wait_for("an assistant", lambda: self._assistant_is_there(since))
        for child in others:
            self._keep(child)
        self._greet(await asyncio.to_thread(self.sign_in, self.settings))

    def _keep(self, child: Child) -> None:
        self._kept.append(asyncio.create_task(child.keep(), name=child.spec.name))

    async def _wait_for(self, what: str, is_there: Callable[[], bool]) -> None:
        begun = time.monotonic()
        said = False
        while not await asyncio.to_thread(is_there):
            for child in self._children():
                if child.deaths >= HOPELESS:
                    raise NotReady([f"{child.spec.name} {child.ending}, {child.deaths} times in a row; its log is "
                                    f"{child.log.path}"])
            if not said and time.monotonic() - begun > SLOW:
                said = True
                say(f"still waiting for {what}; the logs are in {self.logs}")
            await asyncio.sleep(0.1)

    async def _watch(self) -> None:
        """Ends only when keeping a child fails, which would be a fault of this module."""
        done, _ = await asyncio.wait(self._kept, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _end(self) -> None:
        """Assistants first, so that they can commit their turn; then the desk, then the store, which syncs its file."""
        for group in (self.workers, [self.front], [self.store] if self.store is not None else []):
            stopping = [asyncio.create_task(self._stop_child(child)) for child in group]
            if stopping:
                await asyncio.wait(stopping)
        for task in self._kept:
            task.cancel()
        await asyncio.gather(*self._kept, return_exceptions=True)

    async def _stop_child(self, child: Child) -> None:
        """Stops it politely, or at once from the second signal on."""
        politely = asyncio.create_task(child.stop())
        while not politely.done():
            if self._signals > 1:
                politely.cancel()
                await child.stop(grace=0)
                return
            await asyncio.wait([politely], timeout=0.1)
        politely.result()

    def _children(self) -> list[Child]:
        return [*([self.store] if self.store is not None else []), self.front, *self.workers]

    def _desk_answers(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.settings.host, self.settings.host)  # noqa: S104
        connection = http.client.HTTPConnection(host, self.settings.port, timeout=2)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            body = json.loads(answer.read())
            return answer.status == 200 and isinstance(body, dict) and bool(body.get("ok"))
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()

    def _assistant_is_there(self, since: int) -> bool:
        try:
            with valkey.client(self.settings, timeout=2.0) as client:
                return bool(client.zcount(keys.WORKERS, since, "+inf"))
        except (RedisError, OSError):
            return False

    def _greet(self, sign_in: tuple[str, str] | None) -> None:
        local = self.settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104
        site = f"http://{'localhost' if local else self.settings.host}:{self.settings.port}"
        lines = ["", f"Frontdesk is ready in {time.monotonic() - self.begun:.0f} s", "",
                 f"  shop       {site}/", f"  console    {site}/console", f"  editor     {site}/editor",
                 f"  state      {self.settings.home}"]
        if sign_in is not None:
            email, password = sign_in
            lines += ["", f"  sign in    {email}", f"  password   {password}",
                      "             shown this once; `frontdesk staff password` sets another"]
        print("\n".join([*lines, "", "Ctrl-C stops it.", ""]), flush=True)
