"""The classifier and what it is trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bot.judgement import phrases, training
from bot.judgement.classifier import Classifier
from bot.judgement.confidence import SIGNS, Confidence, signs
from bot.judgement.judgement import Reading
from bot.judgement.phrases import BadPhrases, Phrase
from bot.judgement.segments import MAX_SEGMENTS, normalise, segments
from bot.settings import ROOT
from kb_index.retriever import Candidate

ROUTES = {"a": "service", "b": "service", "c": "human"}


WORDS = {"a": "my bill", "b": "my parcel", "c": "a person"}


def clouds(intents: str = "abc", each: int = 40) -> tuple[list[str], npt.NDArray[np.float32], list[str]]:
    """Texts of a few words, with vectors around one point for each intent."""
    rng, centres = np.random.default_rng(0), np.eye(8)
    rows = [centres["abc".index(intent)] + rng.normal(0, 0.2, 8) for intent in intents * each]
    return [WORDS[i] for i in intents * each], np.array(rows, dtype=np.float32), list(intents * each)


def test_it_learns_and_a_route_is_as_likely_as_its_intents() -> None:
    texts, vectors, intents = clouds()
    model = Classifier.fit(texts, vectors, intents, ROUTES, "e")
    chance = model.intent_probabilities(texts, vectors)
    routes = model.route_probabilities(chance)
    assert [model.intents[i] for i in chance.argmax(axis=1)] == intents
    assert np.allclose(chance.sum(axis=1), 1) and np.allclose(routes.sum(axis=1), 1)
    assert model.routes == ["human", "service"] and np.allclose(routes[:, 1], chance[:, :2].sum(axis=1))
    assert model.belongs(1).tolist() == [True, True, False]


def test_two_intents_are_as_good_as_many() -> None:
    texts, vectors, intents = clouds("ac")
    chance = Classifier.fit(texts, vectors, intents, ROUTES, "e").intent_probabilities(texts, vectors)
    assert chance.shape == (80, 2) and ["ac"[i] for i in chance.argmax(axis=1)] == intents


def test_a_text_of_unknown_words_is_read_by_its_meaning() -> None:
    texts, vectors, intents = clouds()
    model = Classifier.fit(texts, vectors, intents, ROUTES, "e")
    for odd in ("", "\U0001f600", "xyzzy"):
        chance = model.intent_probabilities([odd], vectors[:1])
        assert np.isfinite(chance).all() and model.intents[int(chance.argmax())] == intents[0]


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    texts, vectors, intents = clouds()
    model = Classifier.fit(texts, vectors, intents, ROUTES, "e")
    model.save(tmp_path / "deep" / "er")
    loaded = Classifier.load(tmp_path / "deep" / "er")
    assert (loaded.intents, loaded.routes, loaded.route_of) == (["a", "b", "c"], model.routes, ROUTES)
    assert loaded.encoder == "e"
    before, after = model.intent_probabilities(texts, vectors), loaded.intent_probabilities(texts, vectors)
    assert np.allclose(before, after, atol=1e-5)


def test_folds_keep_groups_together_and_are_of_like_size() -> None:
    corpus = phrases.read(training.PHRASES)
    fold = training.folds(corpus)
    groups: dict[str, set[int]] = {}
    for phrase, k in zip(corpus, fold, strict=True):
        groups.setdefault(phrase.group, set()).add(int(k))
    assert all(len(found) == 1 for found in groups.values()) and len(groups) > 2 * training.FOLDS
    sizes = np.bincount(fold, minlength=training.FOLDS)
    assert sizes.min() > 0.7 * sizes.mean()


def test_few_groups_still_go_somewhere() -> None:
    assert training.folds([Phrase("x", "i", "service", "only")] * 3).tolist() == [0, 0, 0]


def test_no_phrase_stands_under_two_routes() -> None:
    routes: dict[str, set[str]] = {}
    for phrase in phrases.read(training.PHRASES):
        folded = " ".join("".join(c if c.isalnum() else " " for c in phrase.text.lower()).split())
        routes.setdefault(folded or phrase.text, set()).add(phrase.route)
    assert {text: found for text, found in routes.items() if len(found) > 1} == {}


def test_every_route_is_trained_and_every_intent_has_one_route_and_stands_in_the_domain() -> None:
    import yaml

    routes: dict[str, set[str]] = {}
    for phrase in phrases.read(training.PHRASES):
        routes.setdefault(phrase.intent, set()).add(phrase.route)
    assert set().union(*routes.values()) == set(phrases.ROUTES)
    assert {intent: found for intent, found in routes.items() if len(found) > 1} == {}
    domain = yaml.safe_load((ROOT / "domain.yml").read_text())
    assert set(routes) - set(domain["intents"]) == set()


@pytest.mark.parametrize(("text", "told"), [
    ("nlu: [", "not a Rasa NLU file"),
    ("stories: []", "not a Rasa NLU file"),
    ("", "not a Rasa NLU file"),
    ("nlu:\n- intent: a\n  examples: |\n    - x\n", "intent 'a' has route None; one of service, support"),
    ("nlu:\n- intent: a\n  metadata: {route: sales2}\n  examples: |\n    - x\n", "route 'sales2'"),
    ("nlu:\n- intent: a\n  metadata: {route: sales}\n", "intent 'a' has no examples"),
    ("nlu: []", "there are no training phrases"),
])
def test_a_bad_training_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "bad.yml").write_text(text)
    with pytest.raises(BadPhrases) as refused:
        phrases.read(tmp_path)
    assert str(tmp_path) in str(refused.value) and told in str(refused.value)


def test_phrases_are_read_with_their_dashes_and_colons(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("nlu:\n- intent: a\n  metadata: {route: sales, kind: k, source: s}\n"
                                    "  examples: |\n    - size: L - or XL?\n    - -10% off?\n\n    - 0\n")
    assert [(p.text, p.group) for p in phrases.read(tmp_path)] == [
        ("size: L - or XL?", "k/s"), ("-10% off?", "k/s"), ("0", "k/s")]


def test_text_is_folded_before_it_is_embedded() -> None:
    assert normalise("@larkmoor  my #order\n is LATE https://t.example/x") == "my order is LATE"
    assert normalise("WHERE IS MY ORDER") == "where is my order" and normalise("FAQ OK") == "FAQ OK"
    assert normalise("mail a@b.example") == "mail a@b.example"
    assert normalise("") == normalise("@x") == ""


def test_sentences_are_segments_when_there_are_several() -> None:
    assert segments("my lamp is broken") == []
    assert segments("Hi! My lamp is broken. Where is the invoice?") == ["My lamp is broken.", "Where is the invoice?"]
    assert segments("my lamp is broken\nwhere is the invoice") == ["my lamp is broken", "where is the invoice"]
    assert len(segments("This is one sentence. " * 20)) == MAX_SEGMENTS
    assert segments("") == segments("\U0001f600. \U0001f600! \U0001f600") == []


def test_confidence_is_fitted_to_what_was_right() -> None:
    rng = np.random.default_rng(0)
    rows = rng.random((100, len(SIGNS)))
    right = rows[:, 0] > 0.5
    fitted = Confidence.fit(rows, right)
    assert fitted.of_rows(rows)[right].mean() > 0.8 > 0.2 > fitted.of_rows(rows)[~right].mean()


def test_confidence_survives_json_and_refuses_other_signs() -> None:
    shipped = Confidence.standard()
    reading = Reading("x", {"service": 1.0}, "i", 1.0, [Candidate("e", 0.6, 0.5, 2.0)])
    assert 0 < Confidence.parse(shipped.as_dict()).of(reading) == shipped.of(reading) < 1
    assert len(signs(reading)) == len(SIGNS)
    assert shipped.of(Reading("x", {}, "i", 1.0)) == 0 and signs(Reading("x", {}, "i", 1.0)) == [0.0] * len(SIGNS)
    with pytest.raises(ValueError, match="publish again"):
        Confidence.parse({**shipped.as_dict(), "signs": ["other"]})
