"""Store, database, disk and network fail, one after the other: whoever writes is told so at once, nothing that was
acknowledged is lost, and all goes on by itself when the fault is over."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from fleet import PASSWORD, Fleet, Supervised, home_like, ready
from proxy import FaultProxy, Faults
from servers import BOTH, POSTGRES, Postgres, free_port, public_folder, redis_and_postgres

from bot import database
from bot.desk.services import THREADS
from bot.desk.staff import add_staff
from bot.settings import Settings

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.timeout(900)]

LONG = "FAULTS_SECONDS" in os.environ
#: For how long each part is away.
AWAY = float(os.environ.get("FAULTS_AWAY", "60" if LONG else "3"))
QUESTION = "How do I reset my password?"


class Page:
    """A customer's page, which does not repeat anything by itself: what comes back is what a person would see."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url
        self.headers: dict[str, str] = {}
        self.count = 0
        self.acknowledged: dict[str, int] = {}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, float]:
        """Status, body and seconds; status 0 where nobody answered."""
        begun = time.monotonic()
        try:
            async with self.http.request(method, self.url + path, json=body, headers={**self.headers, **headers}) as answer:
                return answer.status, await answer.json() if answer.content_type == "application/json" else None, time.monotonic() - begun
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return 0, None, time.monotonic() - begun

    async def begin(self) -> None:
        status, made, _ = await self.ask("POST", "/api/widget/conversations", {})
        assert status == 201, (status, made)
        self.headers = {"Authorization": f"Bearer {made['token']}"}

    async def say(self, message_id: str = "") -> tuple[int, float]:
        self.count += not message_id
        message_id = message_id or f"m{self.count}"
        status, answer, seconds = await self.ask("POST", "/api/widget/messages", {"id": message_id, "text": QUESTION})
        if status == 200:
            self.acknowledged[message_id] = answer["seq"]
        return status, seconds

    async def until_it_works(self, message_id: str, seconds: float) -> float:
        """Sends again as the widget does, until it is taken; returns how long that took."""
        begun = time.monotonic()
        while (await self.say(message_id))[0] != 200:
            assert time.monotonic() - begun < seconds, f"not taken within {seconds} s"
            await asyncio.sleep(0.2)
        return time.monotonic() - begun

    async def all_is_answered(self, seconds: float = 60) -> None:
        """Every acknowledged message is where it was said to be, and answered."""
        deadline = time.monotonic() + seconds
        while True:
            status, told, _ = await self.ask("GET", "/api/widget/conversation?after=0")
            if status == 200 and told["records"] and told["records"][-1]["from"] != "customer":
                break
            assert time.monotonic() < deadline, (status, told)
            await asyncio.sleep(0.2)
        places = {record["id"]: record["seq"] for record in told["records"] if record["from"] == "customer"}
        assert places == self.acknowledged


@pytest.mark.skipif(not LONG, reason="part of make faults")
@pytest.mark.skipif(not BOTH, reason="Redis and Postgres are not installed")
async def test_store_and_database_away_frozen_and_half_open(product: Settings) -> None:
    async with AsyncExitStack() as stack:
        folder, store, postgres = stack.enter_context(redis_and_postgres())
        to_store = await stack.enter_async_context(FaultProxy("127.0.0.1", store.port, Faults(slow=0.4)))
        to_database = await stack.enter_async_context(FaultProxy("127.0.0.1", postgres.port))
        fleet = Fleet(product, folder, store, postgres, redis_url=f"redis://127.0.0.1:{to_store.port}/0", desks=1, assistants=1,
                      database_url=postgres.url.replace(str(postgres.port), str(to_database.port)))
        await asyncio.to_thread(fleet.start)
        stack.callback(fleet.stop)
        await ready(fleet)
        http = await stack.enter_async_context(aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=40)))
        page = Page(http, f"http://127.0.0.1:{fleet.ports[0]}")
        await page.begin()
        assert (await page.say())[0] == 200
        await page.all_is_answered()
        await asyncio.to_thread(add_staff, fleet.settings, "Ada", "ada@example.org", "agent", PASSWORD)

        async with http.post(f"{page.url}/api/session", json={"email": "ada@example.org", "password": PASSWORD},
                             headers={"X-Frontdesk": "1"}) as answer:
            assert answer.status == 200, await answer.text()
            cookie = answer.headers["Set-Cookie"].split(";")[0]

        # -- the store is away
        to_store.mode = "refuse"
        status, seconds = await page.say()
        assert status == 503 and seconds < 6
        assert (await page.ask("GET", "/health"))[0] == 503
        await asyncio.sleep(AWAY)
        to_store.mode = "pass"
        await page.until_it_works(f"m{page.count}", 15)
        await page.all_is_answered()

        # -- the way to it is slow: nearly a second there and back, many times a turn
        to_store.mode = "slow"
        for _ in range(3):
            assert (await page.say())[0] == 200
        await page.all_is_answered()
        to_store.mode = "pass"

        # -- it keeps silent, behind a connection that looks well
        to_store.mode = "silent"
        status, seconds = await page.say()
        assert status == 503 and seconds < 20, (status, seconds)
        to_store.mode = "refuse"
        await asyncio.sleep(0.1)
        to_store.mode = "pass"
        await page.until_it_works(f"m{page.count}", 30)
        await page.all_is_answered()

        # -- it stands still, as a machine that swaps does, and goes on as if nothing had been
        store.freeze(True)
        status, seconds = await page.say()
        assert status == 503 and seconds < 20, (status, seconds)
        store.freeze(False)
        # The message may have been taken when the store went on; then it is the same message.
        await page.until_it_works(f"m{page.count}", 30)
        await page.all_is_answered()

        # -- the database is away: customers do not notice, staff are told
        await asyncio.sleep(10.5)  # who is signed in is known for ten seconds
        await asyncio.to_thread(postgres.kill)
        await asyncio.sleep(AWAY)
        assert (await page.say())[0] == 200
        await page.all_is_answered()
        status, told, seconds = await page.ask("GET", "/api/session", Cookie=cookie)
        assert status == 503 and told["error"]["code"] == "unavailable" and seconds < 6, (status, told, seconds)
        await asyncio.to_thread(postgres.start)
        deadline = time.monotonic() + 15
        while (await page.ask("GET", "/api/session", Cookie=cookie))[0] != 200:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)

        # -- the database keeps silent: more calls than there are threads wait, and customers still do not notice
        _, well, _ = await page.ask("GET", "/api/widget/config")
        await asyncio.sleep(10.5)
        to_database.mode = "silent"
        waiting = [asyncio.create_task(page.ask("GET", "/api/session", Cookie=cookie)) for _ in range(3 * THREADS)]
        for _ in range(8):
            await asyncio.sleep(0.5)
            status, seconds = await page.say()
            assert status == 200 and seconds < 3, seconds
            status, told, seconds = await page.ask("GET", "/api/widget/config")
            assert status == 200 and told == well and seconds < 3, (status, told, seconds)
            status, _, seconds = await page.ask("GET", "/help")
            assert status == 200 and seconds < 3, (status, seconds)
        answers = [(await task)[::2] for task in waiting]
        await asyncio.sleep(AWAY)
        assert {status for status, _ in answers} == {503} and max(seconds for _, seconds in answers) < 32, answers
        to_database.mode = "refuse"
        await asyncio.sleep(0.1)
        to_database.mode = "pass"
        deadline = time.monotonic() + 30
        while (await page.ask("GET", "/api/session", Cookie=cookie))[0] != 200:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)
        await page.all_is_answered()


@pytest.mark.skipif(POSTGRES is None, reason="Postgres is not installed")
async def test_a_silent_database_is_given_up_on_old_connections_and_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_SILENCE", 1.0)

    def ask(engine: Any) -> str:
        try:
            with database.reading(engine) as connection:
                return str(connection.execute(sa.text("SELECT 'well'")).scalar())
        except database.DatabaseUnavailable as error:
            return str(error)

    async with AsyncExitStack() as stack:
        server = Postgres(stack.enter_context(public_folder()) / "postgres")
        await asyncio.to_thread(server.make)
        stack.callback(server.kill)
        proxy = await stack.enter_async_context(FaultProxy("127.0.0.1", server.port))
        engine = database.open_database(server.url.replace(str(server.port), str(proxy.port)))
        many = [asyncio.to_thread(ask, engine) for _ in range(3)]
        assert await asyncio.gather(*many) == ["well"] * 3
        proxy.mode = "silent"
        # Three are in the pool, the others are made.
        many = [asyncio.to_thread(ask, engine) for _ in range(6)]
        answers = await asyncio.wait_for(asyncio.gather(*many), 60)
        assert all("no answer within 1 s" in answer for answer in answers), answers
        # Now it is known, so one tries whether it is back, and nobody else waits.
        answers = await asyncio.gather(*(asyncio.to_thread(ask, engine) for _ in range(6)))
        assert sorted("did not answer a moment ago" in answer for answer in answers) == [False] + [True] * 5, answers
        assert "no answer within 1 s" in min(answers, key=lambda answer: "moment ago" in answer)
        proxy.mode = "refuse"
        await asyncio.sleep(0.1)
        proxy.mode = "pass"
        assert await asyncio.to_thread(ask, engine) == "well"
        assert await asyncio.gather(*(asyncio.to_thread(ask, engine) for _ in range(6))) == ["well"] * 6
        engine.dispose()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir(parents=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
                                           capture_output=True).returncode:
        pytest.skip("this user may not make a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


@pytest.mark.skipif(not LONG, reason="part of make faults")
async def test_the_disk_is_full(product: Settings, tmp_path: Path) -> None:
    home = home_like(product, tmp_path / "home")
    async with AsyncExitStack() as stack:
        disk = stack.enter_context(small_disk(home / "valkey", 8))
        fleet = Supervised(Settings(home=home, port=free_port()))
        fleet.start()
        stack.callback(fleet.stop)
        await ready(fleet)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)))
        page = Page(http, f"http://127.0.0.1:{fleet.ports[0]}")
        await page.begin()
        assert (await page.say())[0] == 200
        await page.all_is_answered()
        filler = disk / "filler"
        await asyncio.to_thread(fill, filler)
        # What is still free of the page that the log ends in takes some more messages; then nothing does.
        refused = ""
        for _ in range(60):
            status, seconds = await page.say()
            assert status in (200, 503) and seconds < 25, (status, seconds)
            if status == 503:
                refused = f"m{page.count}"
                break
        assert refused, "a full disk took everything"
        assert (await page.ask("GET", "/health"))[0] == 503
        await asyncio.sleep(AWAY)
        await asyncio.to_thread(filler.unlink)
        await page.until_it_works(refused, 60)
        await page.all_is_answered()


@pytest.mark.skipif(not LONG, reason="part of make faults")
async def test_the_disk_of_the_database_is_full(product: Settings, tmp_path: Path) -> None:
    """Customers do not notice; staff are told that nothing was accepted, and what was accepted before is there."""
    home = home_like(product, tmp_path / "home")
    async with AsyncExitStack() as stack:
        disk = stack.enter_context(small_disk(home / "database", 16))
        settings = Settings(home=home, port=free_port(), database_url=f"sqlite:///{disk / 'frontdesk.db'}")
        fleet = Supervised(settings)
        fleet.start()
        stack.callback(fleet.stop)
        await ready(fleet)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)))
        page, boss = (Page(http, f"http://127.0.0.1:{fleet.ports[0]}") for _ in range(2))
        await page.begin()
        await asyncio.to_thread(add_staff, settings, "Grace", "grace@example.org", "admin", PASSWORD)
        async with http.post(f"{boss.url}/api/session", json={"email": "grace@example.org", "password": PASSWORD},
                             headers={"X-Frontdesk": "1"}) as answer:
            boss.headers = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-Frontdesk": "1"}

        async def add(number: int) -> int:
            reply = {"shortcut": f"reply-{number}", "title": f"Reply {number}", "text": "x" * 900}
            status, told, _ = await boss.ask("POST", "/api/console/settings/canned", reply)
            assert status == 201 or (status, told["error"]["code"]) == (503, "unavailable"), (status, told)
            return status

        assert await add(0) == 201
        filler = disk / "filler"
        await asyncio.to_thread(fill, filler)
        # What the log of changes has room for is still taken; then nothing is.
        taken = 1
        while await add(taken) == 201:
            taken += 1
            assert taken < 2000, "a full disk took everything"
        for _ in range(3):
            assert (await page.say())[0] == 200
        await page.all_is_answered()
        assert (await page.ask("GET", "/health"))[0] == 200
        await asyncio.sleep(AWAY)
        await asyncio.to_thread(filler.unlink)
        assert await add(taken) == 201
        _, told, _ = await boss.ask("GET", "/api/console/settings/canned")
        kept = {reply["shortcut"] for reply in told["canned"] if reply["shortcut"].startswith("reply-")}
        assert kept == {f"reply-{number}" for number in range(taken + 1)}
        await page.all_is_answered()
