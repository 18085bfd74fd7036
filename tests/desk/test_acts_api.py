"""What agents and supervisors do to conversations: moving them on, putting them off, saying and taking back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk

from bot.conversations import keys

HandOff = Callable[..., Awaitable[None]]


@pytest.fixture
async def supervisor(desk: Desk) -> Agent:
    return await desk.agent("Sue", role="supervisor")


@pytest.fixture
async def bea(desk: Desk) -> Agent:
    return await desk.agent("Bea")


@pytest.fixture
async def waiting(customer: Customer, hand_off: HandOff) -> Customer:
    await customer.say("a", "A person, please")
    await hand_off()
    return customer


@pytest.fixture
async def mine(agent: Agent, waiting: Customer) -> Customer:
    """A customer whom Ada has."""
    assert (await agent.act(waiting.cid, "claim")).status == 200
    return waiting


async def events_of(agent: Agent, cid: str) -> list[str]:
    records = (await agent.get(f"conversations/{cid}")).json["records"]
    return [record["event"] for record in records if "event" in record]


async def team(supervisor: Agent, **fields: Any) -> str:
    made = await supervisor.send("POST", "settings/teams", {"name": "Tent experts", **fields})
    assert made.status == 201, made.body
    return str(made.json["id"])


# Moving on

async def test_to_experts_with_a_note(agent: Agent, supervisor: Agent, bea: Agent, mine: Customer) -> None:
    experts = await team(supervisor, tier=2, skills=["poles"], first_response_minutes=30)
    before = await agent.summary(mine.cid)
    moved = await agent.act(mine.cid, "transfer", {"team": experts, "skill": "poles", "priority": "high",
                                                   "note": "The pole broke twice"})
    summary = moved.json["conversation"]
    assert (summary["owner"], summary["team"], summary["skill"], summary["priority"]) == ("queue", experts, "poles", "high")
    # How long the customer has waited stays; the target is the experts', halved by the priority.
    assert summary["waiting_since"] == before["waiting_since"]
    assert summary["due"]["what"] == "first_response" and 890 < summary["due"]["at"] - summary["updated"] < 901
    [shown] = (await bea.get(f"conversations?view=queue&team={experts}")).json["conversations"]
    assert shown["id"] == mine.cid
    assert (await bea.get("conversations?view=queue&team=support")).json["conversations"] == []
    records = (await bea.get(f"conversations/{mine.cid}")).json["records"]
    assert records[-2]["text"] == "The pole broke twice" and records[-2]["kind"] == "note"
    assert (records[-1]["event"], records[-1]["team"], records[-1]["escalated"]) == ("transferred", experts, True)
    seen = (await mine.get("conversation")).json["records"]
    assert seen[-2]["kind"] == "internal" and "team" not in seen[-1] and "escalated" not in seen[-1]
    # Whoever let it go writes no more.
    assert (await agent.act(mine.cid, "messages", {"id": "late", "text": "one more thing"})).code == "stale"


async def test_a_priority_counts_from_the_transfer(desk: Desk, agent: Agent, supervisor: Agent, mine: Customer) -> None:
    experts = await team(supervisor, resolution_minutes=240)
    store, now = desk.services.conversations, await desk.services.conversations.now()
    await store.call("HSET", keys.conversation(mine.cid), "handed", now - 6 * 3600, "placed", now - 6 * 3600)
    await agent.act(mine.cid, "transfer", {"team": experts})
    due = (await supervisor.act(mine.cid, "priority", {"priority": "high"})).json["conversation"]["due"]
    assert due["at"] - now == pytest.approx(2 * 3600, abs=60) and due["breached"] is False
    # Three minutes of eight are no risk, however long ago it came to people.
    await store.call("HSET", keys.conversation(mine.cid), "due_solve", now + 180, "placed", now - 300)
    [told] = [one for one in (await supervisor.get("wall")).json["teams"] if one["team"] == experts]
    assert (told["at_risk"], told["breached"]) == (0, 0)
    assert (await supervisor.summary(mine.cid))["due"]["risk"] == pytest.approx(now + 60, abs=1)


async def test_any_agent_says_how_urgent_it_is_while_it_waits(
    agent: Agent, bea: Agent, supervisor: Agent, waiting: Customer
) -> None:
    assert (await bea.act(waiting.cid, "priority", {"priority": "high"})).json["conversation"]["priority"] == "high"
    await agent.act(waiting.cid, "claim")
    for who, code in ((bea, 409), (agent, 200), (supervisor, 200)):
        assert (await who.act(waiting.cid, "priority", {"priority": "low"})).status == code


async def test_to_a_colleague(agent: Agent, bea: Agent, mine: Customer) -> None:
    moved = await agent.act(mine.cid, "transfer", {"agent": bea.member.id, "note": "Yours"})
    assert moved.json["conversation"]["agent"] == {"id": bea.member.id, "name": "Bea"}
    assert (await mine.get("conversation")).json["status"]["agent"] == {"name": "Bea"}
    assert (await bea.act(mine.cid, "messages", {"id": "b", "text": "Bea here"})).status == 200
    assert (await agent.act(mine.cid, "transfer", {"agent": agent.member.id})).code == "stale"


@pytest.mark.parametrize(("body", "code", "told"), [
    ({}, "missing_field", "'team' and 'agent'"), ({"team": "support", "agent": "x"}, "missing_field", "One of"),
    ({"team": "gone"}, "bad_field", "somebody may have removed it"), ({"agent": "nobody"}, "bad_field", "nobody at this"),
    ({"team": "support", "skill": "knots"}, "bad_field", "does not offer"), ({"team": 1}, "bad_field", "text"),
    ({"team": "support", "priority": "asap"}, "bad_field", "urgent, high"), ({"agent": "x", "skill": "y"}, "bad_field", "team"),
])
async def test_moves_that_are_refused(agent: Agent, mine: Customer, body: Any, code: str, told: str) -> None:
    answer = await agent.act(mine.cid, "transfer", body)
    assert (answer.status, answer.code) == (400, code) and told in answer.json["error"]["message"]
    assert (await agent.summary(mine.cid))["owner"] == "agent"


async def test_a_supervisor_assigns_and_takes_over(agent: Agent, bea: Agent, supervisor: Agent, waiting: Customer) -> None:
    for body in ({"agent": bea.member.id}, {"agent": agent.member.id}):
        assert (await bea.act(waiting.cid, "assign", body)).code == "forbidden"
    given = await supervisor.act(waiting.cid, "assign", {"agent": bea.member.id})
    assert given.json["conversation"]["agent"]["name"] == "Bea"
    epoch = given.json["conversation"]["epoch"]
    assert (await supervisor.act(waiting.cid, "assign", {"agent": agent.member.id, "epoch": epoch - 1})).code == "stale"
    assert (await supervisor.act(waiting.cid, "assign", {"agent": agent.member.id, "epoch": epoch})).status == 200
    record = (await agent.get(f"conversations/{waiting.cid}")).json["records"][-1]
    assert (record["by"]["name"], record["assigned_by"]["name"]) == ("Ada", "Sue")
    assert "assigned_by" not in (await waiting.get("conversation")).json["records"][-1]
    # Listening in and whispering needs no taking over.
    assert (await supervisor.act(waiting.cid, "notes", {"id": "w", "text": "Offer a new pole"})).status == 200
    assert (await bea.act(waiting.cid, "claim", {"force": True})).code == "forbidden"
    taken = await supervisor.act(waiting.cid, "claim", {"force": True})
    assert taken.json["conversation"]["agent"]["name"] == "Sue"
    assert (await agent.act(waiting.cid, "messages", {"id": "x", "text": "mine"})).json["error"]["owner"]["agent"] == {
        "id": supervisor.member.id, "name": "Sue"}


async def test_of_many_who_claim_and_assign_one_has_it(desk: Desk, supervisor: Agent, hand_off: HandOff) -> None:
    agents = [await desk.agent(name) for name in ("Ada", "Bea", "Cleo")]
    for _ in range(5):
        customer = await desk.customer()
        await customer.say("a", "help")
        await hand_off()
        cid = customer.cid
        epoch = (await supervisor.summary(cid))["epoch"]
        answers = await asyncio.gather(
            *(agent.act(cid, "claim") for agent in agents),
            supervisor.act(cid, "assign", {"agent": agents[0].member.id, "epoch": epoch}),
            supervisor.act(cid, "transfer", {"team": "service", "epoch": epoch}))
        claims = [answer for answer in answers[:3] if answer.status == 200]
        assert {answer.status for answer in answers} <= {200, 409}
        state = await desk.services.conversations.state(cid)
        # What was done stands in the log in one order, each from an owner that the one before it left.
        owner = "bot"
        allowed = {"handoff": "bot", "claimed": "queue", "transferred": "queue"}
        for record in await desk.services.conversations.records(cid):
            if (event := record.get("event")) in allowed:
                assert allowed[event] == owner
                owner = "agent" if event == "claimed" else "queue"
        assert owner == state.owner and len(claims) <= 2


async def test_back_in_front_of_its_queue(desk: Desk, agent: Agent, bea: Agent, supervisor: Agent, hand_off: HandOff) -> None:
    customers = [await desk.customer() for _ in range(3)]
    for customer in customers:
        await customer.say("a", "help")
        await hand_off()
    last = customers[2].cid
    await agent.act(last, "claim")
    await agent.act(last, "messages", {"id": "m", "text": "One moment"})
    await agent.act(last, "release", {"note": "Ask for the receipt"})
    queue = (await bea.get("conversations?view=queue")).json["conversations"]
    assert [summary["id"] for summary in queue] == [last, customers[0].cid, customers[1].cid]
    assert (await customers[2].get("conversation")).json["status"]["ahead"] == 0
    assert (await customers[0].get("conversation")).json["status"]["ahead"] == 1
    # An urgent one comes after who waited longer and before who is not urgent; a place is one of the own team's queue.
    assert (await supervisor.act(customers[1].cid, "priority", {"priority": "urgent"})).status == 200
    queue = (await bea.get("conversations?view=queue")).json["conversations"]
    assert [summary["id"] for summary in queue] == [customers[1].cid, last, customers[0].cid]
    await supervisor.act(last, "transfer", {"team": "service"})
    assert (await customers[2].get("conversation")).json["status"]["ahead"] == 0


# Putting off, marking

async def test_snoozed_until_the_customer_writes(desk: Desk, agent: Agent, bea: Agent, mine: Customer) -> None:
    now = await desk.services.conversations.now()
    for until in (now - 5, now + 91 * 86400, "tomorrow", True):
        assert (await agent.act(mine.cid, "snooze", {"until": until})).code == "bad_field"
    assert (await bea.act(mine.cid, "snooze", {"until": now + 60})).code == "stale"
    slept = await agent.act(mine.cid, "snooze", {"until": now + 3600})
    assert slept.json["conversation"]["snoozed_until"] == pytest.approx(now + 3600, abs=0.01)
    counts = (await agent.get("conversations?view=mine")).json
    assert counts["conversations"] == [] and (counts["counts"]["mine"], counts["counts"]["snoozed"]) == (0, 1)
    assert [s["id"] for s in (await agent.get("conversations?view=snoozed")).json["conversations"]] == [mine.cid]
    assert (await bea.get("conversations?view=snoozed")).json["conversations"] == []
    await mine.say("b", "Here is the picture")
    summary = await agent.summary(mine.cid)
    assert summary["snoozed_until"] is None and summary["agent"]["name"] == "Ada"
    assert [s["id"] for s in (await agent.get("conversations?view=mine")).json["conversations"]] == [mine.cid]
    assert (await agent.act(mine.cid, "snooze", {"until": None})).status == 200
    assert (await agent.act(mine.cid, "snooze", {})).code == "missing_field"


async def test_tags_by_anybody_also_on_what_is_closed(agent: Agent, bea: Agent, mine: Customer) -> None:
    assert (await bea.act(mine.cid, "tags", {"add": ["pole", "warranty"]})).json["conversation"]["tags"] == ["pole", "warranty"]
    both = await asyncio.gather(agent.act(mine.cid, "tags", {"add": ["one"]}), bea.act(mine.cid, "tags", {"add": ["two"]}))
    assert [answer.status for answer in both] == [200, 200]
    assert set((await agent.summary(mine.cid))["tags"]) == {"pole", "warranty", "one", "two"}
    await agent.act(mine.cid, "close", {"outcome": "product_fault", "product": "Fell Two", "fault": "pole snaps",
                                        "cause": "ferrule glued cold"})
    closed = (await agent.act(mine.cid, "tags", {"remove": ["one", "two", "warranty"], "add": ["recall"]})).json
    summary = closed["conversation"]
    assert summary["tags"] == ["pole", "recall"]
    assert [summary[name] for name in ("outcome", "product", "fault", "cause")] == [
        "product_fault", "Fell Two", "pole snaps", "ferrule glued cold"]
    [found] = (await agent.get("conversations?view=closed&tag=recall")).json["conversations"]
    assert found["id"] == mine.cid
    assert (await agent.get("conversations?view=closed&tag=two")).json["conversations"] == []
    assert (await agent.get("desk")).json["tags"] == ["pole", "recall"]
    seen = (await mine.get("conversation")).json["records"]
    assert not {"product", "fault", "cause", "outcome"} & {name for record in seen for name in record}
    for body, code in (({"add": ["a,b"]}, "bad_field"), ({"add": "a"}, "bad_field"), ({}, "missing_field"),
                       ({"add": [f"t{n}" for n in range(30)]}, "too_many_tags")):
        assert (await agent.act(mine.cid, "tags", body)).code == code


async def test_mentioned_until_they_look(agent: Agent, bea: Agent, mine: Customer) -> None:
    note = {"id": "n", "text": "@Bea, is this the old pole?", "mentions": [bea.member.id]}
    assert (await agent.act(mine.cid, "notes", note)).status == 200
    assert (await agent.act(mine.cid, "notes", note)).json["duplicate"] is True
    listed = (await bea.get("conversations?view=mentions")).json
    assert [summary["mentions"] for summary in listed["conversations"]] == [[bea.member.id]]
    assert listed["counts"]["mentions"] == 1 and (await agent.get("conversations")).json["counts"]["mentions"] == 0
    await bea.get(f"conversations/{mine.cid}")
    listed = (await bea.get("conversations?view=mentions")).json
    assert [summary["mentions"] for summary in listed["conversations"]] == [[]] and listed["counts"]["mentions"] == 0
    assert (await agent.act(mine.cid, "notes", {**note, "id": "m", "mentions": ["zoe"]})).code == "bad_field"


async def test_a_mention_in_what_is_no_more_is_forgotten(desk: Desk, bea: Agent, mine: Customer) -> None:
    await desk.services.conversations.call("ZADD", keys.mentions(bea.member.id), 5, "gone")
    assert (await bea.get("conversations")).json["counts"]["mentions"] == 1
    listed = (await bea.get("conversations?view=mentions")).json
    assert listed["conversations"] == [] and listed["counts"]["mentions"] == 0


async def test_a_message_is_changed_and_taken_back(agent: Agent, bea: Agent, mine: Customer) -> None:
    seqs = [(await agent.act(mine.cid, "messages", {"id": f"m{n}", "text": f"text {n}"})).json["seq"] for n in range(3)]
    assert (await agent.act(mine.cid, f"messages/{seqs[0]}/edit", {"text": "better"})).status == 200
    assert (await agent.act(mine.cid, f"messages/{seqs[1]}/delete", {})).status == 200
    for seq, who, code in ((1, agent, "not_yours"), (seqs[0], bea, "stale"), (99, agent, "not_yours"), ("x", agent, "not_yours")):
        assert (await who.act(mine.cid, f"messages/{seq}/edit", {"text": "no"})).code == code
    assert (await agent.act(mine.cid, f"messages/{seqs[0]}/edit", {"text": " "})).code == "text_empty"
    async with mine.events() as events:
        read = [(await events.next("record")).data for _ in range(seqs[2] + 2)]
    for records in ((await mine.get("conversation")).json["records"], read):
        by_seq = {record["seq"]: record for record in records}
        assert (by_seq[seqs[0]]["text"], by_seq[seqs[0]]["edited"]) == ("better", True)
        assert (by_seq[seqs[1]]["text"], by_seq[seqs[1]]["deleted"]) == ("", True)
        assert [record["event"] for record in records[-2:]] == ["edited", "deleted"]
        assert "text 1" not in str(records) and "text 0" not in str(records)
    assert (await agent.summary(mine.cid))["last"]["text"] == "text 2"
    # The log keeps what was said.
    staff = (await agent.get(f"conversations/{mine.cid}")).json["records"]
    assert [record["text"] for record in staff if record["kind"] == "message"][1:] == ["text 0", "text 1", "text 2"]


async def test_a_message_of_long_ago_stays(desk: Desk, agent: Agent, mine: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    seq = (await agent.act(mine.cid, "messages", {"id": "m", "text": "said"})).json["seq"]
    monkeypatch.setattr(keys, "AMEND_SECONDS", 0)
    refused = await agent.act(mine.cid, f"messages/{seq}/delete", {})
    assert (refused.status, refused.code) == (409, "too_late")


async def test_the_bot_does_not_know_what_was_taken_back(desk: Desk, agent: Agent, mine: Customer) -> None:
    seq = (await agent.act(mine.cid, "messages", {"id": "m", "text": "Your code is 1234"})).json["seq"]
    await agent.act(mine.cid, f"messages/{seq}/delete", {})
    await agent.act(mine.cid, "handback", {"note": "Told her"})
    await mine.say("b", "And now?")
    turn = await desk.services.conversations.take()
    assert turn is not None and [record["text"] for record in turn.unheard if record["kind"] == "note"] == ["Told her"]
    assert not any("1234" in record["text"] for record in turn.unheard)


# One of two, and back again

async def test_two_conversations_of_one_customer_become_one(desk: Desk, agent: Agent, bea: Agent, mine: Customer,
                                                            hand_off: HandOff) -> None:
    other = await desk.customer()
    await other.say("a", "Me again")
    await hand_off()
    assert (await agent.act(mine.cid, "merge", {"into": mine.cid})).code == "same"
    assert (await agent.act(mine.cid, "merge", {"into": "nowhere"})).code == "bad_field"
    assert (await agent.act(mine.cid, "merge", {"into": other.cid})).code == "other_customer"
    await agent.act(other.cid, "claim")
    assert (await bea.act(mine.cid, "merge", {"into": other.cid})).code == "stale"
    merged = (await agent.act(mine.cid, "merge", {"into": other.cid})).json["conversation"]
    assert (merged["owner"], merged["outcome"], merged["merged_into"]) == ("closed", "duplicate", other.cid)
    [one] = [r for r in (await agent.get(f"conversations/{mine.cid}")).json["records"] if r.get("event") == "merged"]
    [two] = [r for r in (await agent.get(f"conversations/{other.cid}")).json["records"] if r.get("event") == "merged"]
    assert (one["into"], two["merged_from"]) == (other.cid, mine.cid)
    assert mine.cid not in str((await other.get("conversation")).json["records"])
    # The customer writes in the first all the same: it comes to whoever has the second.
    await agent.act(other.cid, "transfer", {"agent": bea.member.id})
    await mine.say("b", "Still there?")
    await until(desk, mine.cid, bea.member.id)
    await agent.act(other.cid, "claim")


async def until(desk: Desk, cid: str, agent: str) -> None:
    for _ in range(300):
        if (await desk.services.conversations.state(cid)).agent == agent:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never came to {agent}: {await desk.services.conversations.state(cid)}")


async def test_spam_comes_back_to_the_bot(agent: Agent, mine: Customer) -> None:
    await agent.act(mine.cid, "close", {"outcome": "spam"})
    await mine.say("b", "Buy watches")
    assert (await mine.get("conversation")).json["status"]["owner"] == "bot"
    assert (await events_of(agent, mine.cid))[-1] == "reopened"


async def test_the_priority_ends_with_what_it_was_for(agent: Agent, mine: Customer, hand_off: HandOff) -> None:
    await agent.act(mine.cid, "priority", {"priority": "urgent"})
    await agent.act(mine.cid, "close", {"outcome": "spam"})
    await mine.say("b", "How do I send something back?")
    await hand_off()
    summary = await agent.summary(mine.cid)
    assert (summary["owner"], summary["priority"]) == ("queue", "normal")


async def test_what_was_closed_comes_back_to_its_agents_team_while_they_are_away(
    desk: Desk, agent: Agent, bea: Agent, mine: Customer
) -> None:
    await agent.act(mine.cid, "close", {"outcome": "solved"})
    await agent.send("POST", "me", {"status": "away"})
    await mine.say("b", "It broke again")
    summary = await bea.summary(mine.cid)
    assert (summary["owner"], summary["team"], summary["outcome"]) == ("queue", "support", None)
    assert (await mine.get("conversation")).json["status"]["ahead"] == 0
    # Back at the desk, the agent gets it without asking.
    await agent.send("POST", "me", {"status": "online"})
    await until(desk, mine.cid, agent.member.id)


# Who else looks

async def test_colleagues_see_who_looks_and_who_writes(agent: Agent, bea: Agent, mine: Customer) -> None:
    async with agent.events() as events:
        await events.next("counts")
        await bea.act(mine.cid, "viewing", {"viewing": True})
        seen = (await events.next("presence")).data
        assert seen == {"conversation": mine.cid, "agents": [{"id": bea.member.id, "name": "Bea", "typing": False}]}
        await bea.act(mine.cid, "viewing", {"viewing": True, "typing": True})
        assert (await events.next("presence")).data["agents"][0]["typing"] is True
        await bea.act(mine.cid, "viewing", {"viewing": False})
        assert (await events.next("presence")).data["agents"] == []


ACTS: list[tuple[str, Any]] = [
    ("claim", {}), ("release", {}), ("handback", {}), ("transfer", {"team": "service"}), ("assign", {"agent": "x"}),
    ("close", {"outcome": "spam"}), ("merge", {"into": "x"}), ("priority", {"priority": "low"}), ("snooze", {"until": None}),
    ("tags", {"add": ["x"]}), ("messages", {"id": "q1", "text": "x"}), ("notes", {"id": "q2", "text": "x"}),
    ("typing", {"typing": True}), ("viewing", {"viewing": True}), ("messages/1/edit", {"text": "x"}), ("messages/1/delete", {}),
]


async def test_nothing_but_notes_and_tags_changes_what_is_closed(desk: Desk, agent: Agent, supervisor: Agent,
                                                                 mine: Customer) -> None:
    await agent.act(mine.cid, "close", {"outcome": "solved"})
    for what, body in ACTS:
        sent = {**body, "agent": agent.member.id} if what == "assign" else body
        answer = await supervisor.act(mine.cid, what, sent)
        if what in ("notes", "tags", "viewing"):
            assert answer.status in (200, 204), what
        elif what == "merge":
            assert answer.code == "bad_field" or answer.code == "closed"
        else:
            assert (answer.status, answer.code) == (409, "closed"), what
    assert (await desk.services.conversations.state(mine.cid)).owner == "closed"


async def test_who_may_not_and_who_is_not_there(desk: Desk, agent: Agent, mine: Customer) -> None:
    editor = await desk.agent("Eve", role="editor")
    for what, body in ACTS:
        path = f"/api/console/conversations/{mine.cid}/{what}"
        assert (await desk.call("POST", path, headers={"X-Frontdesk": "1"}, json=body)).code == "unauthorised", what
        assert (await desk.call("POST", path, headers=editor.headers, json=body)).code == "forbidden", what
        assert (await desk.call("POST", path, headers={"Cookie": agent.cookie}, json=body)).code == "forbidden", what
    big = await agent.act(mine.cid, "notes", {"id": "big", "text": "x" * 1_000_000})
    assert (big.status, big.code) == (413, "too_large")
    assert (await agent.act(mine.cid, "notes", {"id": "long", "text": "x" * 2001})).code == "text_too_long"
    assert await events_of(agent, mine.cid) == ["handoff", "claimed"]
