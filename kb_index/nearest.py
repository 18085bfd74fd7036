"""Finds the vectors nearest to a question's, with FAISS: exactly among few, by short codes among many, and of very many
only those in the cells that lie near.

The vectors themselves are mapped into memory, so that all workers of a machine share one copy; the codes are a
sixteenth of that.
"""

from __future__ import annotations

from dataclasses import dataclass
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
#: Above so many vectors they lie in cells, and only the cells near to a question are looked through. Below, that costs
#: more than it saves: all codes fit into the processor's cache.
CELLS_FROM = 300_000
#: In so many of the cells at least, as a share, and so many of the nearest vectors have to lie there.
_NEAR, _THERE = 1 / 32, 0.997
_WIDEST = 16
_LEARNT_FROM, _EACH_CELL = 8_000, 40
_FILE, _WIDER = "faiss.index", "wider"
_SAMPLE = 200
#: So many times as many are asked for, since some of the vectors may be dead.
_SPARE = 1.6
Rows = npt.NDArray[np.int64]
Live = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """Scores and rows of the nearest vectors to each question, best first, a row of -1 where there are fewer; shapes
    (questions, k). `proposed` are those that were compared with it, live or not, shape (questions, any): the same
    whatever is live. Only the first so many of them had a `say`, so that all others may come or go and the same is
    found; -1 where any may have had."""

    scores: Vectors
    rows: Rows
    proposed: Rows
    say: Rows


class Index(Protocol):
    """What both kinds offer: the `k` nearest among the vectors that are live, a row a truth value; None: all are.
    `known` is what was `proposed` for these questions before, -1 for those that are new."""

    def search(self, questions: Vectors, k: int, live: Live | None = None, known: Rows | None = None) -> Found: ...


class Exact:
    """Compares with every vector."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = np.asarray(vectors)

    def search(self, questions: Vectors, k: int, live: Live | None = None, known: Rows | None = None) -> Found:
        vectors, rows = self._vectors, None
        if live is not None and not live.all():
            rows = np.flatnonzero(live)
            vectors = vectors[rows]
        if len(vectors):
            scores, found = faiss.knn(questions, vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
        else:
            scores, found = np.full((len(questions), k), -np.inf, np.float32), np.full((len(questions), k), -1)
        found = found if rows is None else np.append(rows, -1)[found]
        return Found(scores, found, np.empty((len(questions), 0), np.int64), np.full(len(questions), -1))


class Coded:
    """Compares with a short code of every vector: half a byte for each two numbers, sixteen codes in one instruction.
    Of very many vectors only with those in the cells whose centres lie nearest to the question.

    The codes only propose: as many more than asked for as it takes to have the nearest among them. Those are compared
    with exactly. Ten times as fast as comparing with all vectors, and with cells another three to six times.
    Source: F. André, A.-M. Kermarrec and N. Le Scouarnec, "Cache locality is not enough: high-performance nearest
    neighbor search with product quantization fast scan" (VLDB 2015); H. Jégou, M. Douze and C. Schmid, "Product
    quantization for nearest neighbor search" (IEEE TPAMI 2011), for the cells.
    """

    def __init__(self, index: faiss.Index, vectors: Vectors, wider: int = 1) -> None:
        self._index = index
        self._vectors = vectors
        #: How many times as many are proposed as are asked for.
        self.wider = wider
        self._cells = int(getattr(index, "nlist", 0))

    @classmethod
    def build(cls, vectors: Vectors) -> Coded:
        """Looks through more cells and proposes more as long as it finds less than `RECALL` of what an exact search
        does."""
        data = np.ascontiguousarray(vectors, dtype=np.float32)
        random, size = np.random.default_rng(0), data.shape[1]
        code = size // 2 if size % 2 == 0 else size, 4, faiss.METRIC_INNER_PRODUCT
        if len(data) > CELLS_FROM:
            cells = int(2 * np.sqrt(len(data)))
            centres = faiss.IndexFlatIP(size)
            index = faiss.IndexIVFPQFastScan(centres, size, cells, *code)
            index.by_residual = False
            index.cp.niter, index.cp.seed, learnt = 5, 1, _EACH_CELL * cells
        else:
            index, learnt = faiss.IndexPQFastScan(size, *code), _LEARNT_FROM
        index.pq.cp.niter, index.pq.cp.seed = 8, 1
        index.train(data[random.choice(len(data), min(learnt, len(data)), replace=False)])
        index.add(data)
        questions = _questions(data)
        wanted = Exact(data).search(questions, 10).rows
        if len(data) > CELLS_FROM:
            index.nprobe = _enough(centres, questions, data[wanted])
        coded = cls(index, data)
        while _recall(coded.search(questions, 10).rows, wanted) < RECALL and coded.wider < _WIDEST:
            coded.wider *= 2
        return coded

    def search(self, questions: Vectors, k: int, live: Live | None = None, known: Rows | None = None) -> Found:
        scores = np.full((len(questions), k), -np.inf, dtype=np.float32)
        found = np.full((len(questions), k), -1, dtype=np.int64)
        total = self._index.ntotal
        wanted = min(self.wider * k, total if live is None else int(live.sum()))
        # Always as many, however many are dead: which of equals are proposed depends on how many are.
        asked = min(int(_SPARE * self.wider * k), total)
        first = np.full((len(questions), asked), -1, dtype=np.int64)
        if known is not None and known.shape == first.shape:
            first[:] = known
        if len(new := np.flatnonzero((first[:, :1] < 0).any(axis=1))):
            first[new] = self._proposed(questions[new], asked)
        say = np.zeros(len(questions), dtype=np.int64)
        left, proposed, probes = np.arange(len(questions)), first, 1
        while len(left):
            short = []
            for i, rows in zip(left.tolist(), proposed, strict=True):
                # Cells near to a question may hold fewer than are asked for.
                ours = np.flatnonzero((rows >= 0) & live[rows] if live is not None else rows >= 0)[:wanted]
                if len(ours) < wanted:
                    short.append(i)
                    say[i] = -1
                elif say[i] == 0 and wanted:
                    # After the last live one nothing counts; what is dead before it would, were it not.
                    say[i] = ours[-1] + 1
                rows = rows[ours]
                cosines = self._vectors[rows] @ questions[i]
                best = np.argsort(-cosines, kind="stable")[:k]
                scores[i, : len(best)], found[i, : len(best)] = cosines[best], rows[best]
            left, asked, probes = np.array(short, dtype=np.int64), min(2 * asked, total), 2 * probes
            if short:
                proposed = self._proposed(questions[left], asked, probes)
        return Found(scores, found, first, say)

    def _proposed(self, questions: Vectors, asked: int, probes: int = 1) -> Rows:
        """The rows whose codes are nearest, -1 where there are fewer, from `probes` times as many cells as suffice for
        most questions."""
        if not self._cells:
            return np.asarray(self._index.search(questions, asked)[1])
        near = faiss.SearchParametersIVF(nprobe=min(probes * self._index.nprobe, self._cells))
        # One by one: which of equals come first can depend on those that are asked together.
        return np.vstack([self._index.search(one[None], asked, params=near)[1] for one in questions])

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


def _enough(centres: faiss.Index, questions: Vectors, near: Vectors) -> int:
    """How many cells have to be looked through, so that nearly all of what is `near` to each of the questions lies in
    them; shape (questions, any, dimensions)."""
    each = near.shape[1]
    of = centres.search(near.reshape(-1, near.shape[2]), 1)[1].reshape(-1, each)
    order = centres.search(questions, centres.ntotal)[1]
    place = np.argsort(order, axis=1)[np.arange(len(order))[:, None], of]
    return int(max(np.quantile(place, _THERE) + 1, _NEAR * centres.ntotal))


def _recall(found: Rows, wanted: Rows) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), wanted.tolist(), strict=True)]))
