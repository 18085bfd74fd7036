"""The folder of Markdown files in the editor: what a sync would do is looked at and done, and each conflict is settled,
for the file, for the entry, or by hand; a decision on what somebody else has changed meanwhile is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.conftest import Product
from tests.browser.test_editor import clean, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
Person = Callable[..., BrowserContext]
HEADERS = {"X-Frontdesk": "1"}


def text(question: str, answer: str) -> str:
    return f"---\n# ours\nquestion: {question}\n---\n{answer}\n"


def card(page: Page) -> Locator:
    """The folder's card, once it has been compared."""
    found = page.locator(".card.folder")
    expect(found.locator("[data-action=look]")).to_be_enabled(timeout=60_000)
    expect(found.locator(".spinner")).to_have_count(0)
    return found


def clash(page: Page, name: str) -> Locator:
    return card(page).locator(f".clash[data-entry={name}]")


def edit(page: Page, product: Product, name: str, answer: str, status: str = "review") -> None:
    """Saves an entry as somebody else would."""
    at = f"{product.url}/api/editor/entries/{name}"
    kept = page.request.get(at).json()
    sent = {"fields": {**kept["fields"], "answer": answer}, "revision": kept["revision"], "status": status}
    assert page.request.put(at, data=sent, headers=HEADERS).ok


def answer(page: Page, product: Product, name: str) -> str:
    return str(page.request.get(f"{product.url}/api/editor/entries/{name}").json()["fields"]["answer"])


def inside(page: Page) -> None:
    """Nothing sticks out of the card, and the page does not scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sticks = "one => one.getBoundingClientRect().right > one.closest('.card').getBoundingClientRect().right + 1"
    assert not [one for one in page.locator(".card.folder *").all() if one.is_visible() and one.evaluate(sticks)]


def test_a_folder_is_synced_and_its_conflicts_are_settled(product: Product, person: Person) -> None:
    kb = product.home / "kb" / "lamps"
    kb.mkdir()
    files: dict[str, Path] = {name: kb / f"lamp-{name}.md" for name in ("one", "two", "three", "four")}
    for name, path in files.items():
        path.write_text(text(f"Which bulb fits lamp {name}?", "An E14 of up to 40 watts."))
    page = sign_in(person(1440, 900), product, "#/transfer")
    expect(card(page)).to_contain_text("never synced from here")
    expect(card(page)).to_contain_text("Comes in: 4 entries")
    clean(page, "a folder with news")
    card(page).locator("[data-action=sync]").click()
    expect(card(page).locator("[data-testid=in-step]")).to_be_visible()
    expect(card(page).locator(".folder-status")).to_contain_text("last synced just now")
    expect(card(page).locator("[data-action=sync]")).to_be_disabled()

    # Both sides change four entries, of one of which a draft is being written.
    for path in files.values():
        path.write_text(path.read_text().replace("40 watts", "60 watts"))
    for name in files:
        edit(page, product, f"lamp-{name}", "An E27 of up to 40 watts.", "draft" if name == "four" else "review")
    card(page).locator("[data-action=look]").click()
    expect(card(page).locator(".clash")).to_have_count(4)
    one = clash(page, "lamp-one")
    expect(one.locator(".diff").nth(0).locator("ins")).to_have_text(["E27"])
    expect(one.locator(".diff").nth(1).locator("ins")).to_have_text(["60"])
    expect(clash(page, "lamp-four").locator("[data-side=editor]")).to_have_count(0)
    clean(page, "conflicts")
    inside(page)

    # One for the file, one for the entry.
    one.locator("[data-side=folder]").click()
    expect(clash(page, "lamp-one")).to_have_count(0)
    assert answer(page, product, "lamp-one") == "An E14 of up to 60 watts."
    clash(page, "lamp-two").locator("[data-side=editor]").click()
    expect(clash(page, "lamp-two")).to_have_count(0)
    assert files["two"].read_text() == text("Which bulb fits lamp two?", "An E27 of up to 40 watts.")
    expect(card(page).locator(".folder-status")).to_contain_text("The file says what the entry says.")
    expect(clash(page, "lamp-three")).to_be_focused()

    # Somebody changes the third while it is being decided on: nothing is done, and what is there now is shown.
    edit(page, product, "lamp-three", "No bulb fits.")
    clash(page, "lamp-three").locator("[data-side=folder]").click()
    expect(clash(page, "lamp-three").locator("[role=alert]")).to_be_focused()
    expect(clash(page, "lamp-three").locator("[role=alert]")).to_contain_text("lamp-three: somebody has changed the entry or its file since you looked")
    assert answer(page, product, "lamp-three") == "No bulb fits." and "60 watts" in files["three"].read_text()
    expect(clash(page, "lamp-three").locator(".diff").nth(0).locator("ins")).to_have_text(["No", "bulb", "fits"])
    clean(page, "a refused decision")

    # By hand: the file's text stands beside the form, and what is made of both goes into both.
    edit(page, product, "lamp-three", "An E27 of up to 40 watts.")
    card(page).locator("[data-action=look]").click()
    clash(page, "lamp-three").locator("[data-action=merge]").click()
    beside = page.locator(".merging")
    part = beside.locator("section[data-field=answer]")
    expect(part.locator("ins")).to_have_text(["E27", "60"])
    expect(beside.locator("h3")).to_be_focused()
    clean(page, "a merge by hand")
    part.get_by_role("button", name="Take the file’s: Answer").press("Enter")
    expect(beside.get_by_role("status")).to_contain_text("the form has the file’s now")
    expect(page.locator("#f-answer")).to_have_value("An E14 of up to 60 watts.")
    page.locator("#f-answer").fill("An E27 of up to 60 watts.")
    # The file is changed once more before it is settled: that is shown, and nothing is done.
    files["three"].write_text(text("Which bulb fits lamp three?", "An E14 of up to 80 watts."))
    beside.locator("[data-action=settle]").click()
    expect(beside.get_by_role("status")).to_contain_text("nothing was settled", timeout=60_000)
    expect(part.locator("ins").last).to_have_text("80")
    assert "80 watts" in files["three"].read_text()
    page.locator("#f-answer").fill("An E27 of up to 80 watts.")
    beside.locator("[data-action=settle]").press("Enter")
    expect(page.locator(".card.folder")).to_be_visible(timeout=60_000)
    expect(clash(page, "lamp-three")).to_have_count(0)
    assert answer(page, product, "lamp-three") == "An E27 of up to 80 watts."
    assert files["three"].read_text() == text("Which bulb fits lamp three?", "An E27 of up to 80 watts.")

    # A sync that was looked at before somebody else changed a file does nothing either.
    files["one"].write_text(text("Which bulb fits lamp one?", "An E14."))
    card(page).locator("[data-action=look]").click()
    expect(card(page)).to_contain_text("Comes in: 1 entry")
    files["one"].write_text(text("Which bulb fits lamp one?", "An E15."))
    card(page).locator("[data-action=sync]").click()
    expect(card(page).locator("[role=alert]")).to_contain_text("since you looked; nothing was done")
    assert answer(page, product, "lamp-one") == "An E14 of up to 60 watts."
    assert page.faults == []  # type: ignore[attr-defined]


def test_a_merge_whose_entry_could_not_be_made_ready_settles_nothing(product: Product, person: Person) -> None:
    kb = product.home / "kb" / "mugs"
    kb.mkdir()
    (path := kb / "mug-size.md").write_text(text("How large is the mug?", "Large."))
    page = sign_in(person(1440, 900), product, "#/transfer")
    card(page).locator("[data-action=sync]").click()
    expect(card(page)).to_contain_text("last synced just now")
    path.write_text(text("How large is the mug?", "Quite large."))
    edit(page, product, "mug-size", "Very large.", "draft")
    card(page).locator("[data-action=look]").click()
    clash(page, "mug-size").locator("[data-action=merge]").click()
    settle, settled = page.locator(".merging [data-action=settle]"), []
    expect(settle).to_be_visible()
    page.on("request", lambda request: settled.append(request.url) if request.url.endswith("/folder/settle") else None)

    def fail(route: Route) -> None:
        if '"status":"review"' not in (route.request.post_data or ""):
            return route.fallback()
        route.abort()

    page.route("**/api/editor/entries/mug-size", fail)
    settle.click()
    expect(page.locator(".merging [role=status]")).to_contain_text("could not be made ready")
    assert not settled and "Quite large." in path.read_text()
    page.unroute_all()
    settle.click()
    expect(page.locator(".card.folder")).to_be_visible(timeout=60_000)
    assert "Very large." in path.read_text()


def test_conflicts_are_settled_on_a_phone(product: Product, person: Person) -> None:
    kb = product.home / "kb" / "cups"
    kb.mkdir()
    (path := kb / "cup-lid.md").write_text(text("Is there a lid for the cup?", "There is."))
    (gone := kb / "cup-gone.md").write_text(text("Is there a cup?", "There is."))
    page = sign_in(person(360, 740), product, "#/transfer")
    card(page).locator("[data-action=sync]").click()
    expect(card(page)).to_contain_text("last synced just now")
    path.write_text(path.read_text().replace("There is.", "There is one of " + "beech" * 20))
    gone.unlink()
    for name in ("cup-lid", "cup-gone"):
        edit(page, product, name, "There is none.")
    page.reload()
    expect(clash(page, "cup-gone")).to_contain_text("The file is gone")
    clean(page, "conflicts on a phone")
    inside(page)
    clash(page, "cup-gone").get_by_role("button", name="Archive the entry too: Is there a cup?").press("Enter")
    expect(clash(page, "cup-gone")).to_have_count(0)
    assert page.request.get(f"{product.url}/api/editor/entries/cup-gone").json()["status"] == "archived"
    clash(page, "cup-lid").locator("[data-action=merge]").click()
    expect(page.locator(".merging h3")).to_be_focused()
    expect(page.locator(".merging h3")).to_be_in_viewport()
    clean(page, "a merge on a phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".merging [data-action=settle]").click()
    expect(clash(page, "cup-lid")).to_have_count(0)
    assert "There is none." in path.read_text()
