"""From what nobody answered to an answer: customers ask, an agent answers, an editor makes an entry of it, the bot knows."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Product
from tests.browser.test_editor import LONG, clean, go_live, saved, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
ASKED = ("do you hold lantern making workshops for children", "lantern making workshop for children, do you do one",
         "is there a children's workshop for making lanterns")
REPLY = "Every first Saturday at ten, in the Corranport store."


@pytest.mark.usefixtures("empty_queue")
def test_what_nobody_answered_becomes_an_answer(product: Product, person: Callable[..., BrowserContext]) -> None:
    page = sign_in(person(1440, 900), product)
    desk, headers = page.context.request, {"X-Frontdesk": "1"}
    for text in ASKED:
        made = desk.post(f"{product.url}/api/widget/conversations", data={}).json()
        mine = {"Authorization": f"Bearer {made['token']}"}
        assert desk.post(f"{product.url}/api/widget/messages", data={"id": "m1", "text": text}, headers=mine).ok
        records = f"{product.url}/api/widget/conversation"
        deadline = time.monotonic() + 30
        while not any(one["from"] == "bot" for one in desk.get(records, headers=mine).json()["records"]):
            assert time.monotonic() < deadline, "the bot said nothing"
            time.sleep(0.2)
        assert desk.post(f"{product.url}/api/widget/messages", data={"id": "m2", "text": "0"}, headers=mine).ok
        while not any(one.get("event") == "handoff" for one in desk.get(records, headers=mine).json()["records"]):
            assert time.monotonic() < deadline, "nobody was called"
            time.sleep(0.2)
        at = f"{product.url}/api/console/conversations/{made['conversation']}"
        claimed = desk.post(f"{at}/claim", data={}, headers=headers)
        assert claimed.ok, claimed.text()
        assert desk.post(f"{at}/messages", data={"id": "a1", "text": REPLY}, headers=headers).ok
        assert desk.post(f"{at}/close", data={"outcome": "solved"}, headers=headers).ok

    # What was closed is archived once a minute.
    group = page.locator(".group").filter(has_text="workshop")
    deadline = time.monotonic() + 100
    while True:
        page.goto(f"{product.url}/editor#/gaps")
        page.reload()
        expect(page.locator("progress")).to_be_hidden(timeout=LONG)
        if group.count() and group.locator(".group-count").first.inner_text() == "3":
            break
        assert time.monotonic() < deadline, page.locator(".page-main").inner_text()
        time.sleep(5)
    expect(group).to_have_count(1)
    expect(group).to_contain_text(REPLY)
    clean(page, "unanswered")
    group.locator("[data-action=foretell]").click()
    expect(group.locator(".foretold")).to_contain_text("would", timeout=LONG)

    group.locator("[data-action=write]").click()
    expect(page.locator("#f-phrasings")).not_to_have_value("")
    assert page.locator("#f-tests").input_value() in ASKED
    page.locator("[data-action=use-reply]").click()
    expect(page.locator("#f-answer")).to_have_value(REPLY)
    page.locator("#f-category").fill("company")
    saved(page)
    clean(page, "an entry from a group")
    go_live(page)

    customer = person().new_page()
    customer.goto(product.url)
    customer.locator("[data-fd=bubble]").click()
    customer.locator("[data-fd=input]").fill(ASKED[0])
    customer.locator("[data-fd=input]").press("Enter")
    answered = customer.locator("[data-fd=message][data-from=bot]").filter(has_text="first Saturday")
    expect(answered).to_have_count(1, timeout=30_000)
    # The product is every test's: the way back.
    page.locator("a[data-page=history]").click()
    page.locator("[data-action=rollback]").first.click()
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-snapshot]").first).to_contain_text("Went back", timeout=30_000)
    assert page.faults == []  # type: ignore[attr-defined]
