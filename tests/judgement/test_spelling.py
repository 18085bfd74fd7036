"""Slips are mended, and nothing that anybody knows is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.judgement.classifier import Classifier
from bot.judgement.judge import read, sought
from bot.judgement.judgement import Reading
from bot.judgement.spelling import Spelling, words
from bot.settings import Settings
from kb_index import snapshot
from kb_index.encoder import Encoder
from kb_index.retriever import Retriever

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


def test_entries_are_sought_by_what_was_meant_but_the_shops_own_words_stay(product: Settings) -> None:
    retriever = Retriever(snapshot.load_current(product.index))
    meant = Reading("Where is my parcle, is it in the lokcer?", {}, "", 0.0, mended="Where is my parcel, is it in the lover?")
    assert sought(meant, retriever) == "Where is my parcel, is it in the lover?"
    own = replace(meant, text="my Larkmoor parcle", mended="my Larkmood parcel")
    assert sought(own, retriever) == "my Larkmoor parcel"
    assert sought(replace(meant, mended=""), retriever) == meant.text


def test_a_misspelt_question_finds_what_the_right_one_finds(product: Settings) -> None:
    encoder, classifier = Encoder(product.encoder), Classifier.load(product.home / "judgement")
    retriever = Retriever(snapshot.load_current(product.index))
    right, wrong = read(["How do I reset my password?", "How do I rseet my pasword?"], encoder, classifier, retriever)
    assert wrong.candidates[0].entry == right.candidates[0].entry == "account-password-reset"
    assert right.mended == "" and wrong.mended == "How do I reset my password?"
