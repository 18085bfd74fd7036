"""The desk's set-up over HTTP: read by agents, changed by supervisors, and what follows from it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk, running

from bot.conversations import keys
from bot.conversations.turn import Commit, Handoff

HandOff = Callable[..., Awaitable[None]]
SUPERVISED = [("POST", "settings/teams", {"name": "x"}), ("PUT", "settings/teams/service", {"name": "x", "revision": 1}),
              ("DELETE", "settings/teams/service", {"revision": 1}), ("PUT", "settings/agents/x", {"capacity": 1})]


@pytest.fixture
async def supervisor(desk: Desk) -> Agent:
    return await desk.agent("Sue", role="supervisor")


async def owner(desk: Desk, cid: str, agent: str = "") -> None:
    """Waits until the agent has it, or the queue."""
    for _ in range(300):
        state = await desk.services.conversations.state(cid)
        if (state.owner, state.agent) == (("agent", agent) if agent else ("queue", "")):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never came to {agent or 'the queue'}: {state}")


async def test_the_desk_as_it_is_at_first(desk: Desk, agent: Agent) -> None:
    found = (await agent.get("desk")).json
    assert {"me", "teams", "agents", "tags", "skills", "canned", "macros", "hours", "open_now"} <= set(found)
    assert [team["id"] for team in found["teams"]] == ["service", "support"] and found["open_now"] is True
    assert found["me"] == {"id": agent.member.id, "status": "offline", "capacity": 5}
    async with agent.events() as events:
        await events.next("counts")
        [shown] = (await agent.get("desk")).json["agents"]
        assert shown == {"id": agent.member.id, "name": "Ada", "role": "agent", "status": "online", "load": 0,
                         "capacity": 5, "teams": [], "skills": []}


async def test_who_comes_and_goes_makes_no_console_read_every_conversation(
    desk: Desk, agent: Agent, hand_off: HandOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = [await begin(desk, hand_off) for _ in range(3)]
    for customer, tags in ((first, ["pole"]), (second, ["recall", "pole"]), (third, ["recall", "pole"])):
        assert (await agent.act(customer.cid, "tags", {"add": tags})).status == 200
    await agent.act(first.cid, "claim")
    await agent.act(second.cid, "claim")
    await agent.act(second.cid, "close", {"outcome": "solved"})
    await desk.services.dispatch.stop()
    monkeypatch.setattr(desk.services.conversations, "states", None)
    assert (await agent.get("desk")).json["tags"] == ["pole", "recall"]


async def test_what_cannot_be_written_down_keeps_nobody_from_the_desk(agent: Agent, supervisor: Agent) -> None:
    team = {"name": "Tent\x00s", "skills": ["cut\ud83d"]}
    made = await supervisor.send("POST", "settings/teams", team)
    assert (made.json["name"], made.json["skills"]) == ("Tents", ["cut\ufffd"])
    assert "cut\ufffd" in (await agent.get("desk")).json["skills"]


async def test_parts_are_added_changed_and_removed_and_every_console_hears_of_it(agent: Agent, supervisor: Agent) -> None:
    async with agent.events() as events:
        await events.next("counts")
        hours = {"name": "Office", "timezone": "Europe/Berlin", "week": {"mon": [["09:00", "17:30"]]}}
        made = await supervisor.send("POST", "settings/hours", hours)
        assert (made.status, made.json["id"], made.json["revision"]) == (201, "office", 1)
        while (await events.next("desk")).data["what"] != "setup":
            pass
    team = {"name": "Tent experts", "hours": "office", "members": [agent.member.id]}
    assert (await supervisor.send("POST", "settings/teams", team)).json["hours"] == "office"
    assert (await supervisor.send("DELETE", "settings/hours/office", {"revision": 1})).code == "in_use"
    saved = await supervisor.send("PUT", "settings/teams/tent-experts", {**team, "hours": None, "revision": 1})
    assert (saved.json["hours"], saved.json["revision"]) == (None, 2)
    assert (await supervisor.send("DELETE", "settings/hours/office?revision=1")).status == 204
    assert [one["id"] for one in (await agent.get("settings/teams")).json["teams"]] == ["service", "support", "tent-experts"]


async def test_two_supervisors_edit_one_team(desk: Desk, supervisor: Agent) -> None:
    tom = await desk.agent("Tom", role="supervisor")
    body = {"name": "Support", "revision": 1}
    answers = await asyncio.gather(*(who.send("PUT", "settings/teams/support", {**body, "tier": tier})
                                     for who, tier in ((supervisor, 2), (tom, 3))))
    assert sorted(answer.status for answer in answers) == [200, 409]
    [late] = [answer for answer in answers if answer.status == 409]
    [kept] = [answer for answer in answers if answer.status == 200]
    assert late.code == "edited" and late.json["error"]["now"]["tier"] == kept.json["tier"]
    assert late.json["error"]["now"]["updated_by"] in late.json["error"]["message"]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), [
    ("POST", "settings/teams", {"name": ""}, 400, "bad_field"), ("POST", "settings/teams", [], 400, "not_an_object"),
    ("POST", "settings/nothing", {}, 404, "not_found"), ("GET", "settings/nothing", None, 404, "not_found"),
    ("PUT", "settings/teams/gone", {"name": "x", "revision": 1}, 404, "not_found"),
    ("PUT", "settings/teams/service", {"name": "x"}, 400, "missing_field"),
    ("PUT", "settings/teams/service", {"name": "x", "revision": "first"}, 400, "missing_field"),
    ("PUT", "settings/teams/service", {"name": "x", "revision": 7}, 409, "edited"),
    ("PUT", "settings/teams/service", {"name": "x", "revision": 1, "members": ["zoe"]}, 400, "bad_field"),
    ("DELETE", "settings/teams/service", {}, 400, "missing_field"),
    ("PUT", "settings/agents/nobody", {"capacity": 3}, 404, "not_found"),
    ("POST", "me", {"status": "busy"}, 400, "bad_field"), ("POST", "me", {}, 400, "missing_field"),
])
async def test_what_cannot_be_set(supervisor: Agent, method: str, path: str, body: Any, status: int, code: str) -> None:
    answer = await supervisor.send(method, path, body)
    assert (answer.status, answer.code) == (status, code)


async def test_only_supervisors_set_the_desk_up(desk: Desk, agent: Agent, supervisor: Agent) -> None:
    editor = await desk.agent("Eve", role="editor")
    for method, path, body in SUPERVISED:
        for who, code in ((agent, "forbidden"), (editor, "forbidden")):
            assert (await who.send(method, path, body)).code == code, path
        bare = await desk.call(method, f"/api/console/{path}", headers={"Cookie": supervisor.cookie}, json=body)
        assert bare.code == "forbidden", path
        assert (await desk.call(method, f"/api/console/{path}", json=body)).code == "unauthorised", path
    assert (await agent.get("wall")).code == "forbidden" and (await supervisor.get("wall")).status == 200
    for path in ("desk", "settings/teams"):
        assert (await editor.get(path)).code == "forbidden" and (await agent.get(path)).status == 200


# What follows at once

async def begin(desk: Desk, hand_off: HandOff) -> Customer:
    customer = await desk.customer()
    await customer.say("a", "help")
    await hand_off()
    return customer


async def test_a_team_that_assigns_gives_each_to_the_least_loaded(desk: Desk, supervisor: Agent, hand_off: HandOff) -> None:
    ada, bea, cleo = [await desk.agent(name) for name in ("Ada", "Bea", "Cleo")]
    for who, capacity in ((ada, 2), (bea, 1)):
        assert (await supervisor.send("PUT", f"settings/agents/{who.member.id}", {"capacity": capacity})).status == 200
    team = {"name": "Support", "assignment": "auto", "members": [ada.member.id, bea.member.id], "revision": 1}
    assert (await supervisor.send("PUT", "settings/teams/support", team)).status == 200
    for who in (ada, bea, cleo):
        await who.send("POST", "me", {"status": "online"})
    customers = [await begin(desk, hand_off) for _ in range(3)]
    held: dict[str, int] = {}
    for _ in range(300):
        states = [await desk.services.conversations.state(customer.cid) for customer in customers]
        if all(state.owner == "agent" for state in states):
            break
        await asyncio.sleep(0.02)
    for state in states:
        held[state.agent] = held.get(state.agent, 0) + 1
    assert held == {ada.member.id: 2, bea.member.id: 1}
    # All are full: the next waits, until one of them has room. Who is away gets nothing.
    fourth = await begin(desk, hand_off)
    await desk.services.dispatch.place()
    await owner(desk, fourth.cid)
    await ada.send("POST", "me", {"status": "away"})
    [bea_has] = [state.id for state in states if state.agent == bea.member.id]
    await bea.act(bea_has, "close", {"outcome": "solved"})
    await owner(desk, fourth.cid, bea.member.id)
    record = (await bea.get(f"conversations/{fourth.cid}")).json["records"][-1]
    assert record["assigned_by"] == {"id": "", "name": "the desk"}


async def test_what_comes_in_goes_by_topic_and_skill_with_its_targets(desk: Desk, agent: Agent, supervisor: Agent,
                                                                     hand_off: HandOff) -> None:
    await supervisor.send("POST", "settings/teams", {"name": "Poles", "topics": ["asked"], "first_response_minutes": 60,
                                                     "resolution_minutes": 600, "skills": ["en"]})
    customer = await desk.customer(locale="en-GB")
    await customer.say("a", "help")
    turn = await desk.services.conversations.take()
    assert turn is not None
    packet = {"at": 1.0, "why": {"intent": "asked", "reason": "asked"}}
    assert await desk.services.conversations.commit(turn, Commit(handoff=Handoff("support", "asked", packet))) == "ok"
    for _ in range(300):
        summary = await agent.summary(customer.cid)
        if summary["team"] == "poles":
            break
        await asyncio.sleep(0.02)
    assert (summary["team"], summary["skill"], summary["due"]["what"]) == ("poles", "en", "first_response")
    assert summary["due"]["at"] - summary["waiting_since"] == pytest.approx(3600, abs=1)
    await agent.act(customer.cid, "claim")
    await agent.act(customer.cid, "messages", {"id": "m", "text": "Hello"})
    due = (await agent.summary(customer.cid))["due"]
    assert due["what"] == "resolution" and due["at"] - summary["waiting_since"] == pytest.approx(36000, abs=1)
    # Its team goes: it stays in a queue that somebody sees.
    await agent.act(customer.cid, "release")
    await supervisor.send("DELETE", "settings/teams/poles", {"revision": 1})
    for _ in range(300):
        summary = await agent.summary(customer.cid)
        if summary["team"] in ("service", "support"):
            break
        await asyncio.sleep(0.02)
    assert [s["id"] for s in (await agent.get(f"conversations?view=team&team={summary['team']}")).json["conversations"]] == [
        customer.cid]


async def test_a_priority_in_the_first_moments_leaves_the_routing_as_it_is(
    desk: Desk, supervisor: Agent, hand_off: HandOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch, conversations, rota = desk.services.dispatch, desk.services.conversations, desk.services.rota
    await dispatch.stop()
    await supervisor.send("POST", "settings/teams", {"name": "Poles", "topics": ["poles"], "first_response_minutes": 60})

    async def prioritise(cid: str) -> None:
        assert (await supervisor.act(cid, "priority", {"priority": "high"})).status == 200

    before, during = await begin(desk, hand_off), await begin(desk, hand_off)
    await prioritise(before.cid)
    setup = rota.setup

    async def slow_packet(cid: str) -> Any:
        if cid == during.cid and (await conversations.state(cid)).priority == "normal":
            await prioritise(cid)
        return {"why": {"intent": "poles"}}

    async def slow_setup() -> Any:
        monkeypatch.setattr(rota, "setup", setup)
        await dispatch.route()
        return await setup()

    monkeypatch.setattr(conversations, "packet", slow_packet)
    await dispatch.route()
    assert not (await conversations.state(during.cid)).routed
    after = await begin(desk, hand_off)
    monkeypatch.setattr(rota, "setup", slow_setup)
    await prioritise(after.cid)
    for customer in (before, during, after):
        state = await conversations.state(customer.cid)
        assert (state.team, state.priority, state.routed) == ("poles", "high", True), customer
        assert state.due is not None and state.due[1] - state.counted_from == pytest.approx(1800, abs=1)


async def test_a_priority_leaves_what_a_removed_team_had_to_be_routed(
    desk: Desk, agent: Agent, supervisor: Agent, hand_off: HandOff
) -> None:
    await supervisor.send("POST", "settings/teams", {"name": "Poles", "first_response_minutes": 60})
    customer = await begin(desk, hand_off)
    await agent.act(customer.cid, "claim")
    await agent.act(customer.cid, "transfer", {"team": "poles"})
    await agent.act(customer.cid, "claim")
    await supervisor.send("DELETE", "settings/teams/poles", {"revision": 1})
    summary = (await agent.act(customer.cid, "priority", {"priority": "high"})).json["conversation"]
    assert (summary["team"], summary["priority"], summary["due"]) == ("poles", "high", None)
    assert (await agent.act(customer.cid, "release")).status == 200
    for _ in range(300):
        if (summary := await agent.summary(customer.cid))["team"] in ("service", "support"):
            break
        await asyncio.sleep(0.02)
    assert summary["team"] != "poles" and summary["priority"] == "high"


async def test_the_end_of_a_long_queue_is_routed_and_listed_too(
    desk: Desk, agent: Agent, hand_off: HandOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.desk.lists.MOST", 2)
    customers = [await begin(desk, hand_off) for _ in range(5)]
    assert [state.routed for state in await desk.services.dispatch.route()] == [True] * 5
    listed = (await agent.get("conversations?view=queue")).json
    assert [summary["id"] for summary in listed["conversations"]] == [customer.cid for customer in customers]
    assert listed["counts"]["teams"] == {"support": 5}


async def test_who_does_not_answer_in_time_gives_it_back(desk: Desk, supervisor: Agent, hand_off: HandOff) -> None:
    ada, bea = await desk.agent("Ada"), await desk.agent("Bea")
    dispatch, conversations = desk.services.dispatch, desk.services.conversations
    await supervisor.send("PUT", "settings/teams/support", {"name": "Support", "answer_minutes": 5, "revision": 1})
    customer, second = await begin(desk, hand_off), await begin(desk, hand_off)
    claimed = (await ada.act(customer.cid, "claim")).json["conversation"]
    assert claimed["answer_by"] - claimed["updated"] == pytest.approx(300, abs=0.01)
    await ada.act(second.cid, "claim")
    assert (await ada.act(second.cid, "messages", {"id": "m", "text": "Hi"})).status == 200
    assert (await ada.summary(second.cid))["answer_by"] is None
    await dispatch.give_back_unanswered()
    assert (await ada.summary(customer.cid))["owner"] == "agent"
    await pass_by(desk, customer.cid, -301)
    await dispatch.give_back_unanswered()
    state = await conversations.state(customer.cid)
    assert (state.owner, state.passed) == ("queue", ada.member.id)
    record = (await bea.get(f"conversations/{customer.cid}")).json["records"][-1]
    assert (record["event"], record["reason"]) == ("released", "no_answer")
    assert "reason" not in (await customer.get("conversation")).json["records"][-1]
    # What the customer says next sets a new deadline; one that a clock set back has put far ahead does not bind.
    await second.say("b", "And?")
    assert (await ada.summary(second.cid))["answer_by"] is not None
    await pass_by(desk, second.cid, 86400)
    await dispatch.give_back_unanswered()
    assert (await ada.summary(second.cid))["owner"] == "queue"


async def pass_by(desk: Desk, cid: str, seconds: float) -> None:
    """Lets time pass for a deadline; the clock is the server's, so the deadline moves instead."""
    at = float(await desk.services.conversations.call("ZINCRBY", keys.ANSWERS, seconds, cid))
    await desk.services.conversations.call("HSET", keys.conversation(cid), "answer_by", f"{at:.3f}")


async def test_in_a_team_that_assigns_it_goes_to_somebody_else(desk: Desk, supervisor: Agent, hand_off: HandOff) -> None:
    ada, bea = await desk.agent("Ada"), await desk.agent("Bea")
    await supervisor.send("PUT", "settings/teams/support", {"name": "Support", "answer_minutes": 5, "assignment": "auto",
                                                            "revision": 1})
    await ada.send("POST", "me", {"status": "online"})
    customer = await begin(desk, hand_off)
    await owner(desk, customer.cid, ada.member.id)
    await bea.send("POST", "me", {"status": "online"})
    await pass_by(desk, customer.cid, -301)
    await desk.services.dispatch.give_back_unanswered()
    await owner(desk, customer.cid, bea.member.id)
    # She counts as away until she says otherwise: the next customer should not wait for her too.
    statuses = {agent["name"]: agent["status"] for agent in (await supervisor.get("desk")).json["agents"]}
    assert (statuses["Ada"], statuses["Bea"]) == ("away", "online")


async def test_a_snoozed_one_wakes_by_itself_and_stays_with_who_went_home(desk: Desk, agent: Agent, hand_off: HandOff) -> None:
    customer, conversations = await begin(desk, hand_off), desk.services.conversations
    await agent.act(customer.cid, "claim")
    await agent.act(customer.cid, "snooze", {"until": await conversations.now() + 3600})
    await conversations.call("ZINCRBY", keys.AGENTS, -3600, agent.member.id)
    await desk.services.dispatch.give_back_abandoned()
    assert (await conversations.state(customer.cid)).owner == "agent"
    at = float(await conversations.call("ZINCRBY", keys.SNOOZED, -7200, customer.cid))
    await conversations.call("HSET", keys.conversation(customer.cid), "snoozed", f"{at:.3f}")
    await desk.services.dispatch.wake()
    assert (await conversations.state(customer.cid)).snoozed is None
    assert (await conversations.records(customer.cid))[-1]["event"] == "woken"
    # Now somebody should look, and nobody is there.
    await desk.services.dispatch.give_back_abandoned()
    assert (await conversations.state(customer.cid)).owner == "queue"


async def test_the_wall(desk: Desk, agent: Agent, supervisor: Agent, hand_off: HandOff) -> None:
    await supervisor.send("PUT", "settings/teams/support", {"name": "Support", "first_response_minutes": 60, "revision": 1})
    first, second, third = [await begin(desk, hand_off) for _ in range(3)]
    await desk.services.dispatch.place()
    await agent.act(first.cid, "claim")
    await agent.act(first.cid, "messages", {"id": "m", "text": "Hello"})
    await agent.act(second.cid, "claim")
    await agent.act(second.cid, "close", {"outcome": "solved"})
    wall = (await supervisor.get("wall")).json
    assert (wall["waiting"], wall["longest"]) == (1, (await agent.summary(third.cid))["waiting_since"])
    [team] = [team for team in wall["teams"] if team["team"] == "support"]
    assert team == {"team": "support", "waiting": 1, "longest": wall["longest"], "at_risk": 0, "breached": 0}
    [ada] = [one for one in wall["agents"] if one["name"] == "Ada"]
    assert [summary["id"] for summary in ada["conversations"]] == [first.cid] and ada["load"] == 1
    today = wall["today"]
    assert (today["arrived"], today["answered"], today["closed"]) == (3, 1, 1) and 0 <= today["first_response_median"] < 60
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        assert (await supervisor.get(f"wall?zone={zone}")).status == 200
    assert (await supervisor.get("wall?zone=Middle/Earth")).code == "bad_field"
    now = await desk.services.conversations.now()
    await desk.services.conversations.call("HSET", keys.conversation(third.cid), "placed", now - 3000)
    for left, told in ((60, {"at_risk": 1, "breached": 0}), (-1, {"at_risk": 0, "breached": 1})):
        await desk.services.conversations.call("HSET", keys.conversation(third.cid), "due_first", now + left)
        [team] = [one for one in (await supervisor.get("wall")).json["teams"] if one["team"] == "support"]
        assert {name: team[name] for name in told} == told
        # The console marks the row by the same rule.
        due = (await agent.summary(third.cid))["due"]
        assert (due["risk"] < now <= due["at"]) == bool(told["at_risk"])


async def test_the_wall_counts_a_closing_on_its_day(desk: Desk, agent: Agent, supervisor: Agent, hand_off: HandOff) -> None:
    rated, bots = [await begin(desk, hand_off) for _ in range(2)]
    conversations = desk.services.conversations
    for customer, outcome in ((rated, "solved"), (bots, "spam")):
        await agent.act(customer.cid, "claim")
        await agent.act(customer.cid, "close", {"outcome": outcome})
        then = await conversations.now() - 2 * 86400
        await conversations.call("HSET", keys.conversation(customer.cid), "handed", then, "closed_at", then)
    assert (await rated.post("rating", {"csat": 4})).status == 204
    # What opens again with the bot comes to no people, and ends without them.
    await bots.say("b", "Buy watches")
    today = (await supervisor.get("wall")).json["today"]
    assert (today["arrived"], today["closed"], today["csat"]) == (0, 0, 4)
    turn = await conversations.take()
    assert turn is not None
    await conversations.commit(turn, Commit())
    assert await conversations.close_idle(await conversations.now() + 1) == [bots.cid]
    today = (await supervisor.get("wall")).json["today"]
    assert (today["arrived"], today["closed"], today["csat"]) == (0, 0, 4)


async def test_what_people_gave_back_to_the_bot_still_came_to_them(
    desk: Desk, agent: Agent, supervisor: Agent, hand_off: HandOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most in ("bot.desk.lists.MOST", "bot.conversations.store._BATCH"):
        monkeypatch.setattr(most, 2)
    customer, conversations = await begin(desk, hand_off), desk.services.conversations
    await agent.act(customer.cid, "claim")
    await agent.act(customer.cid, "handback")
    # However many the bot has been busy with since.
    others = [await desk.customer() for _ in range(4)]
    today = (await supervisor.get("wall")).json["today"]
    assert (today["arrived"], today["closed"]) == (1, 0)
    closed = await conversations.close_idle(await conversations.now() + 1)
    assert closed == [customer.cid, *(other.cid for other in others)]
    today = (await supervisor.get("wall")).json["today"]
    assert (today["arrived"], today["closed"]) == (1, 1)


async def test_who_was_added_a_moment_ago_is_on_the_wall(desk: Desk, supervisor: Agent) -> None:
    assert (await supervisor.get("wall")).status == 200  # now the desk knows everybody for a while
    newcomer = await desk.agent("Newcomer", "supervisor")
    await desk.services.conversations.saw([newcomer.member.id])
    wall = await newcomer.get("wall")
    assert wall.status == 200 and "Newcomer" in [one["name"] for one in wall.json["agents"]]


async def test_two_desks_at_once_give_each_conversation_to_one(desk: Desk, supervisor: Agent, hand_off: HandOff) -> None:
    ada, bea = await desk.agent("Ada"), await desk.agent("Bea")
    customers = [await begin(desk, hand_off) for _ in range(6)]
    async with running(desk.settings) as other:
        # Both are there before anything is given: else the first of them rightly gets what waits.
        for who in (ada, bea):
            await who.send("POST", "me", {"status": "online"})
        team = {"name": "Support", "assignment": "auto", "revision": 1}
        assert (await supervisor.send("PUT", "settings/teams/support", team)).status == 200
        both = (desk.services.dispatch, other.services.dispatch)
        await asyncio.gather(*(dispatch.run() for dispatch in both * 3))
        for customer in customers:
            state = await desk.services.conversations.state(customer.cid)
            records = await desk.services.conversations.records(customer.cid)
            assert state.owner == "agent" and [r["event"] for r in records if "event" in r] == ["handoff", "claimed"]
        assert await desk.services.conversations.loads([ada.member.id, bea.member.id]) == {
            ada.member.id: 3, bea.member.id: 3}
