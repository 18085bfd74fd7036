"""The start menu and a task from end to end in a real browser: a topic, a task, who it is, a yes, and the mail's code."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Product
from tests.browser.test_story import messages, open_chat, say

pytestmark = pytest.mark.browser


def test_a_topic_then_a_task(product: Product, person: Callable[..., BrowserContext]) -> None:
    page = open_chat(person(), product)
    menu = page.locator("[data-fd=starters] button")
    expect(menu).to_have_text(["Account", "Returns", "Orders", "Delivery", "Payment", "Company"])
    menu.get_by_text("Orders").click()
    expect(messages(page, "customer").last).to_contain_text("Orders")
    expect(page.locator("[data-fd=choices] button").first).to_contain_text("cancel my order")
    expect(page.locator("[data-fd=starters]")).to_have_count(0)
    page.locator("[data-fd=choices] button").first.click()
    page.locator("[data-fd=choices]").get_by_text("Cancel my order").click()
    expect(messages(page, "bot").last).to_contain_text("what is the order number")
    say(page, "lm 104281, GWEN.PARRY@example.org")
    expect(messages(page, "bot").last).to_contain_text("Shall I cancel it?")
    page.locator("[data-fd=choices]").get_by_text("Yes, please").click()
    expect(messages(page, "bot").last).to_contain_text("is cancelled")
    with sqlite3.connect(product.home / "shop.db") as db:
        assert db.execute("select state from orders where number = 'LM-104281'").fetchone() == ("cancelled",)
    db.close()
    assert page.faults == []  # type: ignore[attr-defined]


def test_entries_that_are_offered_in_the_middle_of_a_task_can_be_chosen(
    product: Product, person: Callable[..., BrowserContext]
) -> None:
    """The task asks its question behind them."""
    page = open_chat(person(), product)
    say(page, "I want to cancel my order")
    expect(messages(page, "bot").last).to_contain_text("what is the order number")
    say(page, "who pays the courier if it is heavy?")
    offered = page.locator("[data-fd=choices]", has_text="None of these")
    expect(offered).to_have_count(1)
    expect(messages(page, "bot").last).to_contain_text("what is the order number")
    offered.locator("button").first.click()
    expect(offered).to_have_count(0)
    expect(messages(page, "bot").nth(-3)).not_to_contain_text("what is the order number")
    expect(messages(page, "bot").last).to_contain_text("what is the order number")
    assert page.faults == []  # type: ignore[attr-defined]
