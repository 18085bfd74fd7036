"""What the tests share: a real Valkey, fresh for each test, and settings whose home is a temporary folder."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio
from own_valkey import Valkey

from bot.conversations.store import Conversations, connect
from bot.settings import Settings


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    """The same loop for every test, whichever ran before: Sanic sets uvloop for the whole process, and at its end that
    waits for ever for a connection that a test left open."""
    return asyncio.DefaultEventLoopPolicy()


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
