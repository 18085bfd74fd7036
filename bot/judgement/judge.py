"""The judge: encoder, classifier, index and router together, for one message or thousands.

The assistant's graph components call the same parts one by one, so that a replay decides as the live bot does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from bot.judgement.classifier import Classifier, Head, Probabilities
from bot.judgement.confidence import RIVALS
from bot.judgement.judgement import DECIMALS, Judgement, Reading
from bot.judgement.plainly import plainly
from bot.judgement.reranking import Reranker
from bot.judgement.router import Bars, decide, settled
from bot.judgement.segments import normalise, segments
from bot.judgement.words import deciding_words
from kb_index.encoder import Encoder, Vectors
from kb_index.retriever import Candidate, Retriever
from kb_index.snapshot import Snapshot

#: A part of a message speaks for the whole only when it is this clear on its own.
_CLEAR = {"support": 0.9, "human": 0.8}


def parts(text: str) -> list[str]:
    """The texts to classify for one message: the whole first, then its sentences."""
    return [normalise(text), *segments(text)]


def classify(text: str, intents: Probabilities, head: Head) -> Reading:
    """Reads one message from what the classifier says of its :func:`parts`, shape (parts, intents). A sentence that is
    clearly for people decides for all, so that a mixed message goes to support (the table in the design)."""
    routes = head.route_probabilities(intents)
    whole = routes[0].copy()
    speaks = 0
    for name, clear in _CLEAR.items():
        column = head.routes.index(name) if name in head.routes else -1
        if column < 0 or len(routes) < 2:
            continue
        row = 1 + int(routes[1:, column].argmax())
        if routes[row, column] >= max(clear, whole[column]):
            whole *= (1 - routes[row, column]) / max(1e-9, 1 - whole[column])
            whole[column] = routes[row, column]
            speaks = row
    # The intent is one of the likeliest route's, by the part that decided: rules act on it, and the likeliest intent
    # of all can belong to a route that lost to several smaller ones.
    ours = head.belongs(int(whole.argmax()))
    best = int(np.where(ours, intents[speaks], -1.0).argmax())
    return Reading(
        text=text, routes={name: round(float(p), DECIMALS) for name, p in zip(head.routes, whole, strict=True)},
        intent=head.intents[best], intent_confidence=round(float(intents[speaks, best]), DECIMALS),
        support_segment=segments(text)[speaks - 1] if speaks else "",
    )


class Judge:
    """Judges messages against one snapshot."""

    def __init__(
        self, encoder: Encoder, classifier: Classifier, snapshot: Snapshot, tasks: frozenset[str] = frozenset(),
        reranker: Reranker | None = None,
    ) -> None:
        self.encoder = encoder
        self.classifier = classifier
        self.retriever = Retriever(snapshot)
        self.bars = Bars.parse(snapshot.calibration)
        self.tasks = tasks
        self.reranker = reranker

    def read(self, texts: Sequence[str], top: int = 5) -> list[Reading]:
        """Classifies and searches for the best `top` entries; one batch through the encoder for all."""
        return read(texts, self.encoder, self.classifier, self.retriever, top, self.reranker)

    def _settled(self, reading: Reading) -> bool:
        return settled(reading, self.bars, self.tasks)

    def judge(self, texts: Sequence[str], words: bool = False) -> list[Judgement]:
        """What the bot does with each text as the first of a conversation; with the words that weighed most for its
        route where `words` asks for them."""
        readings = read(texts, self.encoder, self.classifier, self.retriever, RIVALS, self.reranker, self._settled)
        judged = [decide(reading, self.bars, tasks=self.tasks) for reading in readings]
        if not words:
            return judged
        return [replace(one, words=deciding_words(text, one.route, self.classifier))
                for text, one in zip(texts, judged, strict=True)]


def read(
    texts: Sequence[str], encoder: Encoder | None, classifier: Classifier, retriever: Retriever | None, top: int = 5,
    reranker: Reranker | None = None, is_settled: Callable[[Reading], bool] = lambda reading: False,
) -> list[Reading]:
    """Readings of many messages at once; without encoder and retriever, without candidates. Where it `is_settled` what
    is decided, whatever is found, nothing is looked at again."""
    readings = classified(texts, classifier)
    if encoder is None or retriever is None or not texts:
        return readings
    wholes = [sought(reading, retriever) for reading in readings]
    vectors, second = encoder.encode(wholes), seen(texts, classifier, retriever)
    clear = np.array([is_settled(reading) for reading in readings], dtype=bool)
    found: list[list[Candidate]] = [[] for _ in texts]
    for some, look in ((np.flatnonzero(clear), None), (np.flatnonzero(~clear), reranker)):
        of = retriever.search([wholes[i] for i in some], vectors[some], top, None if second is None else second[some],
                              look)
        for i, candidates in zip(some.tolist(), of, strict=True):
            found[i] = candidates
    return [reading.finding(candidates) for reading, candidates in zip(readings, found, strict=True)]


def seen(texts: Sequence[str], classifier: Classifier, retriever: Retriever) -> Vectors | None:
    """The messages as the classifier's encoder sees them, where the snapshot has directions over its vectors. The
    classifier has just read them, so this costs next to nothing."""
    if retriever.snapshot.second is None or retriever.snapshot.second_encoder != classifier.encoder.name:
        return None
    return classifier.vectors([normalise(text) for text in texts])


def sought(reading: Reading, retriever: Retriever) -> str:
    """What entries are sought by: the normalised text with slips mended, but for words that the knowledge base has."""
    said = reading.said
    if not reading.mended:
        return said
    return " ".join(one if retriever.knows(one) else other
                    for one, other in zip(said.split(), reading.mended.split(), strict=True))


def classified(texts: Sequence[str], classifier: Classifier) -> list[Reading]:
    """What the classifier says of each message that it can read, and of what it says plainly."""
    known = [classifier.reads(normalise(text)) for text in texts]
    found = iter(_classified([text for text, is_known in zip(texts, known, strict=True) if is_known], classifier))
    # Who writes in another language is answered by what is found, so that is for the service team.
    guess = {name: float(name == "service") for name in classifier.routes}
    return [next(found) if is_known else Reading(text, guess, "", 0.0, foreign=True)
            for text, is_known in zip(texts, known, strict=True)]


def _classified(texts: Sequence[str], classifier: Classifier) -> list[Reading]:
    told = [plainly(text) for text in texts]
    both = [*texts, *(plain for plain, text in zip(told, texts, strict=True) if plain != text)]
    split = [parts(text) for text in both]
    flat = classifier.intent_probabilities([part for one in split for part in one])
    ends = np.cumsum([len(one) for one in split])
    rows = [flat[end - len(one) : end] for one, end in zip(split, ends, strict=True)]
    readings = [classify(text, intents, classifier.head) for text, intents in zip(both, rows, strict=True)]
    again = iter(readings[len(texts):])
    meant = [classifier.spelling.mend(one[0]) for one in split[: len(texts)]]
    return [replace(reading, plainly=next(again) if plain != reading.text else None,
                    mended=mended if mended != one[0] else "")
            for reading, plain, mended, one in zip(readings, told, meant, split, strict=False)]
