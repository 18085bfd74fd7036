"""Ratings of closed conversations and votes on answers: what counts, what is refused, what the customer's log shows."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from desk_harness import Agent, Customer

from bot.conversations import feedback, keys
from bot.conversations.record import message
from bot.conversations.store import Conversations
from bot.conversations.turn import Commit

ANSWER = message("bot", "Within 30 days.", evidence={"entry": "returns", "version": 3, "decision": "answer"})
ASKED_BACK = message("bot", "Which one?", evidence={"entry": "returns", "decision": "clarify"})


@pytest.fixture
async def closed(customer: Customer, agent: Agent, hand_off: Callable[..., Awaitable[None]]) -> Customer:
    await customer.say("m1", "a person, please")
    await hand_off()
    assert (await agent.act(customer.cid, "claim")).status == 200
    assert (await agent.act(customer.cid, "close", {"outcome": "solved"})).status == 200
    return customer


async def internals(conversations: Conversations, cid: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name not in ("seq", "at", "kind", "from")}
            for record in await conversations.records(cid) if record["kind"] == "internal"]


async def closing(conversations: Conversations, cid: str) -> int:
    return max(int(record["seq"]) for record in await conversations.records(cid) if record.get("event") == "closed")


async def test_a_rating_is_kept_for_the_staff_and_only_once(
    closed: Customer, conversations: Conversations
) -> None:
    said = {"csat": 5, "effort": 4, "comment": " Quick “and” kind. "}
    for _ in range(2):
        assert (await closed.post("rating", said)).status == 204
    of = await closing(conversations, closed.cid)
    kept = {"csat": 5, "effort": 4, "comment": "Quick “and” kind.", "of": of}
    assert await internals(conversations, closed.cid) == [{"event": "rated", **kept}]
    state = json.loads(await conversations.call("HGET", keys.conversation(closed.cid), "rating"))
    assert {name: state[name] for name in kept} == kept
    shown = (await closed.get("conversation")).json["records"][-1]
    assert set(shown) == {"seq", "at", "kind"}


async def test_a_rating_may_be_changed_for_a_while_and_without_effort(
    closed: Customer, conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await closed.post("rating", {"csat": 2})).status == 204
    assert (await closed.post("rating", {"csat": 4})).status == 204
    kept = await internals(conversations, closed.cid)
    assert [(record["csat"], record["effort"], record["comment"]) for record in kept] == [(2, None, ""), (4, None, "")]
    monkeypatch.setattr(feedback, "CHANGE_SECONDS", -1)
    late = await closed.post("rating", {"csat": 1})
    assert (late.status, late.code) == (409, "rated")
    assert await internals(conversations, closed.cid) == kept


async def test_the_next_closing_has_a_rating_of_its_own(
    closed: Customer, conversations: Conversations, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await closed.post("rating", {"csat": 5})
    await closed.say("m2", "One more thing")
    assert (await closed.post("rating", {"csat": 1})).code == "refused"
    epoch = (await agent.get(f"conversations/{closed.cid}")).json["conversation"]["epoch"]
    assert (await agent.act(closed.cid, "claim", {"epoch": epoch})).status == 200
    assert (await agent.act(closed.cid, "close", {"outcome": "not_solved"})).status == 200
    monkeypatch.setattr(feedback, "CHANGE_SECONDS", -1)
    assert (await closed.post("rating", {"csat": 3})).status == 204
    first, second = await internals(conversations, closed.cid)
    assert first["of"] < second["of"] == await closing(conversations, closed.cid)


async def test_what_only_ran_out_is_not_rated(customer: Customer, conversations: Conversations) -> None:
    assert (await customer.post("rating", {"csat": 5})).code == "refused"
    assert await conversations.close_idle(await conversations.now() + 1) == [customer.cid]
    assert (await customer.post("rating", {"csat": 5})).code == "refused"


@pytest.mark.parametrize(("said", "code", "field"), [
    ({}, "missing_field", "csat"), ({"csat": 0}, "bad_field", "csat"), ({"csat": 6}, "bad_field", "csat"),
    ({"csat": 5, "effort": 9}, "bad_field", "effort"), ({"csat": True}, "bad_field", "csat"),
    ({"csat": 5, "comment": "x" * 1001}, "text_too_long", None), ({"csat": 5, "stars": 5}, "unknown_field", "stars"),
])
async def test_a_rating_that_is_none(closed: Customer, said: Any, code: str, field: str | None) -> None:
    answer = await closed.post("rating", said)
    assert (answer.status, answer.code, answer.json["error"].get("field")) == (400, code, field)


async def test_a_vote_names_the_entry_and_the_newest_counts(customer: Customer, conversations: Conversations) -> None:
    await customer.say("m1", "Can I send it back?")
    turn = await conversations.take()
    assert turn is not None
    await conversations.commit(turn, Commit(replies=[ANSWER, ASKED_BACK]))
    shown = (await customer.get("conversation")).json["records"]
    assert [record.get("answer") for record in shown] == [None, True, None] and "evidence" not in shown[1]
    for helpful in (True, True, False):
        assert (await customer.post("helpful", {"seq": 2, "helpful": helpful})).status == 204
    vote = {"event": "helpful", "of": 2, "entry": "returns"}
    assert await internals(conversations, customer.cid) == [{**vote, "helpful": True}, {**vote, "helpful": False}]
    for seq in (0, -1, 1, 3, 4, 99, 10**12):
        answer = await customer.post("helpful", {"seq": seq, "helpful": True})
        assert (answer.status, answer.code, answer.json["error"]["field"]) == (400, "bad_field", "seq"), seq
