"""The agents' day in real browsers: two of them and a supervisor, with customers who write by HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.accessible import sound
from tests.browser.house import NARROW, TABLET, WIDE, House, Staff, house, picture, until

__all__ = ["house"]
pytestmark = pytest.mark.browser


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

    # A note on it leaves the reply alone, and what one writes of either is not in the other.
    house.ada.page.locator("[data-action=add-note]").click()
    house.ada.write("She has called before")
    expect(house.ada.said().locator("[data-kind=note]").last).to_contain_text("She has called before")
    house.zoe.act("transfer")
    house.zoe.choose("transfer", "to", "Ada")
    house.zoe.submit("transfer")
    field, note = house.ada.page.locator("#composer-text"), house.ada.page.locator("[name=kind][value=note]")
    expect(note).not_to_be_checked()
    expect(field).to_have_value("Hello")
    note.check(force=True)
    expect(field).to_have_value("")
    field.fill("Zoe knows her")
    house.ada.page.reload()
    expect(field).to_have_value("Zoe knows her")
    house.ada.page.locator("[name=kind][value=message]").check(force=True)
    expect(field).to_have_value("Hello")
    field.fill("")
    expect(house.zoe.said()).to_contain_text("You took the conversation")


def test_who_writes_is_not_taken_for_one_who_only_looks(house: House) -> None:
    """What was told first may be slow: what was told after it has to come after it."""
    customer = house.taken(house.ada)
    house.ben.open(customer.id)
    collision = house.ben.page.locator("[data-testid=collision]")
    expect(collision).to_contain_text("Ada is here too")
    page, held = house.ada.page, list[Route]()
    page.route("**/viewing", lambda route: route.continue_() if held else held.append(route))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)
    page.locator("#composer-text").press_sequentially("Hello", delay=5)
    page.wait_for_timeout(300)
    with page.expect_response(lambda response: response.request == held[0].request):
        held[0].continue_()
    page.unroute("**/viewing")
    house.ben.page.wait_for_timeout(300)
    assert collision.get_attribute("data-state") == "writing", collision.text_content()


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
    field.fill("@Adam wrote from zoe@Zoescafe.com, ask @Ada or (@Zoe).")
    field.press("Enter")
    expect(house.ben.said().locator("[data-kind=note]").last.locator(".mention")).to_have_text(["@Ada", "@Zoe"])
    other = house.customer()
    house.ben.open(other.id)
    house.ben.page.locator("[data-action=add-note]").click()
    house.ben.write("@Adam is no colleague")
    expect(house.ben.said().locator("[data-kind=note]")).to_contain_text("no colleague")
    house.ada.go("#/mentions")
    expect(house.ada.row(customer.id)).to_be_visible()
    expect(house.ada.row(other.id)).to_have_count(0)
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

    # The second in a row: what belongs to it lies over nothing of the first, and that it was changed is seen here too.
    page = house.ada.page
    house.ada.write("In the mornign")
    records = house.ada.said().locator("[data-from=agent][data-kind=message]")
    expect(records).to_have_count(2)
    own, second = records.first, records.last
    page.set_viewport_size({"width": 1024, "height": 600})
    second.hover()
    expect(second.locator("[data-action=propose]")).to_have_css("opacity", "1")
    own.locator("[data-action=delete]").click(trial=True)
    second.locator("[data-action=edit]").click()
    expect(second.locator(".edit-form [type=submit]")).to_be_in_viewport(ratio=1)
    second.locator("textarea").fill("In the morning")
    second.locator("textarea").press("Enter")
    expect(second.locator(".amended")).to_be_visible()
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})

    own.locator("[data-action=delete]").click()
    expect(own).to_contain_text("You deleted this message")
    expect(second.locator("[data-action=edit]")).to_be_visible()
    house.ada.act("release")
    house.ada.submit("release")
    expect(second.locator("[data-action=edit]")).to_be_hidden()
    house.ben.open(customer.id)
    expect(house.ben.said()).to_contain_text("This message was deleted")
    assert "Monday" not in house.ben.said().inner_text()


def test_the_enter_that_ends_a_composition_sends_and_chooses_nothing(house: House) -> None:
    """Safari's comes after the composition, so that only its code tells."""
    house.taken(house.ada)
    page = house.ada.page

    def end_composition(field: Locator) -> None:
        field.evaluate("""field => field.dispatchEvent(new KeyboardEvent(
            "keydown", {key: "Enter", keyCode: 229, bubbles: true, cancelable: true}))""")

    text = page.locator("#composer-text")
    text.fill("きょう")
    end_composition(text)
    expect(text).to_have_value("きょう")
    text.press("Enter")
    own = house.ada.said().locator("[data-from=agent][data-kind=message]")
    own.locator("[data-action=edit]").click()
    own.locator("textarea").fill("きょうは")
    end_composition(own.locator("textarea"))
    expect(own.locator("textarea")).to_be_visible()
    own.locator("textarea").press("Escape")
    page.locator("[name=kind][value=note]").check(force=True)
    text.press_sequentially("@B", delay=5)
    expect(page.locator("#picker")).to_be_visible()
    end_composition(text)
    expect(text).to_have_value("@B")
    expect(own).to_have_count(1)
    text.fill("")


def test_a_file_on_its_way_gets_into_its_draft_and_no_other(house: House) -> None:
    first, other = house.taken(house.ada), house.taken(house.ada)
    page, held = house.ada.page, list[Route]()
    house.ada.open(first.id)
    page.route("**/attachments?*", lambda route: held.append(route))
    choose = page.locator(".composer input[type=file]")
    choose.set_input_files({"name": "label.png", "mimeType": "image/png", "buffer": picture()})
    expect(page.locator(".tray-item[data-state=sending]")).to_be_visible()
    house.ada.open(other.id)
    expect(page.locator(".tray-item")).to_have_count(0)
    house.ada.open(first.id)
    expect(page.locator(".tray-item[data-state=sending]")).to_contain_text("label.png")
    house.ada.open(other.id)
    with page.expect_response("**/attachments?*"):
        held[0].continue_()
    page.unroute("**/attachments?*")
    expect(page.locator(".tray-item")).to_have_count(0)
    house.ada.open(first.id)
    expect(page.locator(".tray-item[data-state=there]")).to_contain_text("label.png")
    page.locator("[data-action=send]").click()  # the page may put the focus on its title just now
    until(lambda: any(record.get("attachments") for record in first.records()), "the customer did not get the file")


def test_priority_tags_snooze_and_transfer(house: House) -> None:
    customer = house.taken(house.ada, "My blender makes a grinding noise and smells burnt")
    ada, page, held = house.ada, house.ada.page, list[Route]()
    # What fails in a dialog that was closed meanwhile is told beside it.
    page.route("**/priority", lambda route: held.append(route))
    ada.act("priority")
    with page.expect_request("**/priority"):
        ada.dialog("priority").locator("[type=submit]").click()
    page.keyboard.press("Escape")
    expect(ada.dialog("priority")).to_have_count(0)
    held[0].abort()
    page.unroute("**/priority")
    expect(page.locator(".toast[data-tone=trouble]")).to_contain_text("cannot be reached")
    # The open menu keeps the focus while the customer writes.
    page.locator("[data-action=more]").click()
    item = page.locator("#more-actions [data-action=transcript]")
    item.focus()
    customer.say("It is the blue one")
    expect(ada.said()).to_contain_text("It is the blue one")
    page.wait_for_timeout(300)
    expect(item).to_be_focused()
    page.keyboard.press("Escape")

    ada.act("priority")
    ada.dialog("priority").locator("input[value=urgent]").check(force=True)
    ada.submit("priority")
    expect(page.locator(".conversation-facts .priority")).to_have_text("Urgent")
    ada.act("tags")
    ada.dialog("tags").locator("#tags-new").fill("x" * 41)
    ada.dialog("tags").locator("[type=submit]").click()
    expect(ada.dialog("tags")).to_contain_text("is too long: a tag has up to 40 characters.")
    # Its edge, and its scroll bar, are the dialog itself and not what is behind it.
    box = ada.dialog("tags").bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.5, box["y"] + box["height"] / 2)
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
    asked = list[Route]()
    page.route("**/api/console/search?*", lambda route: (asked.append(route), route.abort()))
    search(page, "receipt")
    expect(page.locator(".list-pane")).to_contain_text("The search did not work")
    customer.say("I found the receipt")
    expect(house.ada.said()).to_contain_text("I found the receipt")
    page.wait_for_timeout(300)
    assert len(asked) == 1, "each piece of news searches again"
    page.unroute("**/api/console/search?*")
    at = f"{house.product.url}/api/console/search?q=receipt"
    until(lambda: bool(page.request.get(at, headers={"X-Frontdesk": "1"}).json()["hits"]), "it is not in the index")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-testid=hits] a").first).to_be_focused()
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

    house.ben.go("#/queue")
    search(page, "quixotic")
    expect(hits.first).to_be_focused()

    expect(hits.last.locator("mark")).to_have_text("quixotic")
    hits.last.click()
    expect(house.ben.said().locator("[data-lit]")).to_contain_text("porter's lodge")
    page.go_back()
    expect(page.locator(".search").first).to_have_value("quixotic")


def test_a_further_page_that_does_not_come_is_told(house: House) -> None:
    page = house.ben.page

    def there_is_more(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "next": "1"})

    page.route("**/conversations?view=closed", there_is_more)
    page.route("**/conversations?view=closed&before=1", lambda route: route.abort())
    house.ben.go("#/closed")
    page.locator(".list-pane").get_by_role("button", name="Show more").click()
    expect(page.locator(".toast[data-tone=trouble]")).to_contain_text("cannot be reached")
    page.unroute_all()
    house.ben.go("#/queue")


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
    customer = house.taken(house.ada, "How do I return something?", "0")
    page, held = house.ada.page, list[Route]()
    page.keyboard.press("Escape")
    page.locator("[data-action=knowledge]").click()
    # What the customer writes meanwhile does not end the search.
    page.route("**/api/console/kb?*", lambda route: held.append(route))
    with page.expect_request("**/api/console/kb?*"):
        page.locator(".knowledge .search").fill("gift wrapping")
    customer.say("Are you there?")
    expect(house.ada.said()).to_contain_text("Are you there?")
    held[0].continue_()
    page.unroute("**/api/console/kb?*")
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
    # What cannot be read at first is read again before anything is told of it.
    house.ada.page.route("**/conversations?view=queue", lambda route: route.abort(), times=1)
    house.ada.context.set_offline(False)
    expect(house.ada.page.locator("[data-testid=missed]")).to_contain_text("1 waiting", timeout=30_000)
    mark = house.ada.said().locator("[data-testid=away-mark]")
    expect(mark).to_have_count(1)
    after = mark.locator("xpath=following-sibling::li[@data-kind='message']")
    expect(after).to_have_count(2)
    expect(after.first).to_contain_text("I found the receipt")
    # It is open and read, so nothing is left to tell of it.
    expect(house.ada.row(customer.id)).to_be_visible()
    expect(house.ada.row(customer.id)).not_to_contain_text("while away")
    house.ada.go("#/queue")
    expect(house.ada.row(waiting.id)).to_contain_text("new while away")


def test_the_first_word_after_a_reload_is_told(house: House) -> None:
    customer = house.taken(house.ada)
    page = house.ada.page
    house.ada.go("#/queue")
    with page.expect_response("**/conversations?view=mine"):
        page.reload()
    expect(page.locator("[data-testid=connection][data-state=live]")).to_be_visible()
    page.wait_for_timeout(300)
    customer.say("I found the receipt")
    expect(page.locator("#announcer")).to_contain_text("wrote to you")


def test_a_later_notice_pops_up_and_yesterday_is_a_day_of_the_calendar(house: House) -> None:
    page = house.ada.context.new_page()
    page.goto(house.product.url + "/console")
    renotifies = page.evaluate("""async () => {
        const { Alerts } = await import("/console/static/alerts.js");
        let told;
        window.Notification = class { constructor(_, about) { told = about } addEventListener() {} };
        Object.defineProperty(document, "hidden", { get: () => true });
        const alerts = new Alerts();
        alerts.desktop = true;
        alerts.notify("Your customer wrote", "Hello", () => {});
        return told.renotify;
    }""")
    assert renotifies
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "Europe/Berlin"})
    # Half an hour into the Monday after a Sunday of 23 hours.
    label = page.evaluate("""async () => {
        const { dayLabel } = await import("/console/static/time.js");
        Date.now = () => Date.parse("2026-03-29T22:30:00Z");
        return dayLabel(Date.parse("2026-03-29T10:00:00Z") / 1000);
    }""")
    page.close()
    assert label == "Yesterday"


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
    page.set_viewport_size({"width": 720, "height": 450})
    expect(page.locator("[data-action=more]")).to_be_in_viewport(ratio=1)
    assert page.locator(".log").evaluate("log => log.clientHeight") > 110
    sound(page, "a conversation at 200 %", dark=False)
    page.set_viewport_size({"width": TABLET[0], "height": TABLET[1]})
    page.locator(".conversation-pane [data-action=context]").click()
    expect(page.locator("aside#context")).to_be_visible()
    sound(page, "the context on a tablet")
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    sound(page, "the context at 360 px")
    page.locator("[data-action=context-close]").click()
    expect(page.locator("#composer-text")).to_be_visible()
    sound(page, "a conversation at 360 px")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
