"""How likely the nearest entry is the right answer: logistic regression on a few signs, fitted at publish."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.judgement.judgement import Reading

SIGNS = ("score", "margin", "nearest", "lexical", "service", "people", "out_of_scope", "sales")


def signs(reading: Reading) -> list[float]:
    """The signs of one reading, in the order of `SIGNS`; zeros where nothing was found."""
    if not reading.candidates:
        return [0.0] * len(SIGNS)
    first = reading.candidates[0]
    second = reading.candidates[1].score if len(reading.candidates) > 1 else 0.0
    routes = reading.routes
    return [
        first.score, first.score - second, first.nearest, math.log1p(first.lexical),
        routes.get("service", 0.0), routes.get("support", 0.0) + routes.get("human", 0.0),
        routes.get("out_of_scope", 0.0), routes.get("sales", 0.0),
    ]


class Confidence:
    """Turns signs into the chance that answering with the nearest entry is right."""

    def __init__(self, weights: Sequence[float], bias: float) -> None:
        self.weights = np.asarray(weights, dtype=float)
        self.bias = float(bias)

    @classmethod
    def prior(cls) -> Confidence:
        """Used until there are enough labelled questions to fit one: the fused score alone, even odds at 0.6."""
        return cls([12.0] + [0.0] * (len(SIGNS) - 1), -7.2)

    @classmethod
    def fit(cls, rows: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> Confidence:
        """`rows` of shape (n, signs). Falls back on the prior where one class has fewer than 20 questions."""
        from sklearn.linear_model import LogisticRegression

        if min(int(right.sum()), int((~right).sum())) < 20:
            return cls.prior()
        model = LogisticRegression(C=10.0, max_iter=1000).fit(rows, right)
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
