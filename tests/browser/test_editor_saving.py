"""What is typed in the editor is saved wherever its editor goes next, and stands with the entry that it was typed for."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Page, Route, expect

from tests.browser.conftest import Product
from tests.browser.test_editor import saved, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
Person = Callable[..., BrowserContext]
CLOSES = "() => !dispatchEvent(new Event('beforeunload', { cancelable: true }))"


def make(page: Page, product: Product, entry: str, **more: str | list[str]) -> str:
    """A draft of an entry."""
    fields = {"id": entry, "question": f"What about {entry}?", "answer": "This.", **more}
    headers = {"X-Frontdesk": "1"}
    assert page.request.post(f"{product.url}/api/editor/entries", data={"fields": fields}, headers=headers).ok
    return entry


def answer(page: Page, product: Product, entry: str) -> str:
    """As the server has it."""
    return str(page.request.get(f"{product.url}/api/editor/entries/{entry}").json()["fields"]["answer"])


def open_entry(page: Page, entry: str) -> None:
    page.evaluate("entry => { location.hash = `#/entries/${entry}` }", entry)
    expect(page.locator(".entry-head h2")).to_have_text(f"What about {entry}?", timeout=20_000)


def hold(page: Page, address: str, method: str) -> list[Route]:
    """Calls that stay on their way until a test lets them go on."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route) if route.request.method == method else route.fallback())
    return held


def test_leaving_for_another_part_saves_first_and_the_check_waits(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    open_entry(page, make(page, product, "leaving"))
    held = hold(page, "**/api/editor/entries/leaving", "PUT")
    page.locator("#f-answer").fill("Typed last.")
    with page.expect_request(lambda request: request.method == "PUT"):
        page.locator("a[data-page=publish]").click()
    expect(page.locator("#gate-head + [role=status]")).to_have_text("Saving what you wrote…")
    assert page.evaluate(CLOSES), "closing the page would lose the words, and nothing says so"
    held[0].continue_()
    expect(page.locator(".changes a[href$='/leaving']")).to_be_visible()
    assert answer(page, product, "leaving") == "Typed last."
    assert not page.evaluate(CLOSES)


def test_what_cannot_be_saved_stays_open(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "another")
    open_entry(page, make(page, product, "unreached"))
    page.route("**/api/editor/entries/unreached", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
    page.locator("#f-answer").fill("Typed without a network.")
    page.evaluate("location.hash = '#/entries/another'")
    expect(page.locator(".toast")).to_contain_text("stays open")
    page.locator("a[data-page=history]").click()
    expect(page.locator(".toast")).to_contain_text("waits under Entries")
    page.locator("a[data-page=entries]").click()
    page.wait_for_url("**#/entries/unreached")
    expect(page.locator("#f-answer")).to_have_value("Typed without a network.")
    page.unroute_all()
    saved(page)
    assert answer(page, product, "unreached") == "Typed without a network."


def test_what_is_typed_while_an_entry_is_made_is_kept(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product, "#/entries?new=1")
    held = hold(page, "**/api/editor/entries", "POST")
    page.locator("#f-question").fill("Do kettles whistle?")
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/entries")):
        page.locator("#f-answer").fill("Yes.")
    page.locator("#f-answer").fill("Yes, but for the quiet ones.")
    held[0].continue_()
    page.wait_for_url("**/do-kettles-whistle")
    saved(page)
    assert answer(page, product, "do-kettles-whistle") == "Yes, but for the quiet ones."


def test_an_entry_whose_first_answer_was_lost_is_made_once(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product, "#/entries?new=1")

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        route.fetch()
        route.abort()

    page.route("**/api/editor/entries", lose, times=1)
    page.locator("#f-question").fill("Do pans sing?")
    page.locator("#f-answer").fill("No.")
    expect(page.locator(".form-error", has_text="cannot be reached")).to_be_visible()
    # By now the question is another, and so would be the id that is made of it.
    page.locator("#f-question").fill("Do frying pans sing?")
    page.locator("#f-answer").fill("No, they hiss.")
    page.wait_for_url("**/do-pans-sing")
    saved(page)
    assert answer(page, product, "do-pans-sing") == "No, they hiss."
    for other in ("do-pans-sing-2", "do-frying-pans-sing"):
        assert page.request.get(f"{product.url}/api/editor/entries/{other}").status == 404


def test_a_session_that_ended_saves_once_it_is_back(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    open_entry(page, make(page, product, "ended"))
    # As in another tab of the same person.
    assert page.request.delete(f"{product.url}/api/session", headers={"X-Frontdesk": "1"}).ok
    page.locator("#f-answer").fill("Typed after the end.")
    page.locator("#password").fill(product.password)
    page.locator("#password").press("Enter")
    saved(page)
    assert answer(page, product, "ended") == "Typed after the end."


def test_a_try_and_a_comment_stay_with_their_entry(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "second")
    open_entry(page, make(page, product, "first"))
    page.locator("[data-tab=comments]").click()
    page.locator("#comment-text").fill("Only of the first.")
    page.locator("[data-tab=try]").click()
    held = hold(page, "**/api/editor/try", "POST")
    page.locator("#try-text").fill("what about it")
    with page.expect_request("**/api/editor/try"):
        page.locator("#try-text").press("Enter")
    open_entry(page, "second")
    held[0].abort()
    expect(page.locator("[data-action=try]")).to_be_enabled()
    page.locator("[data-tab=comments]").click()
    expect(page.locator("#comment-text")).to_have_value("")
    page.locator("[data-tab=try]").click()
    expect(page.locator(".try-out")).to_be_empty()
    open_entry(page, "first")
    page.locator("[data-tab=comments]").click()
    expect(page.locator("#comment-text")).to_have_value("Only of the first.")


def test_a_save_leaves_the_list_as_it_is(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product, "#/history")  # the list is first loaded with what is made here
    make(page, product, "kin")
    make(page, product, "kin-de", translation_of="kin", language="de")
    open_entry(page, "kin-de")
    rows = page.locator(".rows .entry-row")
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(100)
    rows.last.locator("input").check()
    page.locator("#f-answer").fill("Das.")
    # Focus goes with its row, wherever that is after the save.
    rows.nth(60).locator("a").focus()
    focused = page.evaluate("document.activeElement.dataset.id")
    saved(page)
    page.wait_for_load_state("networkidle")
    expect(rows).to_have_count(100)
    expect(page.locator(".rows input:checked")).to_have_count(1)
    assert page.evaluate("document.activeElement.dataset.id") == focused
    # How it is narrowed is in the address, and the same after a reload.
    page.locator(".filters summary").click()
    page.locator("select[name=language]").select_option("de")
    page.wait_for_url("**#/entries/kin-de?language=de")
    page.reload()
    expect(rows.filter(has_text="What about kin-de?")).to_have_count(1)
    expect(page.locator("select[name=language]")).to_have_value("de")
    assert rows.count() < 50
    page.locator("a[data-page=entries]").click()
    page.wait_for_url("**#/entries?language=de")


def test_an_entry_that_was_moved_on_elsewhere_is_no_conflict(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product, "#/history")  # the list is first loaded with what is made here
    make(page, product, "moved")
    open_entry(page, "moved")
    page.locator("[data-id=moved]").locator("..").locator("input").check()
    page.locator(".bulk button", has_text="Ready").click()
    chip = page.locator(".entry-head .chip").first
    expect(chip).to_have_text("Ready")

    def move(status: str) -> None:
        data = {"ids": ["moved"], "status": status}
        assert page.request.post(f"{product.url}/api/editor/bulk", data=data, headers={"X-Frontdesk": "1"}).ok

    move("draft")
    page.locator("#f-answer").fill("Typed on.")
    saved(page)
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert answer(page, product, "moved") == "Typed on."
    page.locator("a[data-page=history]").click()
    expect(page.locator("#history-head")).to_be_visible()
    move("review")
    page.go_back()
    expect(chip).to_have_text("Ready")
    expect(page.locator("[data-id=moved] .chip").first).to_have_text("Ready")
    move("draft")


def test_what_somebody_archives_meanwhile_stays_archived_until_it_is_seen(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    dialog, chip = page.locator("dialog[open]"), page.locator(".entry-head .chip").first

    def archive(entry: str) -> None:
        data = {"ids": [entry], "status": "archived"}
        assert page.request.post(f"{product.url}/api/editor/bulk", data=data, headers={"X-Frontdesk": "1"}).ok

    for choice, status in (("theirs", "Archived"), ("mine", "Draft")):
        open_entry(page, make(page, product, f"goes-{choice}"))
        archive(f"goes-{choice}")
        page.locator("#f-answer").fill("Typed on.")
        expect(dialog).to_contain_text("has archived this entry")
        assert answer(page, product, f"goes-{choice}") == "This."
        dialog.locator(f"[data-choice={choice}]").click()
        expect(chip).to_have_text(status)
        expect(page.locator("#f-answer")).to_have_value("Typed on." if choice == "mine" else "This.")
    # Without a word typed, what somebody wants of it is asked as well.
    open_entry(page, make(page, product, "goes-ready"))
    archive("goes-ready")
    page.locator("[data-action=ready]").click()
    expect(dialog).to_contain_text("It stays")
    dialog.locator("[data-choice=theirs]").click()
    expect(page.locator(".toast").filter(has_text="Archived.")).to_be_visible()
    expect(chip).to_have_text("Archived")


def test_it_still_fits_is_said_of_what_stands_in_the_form(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "grown")
    open_entry(page, make(page, product, "grown-de", translation_of="grown", language="de"))
    kept = page.request.get(f"{product.url}/api/editor/entries/grown").json()
    changed = {"fields": {**kept["fields"], "answer": "That."}, "revision": kept["revision"]}
    headers = {"X-Frontdesk": "1"}
    assert page.request.put(f"{product.url}/api/editor/entries/grown", data=changed, headers=headers).ok
    page.reload()
    expect(page.locator(".outdated")).to_be_visible()
    # Pressed before the save by itself. What is typed until the answer stays too.
    page.locator("#f-owner").fill("Ada")
    held = hold(page, "**/api/editor/entries/grown-de/follow", "POST")
    with page.expect_request("**/follow"):
        page.locator("[data-action=fits]").click()
    page.locator("#f-answer").fill("Das, und mehr.")
    held[0].continue_()
    expect(page.locator(".toast")).to_contain_text("Up to date")
    saved(page)
    assert answer(page, product, "grown-de") == "Das, und mehr."
    assert page.request.get(f"{product.url}/api/editor/entries/grown-de").json()["fields"]["owner"] == "Ada"
    expect(page.locator(".outdated")).to_have_count(0)


def with_versions(page: Page, product: Product, entry: str) -> str:
    """An entry that has been changed twice since it was made."""
    make(page, product, entry)
    for category in ("shop", "company"):
        data = {"ids": [entry], "category": category}
        assert page.request.post(f"{product.url}/api/editor/bulk", data=data, headers={"X-Frontdesk": "1"}).ok
    return entry


def test_a_version_is_restored_in_its_own_entry_only(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "beside")
    open_entry(page, with_versions(page, product, "restored"))
    page.locator("[data-tab=versions]").click()
    late = hold(page, "**/restored/restore", "POST")
    with page.expect_request("**/restored/restore"):
        page.locator("[data-restore='1']").click()
    open_entry(page, "beside")
    late[0].continue_()
    expect(page.locator(".toast")).to_contain_text("is the newest again")
    assert page.request.get(f"{product.url}/api/editor/entries/restored").json()["fields"]["category"] == ""
    expect(page.locator(".entry-head h2")).to_have_text("What about beside?")
    # Until the history of another entry has come there is nothing of this one's to press.
    open_entry(page, "restored")
    expect(page.locator("[data-restore='1']")).to_be_visible()
    slow = hold(page, "**/beside/versions", "GET")
    open_entry(page, "beside")
    expect(page.locator("[data-restore]")).to_have_count(0)
    slow[0].continue_()


def test_a_save_leaves_what_is_compared(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    open_entry(page, with_versions(page, product, "compared"))
    page.locator("[data-tab=versions]").click()
    chosen = page.locator("#side-panel select[name=from]")
    expect(chosen).to_have_value("2")
    page.locator("#f-answer").fill("Typed while comparing.")
    chosen.select_option("1")
    chosen.focus()
    saved(page)
    page.wait_for_load_state("networkidle")
    expect(chosen).to_have_value("1")
    expect(chosen).to_be_focused()


def test_a_new_entry_that_waits_is_asked_for_before_another_takes_its_place(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "spoken")
    replies = [{"text": "We have some.", "by": "Ada"}]
    group = {"count": 2, "examples": ["have you got owls"], "texts": ["have you got owls", "owls?"], "replies": replies, "trend": [0, 2]}
    told = {"asked": 2, "unanswered": 2, "groups": [group]}
    page.route("**/api/editor/unanswered", lambda route: route.fulfill(json={"job": "j", "state": "done", "result": told}))
    new, question = page.locator("[data-action=new]"), page.locator("#f-question")
    new.click()
    question.fill("Do you have")
    # A translation that is begun meanwhile waits in a place of its own.
    open_entry(page, "spoken")
    page.locator("[data-action=translate]").click()
    page.locator("#translate-language").fill("de")
    page.keyboard.press("Enter")
    expect(page.locator("#f-language")).to_have_value("de")
    question.fill("Habt ihr")
    new.click()
    expect(question).to_have_value("Do you have")

    page.locator("a[data-page=gaps]").click()
    page.locator("[data-action=write]").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("“Do you have”")
    dialog.get_by_role("button", name="Cancel").click()
    page.locator("a[data-page=entries]").click()
    new.click()
    expect(question).to_have_value("Do you have")
    expect(page.locator(".quotes")).to_have_count(0)
    page.locator("a[data-page=gaps]").click()
    page.locator("[data-action=write]").click()
    dialog.locator("button[type=submit]").click()
    expect(question).to_have_value("have you got owls")
    expect(page.locator(".quotes")).to_contain_text("We have some.")
    page.locator("[data-action=use-reply]").click()
    page.wait_for_url("**/have-you-got-owls")
    saved(page)
    # It waits no more, and what agents said of it goes with it.
    new.click()
    expect(question).to_have_value("")
    expect(page.locator(".quotes")).to_have_count(0)
    page.evaluate("location.hash = '#/entries?new=1&translation_of=spoken&language=de'")
    expect(question).to_have_value("Habt ihr")


def test_new_is_new_although_a_translation_was_just_written(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "told")
    page.evaluate("location.hash = '#/entries?new=1&translation_of=told&language=de'")
    page.locator("#f-question").fill("Was ist?")
    page.locator("#f-answer").fill("Dies.")
    page.locator("[data-action=new]").click()
    expect(page.locator(".entry-head .chip")).to_have_text("New")
    expect(page.locator("#f-question")).to_have_value("")
    assert page.url.endswith("#/entries?new=1")
    assert answer(page, product, "told-de") == "Dies."


def test_what_is_typed_while_another_entry_fails_to_open_is_kept(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    open_entry(page, make(page, product, "stays"))
    held = hold(page, "**/api/editor/entries/nowhere", "GET")
    with page.expect_request("**/entries/nowhere"):
        page.evaluate("location.hash = '#/entries/nowhere'")
    page.locator("#f-answer").fill("Typed meanwhile.")
    held[0].continue_()
    expect(page.get_by_text("This entry cannot be opened")).to_be_visible()
    assert answer(page, product, "stays") == "Typed meanwhile."


def test_what_is_taken_back_during_its_save_is_taken_back(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "follows")
    open_entry(page, make(page, product, "taken"))
    held: list[Route] = []
    late = "**/api/editor/entries/taken"
    page.route(late, lambda route: held.append(route) if route.request.method == "PUT" and not held else route.fallback())
    with page.expect_request(lambda request: request.method == "PUT"):
        page.locator("#f-answer").fill("A slip.")
    page.locator("#f-answer").fill("This.")
    page.evaluate("location.hash = '#/entries/follows'")
    held[0].continue_()
    expect(page.locator(".entry-head h2")).to_have_text("What about follows?")
    assert answer(page, product, "taken") == "This."


def test_half_a_date_is_not_saved_as_none(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "after")
    open_entry(page, make(page, product, "dated", valid_from="2130-12-01"))
    day = page.locator("#f-valid_from")
    day.focus()
    page.keyboard.press("Backspace")
    expect(page.locator(".saved")).to_have_text("Not saved yet")
    page.evaluate("location.hash = '#/entries/after'")
    expect(page.locator("#field-error")).to_contain_text("finish the date")
    expect(day).to_be_focused()
    assert page.request.get(f"{product.url}/api/editor/entries/dated").json()["fields"]["valid_from"] == "2130-12-01"
    day.fill("2131-01-31")
    saved(page)
    assert page.request.get(f"{product.url}/api/editor/entries/dated").json()["fields"]["valid_from"] == "2131-01-31"
    # One that was begun and is cleared is none.
    day.fill("")
    saved(page)
    open_entry(page, "after")


def test_who_signs_out_has_saved(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    open_entry(page, make(page, product, "ending"))
    page.locator("[popovertarget=menu]").click()
    page.evaluate("""() => {
        const answer = document.getElementById("f-answer");
        answer.value = "Typed at the very end.";
        answer.dispatchEvent(new Event("input"));
        document.querySelector("[data-action=sign-out]").click();
    }""")
    page.locator("#password").fill(product.password)
    page.locator("#email").fill(product.email)
    page.locator("#password").press("Enter")
    expect(page.locator("#f-answer")).to_have_value("Typed at the very end.")
    assert answer(page, product, "ending") == "Typed at the very end."


def test_a_picture_goes_into_no_other_entry(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    make(page, product, "without")
    open_entry(page, make(page, product, "with"))
    out = BytesIO()
    Image.new("RGB", (20, 20), "#c08040").save(out, "PNG")
    picture: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": out.getvalue()}
    held = hold(page, "**/api/editor/pictures*", "POST")
    with page.expect_request("**/pictures*"):
        page.locator(".tools input[type=file]").set_input_files(picture)
    open_entry(page, "without")
    held[0].continue_()
    expect(page.locator(".toast")).to_contain_text("picture was not put in")
    expect(page.locator("#f-answer")).to_have_value("This.")


def test_taking_related_entries_out_keeps_the_place(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    for entry in ("near", "nearer"):
        make(page, product, entry)
    open_entry(page, make(page, product, "among", related=["near", "nearer"]))
    expect(page.locator(".pick")).to_contain_text(["What about near?", "What about nearer?"])
    page.locator(".pick button").first.press("Enter")
    expect(page.locator(".pick button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#f-related")).to_be_focused()


def test_a_comment_is_said_once_and_the_next_is_kept(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    open_entry(page, make(page, product, "discussed"))
    page.locator("[data-tab=comments]").click()
    send, text = page.get_by_role("button", name="Comment", exact=True), page.locator("#comment-text")
    text.fill("One.")
    held = hold(page, "**/discussed/comments", "POST")
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/comments")):
        send.click()
    send.click()
    text.fill("Two.")
    for route in held:
        route.continue_()
    expect(page.locator(".comment-text")).to_have_text(["One."])
    expect(text).to_have_value("Two.")
    # An answer that is lost is no reason to say it again.
    page.unroute_all()

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        route.fetch()
        route.abort()

    page.route("**/discussed/comments", lose, times=1)
    send.click()
    expect(page.locator(".panel .form-error")).to_contain_text("cannot be reached")
    send.click()
    expect(page.locator(".comment-text")).to_have_text(["One.", "Two."])
    expect(text).to_have_value("")
    # Settled by keyboard, one goes on at the same place.
    page.locator(".comments button").first.press("Enter")
    expect(page.locator(".comments button").first).to_have_text("Open again")
    expect(page.locator(".comments button").first).to_be_focused()
    assert len(page.request.get(f"{product.url}/api/editor/entries/discussed/comments").json()["comments"]) == 2


def test_an_answer_that_was_overtaken_is_not_drawn(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    open_entry(page, make(page, product, "drawn"))
    panel = page.locator("#side-panel")
    expect(panel).to_contain_text("This.")
    held: list[Route] = []
    page.route("**/api/editor/preview", lambda route: held.append(route) if "Slow" in (route.request.post_data or "") else route.fallback())
    with page.expect_request("**/preview"):
        page.locator("#f-answer").fill("Slow.")
    page.locator("#f-answer").fill("Quick.")
    expect(panel).to_contain_text("Quick.")
    with page.expect_response("**/preview"):
        held[0].continue_()
    saved(page)
    expect(panel).to_contain_text("Quick.")


def test_more_of_the_list_that_does_not_come_is_said(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    rows, more = page.locator(".rows .entry-row"), page.get_by_role("button", name="Show more")
    expect(rows).to_have_count(50)
    first = page.locator(".rows a").first.get_attribute("data-id")
    page.route("**/api/editor/entries?*offset=*", lambda route: route.abort(), times=1)
    more.click()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    expect(rows).to_have_count(50)

    def moved(route: Route) -> None:
        told: dict[str, Any] = route.fetch().json()
        again = {**told["entries"][0], "id": first}
        route.fulfill(json={**told, "entries": [again, *told["entries"][:-1]]})

    # An entry was saved meanwhile: one of the first page comes again. And the button is pressed twice.
    page.route("**/api/editor/entries?*offset=*", moved)
    more.dblclick()
    expect(rows).to_have_count(99)
    assert page.locator(f".rows [data-id='{first}']").count() == 1


def test_what_came_meanwhile_can_be_narrowed_by(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    expect(page.locator(".rows .entry-row").first).to_be_visible()
    page.locator("a[data-page=history]").click()
    expect(page.locator("#history-head")).to_be_visible()
    make(page, product, "imported", category="Imported")
    page.locator("a[data-page=entries]").click()
    page.locator(".filters summary").click()
    page.locator("select[name=category]").select_option("Imported")
    expect(page.locator(".rows .entry-row")).to_have_count(1)
    # What it is narrowed by stays, though nothing has it any more.
    page.locator(".rows input").check()
    page.locator(".bulk button", has_text="Category").click()
    page.locator("#bulk-value").fill("shop")
    page.keyboard.press("Enter")
    expect(page.locator(".rows")).to_contain_text("No entry matches")
    expect(page.locator("select[name=category]")).to_have_value("Imported")


def test_a_change_of_many_that_fails_is_said_once_and_where_one_is(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    page.locator(".rows input").first.check()
    held = hold(page, "**/api/editor/bulk", "POST")
    with page.expect_request("**/bulk"):
        page.locator(".bulk button", has_text="Ready").click()
    held[0].abort()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    page.locator(".toast button").click()
    # Asked in a dialog, it is said there, or beside it once it is closed.
    page.locator(".bulk button", has_text="Owner").click()
    with page.expect_request("**/bulk"):
        page.locator("dialog [type=submit]").click()
    held[1].abort()
    expect(page.locator("dialog .form-error")).to_contain_text("cannot be reached")
    expect(page.locator(".toast")).to_have_count(0)
    with page.expect_request("**/bulk"):
        page.locator("dialog [type=submit]").click()
    page.keyboard.press("Escape")
    held[2].abort()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    # The browser's own word on each lost call, and no error that nobody has caught.
    assert all("Failed to load resource" in one for one in page.faults)  # type: ignore[attr-defined]


def test_who_presses_a_button_that_goes_finds_the_focus_near_it(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    open_entry(page, make(page, product, "zebrafinches"))
    page.locator("[data-tab=try]").click()
    forecast = page.locator("[data-action=forecast]")
    page.route("**/api/editor/forecast", lambda route: route.abort())
    forecast.press("Enter")
    expect(page.locator(".try-out .form-error")).to_be_visible()
    expect(forecast).to_be_focused()
    page.locator("[data-action=ready]").press("Enter")
    expect(page.locator("[data-action=ready]")).to_be_hidden()
    expect(page.locator(".saved")).to_be_focused()

    page.locator("input.search").fill("zebrafinches")
    rows = page.locator(".rows a")
    expect(rows).to_have_count(1)
    bulk = page.locator(".bulk")
    for name, value in (("None", None), ("Archive", None), ("Category", "shop")):
        page.locator(".rows input").check()
        bulk.get_by_role("button", name=name).press("Enter")
        if value:
            page.locator("#bulk-value").fill(value)
            page.keyboard.press("Enter")
        expect(bulk).to_be_hidden()
        expect(rows.first).to_be_focused()
