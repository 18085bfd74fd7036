"""Clocks are set, forwards and back, while everything runs: nobody waits for a time that will not come, and nobody loses
what they hold.

The store's clock orders everything; those of desk and assistant are for what people read. Both are set, for the processes
alone: see clock.py.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from clock import COMPILER, Clock
from fleet import PASSWORD, Fleet, ready
from servers import Store, public_folder
from test_outages_of_parts import Page

from bot.conversations.keys import PRESENCE_SECONDS
from bot.conversations.store import Conversations, connect
from bot.database import open_database
from bot.desk.dispatch import Dispatch
from bot.desk.rota import Rota
from bot.desk.staff import Staff, add_staff
from bot.roster.roster import Roster
from bot.settings import Settings

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.timeout(600),
    pytest.mark.skipif(COMPILER is None, reason="there is no C compiler"),
]
HOUR, DAY = 3600, 86400


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    made = Store.redis(tmp_path / "store") or Store.valkey(tmp_path / "store")
    made.environ = clock.environ
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def conversations(store: Store) -> AsyncIterator[Conversations]:
    made = Conversations(connect(store.url))
    yield made
    await made.client.close()
    await made.client.connection_pool.disconnect()


async def set_clock(clock: Clock, conversations: Conversations, seconds: int) -> None:
    """Sets the store's clock. The first command after a pause still has the time that Valkey read before it."""
    clock.set(seconds)
    deadline = time.monotonic() + 5
    while abs(await conversations.now() - time.time() - seconds) > 30:
        assert time.monotonic() < deadline, "the store's clock was not set"
        await asyncio.sleep(0.05)


async def test_a_limit_lasts_no_longer_where_the_clock_is_set_back(conversations: Conversations, clock: Clock) -> None:
    assert [await conversations.wait_seconds("messages", 2, 60) > 0 for _ in range(3)] == [False, False, True]
    await set_clock(clock, conversations, -DAY)
    assert [await conversations.wait_seconds("messages", 2, 60) for _ in range(2)] == [0, 0]
    assert 0 < await conversations.wait_seconds("messages", 2, 60) <= 60


async def test_what_is_not_to_come_back_to_people_does_not_where_it_was_closed_ahead_of_now(
    conversations: Conversations, clock: Clock
) -> None:
    """Half a millisecond ahead is enough, by which the time of the closing is rounded."""
    cid, _ = await conversations.create()
    await conversations.claim(cid, "ada", "Ada", owner="bot")
    await conversations.close(cid, "ada", "Ada", "solved")
    await set_clock(clock, conversations, -60)
    assert (await conversations.post(cid, "m1", "one more thing", reopen_seconds=0)).seq
    assert (await conversations.state(cid)).owner == "bot"


async def test_agents_keep_what_they_hold_where_the_clock_is_set_forward(
    conversations: Conversations, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.desk.dispatch._GRACE_SECONDS", 0.5)
    settings = Settings(home=tmp_path, away_seconds=1)
    engine = open_database(settings.database)
    staff, roster = Staff(engine), Roster(engine)
    for part in (staff, roster):
        part.prepare()
    dispatch = Dispatch(settings, conversations, Rota(roster, staff, conversations))
    cid, _ = await conversations.create()
    await conversations.claim(cid, "here", "Here", owner="bot")
    await conversations.saw(["here"])
    await dispatch.run()
    # Long enough for whoever is not there to be missed.
    await asyncio.sleep(1.1)
    await conversations.saw(["here"])
    await dispatch.run()
    await set_clock(clock, conversations, 6 * HOUR)
    await dispatch.run()
    assert (await conversations.state(cid)).owner == "agent"
    await conversations.saw(["here"])
    await dispatch.run()
    assert (await conversations.state(cid)).owner == "agent"
    # Who really is away is missed after the same time as ever.
    await asyncio.sleep(1.1)
    await dispatch.run()
    assert (await conversations.state(cid)).owner == "queue"


@pytest.mark.skipif("FAULTS_SECONDS" not in os.environ, reason="part of make faults")
@pytest.mark.parametrize("whose", ["the store's", "those of desk and assistant"])
async def test_everything_goes_on(whose: str, product: Settings, clock: Clock) -> None:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(public_folder())
        server = Store.redis(folder / "store") or Store.valkey(folder / "store")
        server.environ = clock.environ if whose == "the store's" else {}
        server.start()
        stack.callback(server.kill)
        fleet = Fleet(product, folder, server, None, desks=1, assistants=1,
                      environ={} if whose == "the store's" else clock.environ)
        await asyncio.to_thread(fleet.start)
        stack.callback(fleet.stop)
        await ready(fleet)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)))
        url = f"http://127.0.0.1:{fleet.ports[0]}"
        with_bot, with_agent = Page(http, url), Page(http, url)
        for page in (with_bot, with_agent):
            await page.begin()
            assert (await page.say())[0] == 200
            await page.all_is_answered()
        agent = Page(http, url)
        await asyncio.to_thread(add_staff, fleet.settings, "Ada", "ada@example.org", "agent", PASSWORD)
        async with http.post(f"{url}/api/session", json={"email": "ada@example.org", "password": PASSWORD},
                             headers={"X-Frontdesk": "1"}) as answer:
            assert answer.status == 200, await answer.text()
            agent.headers = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-Frontdesk": "1"}
        status, told, _ = await with_agent.ask("GET", "/api/widget/conversation?after=0")
        held = told["conversation"]
        status, told, _ = await agent.ask("POST", f"/api/console/conversations/{held}/claim", {"epoch": 1})
        assert status == 200, told
        for number, seconds in enumerate((HOUR, -DAY, 6 * HOUR - DAY)):
            clock.set(seconds)
            # Of two stages more than the limit allows, so that one which began before the clock was set back is met.
            for _ in range(50 if whose == "the store's" else 5):
                assert (await with_bot.say())[0] == 200
            await with_bot.all_is_answered()
            status, told, _ = await agent.ask("POST", f"/api/console/conversations/{held}/messages",
                                              {"id": f"a{number}", "text": f"I am still there ({number})"})
            assert status == 200, (seconds, told)
            newcomer = Page(http, url)
            await newcomer.begin()
            assert (await newcomer.say())[0] == 200
            await newcomer.all_is_answered()
            # The assistant says every few seconds that it is there, and what it said last is old by this clock.
            deadline = time.monotonic() + PRESENCE_SECONDS
            while (await agent.ask("GET", "/health"))[1]["assistant"]["workers"] != 1:
                assert time.monotonic() < deadline, f"no assistant is there after a jump of {seconds} s"
                await asyncio.sleep(1)
        status, told, _ = await with_agent.ask("GET", "/api/widget/conversation?after=0")
        assert [r["text"] for r in told["records"] if r["from"] == "agent" and r["kind"] == "message"] == [
            f"I am still there ({number})" for number in range(3)]
