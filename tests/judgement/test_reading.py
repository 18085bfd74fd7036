"""Messages as the real classifier and the real index read them."""

from __future__ import annotations

import numpy as np
import pytest

from bot.judgement.classifier import Classifier, Head
from bot.judgement.judge import Judge, classify, read
from bot.judgement.words import deciding_words
from bot.settings import Settings
from kb_index import snapshot
from kb_index.encoder import Encoder


@pytest.fixture(scope="module")
def judge(product: Settings, encoder: Encoder, classifier: Classifier) -> Judge:
    return Judge(encoder, classifier, snapshot.load_current(product.index))


@pytest.mark.parametrize(("text", "route", "decision"), [
    ("my kettle caught fire this morning", "support", "handoff"),
    ("the website keeps crashing when I add something to the basket", "support", "handoff"),
    ("let me talk to a real person please", "human", "handoff"),
    ("I WANT TO SPEAK TO AN AGENT", "human", "handoff"),
    ("0", "human", "handoff"),
    ("hello there", "smalltalk", "chat"),
    ("thanks a lot", "smalltalk", "chat"),
    ("what is the capital of Mongolia", "out_of_scope", "abstain"),
    ("How do I reset my password?", "service", "answer"),
    ("", "out_of_scope", "abstain"),
    ("\U0001f600", "out_of_scope", "abstain"),
])
def test_plain_messages(judge: Judge, text: str, route: str, decision: str) -> None:
    (judged,) = judge.judge([text])
    assert (judged.route, judged.decision) == (route, decision), judged


@pytest.mark.parametrize("text", [
    "Hi, how long does delivery take? Also the blender that I got last week leaks from the bottom.",
    "How do I change my address? My new headphones do not switch on any more.",
    "the zip of my coat broke after two days. what is your phone number by the way?",
])
def test_a_mixed_message_goes_to_support_with_the_sentence_that_decided(judge: Judge, text: str) -> None:
    (reading,) = judge.read([text])
    (judged,) = judge.judge([text])
    assert (judged.route, judged.decision) == ("support", "handoff")
    assert judge.classifier.head.route_of[judged.intent] == "support"
    assert reading.support_segment == "" or reading.support_segment in text
    assert sum(reading.routes.values()) == pytest.approx(1, abs=1e-5)


def test_the_intent_belongs_to_the_likeliest_route(judge: Judge, encoder: Encoder) -> None:
    """Rules act on the intent: an intent of a route that lost would find no rule, and nothing would be said."""
    odd = ["ok", "no", "hm", "so what", "order", "you there?", "x", "asdf", "help", "again", "cool thanks where is it"]
    for reading in judge.read(odd):
        assert judge.classifier.head.route_of[reading.intent] == max(reading.routes, key=lambda r: reading.routes[r])


def test_an_intent_of_a_losing_route_is_not_the_intent() -> None:
    """One service intent is likelier than each of two small-talk intents, which together are likelier."""
    routes = {"ask": "service", "greet": "smalltalk", "thank": "smalltalk"}
    head = Head(list(routes), routes, np.zeros((3, 4), dtype=np.float32), np.zeros(3, dtype=np.float32))
    reading = classify("x", np.array([[0.4, 0.32, 0.28]]), head)
    assert reading.intent == "greet" and reading.routes["smalltalk"] > 0.5 > reading.intent_confidence


def test_a_message_is_read_the_same_alone_and_among_others(judge: Judge) -> None:
    texts = ["where is my parcel", "", "I want a refund. Now! It is broken.", "hello"] * 3
    together = judge.judge(texts)
    assert [judge.judge([text])[0] for text in texts] == together
    assert judge.read([]) == []


def test_without_an_index_there_are_no_candidates(encoder: Encoder, classifier: Classifier) -> None:
    (reading,) = read(["where is my parcel"], encoder, classifier, None)
    assert reading.candidates == () and reading.routes["service"] > 0.5


def test_the_words_that_decided_are_words_of_the_message(classifier: Classifier) -> None:
    found = deciding_words("Well, my new toaster, it is broken!", "support", classifier)
    assert "broken" in found and len(found) <= 3
    assert deciding_words("0", "human", classifier) == []
    assert deciding_words("some words", "no such route", classifier) == []
    assert "" not in deciding_words("-- broken -- !! ?? toaster", "support", classifier)


def test_held_out_questions_find_their_entry(judge: Judge) -> None:
    """The judgement's quality on the sample shop, as a floor: the test questions are not in the index."""
    tests = [(test, entry.id) for entry in judge.retriever.snapshot.entries for test in entry.tests]
    judged = judge.judge([test for test, _ in tests])
    near = [any(c.entry == wanted for c in one.candidates[:3]) for one, (_, wanted) in zip(judged, tests, strict=True)]
    assert np.mean(near) > 0.9
    answered = [one.entry == wanted for one, (_, wanted) in zip(judged, tests, strict=True) if one.decision == "answer"]
    assert len(answered) > 0.3 * len(tests) and np.mean(answered) > 0.93
