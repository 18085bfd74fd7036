"""What counts as a yes to what was read back: nothing that says more than yes."""

from __future__ import annotations

import pytest

from actions.tasks.assent import Assent, assent
from actions.tasks.catalogue import TASKS
from actions.tasks.dialogue import _verdict
from actions.tasks.task import Context, State

#: Shall I cancel order LM-104281, Sundew kettle, 54.00 in all?
_SAID = [TASKS["cancel_order"].spoken, "LM-104281", "Sundew kettle", "£54.00"]
_ACTS = TASKS["cancel_order"].acts


@pytest.mark.parametrize("text", [
    "yes", "Yes, please", "yep thx", "yess", "ok", "k", "👍", "sure thing", "please do", "why not", "correct!",
    "yes that's right", "that's fine", "sounds good to me", "that would be lovely", "I confirm.", "go on then",
    "no problem, go ahead", "no worries at all, yes", "yes I’m sure", "yes go ahead thank you so much for your help",
    "cancel it", "yes pls cancel order LM-104281", "yes pelase", "aye, that'll do", "yes thankyou", "yes, stop it",
    "all right then", "yes the kettle", "yes if you could", "please", "please cancel the order", "call it off please",
    "I'm fine with that", "yes that s right", "yes, all good", "yep we're good", "we're good to go", "it's fine with me",
    "that's fine", "all good, cancel it", "that's all good", "it's fine, go ahead",
])
def test_a_plain_yes(text: str) -> None:
    assert assent(text, _SAID, _ACTS) is Assent.YES


@pytest.mark.parametrize("text", [
    "no", "no thanks", "nope", "absolutely not", "of course not", "please don't", "ok no", "no don't cancel", "👎",
    "that is not right", "no i changed my mind", "I'd rather not", "stop", "please stop", "not now", "don’t",
    "stop, please", "stop now", "ok stop", "stop stop", "I'm good thanks", "I am fine, thank you", "no I'm ok",
    "no we're good", "no, it's fine", "nah all good",
])
def test_a_plain_no(text: str) -> None:
    assert assent(text, _SAID, _ACTS) is Assent.NO


@pytest.mark.parametrize("text", ["ok wait a sec", "hold on", "right now i'm not sure", "let me think", "not yet"])
def test_not_yet(text: str) -> None:
    assert assent(text, _SAID, _ACTS) is Assent.WAIT


@pytest.mark.parametrize("text", [
    "yes but only if i get the delivery charge back", "ok but what happens to my 212 points?", "ok 8 please",
    "right, and is the speaker waterproof?", "fine but first cancel the newsletter", "ok just the lamp please",
    "yes, and the toaster as well please", "right street but number 21", "no, number 21 not 12", "ok both then",
    "definitely not, i just wanted to know how", "no that's wrong", "yes?", "sure i want to keep it?",
    "great, so the courier comes tomorrow then", "wait, make it 8", "is that right", "ok is it fine", "yes all of them",
    "more please", "yes LM-104287", "ok can it be in the morning", "yes I'm good", "we're good", "We’re all good, thanks",
    "all good", "it's fine", "ok it's fine", "it's all good thank you", "I'm all set", "are we good?", "it's fine as it was",
])
def test_more_than_that(text: str) -> None:
    assert assent(text, _SAID, _ACTS) is Assent.MORE


@pytest.mark.parametrize("text", ["my name is Noah", "Amara Okafor-Reed", "where is it", "thanks", "", "12 Mill Lane"])
def test_neither(text: str) -> None:
    assert assent(text, _SAID, _ACTS) is Assent.NONE


@pytest.mark.parametrize(("task", "text"), [
    ("cancel_order", "please stop cancelling"), ("cancel_order", "ok stop cancelling"),
    ("cancel_order", "call me"), ("cancel_order", "ok call me"),
    ("cancel_order", "the order please"), ("change_order", "make it eight"), ("change_order", "eight please"),
    ("exchange_item", "ok eight please"), ("exchange_item", "change the colour"), ("exchange_item", "swap the size"),
    ("return_item", "go back"), ("return_item", "ok go back"), ("exchange_item", "back"),
    ("edit_account", "change the phone"), ("edit_account", "ok just the phone"), ("change_delivery", "change the address"),
    ("cancel_order", "cancel my account"), ("close_account", "delete my order"), ("return_item", "just the set please"),
])
def test_words_of_the_task_that_are_no_yes(task: str, text: str) -> None:
    assert assent(text, [TASKS[task].spoken, "LM-104281", "7"], TASKS[task].acts) is not Assent.YES


@pytest.mark.parametrize(("task", "text"), [
    ("return_item", "set it up please"), ("return_item", "send it back"), ("return_item", "yes, send it back"),
    ("return_item", "please set up the return"), ("exchange_item", "yes, change it"),
    ("exchange_item", "swap it"), ("close_account", "delete my account"), ("edit_account", "update it"),
])
def test_the_verb_of_the_task_alone(task: str, text: str) -> None:
    assert assent(text, [TASKS[task].spoken], TASKS[task].acts) is Assent.YES


def verdict(task: str, text: str, asked: str = "confirm", told: dict[str, str] | None = None, **values: str) -> Assent:
    state = State(task, dict(values), asked=asked, question={"values": told or {}, "buttons": []})
    return _verdict(Context(TASKS[task], state, None, "c", "t", text))  # type: ignore[arg-type]


_TWO = {"name": "Noah Brandt", "phone": "07700 900555"}
_EMAIL = {"value": "noah@example.org"}
_M = {"order": "LM-104281", "item": "Drift linen shirt", "now": "L, white", "variant": "M, white"}


@pytest.mark.parametrize(("task", "text", "told", "what"), [
    ("edit_account", "yes please update my email address", _EMAIL, "email"),
    ("edit_account", "yes, change my e-mail", _EMAIL, "email"), ("edit_account", "yes, change them", _TWO, "name"),
    ("exchange_item", "yes, change it to M", _M, ""),
])
def test_a_yes_that_says_again_what_was_read_back(task: str, text: str, told: dict[str, str], what: str) -> None:
    assert verdict(task, text, told=told, what=what) is Assent.YES


@pytest.mark.parametrize(("task", "text", "told", "what"), [
    ("edit_account", "yes, change the name", _TWO, "name"), ("edit_account", "yes, my address", _EMAIL, "email"),
    ("exchange_item", "change the colour", _M, ""), ("exchange_item", "yes change the colour", _M, ""),
    ("exchange_item", "yes, change it to S", _M, ""), ("exchange_item", "ok S please", _M, ""),
])
def test_a_yes_to_something_else(task: str, text: str, told: dict[str, str], what: str) -> None:
    assert verdict(task, text, told=told, what=what) is not Assent.YES


@pytest.mark.parametrize(("task", "text", "agrees"), [
    ("cancel_order", "cancel the order", True), ("cancel_order", "cancel my account", False),
    ("close_account", "delete my account", True), ("close_account", "delete my order", False),
    ("edit_account", "update my account", True), ("edit_account", "update my order", False),
])
def test_the_verb_of_the_task_after_a_failure(task: str, text: str, agrees: bool) -> None:
    assert (verdict(task, text, "again") is Assent.YES) is agrees


@pytest.mark.parametrize("asked", ["confirm", "again"])
def test_whoever_wants_a_lost_parcel_sent_agrees_to_no_refund(asked: str) -> None:
    for text in ("please send it", "yes, send it please"):
        assert verdict("return_item", text, asked, reason="not_arrived") is not Assent.YES
        assert verdict("return_item", text, asked, reason="damaged") is Assent.YES
    assert verdict("return_item", "please refund it", asked, reason="not_arrived") is Assent.YES
