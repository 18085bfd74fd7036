"""The phrases nearest to a message, and what they add to what the head says."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.judgement import assembly, phrases
from bot.judgement.classifier import Classifier
from bot.judgement.judge import parts
from bot.judgement.neighbours import Neighbours, mixed
from bot.settings import Settings
from kb_index.encoder import Vectors
from kb_index.errors import ModelMissing
from kb_index.nearest import EXACT_UP_TO


def scattered(centres: int, each: int, dimensions: int = 64, spread: float = 0.3) -> tuple[Vectors, list[int]]:
    """Unit vectors around `centres`, and which one each lies around."""
    random = np.random.default_rng(0)
    middles = random.normal(size=(centres, dimensions))
    columns = [place % centres for place in range(centres * each)]
    made = middles[columns] + spread * random.normal(size=(len(columns), dimensions))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32), columns


@pytest.mark.parametrize("each", [1, 3, EXACT_UP_TO // 4])
def test_what_lies_beside_phrases_of_one_kind_is_of_that_kind(each: int, tmp_path: Path) -> None:
    vectors, columns = scattered(6, each)
    neighbours = Neighbours.build(vectors, columns, 7)
    asked, of = scattered(6, 20, spread=0.31)
    told = neighbours.intent_probabilities(asked)
    assert told.shape == (len(asked), 7) and np.allclose(told.sum(axis=1), 1) and (told[:, 6] == 0).all()
    assert (told.argmax(axis=1) == of).all() and told.max(axis=1).min() > 0.5
    # Alone as among others, and from disk as in memory, to the last digit.
    neighbours.save(tmp_path)
    again = Neighbours.load(tmp_path)
    for row, vector in zip(told, asked, strict=True):
        assert (again.intent_probabilities(vector[None])[0] == row).all()
    assert neighbours.intent_probabilities(asked[:0]).shape == (0, 7)


def test_the_nearer_of_two_counts_more_and_equals_count_the_same() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    [between] = Neighbours.build(vectors[[0, 2]], [0, 1], 2).intent_probabilities(np.array([[0.6**0.5, 0.4**0.5]]))
    assert between[0] > between[1] > 0
    [even] = Neighbours.build(vectors[[0, 2]], [0, 1], 2).intent_probabilities(np.array([[0.5**0.5, 0.5**0.5]]))
    assert even == pytest.approx([0.5, 0.5])
    [many] = Neighbours.build(vectors, [0, 0, 1], 2).intent_probabilities(vectors[:1])
    assert many[0] > 0.99


def test_both_have_the_same_say() -> None:
    assert mixed(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])).tolist() == [[0.5, 0.5]]


def test_a_phrase_that_was_learnt_is_read_as_what_it_was_learnt_as(classifier: Classifier) -> None:
    corpus = phrases.read(phrases.FOLDER)[::97]
    told = classifier.intent_probabilities([parts(phrase.text)[0] for phrase in corpus])
    right = [classifier.head.intents[row.argmax()] == phrase.intent for phrase, row in zip(corpus, told, strict=True)]
    assert len(corpus) > 100 and np.mean(right) > 0.97


@pytest.mark.parametrize("torn", ["phrases.npy", "phrases.json", "faiss.index"])
def test_what_is_missing_or_torn_is_told_with_the_mend(torn: str, product: Settings, tmp_path: Path) -> None:
    shutil.copytree(product.home / "judgement", tmp_path / "judgement")
    (tmp_path / "judgement" / torn).write_bytes((tmp_path / "judgement" / torn).read_bytes()[:100])
    with pytest.raises(ModelMissing, match="frontdesk setup"):
        assembly.load(replace(product, home=tmp_path))
    assert json.loads((tmp_path / "judgement" / "assembled.json").read_text())["mark"] == assembly.mark(product)
