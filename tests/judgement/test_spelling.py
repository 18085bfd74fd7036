"""Slips are mended, and nothing that anybody knows is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.judgement.classifier import Classifier
from bot.judgement.spelling import Spelling, words
from bot.settings import Settings

KNOWN = {"cancel", "order", "please", "toaster", "refund", "boat"}
SPELLING = Spelling({"cancel": 9, "order": 30, "please": 20, "refund": 7, "larkmoor": 5, "coat": 4}, KNOWN | {"coat"})


@pytest.mark.parametrize(("said", "meant"), [
    ("pls cancle my order", "pls cancel my order"), ("CANCLE it, plese!", "cancel it, please!"), ("reffund", "refund"),
    ("refumd", "refund"), ("odrer", "order"),
    # Known, known with an ending, a name of the phrases, two slips, another first letter, too short, no word.
    ("boat", "boat"), ("toasters refunded", "toasters refunded"), ("Larkmoor", "Larkmoor"), ("cnacle", "cnacle"),
    ("xancel", "xancel"), ("orde LM-104281 a@cancle.example", "order LM-104281 a@cancel.example"), ("cot", "cot"),
])
def test_mends_one_slip_of_a_word_that_is_often_said(said: str, meant: str) -> None:
    assert SPELLING.mend(said) == meant


@given(st.text(max_size=300))
def test_a_text_keeps_its_number_of_words(text: str) -> None:
    assert len(SPELLING.mend(text).split()) == len(text.split())


def test_a_word_of_few_phrases_is_no_aim() -> None:
    assert words(["Cancel it", "cancel that", "cancel cancel", "cancle this", "the cat"]) == {"cancel": 3}


def test_the_shipped_classifier_reads_what_was_meant(product: Settings) -> None:
    classifier = Classifier.load(product.home / "judgement")
    told = classifier.intent_probabilities(["please cancle my ordre", "please cancel my order"])
    assert (told[0] == told[1]).all() and classifier.head.intents[int(told[0].argmax())] == "cancel_order"
    # Its words are the encoder's and the phrases': none of a shop's own is lost.
    assert {"larkmoor", "parcel"} & set(json.loads((product.home / "judgement" / "words.json").read_text()))
    assert classifier.spelling.mend("my thermostat and my duvets") == "my thermostat and my duvets"
