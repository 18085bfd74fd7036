"""Messages told plainly, and the requests that their form makes plain."""

from __future__ import annotations

import time

import pytest

from bot.judgement import phrases
from bot.judgement.plainly import plainly
from bot.judgement.tasks import form_of, gives_only_values
from bot.judgement.wishes import clauses


@pytest.mark.parametrize(("text", "plain"), [
    ("can u make it 2 speakers instead of 1", "can u make it 2 items instead of 1"),
    ("cancel order LM-104281", "cancel my order"), ("where's lm 10 42 81?", "where's my order?"),
    ("order LM-104281 and my email is a@b.co, cancel it please", "my order, cancel it please"),
    ("change my email to a@b.co", "change my email to this"),
    ("swap the linen shirt (a@b.co) for an M", "swap the linen item for an M"),
    ("my phone number is wrong", "my phone number is wrong"), ("send the phone back", "send the item back"),
    ("the book is late", "the item is late"), ("book me a slot", "book me a slot"),
    ("what's on 6035 7100 4881 2204", "what's on"), ("hello", "hello"), ("", ""),
])
def test_names_are_left_out(text: str, plain: str) -> None:
    assert plainly(text) == plain


@pytest.mark.parametrize("text", [" " * 20_000, "a." * 10_000, ", " * 10_000, " " * 1_900])
def test_long_texts_take_no_time(text: str) -> None:
    begun = time.process_time()
    assert plainly(text) == text and not gives_only_values(text) and clauses(text) == []
    assert time.process_time() - begun < 2


def test_much_space_between_words_hides_no_name() -> None:
    assert plainly("cancel  order" + "\n" * 900 + "LM-104281 ") == "cancel my order" and plainly("so   what") == "so   what"


@pytest.mark.parametrize(("text", "task"), [
    ("need two of the rugs, not one", "change_order"), ("make it three mugs pls", "change_order"),
    ("one more lamp to my order", "change_order"), ("hold LM-104281 until next friday", "change_delivery"),
    ("the sandals are too small, can i get a 7", "exchange_item"), ("where's my £12.50", "refund_status"),
    ("the code for signing in does not arrive", "reset_password"),
    ("haven't heard anything since i ordered the lamp", "track_order"), ("never got any news on my parcel", "track_order"),
    ("i haven't heard back since you got my return", ""), ("not had a reply about my complaint", ""),
    # Neither a clock nor a day nor a party is a number of pieces, and the rules are no request.
    ("want it at 5 pm not 3 pm", ""), ("a table for six not four people", ""), ("how do i hold my order until friday", ""),
    ("do you offer to hold my order until friday", ""), ("my lamp is too small", ""), ("the kettle leaks", ""),
])
def test_forms(text: str, task: str) -> None:
    assert form_of(plainly(text)) == task


def test_forms_hardly_ever_fit_what_is_for_people() -> None:
    asked = [phrase for phrase in phrases.read(phrases.FOLDER) if phrase.route in ("support", "human")]
    assert len(asked) > 4000
    assert sum(bool(form_of(plainly(phrase.text))) for phrase in asked) <= len(asked) / 1000
