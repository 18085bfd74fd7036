"""The intent classifier: meaning (logistic regression on sentence vectors) and wording together; numpy when serving."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.judgement.wording import Wording
from kb_index.encoder import Vectors

Probabilities = npt.NDArray[np.float64]


class Classifier:
    """Probabilities of intents and of the routes they belong to."""

    def __init__(
        self, intents: Sequence[str], routes: Mapping[str, str], weights: npt.NDArray[np.float64],
        bias: npt.NDArray[np.float64], encoder: str, wording: Wording,
    ) -> None:
        self.intents = list(intents)
        self.routes = sorted(set(routes.values()))
        self.route_of = dict(routes)
        self.weights = weights
        self.bias = bias
        self.encoder = encoder
        self.wording = wording
        self._column = np.array([self.routes.index(routes[intent]) for intent in self.intents])

    @classmethod
    def fit(
        cls, texts: Sequence[str], vectors: Vectors, intents: Sequence[str], routes: Mapping[str, str], encoder: str,
        strength: float = 3.0,
    ) -> Classifier:
        """Trains on texts and their vectors of shape (n, dimensions). `strength` is the inverse of the L2 penalty."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        with warnings.catch_warnings():
            # A hundred steps are as good on unseen kinds as going on to the end, and take half the time.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(C=strength, max_iter=100).fit(vectors, list(intents))
        weights, bias = model.coef_, model.intercept_
        if len(model.classes_) == 2:
            # scikit-learn keeps one row for two classes; a softmax wants both.
            weights, bias = np.vstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
        wording = Wording.fit(texts, [routes[intent] for intent in intents])
        return cls([str(c) for c in model.classes_], routes, np.asarray(weights), np.asarray(bias), encoder, wording)

    def intent_probabilities(self, texts: Sequence[str], vectors: Vectors) -> Probabilities:
        """Shape (n, intents); rows sum to 1.

        Routes are the geometric mean of what meaning and wording say, which is sure only where both are; intents
        share their route's part as meaning has it. Across kinds of product and sources this is better than either
        (docs/judgement.md).
        """
        scores = vectors @ self.weights.T + self.bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        intents = np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float64)
        meant = self.route_probabilities(intents)
        worded = self.wording.probabilities(texts)[:, [self.wording.routes.index(route) for route in self.routes]]
        both = np.sqrt(meant * worded)
        both /= both.sum(axis=1, keepdims=True)
        return np.asarray(intents * (both / np.maximum(meant, 1e-12))[:, self._column], dtype=np.float64)

    def route_probabilities(self, intents: Probabilities) -> Probabilities:
        """Shape (n, routes): a route is as likely as its intents together."""
        routes = np.zeros((len(intents), len(self.routes)))
        np.add.at(routes.T, self._column, intents.T)
        return routes

    def belongs(self, route: int) -> npt.NDArray[np.bool_]:
        """Which intents are of the route at this place in `routes`."""
        return np.asarray(self._column == route)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / "classifier.npz", weights=self.weights.astype(np.float32), bias=self.bias.astype(np.float32))
        told = {"intents": self.intents, "routes": self.route_of, "encoder": self.encoder}
        (folder / "classifier.json").write_text(json.dumps(told, indent=1))
        self.wording.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Classifier:
        told = json.loads((folder / "classifier.json").read_text())
        with np.load(folder / "classifier.npz") as arrays:
            return cls(
                told["intents"], told["routes"], arrays["weights"], arrays["bias"], told["encoder"],
                Wording.load(folder),
            )
