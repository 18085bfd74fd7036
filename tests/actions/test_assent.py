"""What counts as a yes to what was read back: nothing that says more than yes."""

from __future__ import annotations

import pytest

from actions.tasks.assent import Assent, assent

#: Shall I cancel order LM-104281, Sundew kettle, 54.00 in all?
_SAID = ["cancel cancelled call off stop order", "LM-104281", "Sundew kettle", "£54.00"]


@pytest.mark.parametrize("text", [
    "yes", "Yes, please", "yep thx", "yess", "ok", "k", "👍", "sure thing", "please do", "why not", "correct!",
    "yes that's right", "that's fine", "sounds good to me", "that would be lovely", "I confirm.", "go on then",
    "no problem, go ahead", "no worries at all, yes", "yes I’m sure", "yes go ahead thank you so much for your help",
    "cancel it", "yes pls cancel order LM-104281", "yes pelase", "aye, that'll do", "yes thankyou", "yes, stop it",
    "all right then", "yes the kettle", "yes if you could",
])
def test_a_plain_yes(text: str) -> None:
    assert assent(text, _SAID) is Assent.YES


@pytest.mark.parametrize("text", [
    "no", "no thanks", "nope", "absolutely not", "of course not", "please don't", "ok no", "no don't cancel", "👎",
    "that is not right", "no i changed my mind", "I'd rather not", "stop", "please stop", "not now", "don’t",
])
def test_a_plain_no(text: str) -> None:
    assert assent(text, _SAID) is Assent.NO


@pytest.mark.parametrize("text", ["ok wait a sec", "hold on", "right now i'm not sure", "let me think", "not yet"])
def test_not_yet(text: str) -> None:
    assert assent(text, _SAID) is Assent.WAIT


@pytest.mark.parametrize("text", [
    "yes but only if i get the delivery charge back", "ok but what happens to my 212 points?", "ok 8 please",
    "right, and is the speaker waterproof?", "fine but first cancel the newsletter", "ok just the lamp please",
    "yes, and the toaster as well please", "right street but number 21", "no, number 21 not 12", "ok both then",
    "definitely not, i just wanted to know how", "no that's wrong", "yes?", "sure i want to keep it?",
    "great, so the courier comes tomorrow then", "wait, make it 8", "is that right", "ok is it fine", "yes all of them", "more please", "yes LM-104287", "ok can it be in the morning",
])
def test_more_than_that(text: str) -> None:
    assert assent(text, _SAID) is Assent.MORE


@pytest.mark.parametrize("text", ["my name is Noah", "Amara Okafor-Reed", "where is it", "thanks", "", "12 Mill Lane"])
def test_neither(text: str) -> None:
    assert assent(text, _SAID) is Assent.NONE
