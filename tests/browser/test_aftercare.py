"""In a real browser: the form where nobody is there, what an agent changes, and the question how it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Product
from tests.browser.test_story import messages, open_chat, say

pytestmark = pytest.mark.browser
CHANGE = {"X-Frontdesk": "1"}


def check(page: Page) -> None:
    """No violation in the chat; the shop around it is another matter."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["target"]) for one in found for node in one["nodes"] if "#frontdesk" in str(node["target"])] == []


def test_a_mail_a_correction_and_a_rating(product: Product, person: Callable[..., BrowserContext]) -> None:
    customer = open_chat(person(360, 740), product)
    say(customer, "How do I return something?")
    customer.locator("[data-fd=helped]").click()
    expect(customer.locator("[data-fd=helped]")).to_have_attribute("aria-pressed", "true")
    say(customer, "The kettle I got from you leaks at the base")
    form = customer.locator("[data-fd=leave]")
    expect(form).to_be_visible(timeout=70_000)  # other tests' agents count as there for a while
    expect(form.locator("[data-fd=leave-text]")).to_have_value("The kettle I got from you leaks at the base")
    check(customer)
    form.locator("[data-fd=leave-text]").fill("It drips on the floor")
    form.locator("[data-fd=leave-email]").fill("ada@example.org")
    # The answer of the first try is lost, and it stands in the chat once all the same.

    def lose(route: Route) -> None:
        body = {name: route.request.post_data_json[name] for name in ("id", "text")}
        token = route.request.headers["authorization"]
        answer = customer.request.post(f"{product.url}/api/widget/messages", data=body, headers={"Authorization": token})
        assert answer.ok
        route.abort()

    customer.route("**/api/widget/mail", lose, times=1)
    form.locator("[data-fd=leave-email]").press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("Not sent")
    expect(messages(customer, "customer").last).to_contain_text("It drips on the floor")
    form.locator("[data-fd=leave-email]").press("Enter")
    expect(customer.locator("[data-fd=left]")).to_contain_text("ada@example.org")
    expect(messages(customer, "customer").filter(has_text="It drips")).to_have_count(1)
    check(customer)

    desk = person().request
    api = f"{product.url}/api"
    signed = desk.post(f"{api}/session", data={"email": product.email, "password": product.password}, headers=CHANGE)
    assert signed.status == 200
    waiting = desk.get(f"{api}/console/conversations?view=queue").json()["conversations"]
    [cid] = [one["id"] for one in waiting if one["via"] == "mail"]

    def act(what: str, **body: Any) -> Any:
        answer = desk.post(f"{api}/console/conversations/{cid}/{what}", data=body, headers=CHANGE)
        assert answer.ok, answer.text()
        return answer.json()

    act("claim")
    first = act("messages", id="a1", text="A new one is on its wya")["seq"]
    with customer.expect_response("**/api/widget/read") as read:
        second = act("messages", id="a2", text="Wrong window")["seq"]
    assert read.value.status == 204
    act(f"messages/{first}/edit", text="A new one is on its way")
    act(f"messages/{second}/delete")
    expect(messages(customer, "agent").first).to_contain_text("on its way")
    expect(messages(customer, "agent").first).to_contain_text("Edited")
    expect(messages(customer, "agent").last).to_contain_text("taken back")
    act("close", outcome="solved")

    rating = customer.locator("[data-fd=rating]")
    expect(rating).to_be_visible()
    rating.locator("[data-fd=csat] input").first.focus()
    for _ in range(4):
        customer.keyboard.press("ArrowRight")
    expect(rating.locator("[data-fd=effort]")).to_be_visible()
    check(customer)
    rating.locator("[data-fd=effort] input").nth(3).check(force=True)
    rating.locator("[data-fd=comment]").fill("Quick and kind.")
    rating.locator("[data-fd=rating-send]").click()
    expect(customer.locator("[data-fd=rated]")).to_be_visible()
    check(customer)
    kept = desk.get(f"{api}/console/conversations/{cid}").json()["conversation"]["rating"]
    assert (kept["csat"], kept["effort"], kept["comment"]) == (5, 4, "Quick and kind.")
    customer.reload()
    # On a phone the chat covers the page, so it opens only when asked. What they have read is told also now that it is
    # closed, or it would be mailed.
    act("notes", id="n1", text="They are happy")
    with customer.expect_response("**/api/widget/read"):
        customer.locator("[data-fd=bubble]").click()
    expect(customer.locator("[data-fd=rated]")).to_be_visible()
