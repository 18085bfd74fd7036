"""The answer bar of each language that translations are in: what is promised where little is known of a language."""

from __future__ import annotations

from dataclasses import replace

from bot.judgement.bars import Asked, questions, tongues
from bot.judgement.confidence import Confidence
from bot.judgement.judgement import Reading
from bot.judgement.router import Bars, decide, tongue
from kb_index.retriever import Candidate

ROUTES = {"service": 0.9, "support": 0.0, "human": 0.0, "out_of_scope": 0.0, "sales": 0.0, "smalltalk": 0.1}
SURE = Confidence.standard()


def asked(number: int, right: bool, score: float = 0.9, language: str = "de", nearest: float = 0.9, **more: bool) -> Asked:
    candidate = Candidate("returns" if right else "hours", score, nearest, 5.0, language)
    return Asked(Reading(f"Frage {number}", ROUTES, "", 0.0, (candidate,)), "" if more.get("hidden") else "returns", "service", **more)


def bars(languages: dict[str, float]) -> Bars:
    return Bars(answer=0.3, offer=0.1, people=0.9, people_though_sure=0.9, scope=0.9, search=0.3, confidence=SURE, languages=languages)


def test_a_language_with_enough_right_answers_gets_a_bar_that_tells_them_from_the_others() -> None:
    told = [asked(i, True) for i in range(90)] + [asked(i, False, 0.2, hidden=True) for i in range(90, 130)]
    found = tongues(told, SURE, 0.05, 1.0)
    assert list(found) == ["de"] and found["de"].coverage == 1.0 and found["de"].errors == 0
    assert decide(told[0].reading, bars({"de": found["de"].value})).decision == "answer"
    assert decide(told[-1].reading, bars({"de": found["de"].value})).decision != "answer"


def test_with_few_questions_or_one_kind_of_them_nothing_is_promised() -> None:
    few = [asked(i, True) for i in range(20)] + [asked(i, False, 0.2, hidden=True) for i in range(20, 30)]
    kind = [asked(i, True) for i in range(200)]
    mixed = [asked(i, True) for i in range(90)] + [asked(i, False, 0.9, hidden=True) for i in range(90, 130)]
    for told in (few, kind, mixed):
        bar = tongues(told, SURE, 0.05, 1.0)["de"]
        assert bar.as_dict()["value"] == "never"
        assert decide(told[0].reading, bars({"de": bar.value})).decision != "answer"


def test_the_usual_bar_is_set_without_them_and_holds_for_the_rest() -> None:
    german, english = asked(1, True), asked(2, True, language="")
    assert questions([german, replace(german, hidden=True), english])[1] == [english]
    assert decide(english.reading, bars({})).decision == "answer"
    assert decide(german.reading, bars({})).decision != "answer", "a language without a bar was answered in"
    assert decide(german.reading, bars({"fr": 0.1})).decision != "answer"


def test_the_very_words_of_a_translation_need_no_bar_of_its_language() -> None:
    same = asked(1, True, language="")  # as the retriever tells it
    assert tongue(same.reading.candidates) == "" and decide(same.reading, bars({})).decision == "answer"
