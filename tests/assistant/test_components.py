"""The parts of the graph on real messages: what is remembered of a text never outlives what it rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.assistant.components import IntentClassifier, KnowledgeMatcher
from bot.judgement import assembly
from bot.judgement.judge import read
from bot.judgement.judgement import Reading
from bot.settings import Settings
from kb_index import snapshot
from kb_index.encoder import load_encoder

TEXT = "how do i get my money back for the lamp"


class Counting:
    """Counts the texts that really go through."""

    def __init__(self, really: Any) -> None:
        self.really, self.texts = really, 0

    def __call__(self, texts: list[str], *rest: Any) -> Any:
        self.texts += len(texts)
        return self.really(texts, *rest)


@pytest.fixture
def ways(workshop: Settings) -> tuple[IntentClassifier, KnowledgeMatcher]:
    return IntentClassifier(workshop), KnowledgeMatcher(workshop)


def heard(ways: tuple[IntentClassifier, KnowledgeMatcher], text: str) -> Reading:
    message = Message.build(text)
    for one in ways:
        one.process([message])
    reading: Reading = message.get("reading")
    return reading


def test_a_message_is_read_as_a_replay_reads_it_first_and_again(
    ways: tuple[IntentClassifier, KnowledgeMatcher], workshop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(workshop.encoder)
    counting = Counting(encoder.encode)
    monkeypatch.setattr(encoder, "encode", counting)
    first = heard(ways, TEXT)
    once = counting.texts
    assert once > 0 and heard(ways, TEXT) == first and counting.texts == once
    published = ways[1].knowledge.current()
    [wanted] = read([TEXT], encoder, assembly.shared(workshop), published.retriever)
    assert replace(first, candidates=list(first.candidates)) == replace(wanted, candidates=list(wanted.candidates))


def test_what_was_found_is_forgotten_with_its_snapshot(
    ways: tuple[IntentClassifier, KnowledgeMatcher], workshop: Settings
) -> None:
    before = heard(ways, TEXT)
    best = before.candidates[0].entry
    loaded = snapshot.load_current(workshop.index)
    at = loaded.position[best]
    kept = [i for i in range(len(loaded.entries)) if i != at]
    rows = [row for i in kept for row in range(loaded.starts[i], loaded.starts[i + 1])]
    counts = [int(loaded.starts[i + 1] - loaded.starts[i]) for i in kept]
    try:
        built = snapshot.Snapshot.build([loaded.entries[i] for i in kept], loaded.vectors[rows], loaded.kinds[rows],
                                        np.cumsum([0, *counts]), loaded.calibration, loaded.encoder)
        snapshot.write(workshop.index, built, "test")
        after = heard(ways, TEXT)
        assert best not in [one.entry for one in after.candidates] and after.candidates
    finally:
        snapshot.make_current(workshop.index, loaded.name)
    assert heard(ways, TEXT) == before


def test_long_messages_are_read_each_time(
    ways: tuple[IntentClassifier, KnowledgeMatcher], workshop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting(load_encoder(workshop.encoder).encode)
    monkeypatch.setattr(load_encoder(workshop.encoder), "encode", counting)
    long = " ".join([TEXT] * 10)
    heard(ways, long)
    once = counting.texts
    heard(ways, long)
    assert counting.texts == 2 * once
