"""The router's rules one by one, on readings made for each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.judgement.confidence import SIGNS, Confidence
from bot.judgement.judgement import DECISIONS, Judgement, Reading
from bot.judgement.router import Bars, decide, settled, within_task
from bot.judgement.tasks import TASKS
from kb_index.retriever import Candidate

#: Confidence is the sigmoid of the nearest entry's score, so that a test sets it by the score.
PLAIN = Confidence([1.0] + [0.0] * (len(SIGNS) - 1), 0.0)
BARS = Bars(answer=0.8, offer=0.6, people=0.5, people_though_sure=0.7, scope=0.3, search=0.9, confidence=PLAIN)
SURE, NEAR, FAR = 3.0, 1.0, -3.0


def judge(text: str = "some words", score: float | None = SURE, failed: int = 0, bars: Bars = BARS,
          tasks: frozenset[str] = frozenset(), intent: str = "track_order", **routes: float) -> Judgement:
    found = [] if score is None else [Candidate(f"e{i}", score - i / 100, 0.5, 1.0) for i in range(5)]
    return decide(Reading(text, routes or {"service": 1.0}, intent, 0.7, found), bars, failed, tasks)


def what(judged: Judgement) -> tuple[str, str]:
    assert judged.decision in DECISIONS
    return judged.route, judged.decision


def worded(score: float = SURE, **routes: float) -> Judgement:
    """A message that stands word for word among the first entry's questions."""
    return decide(Reading("size guide", routes, "product_question", 0.7, [Candidate("e0", score, 1.0, 1.0, same=True)]),
                  BARS, 0, frozenset({"track_order"}))


def test_what_is_published_word_for_word_is_answered_however_much_it_is_like_a_fault() -> None:
    assert what(judge(support=0.95, service=0.05)) == ("support", "handoff")
    assert what(worded(support=0.95, service=0.05)) == ("service", "answer")
    assert what(worded(support=0.4, human=0.5, service=0.1)) == ("service", "answer")


def test_the_very_words_do_not_keep_who_clearly_wants_a_person_from_one() -> None:
    assert what(worded(human=0.8, service=0.2)) == ("human", "handoff")


def test_the_very_words_need_no_bar() -> None:
    judged = worded(FAR, support=0.95, service=0.05)
    assert what(judged) == ("service", "answer") and "very words" in judged.why


def test_the_very_words_of_two_entries_say_nothing() -> None:
    both = [Candidate(name, FAR, 1.0, 1.0, same=True) for name in ("e0", "e1")]
    assert what(decide(Reading("size guide", {"service": 1.0}, "ask_orders", 0.7, both), BARS)) == ("service", "handoff")


def test_what_is_clearly_out_of_scope_is_answered_by_no_entry_however_near() -> None:
    assert what(judge(out_of_scope=0.69, service=0.31)) == ("service", "answer")
    assert what(judge(out_of_scope=0.71, service=0.29)) == ("out_of_scope", "abstain")
    assert what(worded(out_of_scope=0.71, service=0.29)) == ("service", "answer")


@pytest.mark.parametrize("text", ["0", " 0 ", "0!", "(0)", "\n0\n", "hello?\n0", "0\nplease"])
def test_zero_reaches_a_person_whatever_else_is_true(text: str) -> None:
    for score in (SURE, FAR, None):
        judged = judge(text, score, out_of_scope=1.0)
        assert what(judged) == ("human", "handoff") and judged.confidence == 1 and "0" in judged.why


@pytest.mark.parametrize("text", [
    "my kettle caught fire this morning", "The heater is on fire!!", "it set the curtains on fire", "battery exploded",
    "i got a nasty shock off the toaster", "it sparks when I plug it in", "smoke is coming out of the back",
    "there's a burning smell from the fan heater", "stinks of burning plastic", "burnt my daughters hand on the handle",
    "@shop the charger blew up and we ended up in hospital",
])
def test_danger_reaches_the_support_team_whatever_else_is_true(text: str) -> None:
    for score in (SURE, FAR, None):
        judged = judge(text, score, out_of_scope=1.0, intent="oos")
        assert what(judged) == ("support", "handoff") and judged.intent == "report_defect"


@pytest.mark.parametrize("text", [
    "does the fire pit come with a cover", "how long do the candles burn", "the smoke alarm chirps", "is the sofa fire safe",
    "toaster burns everything on one side", "I was shocked by the price", "sales are on fire today", "is there smoking at work",
])
def test_what_only_sounds_like_it_is_judged_as_ever(text: str) -> None:
    assert "burnt" not in judge(text).why


@pytest.mark.parametrize("text", ["00", "10", "0.5", "order 0", "O"])
def test_other_text_with_a_zero_is_text(text: str) -> None:
    assert "typed 0" not in judge(text).why


@pytest.mark.parametrize("text", ["", "   ", "\U0001f600\U0001f44d\u200d", "?!", "12345", "...", "\n\n", "_"])
def test_no_words_are_no_question_and_twice_is_enough(text: str) -> None:
    assert what(judge(text)) == ("out_of_scope", "abstain")
    assert what(judge(text, failed=1)) == ("out_of_scope", "handoff")


def test_what_is_too_long_to_read_is_not_answered_by_its_beginning() -> None:
    assert what(judge("word " * 400)) == ("service", "answer")
    assert what(judge("word " * 401)) == ("out_of_scope", "abstain")
    assert what(judge("word " * 401, failed=1)) == ("out_of_scope", "handoff")
    assert what(judge("word " * 401, support=0.9, service=0.1)) == ("support", "handoff")


@pytest.mark.parametrize("text", ["é", "مرحبا", "订单在哪里", "\U0001f600 hi"])
def test_letters_of_any_script_are_words(text: str) -> None:
    assert what(judge(text)) == ("service", "answer")


@pytest.mark.parametrize(("routes", "route"), [
    ({"support": 0.7, "service": 0.3}, "support"),
    ({"human": 0.4, "support": 0.35, "service": 0.25}, "human"),
    ({"human": 0.35, "support": 0.35, "service": 0.3}, "human"),
    ({"support": 0.9, "smalltalk": 0.1}, "support"),
])
def test_what_is_for_people_goes_to_people_however_near_an_entry_is(routes: dict[str, float], route: str) -> None:
    judged = judge(**routes)  # type: ignore[arg-type]
    assert what(judged) == (route, "handoff") and judged.confidence == routes.get("human", 0) + routes["support"]


def test_a_sure_answer_has_a_people_bar_of_its_own() -> None:
    assert what(judge(support=0.69, service=0.31)) == ("service", "answer")
    assert what(judge(support=0.7, service=0.3)) == ("support", "handoff")
    assert what(judge(score=NEAR, support=0.5, service=0.5)) == ("support", "handoff")
    assert what(judge(score=NEAR, support=0.49, service=0.51)) == ("service", "clarify")
    assert what(judge(support=0.49, human=0.0, sales=0.4)) == ("service", "answer")


def test_small_talk_is_answered_as_such_unless_an_entry_is_sure() -> None:
    assert what(judge(score=NEAR, intent="greet", smalltalk=0.9, service=0.1)) == ("smalltalk", "chat")
    assert what(judge(score=None, intent="greet", smalltalk=0.9, service=0.1)) == ("smalltalk", "chat")
    assert what(judge(score=SURE, intent="greet", smalltalk=0.9, service=0.1)) == ("service", "answer")
    assert what(judge(score=SURE, intent="thank", smalltalk=0.9999, service=0.0001)) == ("smalltalk", "chat")


def test_the_nearest_entry_is_the_answer_when_it_is_sure() -> None:
    judged = judge()
    assert judged.entry == "e0" and judged.confidence == pytest.approx(0.9526, abs=1e-4)
    assert what(judge(sales=0.9, service=0.1)) == ("sales", "answer")
    assert what(judge(out_of_scope=0.6, service=0.4)) == ("service", "answer")


def test_at_the_bar_is_above_it() -> None:
    sure = PLAIN.of(Reading("x", {"service": 1.0}, "i", 1.0, [Candidate("e", 1.0, 0.5, 1.0)]))
    assert judge(score=1.0, bars=Bars(sure, 0.1, 0.5, 0.5, 0.5, 0.9, PLAIN)).decision == "answer"
    assert judge(score=0.99, bars=Bars(sure, 0.1, 0.5, 0.5, 0.5, 0.9, PLAIN)).decision == "clarify"


def test_near_entries_are_offered_once_and_then_people_come() -> None:
    judged = judge(score=NEAR)
    assert what(judged) == ("service", "clarify") and len(judged.candidates) == 5 and judged.entry == ""
    assert what(judge(score=NEAR, failed=1)) == ("service", "handoff")
    assert "two turns" in judge(score=NEAR, failed=1).why


def test_nothing_near_is_handed_over_and_what_is_out_of_scope_is_declined() -> None:
    assert what(judge(score=FAR)) == ("service", "handoff")
    assert what(judge(score=None)) == ("service", "handoff")
    assert what(judge(score=NEAR, out_of_scope=0.9, service=0.1)) == ("out_of_scope", "abstain")
    assert what(judge(score=FAR, out_of_scope=0.9, service=0.1, failed=1)) == ("out_of_scope", "handoff")
    assert what(judge(score=FAR, sales=0.9, service=0.1)) == ("sales", "handoff")
    # Rather for nobody than for the service team, though another route is likelier.
    assert what(judge(score=FAR, out_of_scope=0.3, sales=0.3, service=0.4)) == ("service", "abstain")
    assert what(judge(score=FAR, out_of_scope=0.29, sales=0.3, service=0.41)) == ("service", "handoff")


def test_what_is_likelier_for_the_service_team_than_not_is_offered_the_nearest_rather_than_declined() -> None:
    assert what(judge(score=FAR, out_of_scope=0.3, service=0.7)) == ("service", "clarify")
    assert what(judge(score=None, out_of_scope=0.3, service=0.7)) == ("service", "abstain")
    assert what(judge(score=FAR, out_of_scope=0.3, service=0.7, failed=1)) == ("service", "handoff")
    # Where a person is all that it would delay, what is near nothing is not offered.
    assert what(judge(score=FAR, out_of_scope=0.29, service=0.71)) == ("service", "handoff")


def test_a_task_is_done_rather_than_described() -> None:
    tasks = frozenset({"track_order"})
    assert what(judge(tasks=tasks)) == ("service", "task")
    assert what(judge(tasks=tasks, support=0.7, service=0.3)) == ("support", "handoff")
    # Doubt whether it is for people leaves room for an answer, not for a deed.
    assert what(judge(tasks=tasks, support=0.6, service=0.4)) == ("service", "answer")
    assert what(judge(tasks=tasks, score=FAR, support=0.6, service=0.4)) == ("support", "handoff")
    assert what(judge(tasks=tasks, intent="praise")) == ("service", "answer")


def test_bars_that_nothing_passes_hand_everything_over() -> None:
    never = Bars.parse({"answer": {"value": "never"}, "offer": {"value": 1.0}, "people": {"value": 0.0},
                        "people_though_sure": {"value": 0.0}, "scope": {"value": 0.5}, "search": {"value": "never"},
                        "confidence": PLAIN.as_dict()})
    assert judge(bars=never).decision == "handoff"
    careful = Bars(float("inf"), 1.0, 0.6, 0.6, 0.5, 0.9, PLAIN)
    assert what(judge(bars=careful)) == ("service", "handoff")


def test_a_judgement_is_json() -> None:
    import json

    told: dict[str, Any] = json.loads(json.dumps(judge().as_dict()))
    assert told["candidates"][0] == {"entry": "e0", "score": 3.0} and told["entry"] == "e0"


def test_a_task_is_begun_where_service_is_likelier_than_all_else_or_an_order_is_named() -> None:
    tasks = frozenset({"track_order"})
    assert judge(tasks=tasks, score=FAR, service=0.5, sales=0.5).decision == "task"
    assert judge(tasks=tasks, score=FAR, service=0.4, out_of_scope=0.3, sales=0.3).decision != "task"
    assert judge("where is LM-123456", FAR, tasks=tasks, service=0.4, out_of_scope=0.3, sales=0.3).decision == "task"


_ROUTES = ("service", "support", "human", "sales", "smalltalk", "out_of_scope")
_TEXTS = ("where is my order LM-104287?", "cancel it please", "will I get that back?", "size guide", "put the kettle on",
          "my kettle drips", "0", "...", "word " * 500)


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6).filter(any), st.sampled_from(_TEXTS),
       st.sampled_from(("track_order", "request_refund", "ask_orders", "product_question")),
       st.floats(0, 1), st.floats(0, 1), st.integers(0, 1))
def test_what_is_settled_is_decided_alike_whatever_is_found(
    weights: list[float], text: str, intent: str, people: float, though_sure: float, failed: int,
) -> None:
    bars = Bars(0.8, 0.6, people, though_sure, 0.3, 0.9, PLAIN)
    routes = {name: one / sum(weights) for name, one in zip(_ROUTES, weights, strict=True)}
    readings = [Reading(text, routes, intent, 0.7, found) for found in (
        [], [Candidate("far", FAR, 0.1, 0.0)], [Candidate("near", NEAR, 0.5, 1.0)], [Candidate("sure", SURE, 0.9, 1.0)])]
    decided = {(*what(one), one.intent) for one in
               (within_task(decide(reading, bars, failed, TASKS), text) for reading in readings)}
    if settled(readings[0], bars, TASKS):
        assert len(decided) == 1


def test_who_needs_people_whatever_is_found_is_settled() -> None:
    def is_settled(text: str, intent: str = "product_question", **routes: float) -> bool:
        return settled(Reading(text, routes, intent, 0.7), BARS, TASKS)

    assert is_settled("it drips", support=0.75, service=0.25)
    assert not is_settled("it drips", support=0.6, service=0.4)  # a sure answer would be given
    assert is_settled("what is love", out_of_scope=0.75, service=0.25)
    assert not is_settled("what is love", out_of_scope=0.65, service=0.35)
    assert is_settled("cancel it please", "cancel_order", service=0.9, support=0.1)
    assert not is_settled("how long does it take", "ask_delivery", service=0.9, support=0.1)
