"""Canned replies and macros: saved with care, filled in by the server, done whole or not begun."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from desk_harness import Agent, Answer, Customer, Desk

from bot.conversations.customer import Customer as Known
from bot.conversations.customer import Identity
from bot.conversations.store import Conversations
from bot.roster import placeholders

HandOff = Callable[..., Awaitable[None]]
HELLO = {"shortcut": "hello", "title": "Greeting", "text": "Hello {{customer.name}},\n\n{{ agent.name }} of {{shop}} here."}


@pytest.fixture
async def boss(desk: Desk) -> Agent:
    return await desk.agent("Ruth", "supervisor")


@pytest.fixture
async def mine(customer: Customer, agent: Agent, hand_off: HandOff) -> str:
    """A conversation that Ada has."""
    await customer.say("m1", "My tent broke")
    await hand_off()
    assert (await agent.act(customer.cid, "claim")).status == 200
    return customer.cid


async def settings(agent: Agent, method: str, path: str, body: Any = None) -> Answer:
    return await agent.desk.call(method, f"/api/console/settings/{path}", headers=agent.headers, json=body or {})


async def made(boss: Agent, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await settings(boss, "POST", kind, body)
    assert answer.status == 201, answer.body
    return dict(answer.json)


async def macro(boss: Agent, *steps: dict[str, Any], **more: Any) -> str:
    return str((await made(boss, "macros", {"title": "Do it", "steps": list(steps), **more}))["id"])


async def test_a_reply_is_kept_shown_to_all_and_two_who_edit_it_do_not_overwrite_each_other(boss: Agent, agent: Agent) -> None:
    kept = await made(boss, "canned", HELLO)
    assert kept == {**HELLO, "id": "greeting", "team": None, "revision": 1}
    assert (await agent.get("desk")).json["canned"] == [kept]
    other = await boss.desk.agent("Otto", "supervisor")
    first, second = await asyncio.gather(*(
        settings(who, "PUT", "canned/greeting", {**HELLO, "title": title, "revision": 1}) for who, title in ((boss, "One"), (other, "Two"))))
    assert sorted((first.status, second.status)) == [200, 409]
    lost, won = (first, second) if first.status == 409 else (second, first)
    assert lost.code == "edited" and lost.json["error"]["now"]["title"] == won.json["title"]
    assert (await settings(agent, "POST", "canned", HELLO)).status == 403
    assert (await settings(boss, "DELETE", "canned/greeting", {"revision": 1})).code == "edited"
    assert (await settings(boss, "DELETE", "canned/greeting", {"revision": 2})).status == 204
    assert (await agent.get("desk")).json["canned"] == []


@pytest.mark.parametrize(("change", "field", "said"), [
    ({"shortcut": "Say hello"}, "shortcut", "letters"), ({"shortcut": ""}, "shortcut", "1 to 30"), ({"text": " "}, "text", "no text"),
    ({"text": "x" * 2001}, "text", "2,001"), ({"text": "Dear {{customer}}"}, "text", "{{customer}}"), ({"text": "{{}}"}, "text", "{{}}"),
    ({"title": "a\nb\x07"}, "title", "text"), ({"team": "gone"}, "team", "one of"), ({"more": 1}, "more", "not known"), ({"text": None}, "text", "missing"),
])
async def test_a_bad_reply_is_refused_by_field(boss: Agent, change: dict[str, Any], field: str, said: str) -> None:
    answer = await settings(boss, "POST", "canned", {**HELLO, **change})
    assert answer.status == 400 and answer.json["error"]["field"] == field and said in answer.json["error"]["message"]


async def test_a_shortcut_is_one_replys(boss: Agent) -> None:
    await made(boss, "canned", HELLO)
    taken = await settings(boss, "POST", "canned", {**HELLO, "shortcut": "/Hello"})
    assert "there is a reply /hello already" in taken.json["error"]["message"]
    assert (await settings(boss, "PUT", "canned/greeting", {**HELLO, "revision": 1})).status == 200


async def test_placeholders_are_filled_in_here_and_what_is_not_known_is_left_to_see(
    boss: Agent, agent: Agent, mine: str, conversations: Conversations,
) -> None:
    await made(boss, "canned", HELLO)
    path = f"conversations/{mine}/canned/greeting"
    assert (await agent.get(path)).json == {"text": "Hello «customer.name»,\n\nAda of Larkmoor here.", "missing": ["customer.name"]}
    await conversations.identify(mine, Identity(Known("c1", "{{shop}} & Grace"), "d", 60))
    assert (await agent.get(path)).json == {"text": "Hello {{shop}} & Grace,\n\nAda of Larkmoor here.", "missing": []}
    assert (await agent.get(f"conversations/{mine}/canned/nothing")).status == 404
    assert (await agent.get("conversations/nothing/canned/greeting")).status == 404
    assert placeholders.filled("{{a}}{{a}} {{shop}}", {"shop": "S"}) == ("«a»«a» S", ["a"])


async def test_a_macro_does_all_its_steps(boss: Agent, agent: Agent, customer: Customer, mine: str) -> None:
    name = await macro(
        boss, {"do": "reply", "text": "We will send you a new pole."}, {"do": "note", "text": "batch 7, conversation {{conversation}}"},
        {"do": "tag", "add": ["pole"]}, {"do": "priority", "priority": "low"}, {"do": "close", "outcome": "product_fault"})
    answer = await agent.act(mine, "macro", {"macro": name})
    assert answer.status == 200, answer.body
    shown = answer.json["conversation"]
    assert (shown["owner"], shown["outcome"], shown["tags"], shown["priority"]) == ("closed", "product_fault", ["pole"], "low")
    records = (await agent.get(f"conversations/{mine}")).json["records"]
    said = {record["seq"]: record for record in records}
    assert [said[seq]["text"] for seq in answer.json["sent"]] == ["We will send you a new pole.", f"batch 7, conversation {mine}"]
    told = (await customer.get("conversation?after=0")).json["records"]
    assert [record.get("text") for record in told if record["kind"] == "message"] == ["My tent broke", "We will send you a new pole."]


async def test_a_macro_gives_the_conversation_on_and_puts_it_off(boss: Agent, agent: Agent, mine: str) -> None:
    await made(boss, "teams", {"name": "Tents", "tier": 2})
    snooze = await macro(boss, {"do": "snooze", "minutes": 30})
    assert (await agent.act(mine, "macro", {"macro": snooze})).json["conversation"]["snoozed_until"] > 0
    give = await macro(boss, {"do": "note", "text": "for you"}, {"do": "assign", "team": "tents"})
    shown = (await agent.act(mine, "macro", {"macro": give})).json["conversation"]
    assert (shown["owner"], shown["team"]) == ("queue", "tents")
    await agent.act(mine, "claim")
    to = await macro(boss, {"do": "assign", "agent": boss.member.id})
    assert (await agent.act(mine, "macro", {"macro": to})).json["conversation"]["agent"]["name"] == "Ruth"


async def test_a_macro_whose_team_is_gone_is_refused_by_name_before_anything_is_done(boss: Agent, agent: Agent, mine: str) -> None:
    team = await made(boss, "teams", {"name": "Tents"})
    name = await macro(boss, {"do": "reply", "text": "Experts will look at it."}, {"do": "tag", "add": ["x"]}, {"do": "assign", "team": "tents"})
    assert (await settings(boss, "DELETE", "teams/tents", {"revision": team["revision"]})).status == 204
    before = (await agent.get(f"conversations/{mine}")).json
    answer = await agent.act(mine, "macro", {"macro": name})
    assert (answer.status, answer.code) == (409, "macro_refused")
    assert "'tents', which has been removed" in answer.json["error"]["message"]
    assert (await agent.get(f"conversations/{mine}")).json == before


async def test_what_is_not_known_here_is_refused_before_anything_is_done(
    boss: Agent, agent: Agent, mine: str, conversations: Conversations,
) -> None:
    name = await macro(boss, {"do": "tag", "add": ["x"]}, {"do": "reply", "text": "Dear {{customer.name}}, order {{order}} is on its way"})
    answer = await agent.act(mine, "macro", {"macro": name})
    assert answer.code == "macro_refused" and "customer.name and order" in answer.json["error"]["message"]
    await conversations.identify(mine, Identity(Known("c1", "G" * 100), "d", 60))
    long = await macro(boss, {"do": "reply", "text": "{{customer.name}}" + "x" * 1950})
    assert "longer than 2,000" in (await agent.act(mine, "macro", {"macro": long})).json["error"]["message"]
    shown = (await agent.get(f"conversations/{mine}")).json
    assert shown["conversation"]["tags"] == [] and not any(record.get("by") and record["kind"] == "message" for record in shown["records"])


async def test_only_its_agent_runs_a_macro_but_anybody_notes(boss: Agent, agent: Agent, mine: str) -> None:
    reply = await macro(boss, {"do": "reply", "text": "hello"})
    note = await macro(boss, {"do": "note", "text": "seen"}, {"do": "tag", "add": ["seen"]})
    other = await agent.desk.agent("Ben")
    stale = await other.act(mine, "macro", {"macro": reply})
    assert (stale.status, stale.code) == (409, "stale") and "Ada" in stale.json["error"]["message"]
    assert (await other.act(mine, "macro", {"macro": note})).json["conversation"]["tags"] == ["seen"]
    assert (await agent.act(mine, "macro", {"macro": "nothing"})).status == 404
    assert (await agent.act(mine, "macro", {})).code == "missing_field"


async def test_sent_again_it_says_nothing_twice(boss: Agent, agent: Agent, mine: str) -> None:
    name = await macro(boss, {"do": "reply", "text": "hello"}, {"do": "note", "text": "greeted"})
    once = await agent.act(mine, "macro", {"macro": name, "id": "run-1"})
    again = await agent.act(mine, "macro", {"macro": name, "id": "run-1"})
    assert once.json["sent"] == again.json["sent"] and len(once.json["sent"]) == 2


@pytest.mark.parametrize(("steps", "said"), [
    ([], "1 to 10"), ("reply", "1 to 10"), ([{"do": "reply", "text": "x"}] * 11, "1 to 10"), ([{"do": "sing"}], "step 1"),
    ([{"do": "reply", "text": "{{name}}"}], "step 1"), ([{"do": "note", "text": "x"}, {"do": "tag"}], "step 2"),
    ([{"do": "assign", "team": "nowhere"}], "team"), ([{"do": "assign"}], "one of them"), ([{"do": "assign", "agent": "nobody"}], "agent"),
    ([{"do": "close", "outcome": "fine"}], "outcome"), ([{"do": "snooze", "minutes": 0}], "minutes"), ([{"do": "snooze"}], "minutes"),
    ([{"do": "close", "outcome": "solved"}, {"do": "note", "text": "x"}], "after step 1"), ([{"do": "reply", "text": "x", "to": "y"}], "not known"),
    ([7], "1 to 10"), ([{"do": "priority", "priority": "now"}], "priority"), ([{"do": "assign", "team": "support", "agent": "x"}], "one of them"),
])
async def test_a_bad_macro_is_refused_by_step(boss: Agent, steps: Any, said: str) -> None:
    answer = await settings(boss, "POST", "macros", {"title": "x", "steps": steps})
    assert answer.status == 400 and answer.json["error"]["field"] == "steps" and said in answer.json["error"]["message"], answer.body
