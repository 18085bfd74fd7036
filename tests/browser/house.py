"""The agents' console in real browsers: two agents and a supervisor, with customers who write by HTTP."""

from __future__ import annotations

import json
import re
import struct
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from bot.desk.staff import StaffError, add_staff
from bot.settings import Settings
from tests.browser.conftest import Product

PASSWORD = "correct horse battery"  # noqa: S105
WIDE, TABLET, NARROW = (1440, 900), (820, 1180), (360, 740)


@dataclass
class Customer:
    """Somebody who writes to the shop."""

    url: str
    id: str
    token: str
    said: int = 0

    def say(self, text: str) -> None:
        self.said += 1
        self.call("POST", "messages", {"id": f"m{self.said}", "text": text})

    def records(self) -> list[dict[str, Any]]:
        return list(self.call("GET", "conversation")["records"])

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return call(f"{self.url}/api/widget/{path}", method, body, {"Authorization": f"Bearer {self.token}"})


def call(url: str, method: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json", **(headers or {})}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        raw = answer.read()
    return json.loads(raw) if raw else None


@dataclass
class Staff:
    """Somebody at the console, with their page."""

    name: str
    page: Page
    context: BrowserContext
    faults: list[str]

    def row(self, cid: str) -> Locator:
        return self.page.locator(f"a[data-row][data-conversation='{cid}']")

    def go(self, place: str) -> None:
        """To an address of the console, and nothing left open from before."""
        self.page.evaluate("place => { for (const d of document.querySelectorAll('dialog[open]')) d.close();"
                           " location.hash = place }", place)

    def open(self, cid: str, view: str = "all") -> None:
        self.go(f"#/{view}/{cid}")
        expect(self.page.locator("#conversation-title")).to_be_visible()
        expect(self.page.locator(f"[data-testid=records][data-conversation='{cid}']")).to_be_visible()

    def act(self, name: str) -> None:
        """A command by its button, in the bar or in the menu behind it."""
        button = self.page.locator(f".conversation-actions [data-action={name}]")
        if not button.count():
            self.page.locator("[data-action=more]").click()
            button = self.page.locator(f"#more-actions [data-action={name}]")
        button.click()

    def dialog(self, name: str) -> Locator:
        return self.page.locator(f"dialog[data-dialog={name}]")

    def submit(self, name: str) -> None:
        dialog = self.dialog(name)
        dialog.locator("[type=submit]").click()
        expect(dialog).to_have_count(0)

    def choose(self, dialog: str, name: str, label: str) -> None:
        """The option whose words begin so."""
        select = self.dialog(dialog).locator(f"select[name={name}]")
        option = select.locator("option", has_text=re.compile(f"^{label}")).first
        select.select_option(str(option.get_attribute("value")))

    def write(self, text: str) -> None:
        self.page.locator("#composer-text").fill(text)
        self.page.locator("#composer-text").press("Enter")

    def said(self) -> Locator:
        return self.page.locator("[data-testid=records]")


@dataclass
class House:
    """The shop's desk with everybody at it."""

    product: Product
    ada: Staff
    ben: Staff
    zoe: Staff
    sign_in: Callable[[str], Staff]

    def customer(self, *texts: str) -> Customer:
        """A customer who has been handed to people."""
        made = call(f"{self.product.url}/api/widget/conversations", "POST", {"page": "https://shop.example/kettles"})
        customer = Customer(self.product.url, made["conversation"], made["token"])
        for text in texts or ("I want to talk to a person",):
            customer.say(text)
        until(lambda: any(record.get("event") == "handoff" for record in customer.records()), "no handoff")
        return customer

    def taken(self, staff: Staff, *texts: str) -> Customer:
        """A customer whom somebody at the console has taken."""
        customer = self.customer(*texts)
        staff.open(customer.id)
        staff.page.locator("[data-action=claim]").click()
        expect(staff.page.locator("#composer-text")).to_be_visible()
        return customer


def until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


def picture(width: int = 320, height: int = 200) -> bytes:
    """A PNG of one colour."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x2f\x5d\x54" * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@pytest.fixture(scope="module")
def house(product: Product, browser: Browser) -> Iterator[House]:
    """Ada and Ben answer customers, Zoe supervises."""
    for name, role in (("ada", "agent"), ("ben", "agent"), ("zoe", "supervisor")):
        with suppress(StaffError):  # Another module has made them.
            add_staff(Settings(home=product.home), name.title(), f"{name}@shop.example", role, PASSWORD)
    contexts: list[BrowserContext] = []

    def sign_in(name: str) -> Staff:
        context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, reduced_motion="reduce",
                                      accept_downloads=True)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(product.url + "/console")
        page.fill("#email", f"{name}@shop.example")
        page.fill("#password", PASSWORD)
        page.locator("#password").press("Enter")
        expect(page.locator("[data-testid=connection][data-state=live]")).to_be_visible()
        return Staff(name.title(), page, context, faults)

    found = House(product, sign_in("ada"), sign_in("ben"), sign_in("zoe"), sign_in)
    yield found
    faults = [(staff.name, staff.faults) for staff in (found.ada, found.ben, found.zoe)]
    for context in contexts:
        context.close()
    assert all(not told for _, told in faults), faults
