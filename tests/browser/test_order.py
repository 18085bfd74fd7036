"""What could not be sent goes before what is written later: messages arrive in the order they were written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
#: All tries of one message, with the pauses between them.
LONG = 60_000


def cut(page: Page, calls: str) -> None:
    """Calls fail as they do where the network is away; the stream, which is open, goes on."""
    page.route(calls, lambda route: route.abort())


@pytest.mark.usefixtures("empty_queue")
def test_customer_and_agent_are_read_in_the_order_they_wrote(
    product: Product, person: Callable[..., BrowserContext]
) -> None:
    customer, agent = person().new_page(), person().new_page()
    customer.goto(product.url)
    customer.locator("[data-fd=bubble]").click()
    mine = customer.locator("[data-fd=message][data-from=customer]")

    def ask(text: str) -> None:
        customer.locator("[data-fd=input]").fill(text)
        customer.locator("[data-fd=input]").press("Enter")

    ask("0")
    expect(customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "queue", timeout=LONG)
    cut(customer, "**/api/widget/messages")
    ask("I would like the blue one")
    expect(mine.filter(has_text="blue")).to_have_attribute("data-state", "failed", timeout=LONG)
    customer.unroute("**/api/widget/messages")
    ask("No, the red one")
    expect(customer.locator("[data-fd=message][data-from=customer][data-state=sent]")).to_have_count(3, timeout=LONG)

    agent.goto(product.url + "/console")
    agent.fill("#email", product.email)
    agent.fill("#password", product.password)
    agent.locator("#password").press("Enter")
    agent.locator("a[data-row]").first.click()
    agent.locator("[data-action=claim]").first.click()
    expect(customer.locator("[data-fd=status]")).to_have_attribute("data-owner", "agent", timeout=LONG)
    cut(agent, "**/api/console/conversations/*/messages")
    agent.locator("#composer-text").fill("The blue one is sold out")
    agent.locator("#composer-text").press("Enter")
    expect(agent.locator("li.outgoing[data-state=failed]")).to_have_count(1, timeout=LONG)
    agent.unroute("**/api/console/conversations/*/messages")
    agent.locator("#composer-text").fill("The red one is here")
    agent.locator("#composer-text").press("Enter")
    heard = customer.locator("[data-fd=message][data-from=agent]")
    expect(heard).to_have_count(2, timeout=LONG)

    said = [one.get_attribute("data-seq") for one in customer.locator("[data-fd=message]").all()]
    assert said == sorted(said, key=lambda seq: int(seq or 0))
    texts = customer.locator("[data-fd=message]").all_inner_texts()
    places = [next(i for i, text in enumerate(texts) if words in text) for words in
              ("the blue one", "the red one", "is sold out", "red one is here")]
    assert places == sorted(places), texts
