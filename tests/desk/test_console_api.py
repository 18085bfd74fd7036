"""The agents' calls of docs/api.md: lists, claiming, answering, giving back, closing, and who may not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk

from bot.conversations.store import Conversations

HandOff = Callable[..., Awaitable[None]]

SUMMARY = {"id", "owner", "agent", "team", "epoch", "seq", "created", "updated", "waiting_since", "why", "last", "page",
           "locale", "name", "verified", "skill", "priority", "tags", "snoozed_until", "due", "answer_by", "outcome",
           "product", "fault", "cause", "rating", "merged_into", "mentions", "via"}


@pytest.fixture
async def waiting(customer: Customer, hand_off: HandOff) -> Customer:
    """A customer in the queue."""
    await customer.say("a", "A person, please")
    await hand_off()
    return customer


async def comes_to(customer: Customer, owner: str) -> None:
    """Waits until what the desk does by itself has been done."""
    for _ in range(200):
        if (await customer.get("conversation")).json["status"]["owner"] == owner:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"the conversation never came to {owner}")


async def test_the_queue_lists_who_waits_and_why(agent: Agent, waiting: Customer) -> None:
    answer = await agent.get("conversations?view=queue")
    assert answer.status == 200
    [summary] = answer.json["conversations"]
    assert set(summary) == SUMMARY
    assert (summary["id"], summary["owner"], summary["why"]) == (waiting.cid, "queue", "asked for a person")
    assert summary["last"]["text"] == "A person, please" and summary["team"] == "support"
    assert summary["page"] == "https://larkmoor.example/tents" and summary["waiting_since"] > 0
    assert answer.json["counts"] == {"queue": 1, "mine": 0, "agents": 0, "bot": 0, "closed": 0, "all": 1, "snoozed": 0,
                                     "mentions": 0, "teams": {"support": 1}}


async def test_each_view_shows_its_own(desk: Desk, agent: Agent, hand_off: HandOff) -> None:
    bea = await desk.agent("Bea")
    customers = [await desk.customer() for _ in range(5)]
    for customer in customers[1:]:
        await customer.say("a", "help")
        await hand_off()
    _, queued, mine, others, closed = (customer.cid for customer in customers)
    await agent.act(mine, "claim")
    await bea.act(others, "claim")
    await agent.act(closed, "claim")
    await agent.act(closed, "close", {"outcome": "solved"})
    for view, wanted in (("queue", {queued}), ("mine", {mine}), ("agents", {mine, others}),
                         ("bot", {customers[0].cid}), ("closed", {closed})):
        answer = await agent.get(f"conversations?view={view}")
        assert {summary["id"] for summary in answer.json["conversations"]} == wanted, view
        counts = answer.json["counts"]
        assert [counts[name] for name in ("queue", "mine", "agents", "bot", "closed")] == [1, 1, 2, 1, 1]
    assert (await agent.get("conversations?view=everything")).code == "bad_field"


async def test_the_bots_list_goes_on_to_the_last(desk: Desk, agent: Agent) -> None:
    cids = [(await desk.services.conversations.create())[0] for _ in range(1050)]
    found: list[str] = []
    before = ""
    while before is not None:
        answer = await agent.get(f"conversations?view=bot{before and '&before=' + before}")
        found += [summary["id"] for summary in answer.json["conversations"]]
        before = answer.json["next"]
    assert len(found) == 1050 and set(found) == set(cids)


async def test_one_conversation_with_its_packet(agent: Agent, waiting: Customer) -> None:
    answer = await agent.get(f"conversations/{waiting.cid}")
    assert answer.json["packet"]["why"] == {"reason": "asked for a person"}
    assert [record["kind"] for record in answer.json["records"]] == ["message", "event"]
    assert set(answer.json["conversation"]) == SUMMARY
    assert [r["seq"] for r in (await agent.get(f"conversations/{waiting.cid}?after=1")).json["records"]] == [2]


async def test_an_agent_takes_answers_and_closes(agent: Agent, waiting: Customer) -> None:
    claimed = await agent.act(waiting.cid, "claim")
    assert claimed.status == 200
    assert claimed.json["conversation"]["agent"] == {"id": agent.member.id, "name": "Ada"}
    said = await agent.act(waiting.cid, "messages", {"id": "x1", "text": "Hello, Ada here"})
    assert said.json == {"id": "x1", "seq": 4, "duplicate": False}
    assert (await agent.act(waiting.cid, "messages", {"id": "x1", "text": "Hello, Ada here"})).json["duplicate"] is True
    assert (await agent.act(waiting.cid, "messages", {"id": "x1", "text": "other"})).code == "id_reused"
    assert (await agent.act(waiting.cid, "typing", {"typing": True})).status == 204
    closed = await agent.act(waiting.cid, "close", {"outcome": "product_fault", "note": "zip broke"})
    assert closed.json["conversation"]["owner"] == "closed"
    seen = (await waiting.get("conversation")).json
    assert seen["status"]["owner"] == "closed"
    assert [(r["kind"], r.get("event")) for r in seen["records"]] == [
        ("message", None), ("event", "handoff"), ("event", "claimed"), ("message", None), ("internal", None),
        ("event", "closed")]
    assert seen["records"][3]["by"] == {"id": agent.member.id, "name": "Ada"}
    assert "outcome" not in seen["records"][5] and "why" not in seen["records"][1]
    staff = (await agent.get(f"conversations/{waiting.cid}")).json["records"]
    assert staff[5]["outcome"] == "product_fault" and staff[4]["text"] == "zip broke"
    # What is closed takes nothing but the customer's next message, which opens it again with the same agent.
    assert (await agent.act(waiting.cid, "messages", {"id": "x2", "text": "more"})).code == "closed"
    await waiting.say("b", "It broke again")
    await comes_to(waiting, "agent")
    assert (await waiting.get("conversation")).json["status"]["agent"] == {"name": "Ada"}


async def test_giving_back_to_the_queue_keeps_the_place(desk: Desk, agent: Agent, hand_off: HandOff) -> None:
    first, second = await desk.customer(), await desk.customer()
    for customer in (first, second):
        await customer.say("a", "help")
        await hand_off()
    assert (await second.get("conversation")).json["status"].items() >= {"owner": "queue", "agent": None, "ahead": 1}.items()
    await agent.act(first.cid, "claim")
    released = await agent.act(first.cid, "release", {"note": "needs a colleague"})
    assert released.json["conversation"]["owner"] == "queue"
    queue = (await agent.get("conversations?view=queue")).json["conversations"]
    assert [summary["id"] for summary in queue] == [first.cid, second.cid]


async def test_handing_back_to_the_bot(agent: Agent, waiting: Customer, conversations: Conversations) -> None:
    await agent.act(waiting.cid, "claim")
    await agent.act(waiting.cid, "messages", {"id": "x", "text": "Your parcel is on its way"})
    assert (await agent.act(waiting.cid, "handback")).json["conversation"]["owner"] == "bot"
    await waiting.say("b", "Thanks. And returns?")
    turn = await conversations.take()
    assert turn is not None and turn.text == "Thanks. And returns?"
    assert "Your parcel is on its way" in [record["text"] for record in turn.unheard]


async def test_notes_by_anybody(desk: Desk, agent: Agent, waiting: Customer) -> None:
    bea = await desk.agent("Bea")
    await agent.act(waiting.cid, "claim")
    note = await bea.act(waiting.cid, "notes", {"id": "n1", "text": "I know this one"})
    assert note.status == 200
    assert (await waiting.get("conversation")).json["records"][-1]["kind"] == "internal"


async def test_only_the_owner_writes(desk: Desk, agent: Agent, waiting: Customer) -> None:
    bea = await desk.agent("Bea")
    await agent.act(waiting.cid, "claim")
    for what, body in (("messages", {"id": "b1", "text": "me too"}), ("release", {}), ("handback", {}),
                       ("close", {"outcome": "spam"}), ("typing", {"typing": True}), ("claim", {})):
        answer = await bea.act(waiting.cid, what, body)
        assert (answer.status, answer.code) == (409, "stale"), what
        assert answer.json["error"]["owner"] == {"owner": "agent", "agent": {"id": agent.member.id, "name": "Ada"}}
        assert "Ada" in answer.json["error"]["message"]


async def test_of_two_who_claim_one_gets_it(desk: Desk, hand_off: HandOff) -> None:
    agents = [await desk.agent("Ada"), await desk.agent("Bea")]
    for _ in range(10):
        customer = await desk.customer()
        await customer.say("a", "help")
        await hand_off()
        answers = await asyncio.gather(*(agent.act(customer.cid, "claim") for agent in agents))
        assert sorted(answer.status for answer in answers) == [200, 409]
        winner, loser = sorted(zip(answers, agents, strict=True), key=lambda pair: pair[0].status)
        assert loser[0].json["error"]["owner"]["agent"]["name"] == winner[1].member.name
        assert (await desk.services.conversations.state(customer.cid)).agent == winner[1].member.id


async def test_a_claim_sent_again_succeeds(agent: Agent, waiting: Customer) -> None:
    first, again = await agent.act(waiting.cid, "claim"), await agent.act(waiting.cid, "claim")
    assert (first.status, again.status) == (200, 200)
    assert again.json["conversation"]["epoch"] == first.json["conversation"]["epoch"]


async def test_a_claim_by_an_old_view_is_stale(agent: Agent, waiting: Customer) -> None:
    assert (await agent.act(waiting.cid, "claim", {"epoch": 1})).code == "stale"
    assert (await agent.act(waiting.cid, "claim", {"epoch": 2})).status == 200


async def test_stepping_in_while_the_bot_has_it(agent: Agent, customer: Customer, conversations: Conversations) -> None:
    await customer.say("a", "hello")
    turn = await conversations.take()
    assert turn is not None
    assert (await agent.act(customer.cid, "claim")).code == "stale"
    assert (await agent.act(customer.cid, "claim", {"epoch": 1})).status == 200
    from bot.conversations.record import message
    from bot.conversations.turn import Commit

    late = await conversations.commit(turn, Commit(replies=[message("bot", "too late")]))
    assert late in ("lost", "stale")
    assert len(await conversations.records(customer.cid)) == 2


@pytest.mark.parametrize(("what", "body", "code"), [
    ("close", {}, "missing_field"), ("close", {"outcome": "great"}, "bad_field"), ("claim", {"epoch": "1"}, "bad_field"),
    ("claim", {"force": 1}, "bad_field"), ("messages", {"id": "a", "text": ""}, "text_empty"),
    ("messages", {"id": "a", "text": "x" * 2001}, "text_too_long"), ("notes", {"id": "a"}, "missing_field"),
    ("messages", {"id": "ä", "text": "x"}, "bad_field"), ("release", {"note": 1}, "bad_field"), ("claim", [], "not_an_object"),
])
async def test_bodies_that_are_refused(agent: Agent, waiting: Customer, what: str, body: Any, code: str) -> None:
    answer = await agent.act(waiting.cid, what, body)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize("cid", ["nobody", "x:log", "..", "%2e%2e", "a" * 200, "%00", "%F0%9F%98%80"])
async def test_conversations_that_do_not_exist(agent: Agent, waiting: Customer, cid: str) -> None:
    cid = cid.replace("x:log", f"{waiting.cid}:log")
    assert (await agent.get(f"conversations/{cid}")).status in (404, 405)
    for what, body in (("claim", {}), ("messages", {"id": "a", "text": "x"}), ("typing", {"typing": True})):
        assert (await agent.act(cid, what, body)).code == "not_found"


async def test_every_call_asks_who(desk: Desk, waiting: Customer) -> None:
    editor = await desk.agent("Eve", role="editor")
    calls = [("GET", "conversations"), ("GET", f"conversations/{waiting.cid}"), ("GET", "events"),
             *(("POST", f"conversations/{waiting.cid}/{what}") for what in
               ("claim", "release", "handback", "close", "messages", "notes", "typing"))]
    for method, path in calls:
        nobody = await desk.call(method, f"/api/console/{path}", headers={"X-Frontdesk": "1"})
        assert (nobody.status, nobody.code) == (401, "unauthorised"), path
        forged = await desk.call(method, f"/api/console/{path}", token=waiting.token)
        assert forged.status == 401, path
        refused = await desk.call(method, f"/api/console/{path}", headers=editor.headers)
        assert (refused.status, refused.code) == (403, "forbidden"), path


async def test_changes_need_the_header(desk: Desk, agent: Agent, waiting: Customer) -> None:
    for what in ("claim", "release", "handback", "close", "messages", "notes", "typing"):
        path = f"/api/console/conversations/{waiting.cid}/{what}"
        answer = await desk.call("POST", path, headers={"Cookie": agent.cookie})
        assert (answer.status, answer.code) == (403, "forbidden"), what
    assert (await desk.services.conversations.state(waiting.cid)).owner == "queue"


async def test_an_admin_is_an_agent_too(desk: Desk, waiting: Customer) -> None:
    admin = await desk.agent("Root", role="admin")
    assert (await admin.act(waiting.cid, "claim")).status == 200
