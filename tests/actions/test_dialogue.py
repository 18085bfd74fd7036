"""One step of a task, where no shop is needed to see what comes of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from actions.shop.embedded import SampleShop
from actions.tasks.catalogue import TASKS
from actions.tasks.dialogue import Judged, step
from actions.tasks.needs import REASON, HowMany, NewValue, When, Who
from actions.tasks.task import ALONE, NOTHING, Context, Say, State


def context(state: State, text: str) -> Context:
    customer = {"id": "C-1004"}
    return Context(TASKS[state.name], state, SampleShop(Path("none")), "c", "t", text, customer=customer,
                   today=date(2026, 11, 24))


def after_a_failure(task: str, **values: str) -> State:
    return State(task, dict(values), asked="again", question={"response": "utter_shop_down", "values": {}, "buttons": []},
                 key="k")


@pytest.mark.parametrize(("task", "values"), [
    ("newsletter", {"on": "off"}), ("complaint", {"kind": "complaint", "text": "The staff in the store were rude"}),
    ("reset_password", {"trouble": "password", "email": "gwen.parry@example.org"}),
])
@pytest.mark.parametrize("text", ["I'd rather stay on it", "no, I would like to stay on it", "perhaps another day"])
def test_after_a_failure_only_the_word_to_try_does_what_is_not_read_back(task: str, values: dict[str, str],
                                                                        text: str) -> None:
    state = after_a_failure(task, **values)
    assert asyncio.run(step(context(state, text), Judged())) in ((True, False), (True, True))
    assert state.ended in ("", "declined")
    state = after_a_failure(task, **values)
    assert asyncio.run(step(context(state, "hmm, the blue thing"), Judged())) == (True, False) and not state.ended
    assert asyncio.run(step(context(state, "no, the blue thing"), Judged())) == (True, True)
    assert state.ended == "unclear"


@pytest.mark.parametrize("text", ["try again", "yes", "yes please"])
def test_after_a_failure_the_word_to_try_does_it(text: str) -> None:
    state = after_a_failure("complaint", kind="complaint", text="The staff in the store were rude")
    assert asyncio.run(step(context(state, text), Judged())) == (True, True) and not state.ended


@pytest.mark.parametrize(("text", "said"), [
    ("5 Oak Road, York, YO1 7AA", ["utter_task_yes_or_no"]), ("wait", ["utter_task_waiting"]),
])
def test_what_is_read_back_once_more_is_not_read_back_without_a_word(text: str, said: list[str]) -> None:
    class Told:
        name = "address"

        def hear(self, ctx: Context, asked: bool) -> int:
            return ALONE

        async def settle(self, ctx: Context) -> None:
            return None

    async def reads_back(ctx: Context) -> Say:
        return Say("utter_confirm_address", {"address": "5 Oak Road, York, YO1 7AA"})

    state = State("change_delivery", asked="confirm", question=asyncio.run(reads_back(None)).as_dict())  # type: ignore[arg-type]
    ctx = context(state, text)
    ctx.task = replace(ctx.task, needs=(Told(),), reads_back=reads_back)
    assert asyncio.run(step(ctx, Judged())) == (True, False)
    assert state.asked == "confirm" and [one.response for one in ctx.said] == said


@pytest.mark.parametrize(("text", "strength", "left"), [
    ("2 please", NOTHING, 2), ("make it 2", NOTHING, 2), ("3 please", ALONE, 3),
])
def test_the_number_that_was_read_back_adds_nothing(text: str, strength: int, left: int) -> None:
    state = State("change_order", {"quantity": 2}, asked="confirm")
    assert HowMany().hear(context(state, text), False) == strength and state.values["quantity"] == left


@pytest.mark.parametrize(("text", "strength", "kept"), [
    ("Tuesday please", NOTHING, True), ("Tuesday 1 December", NOTHING, True), ("Wednesday please", ALONE, False),
])
def test_the_day_that_was_read_back_adds_nothing(text: str, strength: int, kept: bool) -> None:
    slot: dict[str, Any] = {"day": "2026-12-01", "window": "14:00-16:00"}
    state = State("change_delivery", {"what": "slot", "slot": slot}, asked="confirm")
    assert When(only="slot").hear(context(state, text), False) == strength and ("slot" in state.values) is kept


@pytest.mark.parametrize(("text", "code", "order"), [
    ("found it, the order is LM-104281", None, "LM-104281"), ("order 104281", None, "LM-104281"),
    ("104281", "104281", None), ("the code for my order is 104281", "104281", None), ("it's 104 281", "104281", None),
])
def test_an_order_named_where_a_code_was_asked_for_is_no_code(text: str, code: str | None, order: str | None) -> None:
    state = State("track_order", {"email": "gwen@example.org", "code_sent": True}, asked="who")
    ctx = context(state, text)
    ctx.customer = None
    assert Who().hear(ctx, True) == ALONE
    assert (state.values.get("code"), state.values.get("order")) == (code, order)


@pytest.mark.parametrize(("stands", "text", "reason"), [
    ("changed_mind", "no, sorry, it arrived damaged", "damaged"), ("changed_mind", "wrong reason, it was damaged", "damaged"),
    ("wrong_size", "it's the wrong item actually", "wrong_item"), ("damaged", "it is scratched", "damaged"),
    ("damaged", "yes please, and refund my gift card", "damaged"), ("damaged", "no, and the other one too", "damaged"),
    ("changed_mind", "is the quality checked because of the damage?", "changed_mind"),
])
def test_a_reason_that_was_read_back_can_be_put_right(stands: str, text: str, reason: str) -> None:
    state = State("return_item", {"reason": stands}, asked="confirm", confirmed=True)
    assert REASON.hear(context(state, text), False) == (NOTHING if reason == stands else ALONE)
    assert state.values["reason"] == reason and state.confirmed is (reason == stands)


@pytest.mark.parametrize(("task", "values", "asked", "text", "what"), [
    ("change_delivery", {"what": "address"}, "address", "actually I want another day instead", "slot"),
    ("change_delivery", {"what": "slot", "slot": {}}, "confirm", "no, I meant the address", "address"),
    ("change_delivery", {"what": "address"}, "address", "no, to 5 Friday Close, York", "address"),
    ("edit_account", {"what": "name"}, "value", "sorry I meant my phone number", "phone"),
    ("edit_account", {"what": "name", "value": "Gwen"}, "confirm", "not the name, my phone", "phone"),
    ("edit_account", {"what": "email", "value": "a@b.co"}, "confirm", "no, gwen@phone.example", "email"),
])
def test_what_is_to_be_changed_can_be_put_right(
    task: str, values: dict[str, Any], asked: str, text: str, what: str
) -> None:
    state = State(task, dict(values), asked=asked)
    need = TASKS[task].needs[0]
    assert need.hear(context(state, text), False) == (NOTHING if what == values["what"] else ALONE)
    kept = values if what == values["what"] else {}
    assert state.values == {**kept, "what": what}


def test_another_detail_is_no_name() -> None:
    state = State("edit_account", {"what": "name"}, asked="value")
    assert NewValue().hear(context(state, "the phone number please"), True) == ALONE
    assert "value" not in state.values and state.values["bad"]
