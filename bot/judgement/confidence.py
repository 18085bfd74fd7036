"""How likely the nearest entry is the right answer: a logistic function of a few signs.

Its weights are fixed: fitted once on the sample shop (`tools/fit_confidence.py`) and kept here, so that all of an
operator's labelled questions are left to set the bar. Weights that suit a knowledge base less cost coverage, never the
promise: the bar is computed with whatever confidence there is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.judgement.judgement import Reading

SIGNS = (
    "score", "margin", "nearest", "lexical", "lexical_first", "votes", "service", "people", "out_of_scope", "sales",
)

_WEIGHTS = {
    "score": 7.26, "margin": 7.71, "nearest": 2.14, "lexical": 0.58, "lexical_first": 1.29, "votes": 0.60,
    "service": -1.08, "people": -3.57, "out_of_scope": -0.83, "sales": 0.09,
}
_BIAS = -5.53


def signs(reading: Reading) -> list[float]:
    """The signs of one reading, in the order of `SIGNS`; zeros where nothing was found.

    ``margin`` is the lead over the second entry, ``lexical_first`` whether no other candidate shares more words, and
    ``votes`` how much of the candidates' scores above the fifth the first one has.
    """
    if not reading.candidates:
        return [0.0] * len(SIGNS)
    first, *others = reading.candidates[:5]
    second = others[0].score if others else 0.0
    floor = min(c.score for c in reading.candidates[:5])
    spread = sum(c.score - floor for c in reading.candidates[:5])
    routes = reading.routes
    return [
        first.score, first.score - second, first.nearest, math.log1p(first.lexical),
        float(first.lexical > 0 and all(first.lexical >= c.lexical for c in others)),
        (first.score - floor) / spread if spread > 0 else 1.0,
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
        return cls([_WEIGHTS[name] for name in SIGNS], _BIAS)

    @classmethod
    def fit(cls, rows: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> Confidence:
        """Weights for `rows` of shape (n, signs) and whether the nearest entry was right."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=10.0, max_iter=2000).fit(rows, right)
        return cls(model.coef_[0], float(model.intercept_[0]))

    def of(self, reading: Reading) -> float:
        if not reading.candidates:
            return 0.0
        return float(self.of_rows(np.asarray([signs(reading)]))[0])

    def of_rows(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(1.0 / (1.0 + np.exp(-(rows @ self.weights + self.bias))), dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        return {"signs": list(SIGNS), "weights": self.weights.tolist(), "bias": self.bias}

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> Confidence:
        if tuple(told["signs"]) != SIGNS:
            raise ValueError("the snapshot was calibrated with other signs; publish again")
        return cls(told["weights"], told["bias"])
