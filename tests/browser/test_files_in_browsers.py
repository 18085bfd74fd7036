"""Files in the chat: chosen, dropped and pasted, seen by both sides, there after a reload; and the chat as a file."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Product
from tests.browser.test_story import messages, open_chat, sign_in

sys.path.insert(0, str(Path(__file__).parents[1] / "attachments"))
import files

pytestmark = pytest.mark.browser
Person = Callable[..., BrowserContext]


def payload(name: str, data: bytes) -> Any:
    return {"name": name, "mimeType": "image/jpeg" if name.endswith("jpg") else "application/pdf", "buffer": data}


def choose(page: Page, *chosen: tuple[str, bytes]) -> None:
    page.locator("[data-fd=files]").set_input_files([payload(name, data) for name, data in chosen])


def hand_in(page: Page, how: str, name: str, data: bytes) -> None:
    """Drops or pastes a file, as the browser would tell the page."""
    page.evaluate(
        """([how, name, raw]) => {
          const panel = document.querySelector('#frontdesk').shadowRoot.querySelector('[data-fd=panel]');
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(atob(raw), (c) => c.charCodeAt(0))], name, { type: 'image/png' }));
          const area = panel.querySelector('textarea');
          const target = how === 'paste' ? area : panel.querySelector('[data-fd=log]');
          const make = (type) => how === 'paste'
            ? new ClipboardEvent(type, { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
          if (how === 'drop') target.dispatchEvent(make('dragover'));
          target.dispatchEvent(make(how));
        }""", [how, name, base64.b64encode(data).decode()])


def ready(page: Page, count: int) -> None:
    expect(page.locator("[data-fd=tray] li")).to_have_count(count)
    expect(page.locator("[data-fd=tray] progress:visible")).to_have_count(0)


@pytest.mark.usefixtures("empty_queue")
def test_pictures_and_documents_go_both_ways(product: Product, person: Person) -> None:
    context = person()
    page = open_chat(context, product)
    expect(page.locator("[data-fd=send]")).to_be_disabled()
    choose(page, ("pole.jpg", files.photo()), ("invoice.pdf", files.PDF))
    ready(page, 2)
    hand_in(page, "drop", "seam.png", files.picture())
    ready(page, 3)
    hand_in(page, "paste", "image.png", files.picture())
    ready(page, 4)
    page.get_by_role("button", name="Remove seam.png").click()
    ready(page, 3)
    page.locator("[data-fd=send]").click()
    sent = messages(page, "customer").first
    expect(sent).to_have_attribute("data-state", "sent")
    expect(sent.locator("[data-fd=file]")).to_have_count(3)
    expect(messages(page, "bot").last).to_contain_text("I've kept that")
    shown = sent.locator("img[alt='pole.jpg']")
    expect(shown).to_have_js_property("naturalWidth", 32)
    page.locator("[data-fd=choices] button", has_text="person").click()
    expect(page.locator("[data-fd=status]")).to_contain_text("next in line")

    # What the agent sends comes back: the console's own means for it are tested with it.
    console = sign_in(person(), product)
    made = console.evaluate(
        """async (raw) => {
          const call = async (path, body, json) => (await fetch(`/api/console/${path}`, { method: 'POST', body,
            headers: { 'X-Frontdesk': '1', ...(json && { 'Content-Type': 'application/json' }) } })).json();
          const { conversations } = await (await fetch('/api/console/conversations?view=queue')).json();
          const cid = conversations[0].id;
          await call(`conversations/${cid}/claim`, '{}', true);
          const bytes = Uint8Array.from(atob(raw), (c) => c.charCodeAt(0));
          const { attachment } = await call(`conversations/${cid}/attachments?name=label.pdf`, bytes);
          return call(`conversations/${cid}/messages`, JSON.stringify({ id: 'a1', text: 'Your label', attachments: [attachment.id] }), true);
        }""", base64.b64encode(files.PDF).decode())
    assert made["seq"]
    link = messages(page, "agent").last.locator("[data-fd=file]")
    expect(link).to_contain_text("label.pdf")
    with page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == "label.pdf" and Path(saved.value.path()).read_bytes() == files.PDF

    page.reload()
    expect(messages(page, "customer").first.locator("img[alt='pole.jpg']")).to_have_js_property("naturalWidth", 32)
    page.locator("[data-fd=menu]").click()
    with page.expect_download() as saved:
        page.locator("[data-fd=menu-save]").click()
    told = Path(saved.value.path()).read_text()
    assert saved.value.suggested_filename == "Larkmoor.html" and "pole.jpg" in told and "Your label" in told
    assert page.faults == []  # type: ignore[attr-defined]


def test_what_cannot_be_sent_says_why_and_the_rest_goes_on(product: Product, person: Person) -> None:
    page = open_chat(person(360, 740), product)
    choose(page, ("photo.jpg", files.PAGE))
    expect(page.locator("[data-fd=oops]")).to_contain_text("photo.jpg is not a JPEG picture inside")
    expect(page.locator("[data-fd=tray] li")).to_have_count(0)
    choose(page, ("big.pdf", files.PDF + bytes(10_000_001)))
    expect(page.locator("[data-fd=oops]")).to_contain_text("big.pdf is larger than 10 MB")
    choose(page, *((f"{number}.pdf", files.PDF) for number in range(6)))
    ready(page, 5)
    expect(page.locator("[data-fd=oops]")).to_contain_text("5 files")
    # By keyboard: to the first cross and away with it.
    page.locator("[data-fd=remove]").first.focus()
    page.keyboard.press("Enter")
    ready(page, 4)
    page.locator("[data-fd=input]").fill("Here they are")
    page.locator("[data-fd=input]").press("Enter")
    expect(messages(page, "customer").first.locator("[data-fd=file]")).to_have_count(4)
    expect(page.locator("[data-fd=oops]")).to_be_empty()


def test_what_is_being_written_stays_when_an_unsent_message_is_edited(product: Product, person: Person) -> None:
    page = open_chat(person(360, 740), product)
    refused = {"error": {"code": "text_too_long", "message": "Too long."}}
    page.route("**/api/widget/messages", lambda route: route.fulfill(status=400, json=refused))
    choose(page, ("pole.jpg", files.photo()))
    ready(page, 1)
    page.locator("[data-fd=input]").fill("Here is the pole")
    page.locator("[data-fd=input]").press("Enter")
    page.locator("[data-fd=edit]").wait_for()
    page.unroute_all()
    choose(page, *((f"{number}.pdf", files.PDF) for number in range(5)))
    ready(page, 5)
    page.locator("[data-fd=input]").fill("and the bills")
    page.locator("[data-fd=edit]").click()
    expect(page.locator("[data-fd=input]")).to_have_value("Here is the pole\nand the bills")
    ready(page, 6)
    for _ in range(2):
        page.evaluate("Frontdesk.open('Is it waterproof?')")
    expect(page.locator("[data-fd=input]")).to_have_value("Is it waterproof?\nHere is the pole\nand the bills")
    # A message carries five; the sixth waits for the next.
    page.locator("[data-fd=send]").click()
    expect(messages(page, "customer").first.locator("[data-fd=file]")).to_have_count(5)
    expect(page.locator("[data-fd=tray] li")).to_contain_text("4.pdf")


def test_a_file_outlives_a_lost_connection(product: Product, person: Person) -> None:
    context = person()
    page = open_chat(context, product)
    context.set_offline(True)
    choose(page, ("pole.jpg", files.photo()))
    expect(page.locator("[data-fd=oops]")).to_contain_text("pole.jpg: The connection was lost")
    context.set_offline(False)
    choose(page, ("pole.jpg", files.photo()))
    ready(page, 1)
    context.set_offline(True)
    page.locator("[data-fd=send]").click()
    expect(messages(page, "customer").first).to_have_attribute("data-state", "sending")
    context.set_offline(False)
    expect(messages(page, "customer").first).to_have_attribute("data-state", "sent")
    expect(messages(page, "customer").first.locator("[data-fd=file]")).to_have_count(1)
