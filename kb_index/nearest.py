"""Finds the vectors nearest to a question's, with FAISS: exactly among few, by short codes among many.

The vectors themselves are mapped into memory, so that all workers of a machine share one copy; the codes are a
sixteenth of that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import faiss
import numpy as np
import numpy.typing as npt

from kb_index.encoder import Vectors

#: Above so many vectors an exact search takes more than half a millisecond.
EXACT_UP_TO = 5_000
#: The share of the ten nearest vectors that have to be among the proposed, measured when the codes are made.
RECALL = 0.99
_WIDEST = 16
_LEARNT_FROM = 8_000
_FILE, _WIDER = "faiss.index", "wider"
_SAMPLE = 200
_Rows = npt.NDArray[np.int64]


class Index(Protocol):
    """What both kinds offer: scores and rows of the `k` nearest vectors, best first, a row of -1 where there are
    fewer; shapes (questions, k)."""

    def search(self, questions: Vectors, k: int) -> tuple[Vectors, _Rows]: ...


class Exact:
    """Compares with every vector."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = np.asarray(vectors)

    def search(self, questions: Vectors, k: int) -> tuple[Vectors, _Rows]:
        found: tuple[Vectors, _Rows] = faiss.knn(questions, self._vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
        return found


class Coded:
    """Compares with a short code of every vector: half a byte for each two numbers, sixteen codes in one instruction.

    The codes only propose: as many more than asked for as it takes to have the nearest among them. Those are compared
    with exactly. Ten times as fast as comparing with all vectors.
    Source: F. André, A.-M. Kermarrec and N. Le Scouarnec, "Cache locality is not enough: high-performance nearest
    neighbor search with product quantization fast scan" (VLDB 2015).
    """

    def __init__(self, index: faiss.Index, vectors: Vectors, wider: int = 1) -> None:
        self._index = index
        self._vectors = vectors
        #: How many times as many are proposed as are asked for.
        self.wider = wider

    @classmethod
    def build(cls, vectors: Vectors) -> Coded:
        """Proposes more as long as it finds less than `RECALL` of what an exact search does."""
        data = np.ascontiguousarray(vectors, dtype=np.float32)
        size = data.shape[1]
        index = faiss.IndexPQFastScan(size, size // 2 if size % 2 == 0 else size, 4, faiss.METRIC_INNER_PRODUCT)
        index.pq.cp.niter, index.pq.cp.seed = 8, 1
        index.train(data[np.random.default_rng(0).choice(len(data), min(_LEARNT_FROM, len(data)), replace=False)])
        index.add(data)
        questions = _questions(data)
        _, wanted = Exact(data).search(questions, 10)
        coded = cls(index, data)
        while _recall(coded.search(questions, 10)[1], wanted) < RECALL and coded.wider < _WIDEST:
            coded.wider *= 2
        return coded

    def search(self, questions: Vectors, k: int) -> tuple[Vectors, _Rows]:
        _, proposed = self._index.search(questions, min(self.wider * k, self._index.ntotal))
        scores = np.full((len(questions), k), -np.inf, dtype=np.float32)
        found = np.full((len(questions), k), -1, dtype=np.int64)
        for i, rows in enumerate(proposed):
            rows = rows[rows >= 0]
            cosines = self._vectors[rows] @ questions[i]
            best = np.argsort(-cosines, kind="stable")[:k]
            scores[i, : len(best)], found[i, : len(best)] = cosines[best], rows[best]
        return scores, found

    def save(self, folder: Path) -> None:
        faiss.write_index(self._index, str(folder / _FILE))
        (folder / _WIDER).write_text(f"{self.wider}\n")

    @classmethod
    def load(cls, folder: Path, vectors: Vectors) -> Coded:
        told = folder / _WIDER
        return cls(faiss.read_index(str(folder / _FILE)), vectors, int(told.read_text()) if told.is_file() else 1)


def build(vectors: Vectors) -> Index:
    """The index that suits so many vectors."""
    return Exact(vectors) if len(vectors) <= EXACT_UP_TO else Coded.build(vectors)


def save(index: Index, folder: Path) -> None:
    """Writes what :func:`load` needs beside the vectors: nothing for an exact search."""
    if isinstance(index, Coded):
        index.save(folder)


def load(folder: Path, vectors: Vectors) -> Index:
    return Coded.load(folder, np.asarray(vectors)) if (folder / _FILE).is_file() else Exact(vectors)


def _questions(vectors: Vectors) -> Vectors:
    """Vectors as far from some of these as a customer's question is from its entry, at a cosine of some 0.7."""
    rng = np.random.default_rng(0)
    near = vectors[rng.choice(len(vectors), min(_SAMPLE, len(vectors)), replace=False)]
    other = vectors[rng.choice(len(vectors), len(near))]
    noise = rng.normal(size=near.shape).astype(np.float32) / np.sqrt(near.shape[1])
    mixed = near + 0.6 * other + 0.6 * noise
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), dtype=np.float32)


def _recall(found: _Rows, wanted: _Rows) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), wanted.tolist(), strict=True)]))
