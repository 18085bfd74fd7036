"""The console in a real browser: what it does when its stream is ended, and that it answers the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from desk_harness import PASSWORD, Agent, Customer, Desk, running
from playwright.async_api import Page, expect

from bot.conversations import keys
from bot.desk import hub
from bot.desk.staff import set_role
from bot.settings import Settings

pytestmark = pytest.mark.browser
HandOff = Callable[..., Awaitable[None]]


@pytest.fixture
async def desk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(hub, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr(hub, "PING_SECONDS", 2)
    async with running(settings) as desk:
        yield desk


@pytest.fixture
async def page(page: Page, desk: Desk, agent: Agent) -> Page:
    """Ada's console."""
    await page.goto(f"{desk.url}/console")
    await sign_in(page)
    await expect(page.locator("[data-testid=connection]")).to_have_text("Live")
    return page


async def sign_in(page: Page) -> None:
    await page.locator("#email").fill("ada@example.org")
    await page.locator("#password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("[data-view=sign-in]")).to_have_count(0)


async def test_who_is_signed_out_elsewhere_is_asked_to_sign_in_and_goes_on(
    desk: Desk, page: Page, customer: Customer, hand_off: HandOff
) -> None:
    await page.context.request.delete(f"{desk.url}/api/session", headers={"X-Frontdesk": "1"})
    await expect(page.locator("[data-view=sign-in]")).to_be_visible()
    await expect(page.locator("[data-view=sign-in]")).to_contain_text("Your session has ended")
    await customer.say("a", "a word meanwhile")
    await hand_off()
    await sign_in(page)
    await expect(page.locator("[data-testid=connection]")).to_have_text("Live")
    await expect(page.locator(f"[data-conversation='{customer.cid}']").first).to_be_visible()


async def test_who_signs_out_leaves_nothing_in_another_tab(
    desk: Desk, page: Page, agent: Agent, customer: Customer, hand_off: HandOff
) -> None:
    await customer.say("a", "a secret word")
    await hand_off()
    await agent.act(customer.cid, "claim")
    other = await page.context.new_page()
    await other.goto(f"{desk.url}/console#/mine/{customer.cid}")
    await other.locator("#composer-text").fill("a reply that was begun")
    await page.locator("[data-action=menu]").click()
    await page.locator("[data-action=sign-out]").click()
    await expect(other.locator("[data-view=sign-in]")).to_be_visible()
    await expect(other.locator("[data-view=sign-in]")).not_to_contain_text("Your session has ended")
    assert "secret word" not in await other.content()
    await expect(other.locator("#composer-text")).to_have_count(0)


async def test_who_has_another_role_by_now_sees_nothing_more(
    desk: Desk, page: Page, agent: Agent, customer: Customer, hand_off: HandOff
) -> None:
    await customer.say("a", "a secret word")
    await hand_off()
    row = page.locator(f"[data-conversation='{customer.cid}']")
    await expect(row.first).to_be_visible()
    await asyncio.to_thread(set_role, desk.settings, agent.member.email, "editor")
    await expect(page.get_by_text("Your account has another role")).to_be_visible()
    await expect(row).to_have_count(0)
    # It does not begin anew again and again.
    await page.evaluate("window.stays = true")
    await asyncio.sleep(2)
    assert await page.evaluate("window.stays")


async def test_it_answers_its_stream(desk: Desk, page: Page, agent: Agent) -> None:
    await desk.services.conversations.call("DEL", keys.SIGNS)
    for _ in range(300):
        if await desk.services.conversations.call("ZSCORE", keys.SIGNS, agent.member.id):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no sign of life came")


async def test_a_console_that_nobody_touches_says_so(desk: Desk, page: Page) -> None:
    async def reads() -> str | None:
        async with page.expect_request("**/api/console/desk") as asked:
            await desk.services.conversations.tell_desk("agents")
        return await (await asked.value).header_value("x-frontdesk-unattended")

    assert await reads() is None
    await page.evaluate("((now) => { Date.now = () => now() + 120_000; })(Date.now)")
    assert await reads() == "1"
    await page.mouse.move(20, 20)
    assert await reads() is None
