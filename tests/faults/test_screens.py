"""What real browsers show while every process is killed: the record, each message once, in order.

Customer and agent write while desk, assistant, store, database and the supervisor itself are killed, in an order drawn by
``FAULTS_SEED``; and their network is slow for a while, and half-open.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from fleet import PASSWORD, Fleet, Supervised, home_like, ready
from playwright.async_api import Browser, Page, async_playwright, expect
from proxy import FaultProxy, Faults
from servers import BOTH, free_port, redis_and_postgres

from bot.conversations.store import Conversations, connect
from bot.desk.staff import add_staff
from bot.settings import Settings

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.timeout(900),
    pytest.mark.skipif("FAULTS_SECONDS" not in os.environ, reason="part of make faults"),
    pytest.mark.skipif(_CHROMIUM is None, reason="there is no Chromium"),
]
SEED = os.environ.get("FAULTS_SEED", "1")
#: Each is killed that often while the bot has the conversation, and once more while an agent has it.
TIMES = 2
PATIENCE = 120_000


async def shown(page: Page, selector: str) -> list[int]:
    return [int(await item.get_attribute("data-seq") or 0) for item in await page.locator(selector).all()]


class Talk:
    """A customer and an agent, each in a browser, and somebody who kills."""

    def __init__(self, fleet: Supervised | Fleet, names: Sequence[str], customer: Page, agent: Page) -> None:
        self.fleet, self.names, self.customer, self.agent = fleet, names, customer, agent
        self.dice = random.Random(f"screens {SEED}")
        self.written: list[str] = []
        self.told: list[str] = []

    async def kill(self, name: str) -> None:
        """One that is there; it may just be coming back from the time before."""
        for _ in range(600):
            if await asyncio.to_thread(self.fleet.kill, name, self.dice.randrange(8)):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"no {name} came back")

    async def ask(self, text: str) -> None:
        await self.customer.locator("[data-fd=input]").fill(text)
        await self.customer.locator("[data-fd=input]").press("Enter")
        self.written.append(text)

    async def tell(self, text: str) -> None:
        await self.agent.locator("#composer-text").fill(text)
        await self.agent.locator("#composer-text").press("Enter")
        self.told.append(text)

    async def all_is_there(self) -> None:
        sent = self.customer.locator("[data-fd=message][data-from=customer][data-state=sent]")
        await expect(sent).to_have_count(len(self.written), timeout=PATIENCE)
        heard = self.customer.locator("[data-fd=message][data-from=agent]")
        await expect(heard).to_have_count(len(self.told), timeout=PATIENCE)

    async def with_the_bot(self) -> None:
        await self.customer.locator("[data-fd=bubble]").click()
        await self.ask("How do I return something?")
        answers = self.customer.locator("[data-fd=message][data-from=bot]")
        await expect(answers).to_have_count(1, timeout=PATIENCE)
        order = [*self.names] * TIMES
        self.dice.shuffle(order)
        for number, name in enumerate(order):
            await self.kill(name)
            await self.ask(f"How long does standard delivery take? ({number})")
            await asyncio.sleep(self.dice.uniform(0.2, 2))
        await self.all_is_there()

    async def with_an_agent(self, url: str) -> None:
        await self.ask("0")
        await expect(self.customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "queue", timeout=PATIENCE)
        # A page that is opened by hand does not come back by itself.
        await ready(self.fleet)
        await self.agent.goto(url + "/console")
        await self.agent.fill("#email", "ada@example.org")
        await self.agent.fill("#password", PASSWORD)
        await self.agent.locator("#password").press("Enter")
        await self.agent.locator("a[data-row]").first.click(timeout=PATIENCE)
        await self.agent.locator("[data-action=claim]").first.click(timeout=PATIENCE)
        await expect(self.customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "agent", timeout=PATIENCE)
        order = [*self.names]
        self.dice.shuffle(order)
        for number, name in enumerate(order):
            await self.tell(f"I look into it, part {number}")
            await self.kill(name)
            await self.ask(f"thank you ({number})")
            await self.tell(f"Nearly done, part {number}")
            await asyncio.sleep(self.dice.uniform(0.2, 2))
        await self.all_is_there()

    async def through_a_bad_network(self, between: FaultProxy) -> None:
        """Nobody is told anything wrong meanwhile, and all of it arrives afterwards, once."""
        between.mode = "slow"
        await self.ask("is anybody there? (slow)")
        await self.tell("I am (slow)")
        await self.all_is_there()
        between.mode = "silent"
        waiting = self.customer.locator("[data-fd=message][data-from=customer]:not([data-state=sent])")
        await self.ask("is anybody there? (silent)")
        await expect(waiting).to_have_count(1)
        # The stream says nothing, not even that it lives: the customer gets to know.
        await expect(self.customer.locator("[data-fd=status]")).to_contain_text("onnecting", timeout=PATIENCE)
        await expect(waiting).to_have_count(1)
        await self.tell("I am (silent)")
        # As a router that forgot the connections does, once it is asked again.
        between.mode = "refuse"
        await asyncio.sleep(0.1)
        between.mode = "pass"
        await self.all_is_there()

    async def screens_show_the_record(self, settings: Settings) -> None:
        store = Conversations(connect(settings.redis))
        [cid] = await store.ids()
        record = [record for record in await store.records(cid) if record["kind"] == "message"]
        await store.client.connection_pool.disconnect()
        said: dict[str, list[str]] = {sender: [r["text"] for r in record if r["from"] == sender] for sender in ("customer", "agent")}
        assert said == {"customer": self.written, "agent": self.told}
        messages = [message["seq"] for message in record]
        for reloaded in (False, True):
            if reloaded:
                await asyncio.gather(self.customer.reload(), self.agent.reload())
            last = self.customer.locator(f"[data-fd=message][data-seq='{messages[-1]}']")
            await expect(last).to_have_count(1, timeout=PATIENCE)
            assert await shown(self.customer, "[data-fd=message]") == messages
            last = self.agent.locator(f"[data-testid=records] [data-seq='{messages[-1]}']")
            await expect(last).to_have_count(1, timeout=PATIENCE)
            in_console = await shown(self.agent, "[data-testid=records] [data-seq]")
            assert [seq for seq in in_console if seq in messages] == messages


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


async def tending(fleet: Supervised | Fleet) -> None:
    while True:
        await asyncio.to_thread(fleet.tend)
        await asyncio.sleep(0.3)


async def play(fleet: Supervised | Fleet, names: Sequence[str], settings: Settings, stack: AsyncExitStack) -> None:
    """The whole talk; the customer at the first desk, through a network that can be spoilt, the agent at the last."""
    await ready(fleet)
    await asyncio.to_thread(add_staff, settings, "Ada", "ada@example.org", "agent", PASSWORD)
    between = await stack.enter_async_context(FaultProxy("127.0.0.1", fleet.ports[0], Faults(slow=2.0)))
    browser = await stack.enter_async_context(browsing())
    customer, agent = [await (await browser.new_context()).new_page() for _ in range(2)]
    await customer.goto(f"http://127.0.0.1:{between.port}")
    talk = Talk(fleet, names, customer, agent)
    tender = asyncio.create_task(tending(fleet))
    stack.callback(tender.cancel)
    await talk.with_the_bot()
    await talk.with_an_agent(f"http://127.0.0.1:{fleet.ports[-1]}")
    await ready(fleet)
    await talk.through_a_bad_network(between)
    await talk.screens_show_the_record(settings)
    print(f"\n{dict(fleet.kills)}, {len(talk.written)} messages of the customer, {len(talk.told)} of the agent")


async def test_under_frontdesk_run(product: Settings, tmp_path: Path) -> None:
    settings = Settings(home=home_like(product, tmp_path / "home"), port=free_port())
    fleet = Supervised(settings)
    fleet.start()
    async with AsyncExitStack() as stack:
        stack.callback(fleet.stop)
        await play(fleet, ("desk", "assistant", "valkey", "supervisor"), settings, stack)


@pytest.mark.skipif(not BOTH, reason="Redis and Postgres are not installed")
async def test_with_several_desks_on_redis_and_postgres(product: Settings) -> None:
    async with AsyncExitStack() as stack:
        folder, store, database = stack.enter_context(redis_and_postgres())
        fleet = Fleet(product, folder, store, database)
        await asyncio.to_thread(fleet.start)
        stack.callback(fleet.stop)
        await play(fleet, ("desk", "assistant", "store", "database"), fleet.settings, stack)
