"""The widget in a real browser, told by its page who the visitor is: nobody finds another person's conversation."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from desk_harness import Customer, Desk, running
from playwright.async_api import Page, Route, expect

from bot.conversations.turn import Commit
from bot.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "attachments"))
import files

pytestmark = pytest.mark.browser
SECRET = "a-secret-of-the-shop-and-the-desk-only-" * 2


def token(customer: str) -> str:
    claims = {"sub": customer, "name": customer, "aud": "frontdesk", "exp": int(time.time()) + 300,
              "jti": secrets.token_hex(8)}
    return jwt.encode(claims, SECRET, "HS256")


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    async with running(replace(settings, identity_key=SECRET)) as desk:
        yield desk


async def arrive(page: Page, desk: Desk) -> None:
    await page.goto(desk.url)
    await expect(page.locator("[data-fd=bubble]")).to_be_visible()


async def say(page: Page, text: str) -> None:
    # Not the bubble: the widget opens by itself after a reload, and a click at that moment would close it.
    await page.evaluate("Frontdesk.open()")
    await page.locator("[data-fd=input]").fill(text)
    await page.locator("[data-fd=input]").press("Enter")
    await expect(page.locator("[data-fd=message][data-from=customer]", has_text=text)).to_be_visible()


async def heard(desk: Desk, text: str, known: bool | None = None) -> tuple[str | None, list[str]]:
    """The conversation in which this was said: who it is, and all they said. Waits for it, and for who it is."""
    conversations = desk.services.conversations
    for _ in range(400):
        for cid in await conversations.owned("bot"):
            customer = (await conversations.state(cid)).customer
            said = [record["text"] for record in await conversations.records(cid) if record["kind"] == "message"]
            if text in said and known in (None, customer is not None):
                return customer.id if customer else None, said
        await asyncio.sleep(0.05)
    raise AssertionError(f"nobody said {text!r}")


async def test_each_person_has_a_conversation_of_their_own(desk: Desk, page: Page) -> None:
    await arrive(page, desk)
    await say(page, "a stranger asks")
    # They sign in on the page: the conversation goes on, and is theirs.
    await page.evaluate("token => Frontdesk.identify(token)", token("amara"))
    assert await heard(desk, "a stranger asks", known=True) == ("amara", ["a stranger asks"])
    await say(page, "it is me")
    assert await heard(desk, "it is me") == ("amara", ["a stranger asks", "it is me"])
    # The next page brings a fresh token of the same person.
    await arrive(page, desk)
    await page.evaluate("token => Frontdesk.identify(async () => token)", token("amara"))
    await say(page, "still me")
    assert await heard(desk, "still me") == ("amara", ["a stranger asks", "it is me", "still me"])
    # Somebody else signs in at this browser: nothing of it is left on the screen, and they begin anew.
    tokens = [token("tomasz"), token("tomasz")]
    await page.evaluate("tokens => Frontdesk.identify(() => tokens.pop())", tokens)
    await expect(page.locator("[data-fd=message]", has_text="it is me")).to_have_count(0)
    await say(page, "somebody new")
    assert await heard(desk, "somebody new") == ("tomasz", ["somebody new"])
    # They sign out: the chat forgets them, and what they had begun to write.
    await page.locator("[data-fd=input]").fill("my card is")
    picture = {"name": "card.png", "mimeType": "image/png", "buffer": files.picture()}
    await page.locator("[data-fd=files]").set_input_files(picture)
    await expect(page.locator("[data-fd=tray] li")).to_have_count(1)
    await page.evaluate("Frontdesk.identify(null)")
    await expect(page.locator("[data-fd=message]", has_text="somebody new")).to_have_count(0)
    await expect(page.locator("[data-fd=input]")).to_have_value("")
    await expect(page.locator("[data-fd=tray] li")).to_have_count(0)
    assert await page.evaluate("Object.keys(sessionStorage).filter(key => key.endsWith('draft'))") == []
    await say(page, "nobody in particular")
    assert await heard(desk, "nobody in particular") == (None, ["nobody in particular"])


async def test_who_writes_on_after_a_closing_is_introduced_again(desk: Desk, page: Page) -> None:
    await arrive(page, desk)
    await page.evaluate("token => Frontdesk.identify(token)", token("amara"))
    await say(page, "first of all")
    await heard(desk, "first of all", known=True)
    conversations = desk.services.conversations
    turn = await conversations.take()
    assert turn is not None
    await conversations.commit(turn, Commit())
    assert await conversations.close_idle(await conversations.now() + 10) == [turn.cid]
    await say(page, "me again")
    assert await heard(desk, "me again", known=True) == ("amara", ["first of all", "me again"])


async def test_a_page_introduces_nobody_who_opens_the_conversation_again_elsewhere(desk: Desk, page: Page) -> None:
    """Whoever came by a mailed link, which may have gone astray."""
    introductions: list[str] = []
    page.on("request", lambda request: introductions.append(request.url) if "/identity" in request.url else None)
    await arrive(page, desk)
    await page.evaluate("identity => Frontdesk.identify(identity)", token("amara"))
    await say(page, "first of all")
    await heard(desk, "first of all", known=True)
    conversations = desk.services.conversations
    turn = await conversations.take()
    assert turn is not None
    await conversations.commit(turn, Commit())
    letters = desk.services.correspondence.letters
    _, mailed = await letters.resume(await letters.code(turn.cid))
    assert mailed is not None
    assert await conversations.close_idle(await conversations.now() + 10) == [turn.cid]
    introductions.clear()
    assert (await Customer(desk, turn.cid, mailed).say("x1", "what did I order")).status == 200
    await expect(page.locator("[data-fd=message]", has_text="what did I order")).to_be_visible()
    assert await heard(desk, "what did I order") == (None, ["first of all", "what did I order"])
    assert introductions == []


async def test_a_page_that_never_says_who_is_here_keeps_nobody_from_writing(desk: Desk, page: Page) -> None:
    await arrive(page, desk)
    await page.evaluate("Frontdesk.identify(() => new Promise(() => {}))")
    await say(page, "anybody there")
    assert await heard(desk, "anybody there") == (None, ["anybody there"])


@pytest.mark.parametrize("arrives", [True, False])
async def test_what_is_under_way_when_somebody_signs_out_is_not_shown_or_sent_to_the_next(
    desk: Desk, page: Page, arrives: bool
) -> None:
    held, gone = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        if "a secret" not in (route.request.post_data or ""):
            return await route.continue_()
        answer = await route.fetch() if arrives else None
        held.set()
        await gone.wait()
        await (route.fulfill(response=answer) if answer else route.abort())

    await arrive(page, desk)
    await page.evaluate("token => Frontdesk.identify(token)", token("amara"))
    await say(page, "first of all")
    assert await heard(desk, "first of all", known=True) == ("amara", ["first of all"])
    await page.route("**/api/widget/messages", slowly)
    await say(page, "a secret")
    await asyncio.wait_for(held.wait(), 20)
    await page.evaluate("Frontdesk.identify(null)")
    secret = page.locator("[data-fd=message]", has_text="a secret")
    await expect(secret).to_have_count(0)
    gone.set()
    await say(page, "nobody in particular")
    assert await heard(desk, "nobody in particular") == (None, ["nobody in particular"])
    await expect(secret).to_have_count(0)
    await page.reload()
    await page.evaluate("Frontdesk.open()")
    await expect(page.locator("[data-fd=message]", has_text="nobody in particular")).to_be_visible()
    await expect(secret).to_have_count(0)
