"""Which task a message asks for, where the classifier alone is of no help."""

from __future__ import annotations

import pytest

from bot.judgement.tasks import gives_only_values, task_of
from bot.judgement.wishes import clauses


@pytest.mark.parametrize(("text", "only"), [
    ("LM-104281", True), ("gwen.parry@example.org", True), ("its lm 104281 and my email is gwen.parry@example.org", True),
    ("whats happening with ML-1O4281", True), ("cancel LM-104281", False), ("my name is Gwen", False), ("hi", False),
    ("#57", True), ("order no. 57, gwen.parry@example.org", True), ("it's 1042", True), ("wb-10428", True), ("57", False),
    ("6035 7100 4881 2204", False), ("07700 900142", False), ("cancel #57", False),
])
def test_nothing_but_a_number_or_an_address(text: str, only: bool) -> None:
    assert gives_only_values(text) is only


@pytest.mark.parametrize(("text", "read_as", "task"), [
    ("swap my boots for a 7", "return_item", "exchange_item"),
    ("swap my boots or give me my money back", "return_item", "return_item"),
    ("did you refund the bookcase?", "request_refund", "refund_status"),
    ("please refund the bookcase", "request_refund", "request_refund"),
    ("what's up with #1042", "oos", "track_order"), ("when is order no. 57 coming", "oos", "track_order"),
    ("where's my kettle?", "oos", "track_order"), ("where's your office?", "oos", "oos"),
    ("what is left on 6035 7100 4881 2204", "oos", "gift_card_balance"),
    ("how do I swap my boots?", "return_item", ""),
])
def test_near_neighbours_are_told_apart_by_their_words(text: str, read_as: str, task: str) -> None:
    assert task_of(text, read_as) == ("" if task == "oos" else task)


@pytest.mark.parametrize(("text", "parts"), [
    ("cancel my lamp order and also send me the invoice for the duvet",
     ["cancel my lamp order", "send me the invoice for the duvet"]),
    ("stop the newsletter and cancel my membership", ["stop the newsletter", "cancel my membership"]),
    ("return the jeans and the shirt", ["return the jeans and the shirt"]),
])
def test_clauses_that_may_each_be_a_wish(text: str, parts: list[str]) -> None:
    assert clauses(text) == parts
