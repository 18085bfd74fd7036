"""Finds the vectors nearest to a question's, with FAISS: exactly among few, by an inverted file among many.

Both work on files that are mapped into memory, so that all workers of a machine share one copy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import faiss
import numpy as np
import numpy.typing as npt

from kb_index.encoder import Vectors

#: Above so many vectors an exact search of some 3 ms would become the slowest part of an answer.
EXACT_UP_TO = 50_000
#: The share of the ten nearest vectors that an inexact search has to find, measured when it is built.
RECALL = 0.99
_FILE = "faiss.index"
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


class Inverted:
    """Compares with the vectors of the nearest cells only (J. Sivic and A. Zisserman, "Video Google", 2003)."""

    def __init__(self, index: faiss.IndexIVFFlat) -> None:
        self._index = index

    @property
    def cells(self) -> tuple[int, int]:
        """How many cells a search looks into, and how many there are."""
        return self._index.nprobe, self._index.nlist

    @classmethod
    def build(cls, vectors: Vectors) -> Inverted:
        """Looks into twice as many cells as long as it finds less than `RECALL` of what an exact search does."""
        data = np.ascontiguousarray(vectors, dtype=np.float32)
        cells = int(2 * np.sqrt(len(data)))
        index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(data.shape[1]), data.shape[1], cells, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.niter, index.cp.max_points_per_centroid, index.cp.seed = 8, 48, 1
        index.train(data)
        index.add(data)
        questions = _questions(data)
        _, wanted = Exact(data).search(questions, 10)
        index.nprobe = max(1, cells // 32)
        while _recall(index.search(questions, 10)[1], wanted) < RECALL and index.nprobe < cells:
            index.nprobe = min(2 * index.nprobe, cells)
        return cls(index)

    def search(self, questions: Vectors, k: int) -> tuple[Vectors, _Rows]:
        found: tuple[Vectors, _Rows] = self._index.search(questions, k)
        return found

    def save(self, folder: Path) -> None:
        faiss.write_index(self._index, str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path) -> Inverted:
        index = faiss.read_index(str(folder / _FILE), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        lists = faiss.downcast_InvertedLists(index.invlists)
        if hasattr(lists, "prefetch_nthread"):
            lists.prefetch_nthread = 0  # what is mapped is in memory after the first questions
        return cls(index)


def build(vectors: Vectors) -> Index:
    """The index that suits so many vectors."""
    return Exact(vectors) if len(vectors) <= EXACT_UP_TO else Inverted.build(vectors)


def save(index: Index, folder: Path) -> None:
    """Writes what :func:`load` needs beside the vectors: nothing for an exact search."""
    if isinstance(index, Inverted):
        index.save(folder)


def load(folder: Path, vectors: Vectors) -> Index:
    return Inverted.load(folder) if (folder / _FILE).is_file() else Exact(vectors)


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
