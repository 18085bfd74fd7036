"""The judge: encoder, classifier, index and router together, for one message or thousands.

The assistant's graph components call the same parts one by one, so that a replay decides as the live bot does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.judgement.classifier import Classifier
from bot.judgement.judgement import Judgement, Reading
from bot.judgement.router import Bars, decide
from bot.judgement.segments import normalise, segments
from kb_index.encoder import Encoder, Vectors
from kb_index.retriever import Retriever
from kb_index.snapshot import Snapshot

#: A part of a message speaks for the whole only when it is this clear on its own.
_CLEAR = 0.8


def parts(text: str) -> list[str]:
    """The texts to embed for one message: the whole first, then its sentences."""
    return [normalise(text), *segments(text)]


def classify(text: str, vectors: Vectors, classifier: Classifier) -> Reading:
    """Reads one message from the vectors of its :func:`parts`. A sentence that is clearly for people decides for all,
    so that a mixed message goes to support (the table in the design)."""
    intents = classifier.intent_probabilities(parts(text), vectors)
    routes = classifier.route_probabilities(intents)
    whole = routes[0].copy()
    speaks = 0
    for name in ("support", "human"):
        column = classifier.routes.index(name) if name in classifier.routes else -1
        if column < 0 or len(routes) < 2:
            continue
        row = 1 + int(routes[1:, column].argmax())
        if routes[row, column] >= max(_CLEAR, whole[column]):
            whole *= (1 - routes[row, column]) / max(1e-9, 1 - whole[column])
            whole[column] = routes[row, column]
            speaks = row
    # The intent is one of the likeliest route's, by the part that decided: rules act on it, and the likeliest intent
    # of all can belong to a route that lost to several smaller ones.
    ours = classifier.belongs(int(whole.argmax()))
    best = int(np.where(ours, intents[speaks], -1.0).argmax())
    return Reading(
        text=text, routes={name: float(p) for name, p in zip(classifier.routes, whole, strict=True)},
        intent=classifier.intents[best], intent_confidence=float(intents[speaks, best]),
        support_segment=segments(text)[speaks - 1] if speaks else "",
    )


class Judge:
    """Judges messages against one snapshot."""

    def __init__(
        self, encoder: Encoder, classifier: Classifier, snapshot: Snapshot, tasks: frozenset[str] = frozenset()
    ) -> None:
        self.encoder = encoder
        self.classifier = classifier
        self.retriever = Retriever(snapshot)
        self.bars = Bars.parse(snapshot.calibration)
        self.tasks = tasks

    def read(self, texts: Sequence[str], top: int = 5) -> list[Reading]:
        """Classifies and searches for the best `top` entries; one batch through the encoder for all."""
        return read(texts, self.encoder, self.classifier, self.retriever, top)

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        return [decide(reading, self.bars, tasks=self.tasks) for reading in self.read(texts)]


def read(
    texts: Sequence[str], encoder: Encoder, classifier: Classifier, retriever: Retriever | None, top: int = 5
) -> list[Reading]:
    """Readings of many messages at once; without a retriever, without candidates."""
    split = [parts(text) for text in texts]
    flat = encoder.encode([part for one in split for part in one])
    ends = np.cumsum([len(one) for one in split])
    rows = [flat[end - len(one) : end] for one, end in zip(split, ends, strict=True)]
    readings = [classify(text, vectors, classifier) for text, vectors in zip(texts, rows, strict=True)]
    if retriever is None or not texts:
        return readings
    found = retriever.search([one[0] for one in split], np.stack([vectors[0] for vectors in rows]), top)
    return [Reading(**{**reading.__dict__, "candidates": tuple(c)}) for reading, c in zip(readings, found, strict=True)]


