"""What the tests share: a real Valkey, fresh for each test, and settings whose home is a temporary folder."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import redis.asyncio
from argon2 import PasswordHasher
from own_valkey import Valkey

from bot.conversations.store import Conversations, connect
from bot.settings import Settings

# The same examples in every run, however long one takes: a machine that two test runs share stops anybody now and then.
hypothesis.settings.register_profile("calm", deadline=None, derandomize=True)
hypothesis.settings.load_profile("calm")

#: Files of few and long tests, which would be dealt out last: one core would wait for the other.
_LONG = ("test_dialogues", "test_gaps", "test_kills", "test_bad_edits", "test_order", "test_aftercare", "test_racing",
         "test_translations", "test_story", "test_ownership", "test_backup", "test_editor_saving", "test_bench",
         "test_breaking")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # The first of them starts the product, which may take longer than a test.
        if item.get_closest_marker("browser") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(300))
    items.sort(key=lambda item: _LONG.index(item.path.stem) if item.path.stem in _LONG else len(_LONG))


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Several hundred agents sign in, each of whom would cost a third of a second."""
    from bot.desk import staff

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(staff, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


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
