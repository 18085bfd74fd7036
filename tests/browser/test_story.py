"""The whole story in real browsers: asked, answered, a fault, a person, an end, and all of it there after a reload."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Product

pytestmark = pytest.mark.browser
Person = Callable[..., BrowserContext]


def open_chat(context: BrowserContext, product: Product) -> Page:
    page = context.new_page()
    page.faults = watch(page)  # type: ignore[attr-defined]
    page.goto(product.url)
    page.locator("[data-fd=bubble]").click()
    expect(page.locator("[data-fd=input]")).to_be_visible()
    return page


def watch(page: Page) -> list[str]:
    """Everything that the page complains of, so that a test can say there was nothing."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    return faults


def say(page: Page, text: str) -> None:
    page.locator("[data-fd=input]").fill(text)
    page.locator("[data-fd=input]").press("Enter")


def messages(page: Page, sender: str) -> Any:
    return page.locator(f"[data-fd=message][data-from={sender}]")


def log_of(page: Page) -> list[tuple[str, int]]:
    """Sender and number of each message shown, top to bottom."""
    return [(str(m.get_attribute("data-from")), int(m.get_attribute("data-seq") or 0)) for m in page.locator("[data-fd=message]").all()]


def sign_in(context: BrowserContext, product: Product) -> Page:
    page = context.new_page()
    page.goto(product.url + "/console")
    page.fill("#email", product.email)
    page.fill("#password", product.password)
    page.locator("#password").press("Enter")
    expect(page.locator("[data-testid=connection][data-state=live]")).to_be_visible()
    return page


@pytest.mark.usefixtures("empty_queue")
def test_a_fault_from_question_to_close(product: Product, person: Person) -> None:
    customer = open_chat(person(), product)
    say(customer, "How do I return something?")
    answer = messages(customer, "bot").last
    expect(answer).to_contain_text("Quillpost label")
    assert answer.locator("ol li").count() == 3, "the answer's Markdown is not rendered"

    say(customer, "The kettle I got from you leaks at the base and now my kitchen floor is wet")
    expect(messages(customer, "bot").last).to_contain_text("knows our products")
    expect(customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "queue")
    expect(customer.locator("[data-fd=status]")).to_contain_text("next in line")

    agent = sign_in(person(), product)
    row = agent.locator("a[data-row]").first
    expect(row).to_contain_text("knows our products")
    row.click()
    context = agent.locator("aside#context")
    expect(context).to_contain_text("Report defect")
    expect(context).to_contain_text("How do I send something back?")
    agent.locator("button.summary-line[data-seqs]").last.click()
    expect(agent.locator("[data-lit]")).to_contain_text("leaks at the base")
    agent.locator("[data-action=claim]").first.click()
    expect(agent.locator("#composer-text")).to_be_visible()
    expect(customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "agent")

    agent.locator("#composer-text").press_sequentially("I am sorry about", delay=10)
    expect(customer.locator("[data-fd=typing]")).to_be_visible()
    agent.locator("#composer-text").fill("I am sorry about your floor. A new kettle is on its way.")
    agent.locator("#composer-text").press("Enter")
    expect(messages(customer, "agent").last).to_contain_text("A new kettle is on its way.")
    customer.locator("[data-fd=input]").press_sequentially("Oh", delay=10)
    expect(agent.get_by_text("The customer is typing")).to_be_visible()
    say(customer, "Thank you, that is quick")
    expect(agent.locator("[data-testid=records]")).to_contain_text("Thank you, that is quick")
    assert messages(customer, "bot").count() == 2, "the bot spoke after the handoff"

    agent.locator("[data-action=close]").first.click()
    dialog = agent.locator("dialog[data-dialog=close]")
    dialog.locator("input[value=product_fault]").check(force=True)
    dialog.locator("[type=submit]").last.click()
    expect(customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "closed")

    before = log_of(customer)
    customer.reload()
    expect(customer.locator("[data-fd=panel]")).to_be_visible()
    expect(messages(customer, "agent").last).to_contain_text("A new kettle is on its way.")
    expect(messages(customer, "customer")).to_have_count(3)
    assert log_of(customer) == before, "the reload shows something else than before"
    numbers = [seq for _, seq in before]
    assert numbers == sorted(set(numbers)) and numbers[0] > 0
    assert customer.faults == []  # type: ignore[attr-defined]


def test_a_button_is_answered_and_zero_reaches_a_person(product: Product, person: Person) -> None:
    customer = open_chat(person(360, 720), product)
    say(customer, "How do I return something?")
    expect(messages(customer, "bot")).to_have_count(1)
    choice = customer.locator("[data-fd=choices] button").first
    title = choice.inner_text()
    choice.click()
    expect(messages(customer, "customer").last).to_contain_text(title)
    expect(messages(customer, "bot")).to_have_count(2)
    customer.locator("[data-fd=person]").click()
    expect(customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "queue")
    assert customer.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways at 360 px"


def test_the_network_drops_and_nothing_is_lost_or_doubled(product: Product, person: Person) -> None:
    context = person()
    customer = open_chat(context, product)
    say(customer, "How long does standard delivery take?")
    expect(messages(customer, "bot")).to_have_count(1)
    context.set_offline(True)
    say(customer, "How do I reset my password?")
    expect(messages(customer, "customer").last).not_to_have_attribute("data-state", "sent")
    context.set_offline(False)
    expect(messages(customer, "customer").last).to_have_attribute("data-state", "sent", timeout=30_000)
    expect(messages(customer, "bot")).to_have_count(2, timeout=30_000)
    expect(messages(customer, "customer")).to_have_count(2)
    numbers = [seq for _, seq in log_of(customer)]
    assert numbers == sorted(set(numbers))


def test_a_wide_table_scrolls_by_keyboard_where_it_is_wide(product: Product, person: Person) -> None:
    context = person(1280, 800)
    wide = "<table><tr>" + "<th>International</th>" * 12 + "</tr></table>"
    html = f"<p>Before.</p>{wide}<table><tr><th>UK</th></tr></table><pre>{'lantern ' * 30}</pre>"

    def answer(route: Route) -> None:
        told = route.fetch().json()
        for record in told["records"]:
            record.update({"html": html} if record["from"] == "bot" else {})
        route.fulfill(json=told)

    customer = open_chat(context, product)
    say(customer, "How long does standard delivery take?")
    expect(messages(customer, "bot")).to_have_count(1)
    customer.route("**/api/widget/conversation?*", answer)
    customer.reload()
    boxes = messages(customer, "bot").locator(".wide")
    expect(customer.get_by_role("group", name="Scrolls sideways")).to_have_count(2)
    expect(boxes).to_have_count(3)
    expect(boxes.nth(1)).not_to_have_attribute("tabindex", "0")
    expect(messages(customer, "bot").get_by_role("table")).to_have_count(2)
    boxes.first.focus()
    customer.keyboard.press("ArrowRight")
    customer.wait_for_function("box => box.scrollLeft > 0", arg=boxes.first.element_handle())


def test_markup_stays_text(product: Product, person: Person) -> None:
    customer = open_chat(person(), product)
    say(customer, "<img src=x onerror=\"document.title='run'\"><b>bold</b>")
    expect(messages(customer, "customer").last).to_contain_text("<b>bold</b>")
    expect(messages(customer, "bot").last).to_be_visible()
    say(customer, "/restart")
    expect(messages(customer, "customer").last).to_contain_text("/restart")
    assert customer.title() != "run"
    assert customer.locator("[data-fd=log] img[src=x]").count() == 0


def test_all_processes_answer_for_themselves(product: Product) -> None:
    with urllib.request.urlopen(product.url + "/health", timeout=5) as answer:
        told = json.load(answer)
    assert told["ok"] and told["store"] == "ok" and told["assistant"]["workers"] >= 1
