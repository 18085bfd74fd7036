"""The sample shop's own: its sums, its file, and that a killed process leaves no change half done or done twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from actions.shop.embedded import SampleShop
from actions.shop.errors import ShopUnavailable

TODAY = date(2026, 3, 2)


async def test_a_discount_keeps_its_share_when_a_quantity_changes(sample_shop: SampleShop) -> None:
    with sample_shop._open() as db:
        db.execute("update orders set state = 'received', body = json_set(body, '$.state', 'received') "
                   "where number = 'LM-104255'")
    order = await sample_shop.change_quantity("C-1002", "LM-104255", "1", 2, key="1")
    assert order.total == Decimal("249.3")  # 277 less 10 %


async def test_a_return_refunds_what_was_paid_and_not_the_list_price(sample_shop: SampleShop) -> None:
    with sample_shop._open() as db:
        for at, value in (("$.state", "delivered"), ("$.delivered_at", TODAY.isoformat())):
            db.execute("update orders set state = 'delivered', body = json_set(body, ?, ?) where number = 'LM-104255'",
                       (at, value))
    for line, amount in (("1", "62.10"), ("2", "125.10")):
        made = await sample_shop.request_return("C-1002", "LM-104255", {line: 1}, "changed_mind", key=line)
        assert made.amount == Decimal(amount)  # of 69 and 139 less 10 %


def changes(file: Path, done: int) -> None:
    """Makes seven changes one after the other and writes a byte to `done` after each."""
    shop = SampleShop(file, lambda: TODAY)

    async def run() -> None:
        for n in range(1, 8):
            await shop.change_quantity("C-1010", "LM-104287", "1", n + 1, key=f"turn-{n}")
            os.write(done, b".")

    asyncio.run(run())


def test_killed_at_any_moment_a_repeated_run_makes_each_change_once(sample_shop: SampleShop) -> None:
    """A process is killed while it changes; the changes that are repeated by the same keys are made exactly once."""
    reading, writing = os.pipe()
    for stop_after in (1, 3, 5, 7):
        process = multiprocessing.get_context("fork").Process(target=changes, args=(sample_shop.file, writing))
        process.start()
        assert len(b"".join(os.read(reading, 1) for _ in range(stop_after))) == stop_after
        if stop_after < 7:
            time.sleep(0.002 * stop_after)
            process.kill()
        process.join()
        os.set_blocking(reading, False)
        with suppress(BlockingIOError):
            os.read(reading, 100)
        os.set_blocking(reading, True)
    os.close(reading)
    os.close(writing)
    assert [effect["key"] for effect in asyncio.run(sample_shop.effects())] == [f"turn-{n}" for n in range(1, 8)]
    assert asyncio.run(sample_shop.order("C-1010", "LM-104287")).items[0].quantity == 8


async def test_a_missing_file_is_a_shop_that_is_unavailable(sample_shop: SampleShop) -> None:
    sample_shop.file.unlink()
    with pytest.raises(ShopUnavailable, match="frontdesk setup"):
        await sample_shop.orders("C-1001")


async def test_a_broken_file_is_a_shop_that_is_unavailable(sample_shop: SampleShop) -> None:
    sample_shop.file.write_bytes(b"neither a database nor short enough to be taken for an empty one" * 99)
    with pytest.raises(ShopUnavailable):
        await sample_shop.cancel("C-1010", "LM-104287", key="k")


async def test_the_loop_is_free_while_another_writes(sample_shop: SampleShop) -> None:
    """A call that waits for the file's lock keeps nobody else waiting."""
    with sample_shop._open() as db:
        db.execute("begin exclusive")
        waiting = asyncio.create_task(sample_shop.cancel("C-1010", "LM-104287", key="k"))
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert not waiting.done()
        db.execute("rollback")
    assert (await waiting).state == "cancelled"
