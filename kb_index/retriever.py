"""Finds the entries nearest to a question: dense and lexical evidence fused to one score per entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kb_index.encoder import Vectors
from kb_index.entry import Entry
from kb_index.passages import passages
from kb_index.snapshot import Snapshot

#: What a vector stands for.
QUESTION, PHRASING, PASSAGE = 0, 1, 2


@dataclass(frozen=True)
class Weights:
    """How much each kind of evidence counts; chosen on the sample shop's test questions (docs/judgement.md)."""

    nearest: float = 0.6
    centre: float = 0.3
    passage: float = 0.1
    lexical: float = 0.3


@dataclass(frozen=True)
class Candidate:
    """An entry with its fused score (about 0 to 1) and the two strongest pieces of evidence behind it."""

    entry: str
    score: float
    nearest: float
    lexical: float


def units(entry: Entry) -> list[tuple[int, str]]:
    """The texts of an entry that are embedded, each with its kind: question, phrasings, passages under the question."""
    found = [(QUESTION, entry.question)]
    found += [(PHRASING, phrasing) for phrasing in entry.phrasings]
    found += [(PASSAGE, f"{entry.question} {passage}") for passage in passages(entry.answer)]
    return found


class Retriever:
    """Searches one snapshot.

    FAISS and BM25 propose entries; those are then scored exactly over all their vectors, so that an approximate index
    can miss a candidate but never misjudge one.
    """

    def __init__(self, snapshot: Snapshot, weights: Weights = Weights()) -> None:
        self.snapshot = snapshot
        self.weights = weights

    def search(self, texts: Sequence[str], vectors: Vectors, top: int = 5) -> list[list[Candidate]]:
        """The best `top` entries for each question, best first."""
        snapshot = self.snapshot
        depth = min(max(10 * top, 50), len(snapshot.vectors))
        _, near = snapshot.index.search(np.ascontiguousarray(vectors), depth)
        found = []
        for i, text in enumerate(texts):
            lexical = snapshot.lexical.scores(text)
            proposed = set(snapshot.owner[near[i][near[i] >= 0]].tolist())
            if lexical.any():
                best = np.argpartition(-lexical, min(10, len(lexical) - 1))[:10]
                proposed.update(best[lexical[best] > 0].tolist())
            scored = [self._score(position, vectors[i], float(lexical[position])) for position in sorted(proposed)]
            scored.sort(key=lambda candidate: -candidate.score)
            found.append(scored[:top])
        return found

    def _score(self, position: int, vector: Vectors, lexical: float) -> Candidate:
        snapshot, weights = self.snapshot, self.weights
        kept = slice(int(snapshot.starts[position]), int(snapshot.starts[position + 1]))
        ours, asked = snapshot.vectors[kept], snapshot.kinds[kept] != PASSAGE
        cosines = ours @ vector
        passage = cosines[~asked]
        nearest = float(cosines[asked].max())
        centre = ours[asked].mean(axis=0)
        middle = float(centre @ vector / max(float(np.linalg.norm(centre)), 1e-6))
        told = float(passage.max()) if passage.size else middle
        # BM25 has no upper end; this maps it to 0..1 with half at 10, a common score of a good match.
        words = lexical / (lexical + 10.0)
        score = weights.nearest * nearest + weights.centre * middle + weights.passage * told + weights.lexical * words
        return Candidate(
            entry=snapshot.entries[position].id, score=round(score / (1 + weights.lexical), 5),
            nearest=round(nearest, 5), lexical=round(lexical, 3),
        )
