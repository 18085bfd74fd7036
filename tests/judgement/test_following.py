"""Messages that mean something only after what was said before."""

from __future__ import annotations

import pytest

from bot.judgement.confidence import SIGNS, Confidence
from bot.judgement.following import follows, in_context, undone, wants_undone
from bot.judgement.judgement import Judgement, Reading
from bot.judgement.router import Bars
from kb_index.retriever import Candidate

#: A confidence of a half, whatever is found.
_BARS = Bars(0.8, 0.3, 0.5, 0.6, 0.5, 0.9, Confidence([0.0] * len(SIGNS), 0.0))
_CARD, _POINTS = Candidate("gift-card-valid", 0.7, 0.7, 3.0), Candidate("points-expire", 0.8, 0.8, 5.0)


def _judged(decision: str) -> tuple[Judgement, Reading]:
    reading = Reading("when do they expire", {"service": 0.9}, "ask_gift_cards", 0.6, (_CARD,))
    entry = _CARD.entry if decision == "answer" else ""
    return Judgement("service", decision, 0.9, "ask_gift_cards", "", entry, (_CARD,)), reading


@pytest.mark.parametrize(("text", "points"), [
    ("how long does that take", True), ("when do they expire", True), ("and tomorrow?", True), ("And on Sunday?", True),
    ("what about shoes?", True), ("does it cost extra?", True), ("and the other one?", True), ("where’s it now", True),
    ("how do I cancel my order", False), ("is it possible to pay by invoice", False),
    ("is there a fee for returns", False),
    ("I think that my parcel is lost", False), ("and can I pay my order in instalments", False), ("thanks", False),
    ("I bought the jumper in the sale and it is too small, can it go back to you please", False),
])
def test_what_points_back(text: str, points: bool) -> None:
    assert follows(text) is points


@pytest.mark.parametrize(("text", "wants"), [
    ("oh no can you undo that", True), ("sorry that was a mistake", True), ("please un-cancel it", True),
    ("thank you", False), ("cancel my order", False), ("can you send it back", False),
])
def test_what_is_to_be_undone(text: str, wants: bool) -> None:
    assert wants_undone(text) is wants


def test_an_answer_that_the_context_does_not_bear_out_is_offered() -> None:
    judged, reading = _judged("answer")
    told = in_context(judged, reading, [_POINTS, _CARD], _BARS)
    assert (told.decision, told.entry) == ("clarify", "")
    assert [one.entry for one in told.candidates] == ["points-expire", "gift-card-valid"]


def test_an_answer_that_the_context_bears_out_stays() -> None:
    judged, reading = _judged("answer")
    assert in_context(judged, reading, [_CARD, _POINTS], _BARS) is judged


def test_what_is_near_in_context_is_not_beyond_the_bot() -> None:
    judged, reading = _judged("abstain")
    assert in_context(judged, reading, [_POINTS], _BARS).decision == "clarify"
    assert in_context(judged, reading, [], _BARS) is judged


@pytest.mark.parametrize("decision", ["task", "handoff", "chat"])
def test_what_needs_no_entry_stays(decision: str) -> None:
    judged, reading = _judged(decision)
    assert in_context(judged, reading, [_POINTS], _BARS) is judged


def test_people_take_back_what_was_done() -> None:
    assert undone(_judged("chat")[1]).decision == "handoff"
