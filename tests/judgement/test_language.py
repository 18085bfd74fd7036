"""Messages in other languages than the classifier's, where the model that finds entries is for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.judgement import language
from bot.judgement.bars import Asked, calibrate
from bot.judgement.classifier import Classifier
from bot.judgement.confidence import Confidence
from bot.judgement.judge import classified
from bot.judgement.judgement import Reading
from bot.judgement.router import Bars, decide
from bot.judgement.words import deciding_words
from kb_index.retriever import Candidate

ENGLISH = [
    "where is my parcel", "hi", "thanks", "help", "my kettle leaks and I am fed up", "can i cancle my ordr pls",
    "the zip of this jacket broke after two days", "LM-104287", "0", "?!", "do you ship to Reykjavik",
    "I want to talk to a human being", "you lot are useless", "which adapter does the Skarholm lamp take",
]
OTHER = [
    "Wo bleibt mein Paket?", "Wie kann ich meine Bestellung stornieren?", "Danke schön", "Je voudrais parler à quelqu'un",
    "Où est ma commande ?", "¿Cómo cambio mi contraseña?", "La tetera pierde agua", "Hoe lang duurt de levering?",
    "Где мой заказ?", "我的订单在哪里", "Nie działa mi czajnik", "Posso cambiare l'indirizzo di consegna?",
]


@pytest.fixture
def abroad(classifier: Classifier) -> Classifier:
    """The shipped classifier beside an encoder for other languages."""
    assert not classifier.expects_others, "the default encoder is as English as the classifier"
    found = Classifier(classifier.encoder, classifier.head, classifier.neighbours, classifier.spelling, classifier._words)
    found.expects_others = True
    return found


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_read_as_ever(classifier: Classifier, abroad: Classifier, text: str) -> None:
    assert classified([text], abroad) == classified([text], classifier)


@pytest.mark.parametrize("text", OTHER)
def test_other_languages_are_not_read_as_if_they_were_english(classifier: Classifier, abroad: Classifier, text: str) -> None:
    mixed = classified(["where is my parcel", text, "I want a refund"], abroad)
    assert [reading.foreign for reading in mixed] == [False, True, False] and [r.text for r in mixed][1] == text
    assert mixed[1].intent == "" and max(mixed[1].routes, key=lambda name: mixed[1].routes[name]) == "service"
    assert mixed[1].mended == "" and mixed[1].plainly is None and deciding_words(text, "service", abroad) == []
    assert not any(reading.foreign for reading in classified([text], classifier))


def test_a_name_or_a_slip_that_stands_once_is_no_word() -> None:
    assert language.words(["Mein Paket, the lamp", "the lamp is late", "the, the"]) == ["lamp", "the"]


def bars(**more: float) -> Bars:
    return Bars(answer=0.3, offer=0.1, people=0.5, people_though_sure=0.8, scope=0.9, search=0.3,
                confidence=Confidence.standard(), **more)


def found(text: str = "Wie gebe ich etwas zurück?", score: float = 0.9, **more: object) -> Reading:
    candidate = Candidate("returns", score, 0.9, 5.0, **more)  # type: ignore[arg-type]
    return Reading(text, {"service": 1.0, "support": 0.0, "human": 0.0, "out_of_scope": 0.0}, "", 0.0, (candidate,), foreign=True)


def test_what_is_not_read_is_offered_and_not_answered() -> None:
    judged = decide(found(), bars())
    assert (judged.decision, judged.intent) == ("clarify", "")
    assert decide(found(), bars(), failed=1).decision == "handoff"
    assert decide(replace(found(), candidates=()), bars()).decision == "handoff"
    assert decide(replace(found(), foreign=False), bars()).decision == "answer"
    # What stands word for word in a translation is no guess, and a plain search hands nobody over.
    assert decide(found(same=True), bars()).decision == "answer"
    assert bars().bar(found(), usual=0.3) == 0.3


def test_a_translation_answers_by_the_bar_of_its_language() -> None:
    assert decide(found(language="de"), bars(languages={"de": 0.3})).decision == "answer"
    assert decide(found(language="de"), bars(foreign=0.3)).decision == "clarify"


@pytest.mark.parametrize(("foreign", "value"), [(1.0, 0.0), (0.3, float("inf"))])
def test_where_most_questions_are_in_such_a_language_the_usual_bar_is_theirs(foreign: float, value: float) -> None:
    told = [Asked(replace(found(f"Frage {n}", 0.9 - n / 1000), foreign=n < foreign * 200), "returns", "service") for n in range(200)]
    told += [Asked(Reading(f"my kettle leaks {n}", {"support": 1.0, "service": 0.0}, "report_defect", 1.0), "", "support")
             for n in range(600)]
    parsed = Bars.parse(calibrate(told, 0.05, 0.02))
    assert parsed.foreign == (float("inf") if value else parsed.answer) and parsed.answer < 1
