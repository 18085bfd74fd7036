"""The classifier and what it is trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from bot.judgement import phrases, training
from bot.judgement.classifier import Classifier, Head
from bot.judgement.confidence import SIGNS, Confidence, signs
from bot.judgement.judgement import Reading
from bot.judgement.phrases import BadPhrases, Phrase
from bot.judgement.segments import MAX_SEGMENTS, normalise, segments
from bot.settings import ROOT
from kb_index.errors import ModelMissing
from kb_index.retriever import Candidate

ROUTES = {"a": "service", "b": "service", "c": "human"}


def head(temperature: float = 1.0) -> Head:
    return Head(list("abc"), ROUTES, np.eye(3, 4, dtype=np.float32) * 5, np.zeros(3, dtype=np.float32), temperature)


def test_a_route_is_as_likely_as_its_intents() -> None:
    chance = head().intent_probabilities(np.eye(3, 4, dtype=np.float32))
    routes = head().route_probabilities(chance)
    assert chance.argmax(axis=1).tolist() == [0, 1, 2]
    assert np.allclose(chance.sum(axis=1), 1) and np.allclose(routes.sum(axis=1), 1)
    assert head().routes == ["human", "service"] and np.allclose(routes[:, 1], chance[:, :2].sum(axis=1))
    assert head().belongs(1).tolist() == [True, True, False]


def test_a_message_is_read_the_same_whatever_else_is_read_and_by_how_many_threads() -> None:
    rng = np.random.default_rng(0)
    intents = [str(n) for n in range(49)]
    large = Head(intents, dict.fromkeys(intents, "service"), rng.normal(size=(49, 384)).astype(np.float32),
                 np.zeros(49, dtype=np.float32))
    vectors = rng.normal(size=(200, 384)).astype(np.float32)
    with threadpool_limits(2):
        several = large.intent_probabilities(vectors)
        alone = np.vstack([large.intent_probabilities(one[None]) for one in vectors])
    with threadpool_limits(1):
        assert (large.intent_probabilities(vectors) == several).all() and (alone == several).all()


def test_a_higher_temperature_is_less_sure_of_the_same() -> None:
    vectors = np.eye(3, 4, dtype=np.float32)
    cool, warm = head(1).intent_probabilities(vectors), head(4).intent_probabilities(vectors)
    assert (cool.argmax(axis=1) == warm.argmax(axis=1)).all() and (warm.max(axis=1) < cool.max(axis=1)).all()


def test_saved_and_loaded_a_head_says_the_same(tmp_path: Path) -> None:
    head(2.5).save(tmp_path)
    loaded = Head.load(tmp_path)
    vectors = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    assert (loaded.intents, loaded.routes, loaded.route_of) == (["a", "b", "c"], ["human", "service"], ROUTES)
    assert np.array_equal(loaded.intent_probabilities(vectors), head(2.5).intent_probabilities(vectors))


@pytest.mark.parametrize("broken", ["head.npz", "head.json"])
def test_a_classifier_that_is_not_whole_is_refused_with_the_mend(tmp_path: Path, broken: str) -> None:
    head().save(tmp_path)
    (tmp_path / broken).write_text("{")
    with pytest.raises(ModelMissing, match="run `frontdesk setup`"):
        Classifier.load(tmp_path)


def test_folds_keep_groups_together_and_are_of_like_size() -> None:
    corpus = phrases.read(phrases.FOLDER)
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
    for phrase in phrases.read(phrases.FOLDER):
        folded = " ".join("".join(c if c.isalnum() else " " for c in phrase.text.lower()).split())
        routes.setdefault(folded or phrase.text, set()).add(phrase.route)
    assert {text: found for text, found in routes.items() if len(found) > 1} == {}


def test_every_route_is_trained_and_every_intent_has_one_route_and_stands_in_the_domain() -> None:
    import yaml

    routes: dict[str, set[str]] = {}
    for phrase in phrases.read(phrases.FOLDER):
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
    assert normalise("mail a@b.example") == "mail a@b.example" and normalise("u\u0308ber") == "\u00fcber"
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


def test_confidence_is_the_same_alone_and_among_others() -> None:
    rows = np.random.default_rng(0).random((2000, len(SIGNS)))
    shipped = Confidence.standard()
    assert (shipped.of_rows(rows) == np.concatenate([shipped.of_rows(one[None]) for one in rows])).all()


def test_confidence_survives_json_and_refuses_other_signs() -> None:
    shipped = Confidence.standard()
    reading = Reading("x", {"service": 1.0}, "i", 1.0, [Candidate("e", 0.6, 0.5, 2.0)])
    assert 0 < Confidence.parse(shipped.as_dict()).of(reading) == shipped.of(reading) < 1
    assert len(signs(reading)) == len(SIGNS)
    assert shipped.of(Reading("x", {}, "i", 1.0)) == 0 and signs(Reading("x", {}, "i", 1.0)) == [0.0] * len(SIGNS)
    with pytest.raises(ValueError, match="publish again"):
        Confidence.parse({**shipped.as_dict(), "signs": ["other"]})
