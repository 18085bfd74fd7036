"""The real processes, to be killed: `frontdesk run` as it comes, or several desks and assistants on one Redis and Postgres."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from servers import Postgres, Store, free_port

from bot.settings import ROOT, Settings, as_environ

#: `frontdesk run`, but a child that dies often is started again after a second and not after half a minute: the pauses
#: between deaths are not what is tested here, and the run would consist of them.
_RUN = """
import sys, bot.child, bot.cli
bot.child.FIRST_DELAY, bot.child.LONGEST_DELAY = 0.1, 1.0
sys.exit(bot.cli.main(["run"]))
"""
PASSWORD = "a password for the faults"  # noqa: S105


def home_like(product: Settings, home: Path) -> Path:
    """A home with the trained parts of `product`, which are only read."""
    home.mkdir(parents=True)
    for part in ("encoder", "reranker", "judgement", "models", "cache"):
        (home / part).symlink_to(product.home / part)
    # Publishing would write here.
    shutil.copytree(product.index, home / "index")
    shutil.copytree(product.home / "setup", home / "setup")
    if (product.home / "shop.db").exists():
        shutil.copy(product.home / "shop.db", home / "shop.db")
    return home


def environ_of(settings: Settings) -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return {**environ, **as_environ(settings), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}


def children(parent: int) -> dict[int, str]:
    """Process ids and command lines of a process's children."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                found[int(stat.parent.name)] = (stat.parent / "cmdline").read_text().replace("\0", " ")
    return found


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass
class Supervised:
    """One `frontdesk run` with everything embedded. `kill` takes desk, assistant, valkey or supervisor."""

    settings: Settings
    kills: Counter[str] = field(default_factory=Counter)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def ports(self) -> list[int]:
        return [self.settings.port]

    def start(self) -> None:
        with (self.settings.home / "run.log").open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-c", _RUN], cwd=ROOT, env=environ_of(self.settings),
                                             stdout=log, stderr=log)

    def tend(self) -> None:
        """What an operator's own supervisor does: starts `frontdesk run` again when it has ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()

    def kill(self, what: str, index: int = 0) -> bool:
        """SIGKILL; False when there is no such process just now."""
        assert self._process is not None
        if what == "supervisor":
            if self._process.poll() is not None:
                return False
            self._process.kill()
            self._process.wait()
        else:
            word = {"desk": "bot.desk", "assistant": "bot.assistant", "valkey": "valkey-server"}[what]
            found = sorted(pid for pid, line in children(self._process.pid).items() if word in line)
            if not found:
                return False
            with suppress(ProcessLookupError):
                os.kill(found[index % len(found)], signal.SIGKILL)
        self.kills[what] += 1
        return True

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def log(self) -> str:
        return (self.settings.home / "run.log").read_text(errors="replace")


@dataclass
class Fleet:
    """Desks and assistants as processes of their own on one store and one database, each started again when it dies.

    `redis_url` and `database_url` may lead through proxies; `environ` is put into the environment of each process.
    """

    product: Settings
    folder: Path
    store: Store
    database: Postgres | None
    redis_url: str = ""
    database_url: str = ""
    desks: int = 2
    assistants: int = 2
    environ: dict[str, str] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    ports: list[int] = field(default_factory=list)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, repr=False)
    _settings: dict[str, Settings] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.ports = [free_port() for _ in range(self.desks)]
        for number in range(self.desks + self.assistants):
            desk = number < self.desks
            name = f"desk-{number}" if desk else f"assistant-{number - self.desks}"
            self._settings[name] = Settings(
                home=home_like(self.product, self.folder / name), port=self.ports[number] if desk else 1,
                redis_url=self.redis_url or self.store.url,
                database_url=self.database_url or (self.database.url if self.database else None))

    @property
    def settings(self) -> Settings:
        """To look at the truth with: past the proxies."""
        return replace(self._settings["desk-0"], redis_url=self.store.url,
                       database_url=self.database.url if self.database else None)

    def start(self) -> None:
        for name in self._settings:
            self._launch(name)

    def _launch(self, name: str) -> None:
        module = "bot.desk" if name.startswith("desk") else "bot.assistant"
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, stdout=log, stderr=log,
                                                   env={**environ_of(self._settings[name]), **self.environ})

    def tend(self) -> None:
        for name, process in self._running.items():
            if process.poll() is not None:
                self._launch(name)

    def kill(self, what: str, index: int = 0) -> bool:
        if what == "store":
            self.store.kill()
            self.store.start()
        elif what == "database":
            assert self.database is not None
            self.database.kill()
            self.database.start()
        else:
            alive = [p for name, p in self._running.items() if name.startswith(what) and p.poll() is None]
            if not alive:
                return False
            alive[index % len(alive)].kill()
        self.kills[what] += 1
        return True

    def stop(self) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def log(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


async def ready(fleet: Supervised | Fleet, seconds: float = 400, ports: Sequence[int] = ()) -> None:
    """Until every desk answers that all is well and an assistant is there."""
    import json

    def well() -> bool:
        for port in ports or fleet.ports:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                    if not json.load(answer)["assistant"]["workers"]:
                        return False
            except (OSError, ValueError):
                return False
        return True

    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(well):
        fleet.tend()
        assert time.monotonic() < deadline, f"not ready within {seconds} s:\n{fleet.log[-4000:]}"
        await asyncio.sleep(0.2)
