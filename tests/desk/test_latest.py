"""What was read last, while the database is away or keeps silent."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.database import DatabaseUnavailable
from bot.desk.latest import Latest


class Ledger:
    """A number to be read, which may keep silent."""

    def __init__(self) -> None:
        self.number = 1
        self.reads = 0
        self.away = False
        self.speaks = threading.Event()
        self.speaks.set()

    def read(self) -> int:
        self.reads += 1
        found = self.number
        assert self.speaks.wait(30)
        if self.away:
            raise DatabaseUnavailable("away")
        return found


async def test_it_is_read_again_once_it_is_old_or_said_to_have_changed() -> None:
    ledger = Ledger()
    always, seldom = Latest(ledger.read), Latest(ledger.read, 3600)
    assert await always.get() == await seldom.get() == 1
    ledger.number = 2
    assert (await always.get(), await seldom.get()) == (2, 1)
    seldom.changed()
    assert await seldom.get() == 2


async def test_nobody_waits_for_a_silent_database_once_it_was_read_and_one_thread_does() -> None:
    ledger = Ledger()
    latest = Latest(ledger.read)
    assert await latest.get() == 1
    ledger.number = 2
    ledger.speaks.clear()
    assert await asyncio.gather(*(latest.get() for _ in range(50))) == [1] * 50
    assert ledger.reads == 2
    ledger.speaks.set()
    # Nobody waits for that read any more, so its end has to be awaited here.
    while await latest.get() != 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_what_changed_during_a_read_is_read_by_who_came_after() -> None:
    ledger = Ledger()
    latest = Latest(ledger.read)
    ledger.speaks.clear()
    first = asyncio.create_task(latest.get())
    while not ledger.reads:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    ledger.number = 2
    second = asyncio.create_task(latest.get())
    await asyncio.sleep(0)
    ledger.speaks.set()
    assert (await first, await second) == (1, 2)


async def test_a_database_that_is_away_is_said_only_where_it_was_never_read() -> None:
    ledger = Ledger()
    latest = Latest(ledger.read)
    ledger.away = True
    with pytest.raises(DatabaseUnavailable):
        await latest.get()
    ledger.away = False
    assert await latest.get() == 1
    ledger.away, ledger.number = True, 2
    assert await latest.get() == 1
    ledger.away = False
    assert await latest.get() == 2
