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
    assert faults == []
