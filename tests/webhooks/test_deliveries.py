"""Deliveries are neither lost nor doubled, in SQLite and Postgres; a killed desk's are sent by the next; what fails comes
again, and is given up in the end."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import web
from receiver import Receiver
from servers import DATABASES, database_url, free_port

from bot.backups import tables
from bot.conversations.record import Record
from bot.database import DatabaseUnavailable, open_database, reading, writing
from bot.settings import ROOT
from bot.webhooks import tables as stored
from bot.webhooks.courier import Courier
from bot.webhooks.delivery import RETRIES, Attempt
from bot.webhooks.events import EVENTS
from bot.webhooks.hook import Hook
from bot.webhooks.hooks import Hooks
from bot.webhooks.ledger import FAILING_SECONDS, Ledger, Told
from bot.webhooks.signing import headers
from bot.webhooks.target import public

TOLD = Told({"id": "c"})


@pytest.fixture(scope="module", params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with database_url(request.param, tmp_path_factory.mktemp("webhooks")) as found:
        yield found


@pytest.fixture
def engine(url: str) -> Iterator[Any]:
    engine = open_database(url)
    tables.prepare(engine)
    with writing(engine) as connection:
        for table in (stored.hooks, stored.deliveries, stored.upto):
            connection.execute(table.delete())
    yield engine
    engine.dispose()


def log(count: int, since: int = 1) -> list[Record]:
    return [{"seq": seq, "at": 1000.0 + seq, "kind": "message", "from": "customer", "text": f"Hello {seq}"}
            for seq in range(since, since + count)]


def made(engine: Any, url: str, *events: str) -> Hook:
    return Hooks(engine, private=True).add({"url": url, "events": list(events or EVENTS)}, "Grace", 1000.0)


def states(engine: Any) -> dict[str, int]:
    with reading(engine) as connection:
        return {state: count for state, count in connection.execute(
            sa.text("SELECT state, count(*) FROM webhook_delivery GROUP BY state"))}


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the other side is HTTP and has no event to give
        await asyncio.sleep(0.05)


def test_a_log_is_written_once_from_wherever_it_is_read(engine: Any) -> None:
    made(engine, "https://shop.example/hooks", "conversation.message", "conversation.created")
    ledger = Ledger(engine)
    assert ledger.write({"c": log(3)}, {"c": TOLD}) == 4
    assert ledger.write({"c": log(3)}, {"c": TOLD}) == 0
    assert ledger.write({"c": log(2, since=5)}, {"c": TOLD}) == 0, "there is a gap, so this has to wait"
    assert ledger.upto(["c"]) == {"c": 3}
    assert ledger.write({"c": log(4, since=2)}, {"c": TOLD}) == 2
    assert states(engine) == {"waiting": 6}


def _write(url: str, seed: int) -> None:
    ledger = Ledger(open_database(url))
    for part in range(3):
        for cid in range(5):
            for _ in range(20):
                # As the collector does: SQLite lets a writer wait for its turn, but not for ever.
                with suppress(DatabaseUnavailable):
                    ledger.write({f"c{(cid + seed) % 5}": log(3 * part + 3)}, {f"c{(cid + seed) % 5}": TOLD})
                    break


def test_several_desks_write_the_same_once(engine: Any, url: str) -> None:
    made(engine, "https://shop.example/hooks", "conversation.message")
    several = multiprocessing.get_context("spawn")
    writers = [several.Process(target=_write, args=(url, seed)) for seed in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert states(engine) == {"waiting": 45}


async def test_a_thousand_events_arrive_signed_and_in_order(engine: Any, receiver: Receiver) -> None:
    receiver.secret = made(engine, receiver.url, "conversation.message").secret
    ledger = Ledger(engine)
    for start in range(0, 100, 10):
        cids = [f"c{number}" for number in range(start, start + 10)]
        assert await asyncio.to_thread(ledger.write, {cid: log(10) for cid in cids},
                                       {cid: Told({"id": cid}) for cid in cids}) == 100
    courier = Courier(ledger, private=True)
    courier.start()
    await until(lambda: states(engine) == {"taken": 1000})
    await courier.stop()
    assert len(set(receiver.ids)) == len(receiver.ids) == 1000 and receiver.unsigned == 0
    seen: dict[str, int] = {}
    for body in receiver.bodies:
        cid, seq = body["data"]["conversation"]["id"], body["data"]["record"]["seq"]
        assert seq == seen.get(cid, 0) + 1
        seen[cid] = seq
    assert set(seen.values()) == {10} and states(engine) == {"taken": 1000}


_DESK = """
import asyncio, sys
from bot.database import open_database
from bot.webhooks.courier import Courier
from bot.webhooks.ledger import Ledger

async def main():
    courier = Courier(Ledger(open_database(sys.argv[1])), True, patience=1.0)
    courier.start()
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_what_a_killed_desk_left_is_sent_by_the_next(engine: Any, url: str, receiver: Receiver) -> None:
    receiver.secret = made(engine, receiver.url, "conversation.message").secret
    ledger = Ledger(engine)
    cids = [f"c{number}" for number in range(60)]
    await asyncio.to_thread(ledger.write, {cid: log(10) for cid in cids}, {cid: TOLD for cid in cids})
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for enough in (70, 250):
        desk = await asyncio.create_subprocess_exec(sys.executable, "-c", _DESK, url, env=env)
        await until(lambda enough=enough: len(receiver.ids) >= enough)  # type: ignore[misc]
        desk.kill()
        await desk.wait()
    courier = Courier(ledger, private=True, patience=1.0)
    courier.start()
    await until(lambda: states(engine) == {"taken": 600})
    await courier.stop()
    assert receiver.unsigned == 0 and states(engine) == {"taken": 600}
    assert len(receiver.ids) < 600 + 2 * 100, "at most what was under way is sent twice"


async def test_silence_errors_and_cut_connections_are_failures(engine: Any, receiver: Receiver) -> None:
    async def silent(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 1000)

    hook = made(engine, receiver.url)
    courier = Courier(Ledger(engine), private=True, patience=0.5)
    found = []
    for answer in (silent, cut, endless):
        receiver.answer = answer
        delivery = Hooks(engine, True).test(hook.id, "Grace", 1.0)
        found.append(await courier.test(hook, delivery))
    await courier.stop()
    assert [(one.state, one.code) for one in found] == [("given_up", None), ("given_up", None), ("taken", 200)]
    assert "No answer within 0.5 seconds" in found[0].said and found[1].said and len(found[2].said) == 500


async def test_a_failure_comes_again_later_each_time_and_is_given_up(engine: Any) -> None:
    hook, ledger = made(engine, "https://shop.example/hooks", "conversation.message"), Ledger(engine)
    ledger.write({"c": log(1)}, {"c": TOLD})
    now, waits = 5000.0, []
    for _ in range(len(RETRIES) + 1):
        [delivery] = Hooks(engine).log(hook.id)[0]
        assert delivery.state == "waiting"
        ledger.settle(hook.id, [Attempt(delivery, now, False, 503, "busy", 3)])
        [delivery] = Hooks(engine).log(hook.id)[0]
        waits.append(delivery.due - now)
        now = delivery.due
    assert delivery.state == "given_up" and delivery.tries == len(RETRIES) + 1
    for wait, told in zip(waits, RETRIES, strict=False):
        assert 0.8 * told <= wait <= 1.2 * told
    assert len({round(wait / told, 4) for wait, told in zip(waits, RETRIES, strict=False)}) > 1, "no two come at once"
    found = Hooks(engine).get(hook.id)
    assert now - 5000.0 > FAILING_SECONDS
    assert not found.active and "hours" in found.disabled_why and found.disabled_at is not None


async def test_one_that_takes_something_is_not_switched_off(engine: Any) -> None:
    hook, ledger = made(engine, "https://shop.example/hooks", "conversation.message"), Ledger(engine)
    ledger.write({"c": log(2)}, {"c": TOLD})
    good, bad = Hooks(engine).log(hook.id)[0]
    for number in range(len(RETRIES) + 1):
        ledger.settle(hook.id, [Attempt(bad, 5000.0 + number * FAILING_SECONDS, False, 400, "", 1)])
        ledger.settle(hook.id, [Attempt(good, 5001.0 + number * FAILING_SECONDS, True, 200, "", 1)])
        [_, bad] = Hooks(engine).log(hook.id)[0]
    assert bad.state == "given_up" and Hooks(engine).get(hook.id).active


def test_only_one_courier_sends_to_an_endpoint(engine: Any) -> None:
    hook, ledger = made(engine, "https://shop.example/hooks", "conversation.message"), Ledger(engine)
    ledger.write({"c": log(1)}, {"c": TOLD})
    assert ledger.take("one", 60) == [hook.id] and ledger.take("two", 60) == []
    assert ledger.page(hook.id, "two", 60, 10) is None
    found = ledger.page(hook.id, "one", 0, 10)
    assert found is not None and len(found[1]) == 1
    assert ledger.take("two", 60) == [hook.id] and ledger.page(hook.id, "one", 60, 10) is None
    ledger.free(hook.id, "two")
    assert ledger.take("one", 60) == [hook.id]


def test_who_was_held_up_after_a_look_at_the_clock_takes_nothing_from_others(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, ledger = made(engine, "https://shop.example/hooks", "conversation.message"), Ledger(engine)
    ledger.write({"c": log(1)}, {"c": TOLD})
    now = time.time()
    assert ledger.take("one", 60) == [hook.id] and ledger.page(hook.id, "one", 60, 10) is not None
    for held_up in (0.01, 30.0):
        monkeypatch.setattr("bot.webhooks.ledger.time.time", lambda held_up=held_up: now - held_up)
        assert ledger.take("two", 60) == []


def test_a_clock_set_back_keeps_no_delivery_waiting(engine: Any) -> None:
    """That it is set back by a day is the same as all that is noted being a day ahead."""
    hook, ledger = made(engine, "https://shop.example/hooks", "conversation.message"), Ledger(engine)
    ledger.write({"c": log(1)}, {"c": TOLD})
    assert ledger.take("one", 60) == [hook.id]
    [delivery] = Hooks(engine).log(hook.id)[0]
    ledger.settle(hook.id, [Attempt(delivery, time.time(), False, 503, "busy", 3)])
    ledger.free(hook.id, "one")
    assert ledger.take("two", 60) == [], "it is to be tried again later"
    with writing(engine) as connection:
        connection.execute(sa.text("UPDATE webhook_delivery SET due = due + 86400"))
        connection.execute(sa.text("UPDATE webhook SET busy_by = 'one', busy_until = :at"), {"at": time.time() + 86400})
    assert ledger.take("two", 60) == [hook.id]
    found = ledger.page(hook.id, "two", 60, 10)
    assert found is not None and len(found[1]) == 1


def test_the_log_is_dropped_after_a_while_but_not_what_waits(engine: Any) -> None:
    hook, ledger = made(engine, "https://shop.example/hooks", "conversation.message"), Ledger(engine)
    ledger.write({"c": log(2)}, {"c": TOLD})
    newest, _ = Hooks(engine).log(hook.id)[0]
    ledger.settle(hook.id, [Attempt(newest, 5000.0, True, 200, "", 1)])
    assert ledger.forget(1001.5) == 0 and ledger.forget(2000.0) == 1
    assert states(engine) == {"waiting": 1}


@pytest.mark.parametrize(("address", "is_public"), [
    ("93.184.216.34", True), ("2606:4700::1111", True), ("::ffff:93.184.216.34", True),
    *((address, False) for address in (
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "192.0.2.1")),
])
def test_which_addresses_are_public(address: str, is_public: bool) -> None:
    assert public(address) is is_public


def test_the_signature_is_that_of_the_spec() -> None:
    """The example of Standard Webhooks' own libraries."""
    found = headers("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                    b'{"test": 2432232314}')
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_the_receiver_of_the_docs_works(engine: Any, tmp_path: Path) -> None:
    [program] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.S)
    (tmp_path / "receiver.py").write_text(program)
    port = free_port()
    hook = made(engine, f"http://127.0.0.1:{port}/")
    env = {**os.environ, "SECRET": hook.secret, "PORT": str(port)}
    courier = Courier(Ledger(engine), private=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(tmp_path / "receiver.py"), env=env, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while True:
            good = await courier.test(hook, Hooks(engine, True).test(hook.id, "Grace", 1.0))
            if good.code is not None or time.monotonic() > deadline:
                break
        forged = replace(hook, secret="whsec_" + "A" * 44)
        bad = await courier.test(forged, Hooks(engine, True).test(hook.id, "Mallory", 1.0))
    finally:
        process.terminate()
        said, _ = await process.communicate()
        await courier.stop()
    assert (good.code, bad.code) == (204, 401)
    assert said.decode().split("\n")[:2] == ["webhook.test", "not signed by Frontdesk"]
