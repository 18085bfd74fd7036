"""How Redis or Valkey is reached: the client, the scripts, and what "not reachable" means."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis.asyncio
from redis.asyncio.connection import BlockingConnectionPool, HiredisParser
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from bot.conversations import keys
from bot.conversations.errors import StoreUnavailable

SCRIPTS = Path(__file__).parent / "scripts"
_CONSTANTS = ("local BELL_TOKENS, TRACKER_EVENTS, LONGEST_LEASE, UNDUE, FRONT, INTRODUCED = "
              f"{keys.BELL_TOKENS}, {keys.TRACKER_EVENTS}, {keys.LONGEST_LEASE}, {keys.UNDUE_SECONDS}, {keys.FRONT}, "
              f"{keys.INTRODUCED_SECONDS}\n")
#: A store that keeps silent for longer is taken for gone, as behind a connection whose other end vanished. Longer than
#: any command may block, and than a slow disk takes.
_SILENCE = 8.0


#: Bytes that a socket takes at once, below the mark at which asyncio makes a writer wait.
_SMALL = 32_768


class _Straight:
    """A connection of redis-py without a task and timers for each command, which cost more than the command itself, and
    which takes for broken what uvloop has closed: uvloop refuses to write to it with a RuntimeError, and redis-py takes
    that for a fault of ours."""

    _writer: asyncio.StreamWriter
    _reader: Any
    _parser: Any

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        base: Any = super()
        try:
            if isinstance(command, list) and self.is_connected:  # type: ignore[attr-defined]
                if check_health:
                    await self.check_health()  # type: ignore[attr-defined]
                waits = self._writer.transport.get_write_buffer_size()
                if waits + sum(map(len, command)) < _SMALL:
                    self._writer.writelines(command)
                    return
            await base.send_packed_command(command, check_health)
        except (RuntimeError, OSError) as error:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]
            raise RedisConnectionError(str(error)) from error

    async def can_read_destructive(self) -> bool:
        """Whether something came that nobody asked for, or the end."""
        replies, stream = self._parser._reader, self._reader
        return bool(replies.has_data() or stream.at_eof() or stream.exception() or stream._buffer)


def connect(url: str, connections: int = 32) -> redis.asyncio.Redis:
    """A client whose callers queue for a connection rather than fail when all are in use.

    A connection that broke is made anew and the command sent once more, since after a restart of the store each pooled
    one is stale. So a command may run twice; every script of ours has a named outcome for that, and none does a thing
    twice. A command that was not answered in time is not sent again: whoever asked is told.
    """
    pool = BlockingConnectionPool.from_url(
        url, max_connections=connections, timeout=10, decode_responses=True, socket_connect_timeout=5,
        socket_timeout=_SILENCE, health_check_interval=30, retry=Retry(NoBackoff(), 1),
        retry_on_error=[RedisConnectionError], parser_class=HiredisParser,
    )
    pool.connection_class = type("Connection", (_Straight, pool.connection_class), {})
    return redis.asyncio.Redis(connection_pool=pool)


@contextmanager
def reached() -> Iterator[None]:
    """Turns "not reachable" into StoreUnavailable, and so "reachable, but takes no writes": disk or memory is full."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, OSError, OutOfMemoryError, ReadOnlyError) as error:
        raise StoreUnavailable(f"the conversation store cannot be reached: {error}") from error
    except ResponseError as error:
        if str(error).startswith(("MISCONF", "OOM", "READONLY", "LOADING")):
            raise StoreUnavailable(f"the conversation store takes no writes: {error}") from error
        raise


class Script:
    """One Lua file behind the shared prelude, sent by its hash and in full only where the server lacks it."""

    def __init__(self, name: str) -> None:
        prelude = (SCRIPTS / "_prelude.lua").read_text()
        self.source = _CONSTANTS + prelude + (SCRIPTS / f"{name}.lua").read_text()
        self.sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, client: redis.asyncio.Redis, *args: str | int | float) -> Any:
        with reached():
            try:
                return await client.execute_command("EVALSHA", self.sha, 0, *args)
            except NoScriptError:
                return await client.execute_command("EVAL", self.source, 0, *args)
