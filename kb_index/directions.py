"""Directions: for each entry the vector that its phrasings lie along and those of its neighbours do not.

An entry's centre says what its phrasings have in common, which is often what they share with the next entry too. So
the centres are trained for a second to tell the entries' phrasings apart, by numpy alone and always alike.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from kb_index.encoder import Vectors

#: With fewer phrasings an entry, there is nothing to learn from: a lone question is its own direction.
_PHRASINGS = 2.0
#: Entries times vectors up to which training takes no longer than an editor waits for a try.
_LARGEST = 600_000
_STEPS, _RATE = 60, 0.01
#: Cosines become scores by this factor.
_SCALE = 12.0
#: How strongly a direction is drawn back to its centre.
_PULL = 0.01


def learnable(vectors: int, entries: int) -> bool:
    """Whether so many vectors of questions and phrasings have directions of so many entries to teach."""
    return entries > 1 and vectors >= (1 + _PHRASINGS) * entries and entries * vectors <= _LARGEST


def train(vectors: Vectors, owner: npt.NDArray[np.int64], entries: int) -> Vectors | None:
    """The direction of each entry, shape (entries, dimensions), from the vectors of questions and phrasings and the
    entry of each.

    Softmax regression without a bias, begun at the centres and trained on all vectors at once by Adam.
    Sources: J. Snell et al., "Prototypical networks for few-shot learning" (NeurIPS 2017), for the centres; D. Kingma
    and J. Ba, "Adam: a method for stochastic optimization" (ICLR 2015).
    """
    if not learnable(len(vectors), entries):
        return None
    x, rows = np.ascontiguousarray(vectors, dtype=np.float32), np.arange(len(vectors))
    # Threads sum in an order of their own, and a new process must come to the same bars.
    with threadpool_limits(1):
        centres = np.zeros((entries, x.shape[1]), dtype=np.float32)
        np.add.at(centres, owner, x)
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-6)
        found, first, second = centres.copy(), np.zeros_like(centres), np.zeros_like(centres)
        for step in range(1, _STEPS + 1):
            chance = _SCALE * (x @ found.T)
            np.exp(chance - chance.max(axis=1, keepdims=True), out=chance)
            chance /= chance.sum(axis=1, keepdims=True)
            chance[rows, owner] -= 1
            slope = chance.T @ x * (_SCALE * entries / len(x)) + _PULL * (found - centres)
            first += 0.1 * (slope - first)
            second += 0.01 * (slope * slope - second)
            found -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-6)
    return found
