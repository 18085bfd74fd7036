"""How likely the nearest entry is the right answer: a logistic function of a few signs.

Where a knowledge base has phrasings, its weights are fitted at each publish on phrasings that were held out of the
index; elsewhere they are the shipped ones, fitted on knowledge bases of other subjects (`tools/fit_confidence.py`).
Neither sees the questions that set the bar, so the promise holds with any weights; better ones answer more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.judgement.judgement import DECIMALS, Reading

#: The signs of the search, then those of the classifier.
FOUND = (
    "score", "over_second", "over_third", "over_fifth", "share", "nearest", "nearest_lead", "nearest_first", "lexical",
    "lexical_lead", "lexical_first", "lexical_per_word", "length",
)
ROUTES = ("service", "people", "out_of_scope", "sales")
_FIRST = FOUND + ROUTES
#: Once for what the first encoder found alone and once, with a constant, for what was looked at again, of which the
#: same signs say something else. Of each question one of the two is nought.
SIGNS = (*_FIRST, *(f"again_{name}" for name in _FIRST), "again")

#: The classifier knows shops, not the subject of a foreign knowledge base: without a fit its signs count nothing.
_WEIGHTS = {
    "score": 7.48, "over_second": 9.26, "over_third": 2.12, "over_fifth": -1.07, "share": 3.26, "nearest": -2.47,
    "nearest_lead": -2.99, "nearest_first": -0.20, "lexical": 3.22, "lexical_lead": 0.19, "lexical_first": -0.07,
    "lexical_per_word": -0.88, "length": -0.85,
    "again_score": 6.62, "again_over_second": 4.23, "again_over_third": 1.29, "again_over_fifth": -0.13,
    "again_share": 5.08, "again_nearest": -2.62, "again_nearest_lead": -3.47, "again_nearest_first": -0.30,
    "again_lexical": 3.26, "again_lexical_lead": -0.49, "again_lexical_per_word": -1.20, "again_length": -0.85,
    "again": -0.26,
}
_BIAS = -2.61
#: How many entries count as rivals of the first.
RIVALS = 5
#: How fast a lead makes the first entry's share of the candidates grow.
_SHARPNESS = 20.0


def signs(reading: Reading) -> list[float]:
    """The signs of one reading, in the order of `SIGNS`; zeros where nothing was found.

    ``over_…`` are leads of the first entry's score, ``share`` is its part of a softmax over the candidates' scores,
    ``…_lead`` and ``…_first`` compare one kind of evidence with the best of the others, ``lexical`` is BM25 mapped to
    0…1 with half at 10.
    """
    if not reading.candidates:
        return [0.0] * len(SIGNS)
    told = _told(reading)
    if reading.candidates[0].again:
        return [*[0.0] * len(told), *told, 1.0]
    return [*told, *[0.0] * (len(told) + 1)]


def _told(reading: Reading) -> list[float]:
    """The signs of `FOUND` and `ROUTES`, whoever looked."""
    first, *others = reading.candidates[:RIVALS]
    scores = [candidate.score for candidate in others] + [0.0] * RIVALS
    nearest = max((c.nearest for c in others), default=0.0)
    lexical = max((c.lexical for c in others), default=0.0)
    words = len(reading.text.split())
    routes = reading.routes
    return [
        first.score, first.score - scores[0], first.score - scores[1], first.score - scores[3],
        1 / (1 + sum(math.exp(_SHARPNESS * (c.score - first.score)) for c in others)),
        first.nearest, first.nearest - nearest, float(first.nearest >= nearest),
        first.lexical / (first.lexical + 10), first.lexical / (first.lexical + 10) - lexical / (lexical + 10),
        float(first.lexical > 0 and first.lexical >= lexical), first.lexical / max(1, words), math.log1p(words),
        routes.get("service", 0.0), routes.get("support", 0.0) + routes.get("human", 0.0),
        routes.get("out_of_scope", 0.0), routes.get("sales", 0.0),
    ]


class Confidence:
    """Turns signs into the chance that answering with the nearest entry is right."""

    def __init__(self, weights: Sequence[float], bias: float) -> None:
        self.weights = np.asarray(weights, dtype=float)
        self.bias = float(bias)

    @classmethod
    def standard(cls) -> Confidence:
        """The confidence that is shipped."""
        return cls([_WEIGHTS.get(name, 0.0) for name in SIGNS], _BIAS)

    @classmethod
    def fit(cls, rows: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> Confidence:
        """Weights for `rows` of shape (n, signs) and whether the nearest entry was right."""
        from sklearn.linear_model import LogisticRegression

        # The penalty treats all signs alike only when they have one scale; a sign that never varies has no scale.
        middle, spread = rows.mean(axis=0), rows.std(axis=0)
        spread = np.where(spread > 1e-9, spread, 1.0)
        model = LogisticRegression(C=1.0, max_iter=2000).fit((rows - middle) / spread, right)
        weights = model.coef_[0] / spread
        return cls(weights, float(model.intercept_[0] - weights @ middle))

    def of(self, reading: Reading) -> float:
        return float(self.of_all([reading])[0])

    def of_all(self, readings: Sequence[Reading]) -> npt.NDArray[np.float64]:
        """As `of`, for many; 0 where nothing was found."""
        if not readings:
            return np.zeros(0)
        found = np.array([bool(reading.candidates) for reading in readings])
        return np.where(found, self.of_rows(np.array([signs(reading) for reading in readings])), 0.0)

    def of_rows(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        chances = 1.0 / (1.0 + np.exp(-(rows @ self.weights + self.bias)))
        return np.asarray(np.round(chances, DECIMALS), dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        return {"signs": list(SIGNS), "weights": self.weights.tolist(), "bias": self.bias}

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> Confidence:
        if tuple(told["signs"]) != SIGNS:
            raise ValueError("the snapshot was calibrated with other signs; publish again")
        return cls(told["weights"], told["bias"])
