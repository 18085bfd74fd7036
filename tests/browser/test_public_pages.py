"""The pages that anybody may open: the sample shop, signing in, the help centre, and the interface's own page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.accessible import sound
from tests.browser.conftest import Product

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 1280])
def test_public_pages_are_accessible(product: Product, person: Callable[..., BrowserContext], width: int) -> None:
    page = person(width, 800).new_page()
    # Colours on their way from light to dark would be measured half-way.
    page.emulate_media(reduced_motion="reduce")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    for path in ("/", "/console", "/editor", "/help", "/help?q=return", "/api/docs"):
        page.goto(product.url + path)
        expect(page.locator("h1").first).to_be_visible()
        sound(page, f"{path} at {width}")
    page.goto(product.url + "/help")
    page.locator("main a[href^='/help/']").first.click()
    expect(page.locator("article h1")).to_be_visible()
    sound(page, f"an entry at {width}")
    page.locator("article").evaluate("""article => article.innerHTML = "<h1>How wide?</h1><table><thead><tr>"
        + "<th>International</th>".repeat(6) + "</tr></thead></table><pre>" + "wide ".repeat(60) + "</pre>" """)
    assert page.locator("th").first.evaluate("cell => cell.clientHeight") < 60, "a heading is broken within a word"
    assert page.locator("table").evaluate("table => table.scrollWidth > table.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a wide table widens the page"
    page.goto(product.url + "/help?search=" + "Staubsaugerbeutel" * 9)
    sound(page, f"a long word at {width}")
    page.goto(product.url + "/help/no-longer-here")
    expect(page.locator("h1")).to_have_text("We cannot find this page")
    sound(page, f"a page that is gone at {width}")
    page.locator("[data-frontdesk-open]").click()
    expect(page.locator("[data-fd=panel]")).to_be_visible()
    assert faults == []


def test_an_open_chat_comes_back_and_its_menu_closes_alone(
    product: Product, person: Callable[..., BrowserContext]
) -> None:
    page = person().new_page()
    page.goto(product.url)
    page.locator("[data-fd=bubble]").click()
    field, panel = page.locator("[data-fd=input]"), page.locator("[data-fd=panel]")
    field.fill("Nothing sent yet")
    page.reload()
    expect(panel).to_be_visible()
    expect(field).to_have_value("Nothing sent yet")
    field.fill("0")
    field.press("Enter")
    expect(page.locator("[data-fd=status]")).to_have_attribute("data-owner", "queue")
    page.locator("[data-fd=menu]").click()
    expect(page.locator("[data-fd=menu-save]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#fd-menu")).to_be_hidden()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
