"""The agents' day in real browsers: two of them and a supervisor, with customers who write by HTTP."""

from __future__ import annotations

import json
import re
import struct
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from bot.desk.staff import add_staff
from bot.settings import Settings
from bot.webhooks.courier import PATIENCE
from tests.browser.accessible import sound
from tests.browser.conftest import Product

pytestmark = pytest.mark.browser

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


def test_of_two_who_claim_one_has_it_and_a_supervisor_takes_over(house: House) -> None:
    customer = house.customer()
    house.ada.open(customer.id)
    house.ben.open(customer.id)
    expect(house.ben.page.locator("[data-testid=collision]")).to_contain_text("Ada is here too")
    house.ada.page.locator("[data-action=claim]").click()
    expect(house.ada.page.locator("#composer-text")).to_be_visible()
    expect(house.ben.page.locator(".standing")).to_contain_text("Ada looks after this one")
    house.ada.page.locator("#composer-text").press_sequentially("Hello", delay=5)
    expect(house.ben.page.locator("[data-testid=collision]")).to_contain_text("Ada is writing")

    house.zoe.open(customer.id)
    house.zoe.page.locator("[data-action=claim]").click()
    expect(house.zoe.page.locator("#composer-text")).to_be_visible()
    expect(house.ada.page.locator(".standing")).to_contain_text("Zoe looks after this one")
    expect(house.ada.page.locator(".standing")).to_contain_text("Your unsent draft is kept: “Hello”")
    expect(house.zoe.said()).to_contain_text("You took the conversation")


def test_a_note_with_a_name_reaches_that_person(house: House) -> None:
    customer = house.taken(house.ada)
    house.ben.open(customer.id)
    house.ben.page.locator("[data-action=add-note]").click()
    field = house.ben.page.locator("#composer-text")
    field.press_sequentially("Ask @Ad", delay=5)
    expect(house.ben.page.locator("#picker [aria-selected=true]")).to_contain_text("Ada")
    field.press("Enter")
    field.press_sequentially("about the recall", delay=5)
    expect(field).to_have_value("Ask @Ada about the recall")
    field.press("Enter")
    expect(house.ben.said().locator("[data-kind=note] .mention")).to_have_text("@Ada")
    house.ada.go("#/mentions")
    expect(house.ada.row(customer.id)).to_be_visible()
    assert all("recall" not in record.get("text", "") for record in customer.records()), "a customer saw a note"


def test_files_go_both_ways(house: House) -> None:
    customer = house.taken(house.ada)
    page = house.ada.page
    page.locator(".composer input[type=file]").set_input_files(
        [{"name": "label.png", "mimeType": "image/png", "buffer": picture()},
         {"name": "fake.png", "mimeType": "image/png", "buffer": b"MZ this is no picture"}])
    expect(page.locator(".tray-item[data-state=there]")).to_contain_text("label.png")
    refused = page.locator(".tray-item[data-state=refused]")
    expect(refused).to_contain_text("fake.png")
    refused.locator("button").click()
    page.locator("#composer-text").press("Enter")
    thumbnail = house.ada.said().locator("[data-attachment]")
    expect(thumbnail).to_be_visible()
    until(lambda: any(record.get("attachments") for record in customer.records()), "the customer did not get the file")
    assert page.locator(".thumbnail img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
    thumbnail.click()
    expect(house.ada.dialog("picture")).to_be_visible()
    page.keyboard.press("Escape")

    page.evaluate("""bytes => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "dropped.png", {type: "image/png"}));
        for (const kind of ["dragover", "drop"])
            document.querySelector(".log").dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
    }""", list(picture(40, 40)))
    expect(page.locator(".tray-item[data-state=there]")).to_contain_text("dropped.png")
    page.reload()
    expect(page.locator(".tray-item[data-state=there]")).to_contain_text("dropped.png")
    page.locator(".tray-item button").click()


def test_an_own_message_is_changed_and_taken_back(house: House) -> None:
    customer = house.taken(house.ada)
    house.ada.write("It comes on Mondya")
    own = house.ada.said().locator("[data-from=agent][data-kind=message]").last
    own.locator("[data-action=edit]").click()
    own.locator("textarea").fill("It comes on Monday")
    own.locator("textarea").press("Enter")
    expect(own).to_contain_text("It comes on Monday")
    expect(own).to_contain_text("edited")
    own.locator("[data-action=delete]").click()
    expect(own).to_contain_text("You deleted this message")
    house.ben.open(customer.id)
    expect(house.ben.said()).to_contain_text("This message was deleted")
    assert "Monday" not in house.ben.said().inner_text()


def test_priority_tags_snooze_and_transfer(house: House) -> None:
    customer = house.taken(house.ada, "My blender makes a grinding noise and smells burnt")
    ada, page = house.ada, house.ada.page
    ada.act("priority")
    ada.dialog("priority").locator("input[value=urgent]").check(force=True)
    ada.submit("priority")
    expect(page.locator(".conversation-facts .priority")).to_have_text("Urgent")
    ada.act("tags")
    ada.dialog("tags").locator("#tags-new").fill("smoke, batch 7")
    ada.submit("tags")
    expect(page.locator(".conversation-facts .tag")).to_have_text(["smoke", "batch 7"])
    ada.go("#/all?tag=smoke")
    expect(page.locator("a[data-row]")).to_have_count(1)
    ada.open(customer.id, "mine")

    ada.act("snooze")
    ada.submit("snooze")
    expect(page.locator(".conversation-facts")).to_contain_text("Asleep until")
    ada.go("#/snoozed")
    expect(ada.row(customer.id)).to_be_visible()
    customer.say("Are you still there?")
    expect(page.locator("[data-rail=mine] .count")).not_to_have_text("0")
    expect(ada.row(customer.id)).to_have_count(0)

    ada.open(customer.id, "mine")
    ada.act("transfer")
    ada.choose("transfer", "to", "Ben")
    ada.dialog("transfer").locator("textarea").fill("He knows blenders")
    ada.submit("transfer")
    expect(page.locator(".standing")).to_contain_text("Ben looks after this one")
    house.ben.go("#/mine")
    expect(house.ben.row(customer.id)).to_be_visible()
    house.ben.open(customer.id, "mine")
    expect(house.ben.said()).to_contain_text("He knows blenders")
    expect(house.ben.said()).to_contain_text("Ada gave it to you")


def test_search_leads_to_the_message(house: House) -> None:
    customer = house.taken(house.ada)
    page = house.ben.page
    house.ben.go("#/queue")
    search(page, "quixotic")
    expect(page.locator(".list-pane")).to_contain_text("No match")
    house.ada.write("The quixotic kettle is at the porter's lodge")
    expect(house.ada.said()).to_contain_text("quixotic")
    for number in range(12):
        customer.say(f"And one more question, number {number}")

    # The same words again find what was said since, by Enter and after another list.
    hits = page.locator(f"[data-testid=hits] a[data-conversation='{customer.id}']")
    until(lambda: found_by(page, hits, 1), "the search does not find it")
    house.ada.write("And the quixotic lid is there too")
    expect(house.ada.said()).to_contain_text("lid is there")
    until(lambda: found_by(page, hits, 2, leave=True), "the search does not find the second")

    expect(hits.last.locator("mark")).to_have_text("quixotic")
    hits.last.click()
    expect(house.ben.said().locator("[data-lit]")).to_contain_text("porter's lodge")
    page.go_back()
    expect(page.locator(".search").first).to_have_value("quixotic")


def search(page: Page, words: str) -> None:
    page.locator(".list-pane .search").fill(words)
    page.locator(".list-pane .search").press("Enter")
    expect(page.locator(".list-pane [aria-busy]")).to_have_count(0)


def found_by(page: Page, hits: Locator, count: int, leave: bool = False) -> bool:
    """Whether searching for the same words again shows so many."""
    if leave:
        search(page, "")
    search(page, "quixotic")
    page.wait_for_timeout(300)
    return hits.count() == count


def test_merge_hand_back_close_and_transcript(house: House) -> None:
    other = house.taken(house.ada)
    customer = house.taken(house.ada)
    ada, page = house.ada, house.ada.page
    ada.act("merge")
    ada.dialog("merge").locator(f"input[value='{other.id}']").check(force=True)
    ada.submit("merge")
    expect(page.locator(f"[data-testid=records][data-conversation='{other.id}']")).to_be_visible()
    expect(ada.said()).to_contain_text("Another conversation was merged into this one")
    ada.open(customer.id, "closed")
    page.get_by_role("link", name="Go to the other one").click()
    expect(page.locator(f"[data-testid=records][data-conversation='{other.id}']")).to_be_visible()

    ada.act("transcript")
    with page.expect_download() as download:
        ada.dialog("transcript").get_by_role("link", name="Download as text").click()
    assert "talk to a person" in Path(download.value.path()).read_text()
    ada.dialog("transcript").locator("input[type=email]").fill("ada@shop.example")
    ada.submit("transcript")

    ada.act("close")
    dialog = ada.dialog("close")
    dialog.locator("[type=submit]").click()
    expect(dialog).to_contain_text("Please choose how it ended.")
    dialog.locator("input[value=product_fault]").check(force=True)
    dialog.locator("[name=product]").fill("Otter kettle")
    dialog.locator("[name=fault]").fill("Leaks at the base")
    dialog.locator("[name=cause]").fill("Batch 7, seal")
    ada.submit("close")
    expect(page.locator("aside#context")).to_contain_text("Batch 7, seal")

    given = house.taken(house.ada)
    ada.act("handback")
    ada.dialog("handback").locator("textarea").fill("She only wanted the address")
    ada.submit("handback")
    expect(ada.said()).to_contain_text("Handed back to the bot")
    given.say("How long does standard delivery take?")
    until(lambda: given.records()[-1].get("from") == "bot", "the bot did not go on")


def test_the_knowledge_base_helps_with_writing(house: House) -> None:
    house.taken(house.ada, "How do I return something?", "0")
    page = house.ada.page
    page.keyboard.press("Escape")
    page.locator("[data-action=knowledge]").click()
    page.locator(".knowledge .search").fill("gift wrapping")
    expect(page.locator("[data-testid=answers] li").first).to_contain_text(re.compile("wrap", re.I))
    page.locator(".knowledge .search").press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-text")).to_have_value(re.compile("wrap", re.I))
    page.locator("#composer-text").fill("")
    page.locator("[data-action=knowledge]").click()
    page.locator("[data-action=send-link]").first.click()
    expect(page.locator("#composer-text")).to_have_value(re.compile(r"^http://.*/help/"))
    page.locator("#composer-text").fill("")


def test_a_good_reply_becomes_a_draft_for_the_editors(house: House) -> None:
    house.taken(house.ada, "Do you have lids for the big teapot?", "0")
    house.ada.write("We do: ask for them in any of our shops.")
    own, toast = house.ada.said().locator("[data-from=agent][data-kind=message]").last, house.ada.page.locator(".toast")
    button = own.locator("[data-action=propose]")
    expect(button).to_have_css("opacity", "0")
    own.hover()
    expect(button).to_have_css("opacity", "1")
    button.click()
    expect(toast).to_contain_text("The editors have a draft of it now: “Do you have lids")
    button.focus()
    house.ada.page.keyboard.press("Enter")
    expect(toast).to_contain_text("It is a draft already")


def test_what_was_missed_is_told_and_marked(house: House) -> None:
    customer = house.taken(house.ada)
    house.ada.write("I am looking into it")
    expect(house.ada.said().locator("[data-from=agent][data-kind=message]")).to_have_count(1)
    house.ada.context.set_offline(True)
    expect(house.ada.page.locator("[data-testid=connection]")).to_contain_text("Nothing you typed is lost")
    customer.say("I found the receipt")
    customer.say("It says March")
    waiting = house.customer()
    house.ada.context.set_offline(False)
    expect(house.ada.page.locator("[data-testid=missed]")).to_contain_text("1 waiting", timeout=30_000)
    mark = house.ada.said().locator("[data-testid=away-mark]")
    expect(mark).to_have_count(1)
    after = mark.locator("xpath=following-sibling::li[@data-kind='message']")
    expect(after).to_have_count(2)
    expect(after.first).to_contain_text("I found the receipt")
    house.ada.go("#/queue")
    expect(house.ada.row(waiting.id)).to_contain_text("new while away")


def test_a_conversation_by_keyboard_alone(house: House) -> None:
    """From the sign-in to the close without a pointer."""
    customer = house.customer("The kettle I got from you leaks at the base")
    staff = house.sign_in("ben")
    page, press = staff.page, staff.page.keyboard.press
    press("2")
    expect(staff.row(customer.id)).to_be_visible()
    for _ in range(30):
        press("j")
        if staff.row(customer.id).evaluate("row => row === document.activeElement"):
            break
    press("Enter")
    expect(page.locator("#conversation-title")).to_be_focused()
    press("c")
    expect(page.locator("#composer-text")).to_be_visible()
    press("r")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("A new kettle is on its way.")
    press("Enter")
    until(lambda: customer.records()[-1].get("text") == "A new kettle is on its way.", "the reply did not come")
    press("Escape")
    press("p")
    expect(staff.dialog("priority")).to_be_visible()
    press("ArrowUp")
    press("Enter")
    expect(staff.dialog("priority")).to_have_count(0)
    expect(page.locator(".conversation-facts .priority")).to_have_text("High")
    press("Control+k")
    expect(staff.dialog("palette")).to_be_visible()
    page.keyboard.type("close")
    expect(page.locator("#palette-list [aria-selected=true]")).to_contain_text("Close")
    press("Enter")
    expect(staff.dialog("close")).to_be_visible()
    press("Space")
    press("Enter")
    expect(staff.dialog("close")).to_have_count(0)
    expect(page.locator(".standing")).to_contain_text("closed")
    press("?")
    expect(staff.dialog("keys")).to_contain_text("Transfer to a team or colleague")
    press("Escape")
    press("o")
    expect(page.locator(".toast[data-tone=info]")).to_contain_text("You are away")
    press("o")
    expect(page.locator(".toast[data-tone=info]")).to_contain_text("You are online")
    staff.context.close()


def test_the_wall_shows_and_assigns(house: House) -> None:
    customer = house.customer()
    house.zoe.go("#/wall")
    wall = house.zoe.page.locator("[data-testid=wall]")
    row = wall.locator(".wall-row", has=house.zoe.page.locator(f"a[href*='{customer.id}']"))
    row.locator("[data-action=assign]").click()
    house.zoe.choose("transfer", "to", "Ben")
    house.zoe.submit("transfer")
    expect(wall.locator(".agent", has_text="Ben").locator(f"a[href*='{customer.id}']")).to_be_visible()
    house.ben.go("#/mine")
    expect(house.ben.row(customer.id)).to_be_visible()
    house.ada.go("#/wall")
    expect(house.ada.page.locator("[data-testid=wall]")).to_be_hidden()


def test_two_who_edit_one_team_see_both_versions(house: House) -> None:
    admin = house.sign_in("zoe")
    for staff in (house.zoe, admin):
        staff.go("#/settings/teams")
        staff.page.locator("[data-item=support]").click()
    house.zoe.page.locator("[name=first_response_minutes]").fill("15")
    house.zoe.page.locator(".settings-form [type=submit]").click()
    expect(house.zoe.page.locator("[data-item=support]")).to_contain_text("15 min")
    admin.page.locator("[name=first_response_minutes]").fill("20")
    admin.page.locator("[name=skills]").fill("electrics")
    admin.page.locator(".settings-form [type=submit]").click()
    conflict = admin.dialog("conflict")
    expect(conflict).to_contain_text("Zoe has saved this first")
    expect(conflict.locator("tr", has_text="First answer within")).to_contain_text("15")
    expect(conflict.locator("tr", has_text="First answer within")).to_contain_text("20")
    conflict.locator("[data-action=keep-mine]").click()
    expect(admin.page.locator("[name=skills]")).to_have_value("electrics")
    admin.page.locator(".settings-form [type=submit]").click()
    expect(house.zoe.page.locator("[data-item=support]")).to_contain_text("20 min")
    admin.context.close()


def setting(staff: Staff, section: str) -> Page:
    staff.go(f"#/settings/{section}")
    expect(staff.page.locator(".section-list [aria-current]")).to_have_attribute("href", f"#/settings/{section}")
    staff.page.locator("[data-action=new]").click()
    return staff.page


def test_canned_replies_and_macros_are_made_and_used(house: House) -> None:
    page = setting(house.zoe, "canned")
    page.locator(".settings-form [name=title]").fill("Ask for the order")
    page.locator(".settings-form [name=shortcut]").fill("order")
    page.locator(".settings-form [name=text]").fill("Is it about {{order}}? {{agent.name}}, {{shop}}")
    page.locator(".settings-form [type=submit]").click()
    expect(page.locator("[data-testid=items]")).to_contain_text("/order")
    setting(house.zoe, "macros")
    page.locator(".settings-form [name=title]").fill("New kettle")
    for step in ("reply", "tag", "close"):
        page.locator(".steps-field > select").select_option(step)
    page.locator(".step textarea").fill("A new one is on its way.")
    page.locator(".step input").fill("replacement")
    page.locator(".step").last.locator("select").select_option("product_fault")
    page.locator(".settings-form [type=submit]").click()
    expect(page.locator("[data-testid=items]")).to_contain_text("New kettle")

    customer = house.taken(house.ada)
    field = house.ada.page.locator("#composer-text")
    field.press_sequentially("/ord", delay=5)
    expect(house.ada.page.locator("#picker [aria-selected=true]")).to_contain_text("Ask for the order")
    field.press("Enter")
    expect(field).to_have_value("Is it about «order»? Ada, Larkmoor")
    field.press("Enter")
    expect(house.ada.page.locator(".toast[data-tone=trouble]")).to_contain_text("Please fill «order» first")
    house.ada.page.keyboard.type("LM-1042")
    field.press("Enter")
    until(lambda: customer.records()[-1].get("text") == "Is it about LM-1042? Ada, Larkmoor", "the reply did not come")

    field.press("Escape")
    house.ada.page.keyboard.press("v")
    expect(house.ada.dialog("macros")).to_contain_text("then tag replacement, then close as product fault")
    house.ada.submit("macros")
    expect(house.ada.page.locator(".standing")).to_contain_text("closed")
    expect(house.ada.page.locator("aside#context")).to_contain_text("Product fault")
    assert any(record.get("text") == "A new one is on its way." for record in customer.records())


def test_a_key_is_shown_once_and_revoked(house: House) -> None:
    page = setting(house.zoe, "keys")
    dialog = house.zoe.dialog("new-key")
    dialog.locator("[name=name]").fill("Warehouse")
    dialog.locator("[name=scope]").first.check(force=True)
    dialog.locator("[type=submit]").click()
    assert len(page.locator("#secret").input_value()) > 20
    page.keyboard.press("Escape")
    row = page.locator("[data-testid=keys] li", has_text="Warehouse")
    row.locator("[data-action=revoke]").click()
    house.zoe.submit("revoke")
    expect(row).to_contain_text("revoked")


def test_a_webhook_tells_of_its_deliveries(house: House) -> None:
    page = setting(house.zoe, "webhooks")
    dialog = house.zoe.dialog("webhook")
    dialog.locator("[name=url]").fill("http://127.0.0.1:9/hook")
    dialog.locator("[name=event]").first.check(force=True)
    dialog.locator("[type=submit]").click()
    expect(dialog.locator("[role=alert]")).not_to_be_empty()
    dialog.locator("[name=url]").fill("https://hook.invalid/frontdesk")
    dialog.locator("[type=submit]").click()
    expect(page.locator("#secret")).to_be_visible()
    page.keyboard.press("Escape")
    row = page.locator("[data-testid=webhooks] li", has_text="hook.invalid")
    row.locator("[data-action=test]").click()
    expect(page.locator(".toast[data-tone=info]")).to_contain_text("on its way")
    # Where no name server answers, the courier waits as long as its patience before it gives up.
    expect(page.locator(".toast[data-tone=trouble]")).to_contain_text("Not taken", timeout=2000 * PATIENCE)
    expect(page.locator("[data-testid=deliveries] li")).to_have_count(1)
    page.locator("[data-testid=deliveries] summary").click()
    expect(page.locator(".payload")).not_to_be_empty()
    sound(page, "deliveries of a webhook")
    page.locator("[data-action=redeliver]").click()
    expect(page.locator(".toast[data-tone=info]")).to_contain_text("It is sent again")


def dialogs(staff: Staff, keys: dict[str, str]) -> None:
    for key, name in keys.items():
        staff.page.keyboard.press(key)
        expect(staff.dialog(name)).to_be_visible()
        # Dialogs are made of the same parts: in the dark, one of each kind stands for the others.
        sound(staff.page, f"the dialog {name}", dark=name in ("keys", "close", "tags", "palette"))
        staff.page.keyboard.press("Escape")
        expect(staff.dialog(name)).to_have_count(0)


@pytest.mark.timeout(240)
def test_conversations_and_their_dialogs_are_accessible(house: House) -> None:
    customer = house.customer("My blender makes a grinding noise and smells burnt")
    staff, page = house.zoe, house.zoe.page
    staff.go("#/queue")
    expect(staff.row(customer.id)).to_be_visible()
    sound(page, "the queue")
    staff.open(customer.id)
    sound(page, "somebody else's conversation")
    page.locator("[data-action=claim]").click()
    staff.write("Hello, I have read what happened.")
    expect(staff.said()).to_contain_text("I have read what happened")
    page.keyboard.press("Escape")
    sound(page, "an own conversation")
    dialogs(staff, {"?": "keys", "e": "close", "x": "transfer", "s": "snooze", "p": "priority", "l": "tags",
                    "d": "transcript", "q": "release", "Control+k": "palette"})
    page.locator("[data-action=more]").click()
    sound(page, "the menu of a conversation")
    page.keyboard.press("Escape")
    page.locator("[data-action=menu]").click()
    sound(page, "the own menu")
    page.keyboard.press("Escape")
    page.locator("[data-action=knowledge]").click()
    page.locator(".knowledge .search").fill("delivery")
    expect(page.locator("[data-testid=answers] li").first).to_be_visible()
    sound(page, "the knowledge base")
    page.locator(".knowledge .search").press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("@")
    expect(page.locator("#picker")).to_be_visible()
    sound(page, "a note with the list of colleagues")
    page.locator("#composer-text").fill("")
    page.set_viewport_size({"width": TABLET[0], "height": TABLET[1]})
    sound(page, "a conversation on a tablet")
    page.locator(".conversation-pane [data-action=context]").click()
    expect(page.locator("aside#context")).to_be_visible()
    sound(page, "the context on a tablet")
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    sound(page, "the context at 360 px")
    page.locator("[data-action=context-close]").click()
    expect(page.locator("#composer-text")).to_be_visible()
    sound(page, "a conversation at 360 px")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


@pytest.mark.timeout(240)
def test_lists_wall_and_settings_are_accessible(house: House) -> None:
    house.customer()
    staff, page = house.zoe, house.zoe.page
    for place in ("#/mentions", "#/closed", "#/search?q=blender", "#/team?team=support"):
        staff.go(place)
        page.wait_for_timeout(250)
        sound(page, place)
    staff.go("#/wall")
    expect(page.locator("[data-testid=wall] .wall-row").first).to_be_visible()
    sound(page, "the wall")
    for section in ("teams", "agents", "hours", "canned", "macros"):
        staff.go(f"#/settings/{section}")
        expect(page.locator(".section-list [aria-current]")).to_have_attribute("href", f"#/settings/{section}")
        page.locator("[data-action=new], .item").last.click()
        expect(page.locator(".settings-form form")).to_be_visible()
        sound(page, f"the settings of {section}", dark=section in ("teams", "macros"))
    for section in ("keys", "webhooks"):
        setting(staff, section)
        sound(page, f"a new one of {section}", dark=False)
    for width, height in (TABLET, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        for place in ("#/settings/teams", "#/wall", "#/queue"):
            staff.go(place)
            page.wait_for_timeout(250)
            sound(page, f"{place} at {width} px", dark=False)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
