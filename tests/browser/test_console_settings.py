"""What a supervisor sets and oversees at the console, in real browsers."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from bot.webhooks.courier import PATIENCE
from tests.browser.accessible import sound
from tests.browser.house import NARROW, TABLET, WIDE, House, Staff, house, until

__all__ = ["house"]
pytestmark = pytest.mark.browser


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
    # Kept up to date, it takes the focus from nobody.
    team = wall.locator("[data-wall='team support']")
    team.focus()
    with house.zoe.page.expect_response("**/api/console/wall?*"):
        told(house, "POST", "conversations/" + customer.id + "/tags", {"add": ["wall"]})
    house.zoe.page.wait_for_timeout(200)
    expect(team).to_be_focused()
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


def told(house: House, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What Zoe does elsewhere."""
    answer = house.zoe.context.request.fetch(f"{house.product.url}/api/console/{path}", method=method, data=body,
                                             headers={"X-Frontdesk": "1"})
    assert answer.ok, answer.text()
    return answer.json() if answer.body() else None


def test_of_two_who_set_an_agent_up_both_are_heard(house: House) -> None:
    page = house.zoe.page
    [ben] = [agent for agent in told(house, "GET", "desk")["agents"] if agent["name"] == "Ben"]
    house.zoe.go("#/settings/agents")
    page.locator(f"[data-item='{ben['id']}']").click()
    told(house, "PUT", f"settings/agents/{ben['id']}", {"capacity": ben["capacity"], "skills": ["lamps"]})
    expect(page.locator(f"[data-item='{ben['id']}']")).to_contain_text("lamps")
    capacity = page.locator("[name=capacity]")
    capacity.fill("")
    capacity.press("-")
    page.locator(".settings-form [type=submit]").click()
    expect(page.locator(".settings-form [role=alert]")).to_have_text("Conversations at once: please enter a number.")
    expect(capacity).to_be_focused()
    capacity.fill("7")
    page.locator(".settings-form [type=submit]").click()
    expect(page.locator(".toast", has_text="Saved.")).to_be_visible()
    [now] = [agent for agent in told(house, "GET", "desk")["agents"] if agent["name"] == "Ben"]
    assert (now["capacity"], now["skills"]) == (7, ["lamps"])

    # Read again at each news of a colleague, the list leaves the focus where it is.
    item = page.locator(f"[data-item='{ben['id']}']")
    expect(item).to_be_focused()
    told(house, "PUT", f"settings/agents/{ben['id']}", {"capacity": ben["capacity"], "skills": []})
    expect(item).not_to_contain_text("lamps")
    expect(item).to_be_focused()


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
    # Such quotes of one's own are no gap, neither for Enter nor for Tab.
    field.fill("We have «Walden» in French")
    field.press("Tab")
    expect(field).not_to_be_focused()
    field.press("Enter")
    until(lambda: customer.records()[-1].get("text") == "We have «Walden» in French", "the reply was held back")

    field.press("Escape")
    house.ada.page.keyboard.press("v")
    expect(house.ada.dialog("macros")).to_contain_text("then tag replacement, then close as product fault")
    house.ada.submit("macros")
    expect(house.ada.page.locator(".standing")).to_contain_text("closed")
    expect(house.ada.page.locator("aside#context")).to_contain_text("Product fault")
    assert any(record.get("text") == "A new one is on its way." for record in customer.records())


def test_a_macro_run_again_says_nothing_twice(house: House) -> None:
    told(house, "POST", "settings/macros", {"title": "Say thanks", "steps": [{"do": "reply", "text": "Thank you for waiting."}]})
    customer = house.taken(house.ada)
    page, dialog = house.ada.page, house.ada.dialog("macros")
    stale = {"error": {"code": "stale", "message": "It is with Zoe.", "owner": {"owner": "agent", "name": "Zoe"}}}
    page.route("**/macro", lambda route: route.fulfill(status=409, json=stale), times=1)
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    dialog.locator("label", has_text="Say thanks").locator("input").check(force=True)
    dialog.locator("[type=submit]").click()
    expect(dialog.locator("[role=alert]")).to_have_text("It is with Zoe now, and what was done until then stands.")
    page.route("**/macro", lambda route: (route.fetch(), route.abort()), times=1)
    dialog.locator("[type=submit]").click()
    expect(dialog.locator("[role=alert]")).to_contain_text("cannot be reached")
    house.ada.submit("macros")
    assert [record.get("text") for record in customer.records()].count("Thank you for waiting.") == 1


def test_what_was_set_to_a_team_that_is_gone_says_so(house: House) -> None:
    page = house.zoe.page
    house.zoe.go("#/settings/teams")
    team = told(house, "POST", "settings/teams", {"name": "Lamps"})
    expect(page.locator("[data-testid=items]")).to_contain_text("Lamps")
    steps = [{"do": "tag", "add": ["lamp"]}, {"do": "note", "text": "A lamp"}, {"do": "assign", "team": team["id"]}]
    told(house, "POST", "settings/macros", {"title": "To the lamps", "steps": steps})
    told(house, "POST", "settings/canned", {"title": "On lamps", "shortcut": "lamp", "text": "Hello", "team": team["id"]})
    told(house, "DELETE", f"settings/teams/{team['id']}?revision=1")
    expect(page.locator("[data-testid=items]")).not_to_contain_text("Lamps")
    house.zoe.go("#/settings/macros")
    page.locator(".item", has_text="To the lamps").click()
    form = page.locator(".settings-form")
    expect(form.locator(".step select option:checked")).to_have_text("(removed)")
    form.locator("[type=submit]").click()
    expect(form.locator("[role=alert]")).to_contain_text("mistake in step 3")
    # Who moves a step stays with it.
    form.get_by_role("button", name="Move step 3 up").press("Enter")
    expect(form.get_by_role("button", name="Move step 2 up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(form.locator(".step").first.locator("select")).to_be_focused()
    form.get_by_role("button", name="Cancel").click()
    house.zoe.go("#/settings/canned")
    page.locator(".item", has_text="On lamps").click()
    expect(form.locator("[name=team] option:checked")).to_have_text("(removed)")
    form.get_by_role("button", name="Cancel").click()


def test_a_form_opened_since_a_save_stays(house: House) -> None:
    page = setting(house.zoe, "canned")
    form = page.locator(".settings-form")
    form.locator("[name=title]").fill("Say good night")
    form.locator("[name=shortcut]").fill("night")
    form.locator("[name=text]").fill("Good night!")
    held: list[Route] = []
    page.route("**/api/console/settings/canned", lambda route: held.append(route))
    with page.expect_request("**/api/console/settings/canned"):
        form.locator("[type=submit]").click()
    page.locator("[data-action=new]").click()
    form.locator("[name=title]").fill("Say good morning")
    held[0].continue_()
    expect(page.locator(".toast", has_text="Saved.")).to_be_visible()
    expect(page.locator("[data-testid=items]")).to_contain_text("/night")
    expect(form.locator("[name=title]")).to_have_value("Say good morning")
    form.get_by_role("button", name="Cancel").click()


def test_an_unsaved_form_is_not_left_without_a_word(house: House) -> None:
    page = setting(house.zoe, "canned")
    title, asked = page.locator(".settings-form [name=title]"), house.zoe.dialog("unsaved")
    leaves = "() => dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert page.evaluate(leaves), "an empty form holds the page"
    title.fill("Half a reply")
    assert not page.evaluate(leaves), "a reload loses what was typed"
    page.locator("[data-action=new]").click()
    asked.get_by_role("button", name="Cancel").click()
    page.locator(".section-list a[href='#/settings/macros']").click()
    expect(asked).to_be_visible()
    sound(page, "the question before leaving")
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(title).to_have_value("Half a reply")
    expect(page.locator(".section-list [aria-current]")).to_have_attribute("href", "#/settings/canned")
    assert page.url.endswith("#/settings/canned")
    page.locator(".section-list a[href='#/settings/macros']").click()
    house.zoe.submit("unsaved")
    expect(page.locator(".section-list [aria-current]")).to_have_attribute("href", "#/settings/macros")
    expect(page.locator(".settings-form form")).to_have_count(0)
    assert page.evaluate(leaves)


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

    # Changed since the page was read, as by the desk that switches one off: what is saved again goes on top of it.
    hook = told(house, "GET", "settings/webhooks")["webhooks"][-1]
    told(house, "PUT", f"settings/webhooks/{hook['id']}",
         {"url": hook["url"], "events": hook["events"], "active": False, "revision": hook["revision"]})
    row.locator("[data-action=edit]").click()
    dialog.locator("[type=submit]").click()
    expect(dialog.locator("[role=alert]")).to_contain_text("save again")
    expect(row).to_contain_text("Off")
    dialog.locator("[type=submit]").click()
    expect(row).to_contain_text("On")


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
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), f"{place} scrolls as a whole"
        assert width < 720 or page.locator(".rail").evaluate("rail => rail.scrollWidth <= rail.clientWidth")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
