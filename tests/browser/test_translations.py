"""Translations in real browsers: one is written beside its original, goes live, and is what a customer on a German page
gets; then the original changes. Each state is looked through by axe, in light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Product
from tests.browser.test_aftercare import check
from tests.browser.test_editor import clean, go_live, saved, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
Person = Callable[..., BrowserContext]
HOURS = "store-opening-hours"
QUESTION, ANSWER = "Wann sind eure Läden offen?", "Von **9** bis 18 Uhr."


def german(page: Page, url: str) -> None:
    """Opens the shop as if its page were German."""
    def turned(route: Route) -> None:
        told = route.fetch()
        route.fulfill(response=told, body=told.text().replace('<html lang="en', '<html lang="de', 1))

    page.route(f"{url}/", turned)
    page.goto(f"{url}/")
    assert page.evaluate("document.documentElement.lang").startswith("de")


def test_a_translation_is_written_and_told_and_grows_old(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product, f"#/entries/{HOURS}")
    bar = page.get_by_role("navigation", name="Languages of this entry")
    expect(bar.locator("[aria-current=page]")).to_have_text("Original")

    # By keyboard: the language, then the form, with the original beside it.
    bar.locator("[data-action=translate]").press("Enter")
    page.keyboard.type("german")
    page.keyboard.press("Enter")
    expect(page.locator("[data-dialog=translate] [role=alert]")).to_contain_text("language tag")
    page.locator("#translate-language").fill("de")
    page.keyboard.press("Enter")
    expect(page.locator("#f-question")).to_be_focused()
    expect(page.locator("#f-question")).to_have_attribute("lang", "de")
    expect(page.locator("#side-panel")).to_contain_text("When are your stores open?")
    expect(page.locator("#f-category")).to_be_hidden()
    clean(page, "a new translation")
    page.keyboard.type(QUESTION)
    page.locator("#f-answer").fill(ANSWER)
    page.locator("#f-phrasings").fill("Öffnungszeiten\nwann macht ihr zu")
    saved(page)
    assert page.url.endswith(f"{HOURS}-de")
    expect(bar.locator("[aria-current=page]")).to_have_text("German · not live")
    clean(page, "a translation")

    go_live(page)

    customer = person().new_page()
    german(customer, product.url)
    customer.locator("[data-fd=bubble]").click()
    for question in ("When are your stores open?", "Öffnungszeiten"):
        customer.locator("[data-fd=input]").fill(question)
        customer.locator("[data-fd=input]").press("Enter")
        words = customer.locator("[data-fd=message][data-from=bot] .text[lang=de]").last
        expect(words).to_have_text("Von 9 bis 18 Uhr.", timeout=30_000)
    check(customer)

    faults: list[str] = page.faults  # type: ignore[attr-defined]
    assert faults == []
    page.goto(f"{product.url}/help/{HOURS}-de")
    assert page.evaluate("document.documentElement.lang") == "de"
    clean(page, "help centre")
    page.get_by_role("navigation", name="Languages").get_by_text("Original").click()
    expect(page.locator("h1")).to_have_text("When are your stores open?")

    # The original changes: the translation is out of date until somebody says that it fits.
    faults.clear()  # the help centre has no icon
    page.goto(f"{product.url}/editor#/entries/{HOURS}")
    page.locator("#f-answer").press("End")
    page.keyboard.type(" Come in.")
    saved(page)
    page.goto(f"{product.url}/editor#/entries?look=outdated")
    page.reload()
    page.locator(".rows a").click()
    expect(page.locator(".outdated")).to_contain_text("has changed since")
    clean(page, "out of date")
    page.locator("[data-action=fits]").click()
    expect(page.locator(".outdated")).to_have_count(0)
    expect(bar.locator("[aria-current=page]")).to_have_text("German")
    assert faults == []
