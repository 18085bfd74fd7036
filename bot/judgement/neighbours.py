"""The training phrases nearest to a message, as a second opinion beside the head's.

The head draws one border around each intent, and what is odd may lie far out on the wrong side of it, though phrases
like it were learnt. The phrases that stand nearest tell it. And a rare way to say something is known by the one phrase
that says it so, though that moves no border.
Source: U. Khandelwal et al., "Generalization through memorization: nearest neighbor language models" (ICLR 2020), the
interpolation of what a model says and what its nearest examples do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kb_index import nearest
from kb_index.encoder import Vectors

#: So many phrases have a say, each less by a factor of e for so much less of a cosine than the nearest has.
_NEAREST, _WIDTH = 16, 0.05


#: How much they count beside the head.
_SHARE = 0.5
_VECTORS, _COLUMNS = "phrases.npy", "phrases.json"
Probabilities = npt.NDArray[np.float64]


def mixed(head: Probabilities, neighbours: Probabilities) -> Probabilities:
    """What both say together of the same texts, shape (n, intents)."""
    return (1 - _SHARE) * head + _SHARE * neighbours


class Neighbours:
    """Phrases by their unit vectors of the tuned encoder, shape (phrases, dimensions), and the column of each one's
    intent among `intents` of them."""

    def __init__(self, index: nearest.Index, vectors: Vectors, columns: npt.NDArray[np.int64], intents: int) -> None:
        self._index = index
        self._vectors = vectors
        self._columns = columns
        self._intents = intents

    @classmethod
    def build(
        cls, vectors: Vectors, columns: Sequence[int] | npt.NDArray[np.int64], intents: int
    ) -> Neighbours:
        return cls(nearest.build(vectors), vectors, np.asarray(columns, dtype=np.int64), intents)

    def save(self, folder: Path) -> None:
        np.save(folder / _VECTORS, self._vectors)
        told = {"columns": self._columns.tolist(), "intents": self._intents}
        (folder / _COLUMNS).write_text(json.dumps(told), encoding="utf-8")
        nearest.save(self._index, folder)

    @classmethod
    def load(cls, folder: Path) -> Neighbours:
        """Mapped into memory, so that all workers of a machine share one copy. Raises OSError, ValueError, KeyError
        and, for a torn index, RuntimeError."""
        vectors = np.load(folder / _VECTORS, mmap_mode="r")
        told = json.loads((folder / _COLUMNS).read_text(encoding="utf-8"))
        return cls(nearest.load(folder, vectors), vectors, np.array(told["columns"]), told["intents"])

    def intent_probabilities(self, vectors: Vectors) -> Probabilities:
        """How the nearest phrases are shared out among the intents, shape (n, intents); rows sum to 1."""
        found = np.zeros((len(vectors), self._intents))
        for told, vector in zip(found, np.asarray(vectors, np.float32), strict=True):
            # One by one, and summed without BLAS, so that a message is read the same alone and among others.
            rows = self._index.search(vector[None], min(_NEAREST, len(self._vectors))).rows[0]
            near = np.einsum("ij,j->i", np.asarray(self._vectors[rows], np.float64), vector.astype(np.float64))
            np.add.at(told, self._columns[rows], np.exp((near - near.max()) / _WIDTH))
            told /= told.sum()
        return found
