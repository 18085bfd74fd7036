"""What real browsers show while desk, assistant and store are killed: the record, each message once, in order."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from fleet import PASSWORD, Supervised, home_like, ready
from playwright.async_api import Page, async_playwright, expect
from servers import free_port

from bot.conversations.store import Conversations, connect
from bot.desk.staff import add_staff
from bot.settings import Settings

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.timeout(900),
    pytest.mark.skipif("FAULTS_SECONDS" not in os.environ, reason="part of make faults"),
    pytest.mark.skipif(_CHROMIUM is None, reason="there is no Chromium"),
]
KILLED = ("desk", "valkey", "assistant", "valkey", "desk", "valkey")
PATIENCE = 90_000


async def shown(page: Page, selector: str) -> list[int]:
    return [int(await item.get_attribute("data-seq") or 0) for item in await page.locator(selector).all()]


async def test_widget_and_console_show_the_record(product: Settings, tmp_path: Path) -> None:
    settings = Settings(home=home_like(product, tmp_path / "home"), port=free_port())
    fleet = Supervised(settings)
    fleet.start()
    async with AsyncExitStack() as stack:
        stack.callback(fleet.stop)
        await ready(fleet)
        await asyncio.to_thread(add_staff, settings, "Ada", "ada@example.org", "agent", PASSWORD)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        stack.push_async_callback(browser.close)
        url = f"http://localhost:{settings.port}"
        customer = await (await browser.new_context()).new_page()
        await customer.goto(url)
        await customer.locator("[data-fd=bubble]").click()

        async def ask(text: str) -> None:
            await customer.locator("[data-fd=input]").fill(text)
            await customer.locator("[data-fd=input]").press("Enter")

        await ask("How do I return something?")
        await expect(customer.locator("[data-fd=message][data-from=bot]")).to_have_count(1, timeout=PATIENCE)
        for number, name in enumerate(KILLED):
            fleet.kill(name)
            await ask(f"How long does standard delivery take? ({number})")
            await asyncio.sleep(1.5)
        mine = customer.locator("[data-fd=message][data-from=customer]")
        await expect(mine).to_have_count(1 + len(KILLED), timeout=PATIENCE)
        await expect(customer.locator("[data-fd=message][data-from=customer][data-state=sent]")).to_have_count(
            1 + len(KILLED), timeout=PATIENCE)
        await ask("0")
        await expect(customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "queue", timeout=PATIENCE)

        agent = await (await browser.new_context()).new_page()
        await agent.goto(url + "/console")
        await agent.fill("#email", "ada@example.org")
        await agent.fill("#password", PASSWORD)
        await agent.locator("#password").press("Enter")
        await agent.locator("a[data-row]").first.click(timeout=PATIENCE)
        await agent.locator("[data-action=claim]").first.click(timeout=PATIENCE)
        for number, name in enumerate(("valkey", "desk", "valkey")):
            await agent.locator("#composer-text").fill(f"I look into it, part {number}")
            fleet.kill(name)
            await agent.locator("#composer-text").press("Enter")
            await ask(f"thank you ({number})")
            await asyncio.sleep(1.5)
        await ready(fleet)
        await expect(customer.locator("[data-fd=message][data-from=agent]")).to_have_count(3, timeout=PATIENCE)
        await expect(customer.locator("[data-fd=message][data-from=customer][data-state=sent]")).to_have_count(
            5 + len(KILLED), timeout=PATIENCE)

        store = Conversations(connect(settings.redis))
        [cid] = await store.ids()

        async def record() -> list[dict[str, Any]]:
            return await store.records(cid)

        messages = [r["seq"] for r in await record() if r["kind"] == "message"]
        assert await shown(customer, "[data-fd=message]") == messages
        await expect(agent.locator(f"[data-testid=records] [data-seq='{messages[-1]}']")).to_have_count(1, timeout=PATIENCE)
        in_console = await shown(agent, "[data-testid=records] [data-seq]")
        assert [seq for seq in in_console if seq in messages] == messages
        texts = [r["text"] for r in await record() if r["kind"] == "message" and r["from"] != "bot"]
        assert len(texts) == len(set(texts)), "something was taken twice"
        await customer.reload()
        await expect(customer.locator(f"[data-fd=message][data-seq='{messages[-1]}']")).to_have_count(1, timeout=PATIENCE)
        assert await shown(customer, "[data-fd=message]") == messages
        await store.client.connection_pool.disconnect()
