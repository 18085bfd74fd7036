"""What was last read from the database, for what cannot wait until it answers: customers are told something at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from bot.database import DatabaseUnavailable

T = TypeVar("T")

#: Seconds that anybody waits for newer while something older is at hand.
_PATIENCE = 1.0


class Latest(Generic[T]):
    """Gives what `read` returns, which blocks and may raise DatabaseUnavailable. It is read again once it is older than
    `fresh` seconds, by one thread however many ask: with a silent database each of them would hold one for long.

    Usage::

        topics = Latest(read_topics)
        await topics.get()
    """

    def __init__(self, read: Callable[[], T], fresh: float = 0.0) -> None:
        self._read = read
        self._fresh = fresh
        self._value: T | None = None
        self._until = self._begun = 0.0
        self._reading: asyncio.Task[DatabaseUnavailable | None] | None = None

    def changed(self) -> None:
        """What is known is old."""
        self._until = 0.0

    async def get(self) -> T:
        """The newest; where the database is away or slow, what it was last. Raises DatabaseUnavailable only where it
        was never read."""
        came = time.monotonic()
        # What began before is not new enough for who came later: a change may lie between.
        while self._value is None or self._until < came:
            if self._reading is None:
                # Said before reading: what changes meanwhile is read the next time.
                self._begun = time.monotonic()
                self._until = self._begun + self._fresh
                self._reading = asyncio.create_task(self._renew())
            reading = self._reading
            patience = None if self._value is None else max(0.0, self._begun + _PATIENCE - time.monotonic())
            await asyncio.wait({reading}, timeout=patience)
            if not reading.done():
                break
            if (failure := reading.result()) and self._value is None:
                raise failure
        assert self._value is not None
        return self._value

    async def _renew(self) -> DatabaseUnavailable | None:
        try:
            self._value = await asyncio.to_thread(self._read)
        except DatabaseUnavailable as error:
            return error
        finally:
            self._reading = None
        return None
