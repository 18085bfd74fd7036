"""The wording model: routes from words and letter groups, beside the classifier that goes by meaning.

Sentence vectors blur the very words that tell "my card" from "a card", and know typos badly; TF-IDF over words and
letter groups sees both. Fitted with scikit-learn, served with numpy alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

_TOKEN = re.compile(r"\w+|\?")
_SHORTEST, _LONGEST = 2, 5
_RARE = 3


def features(text: str) -> list[str]:
    """Words, pairs of words, and groups of two to five letters within words (a blank marks a word's ends)."""
    words = _TOKEN.findall(text.lower())
    found = [f"={word}" for word in words]
    found += [f"={first} {second}" for first, second in pairwise(words)]
    for word in words:
        padded = f" {word} "
        for size in range(_SHORTEST, _LONGEST + 1):
            if size > len(padded):
                break
            found += [padded[i : i + size] for i in range(len(padded) - size + 1)]
    return found


class Wording:
    """Logistic regression on TF-IDF of :func:`features`; `weights` has shape (features, routes)."""

    def __init__(
        self, routes: Sequence[str], vocabulary: dict[str, int], idf: npt.NDArray[np.float32],
        weights: npt.NDArray[np.float32], bias: npt.NDArray[np.float32],
    ) -> None:
        self.routes = list(routes)
        self.vocabulary = vocabulary
        self.idf = idf
        self.weights = weights
        self.bias = bias

    @classmethod
    def fit(cls, texts: Sequence[str], routes: Sequence[str], strength: float = 5.0) -> Wording:
        """Trains on texts and the route of each. `strength` is the inverse of the L2 penalty."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        vectorizer = TfidfVectorizer(analyzer=features, min_df=_RARE if len(texts) > 500 else 1, sublinear_tf=True)
        rows = vectorizer.fit_transform(texts)
        # One route against the rest: as accurate here as the joint fit, and ten times as fast.
        model = LogisticRegression(C=strength, solver="liblinear").fit(rows, list(routes))
        weights, bias = model.coef_, model.intercept_
        if len(model.classes_) == 2:
            weights, bias = np.vstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
        return cls(
            [str(c) for c in model.classes_], {str(k): int(v) for k, v in vectorizer.vocabulary_.items()},
            vectorizer.idf_.astype(np.float32), np.ascontiguousarray(weights.T, dtype=np.float32),
            bias.astype(np.float32),
        )

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Shape (len(texts), routes); rows sum to 1."""
        scores = np.stack([self._scores(text) for text in texts]) if texts else np.zeros((0, len(self.routes)))
        scores = np.exp(scores - scores.max(axis=1, keepdims=True)) if len(scores) else scores
        return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float64)

    def _scores(self, text: str) -> npt.NDArray[np.float32]:
        counts = Counter(map(self.vocabulary.get, features(text)))
        del counts[None]
        if not counts:
            return self.bias
        columns = np.fromiter(counts, dtype=np.int64, count=len(counts))
        # 1 + log(count), as scikit-learn's sublinear_tf.
        often = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
        values = (1.0 + np.log(often)).astype(np.float32) * self.idf[columns]
        values /= np.linalg.norm(values)
        return np.asarray(values @ self.weights[columns] + self.bias, dtype=np.float32)

    def save(self, folder: Path) -> None:
        np.savez(folder / "wording.npz", idf=self.idf, weights=self.weights, bias=self.bias)
        told = {"routes": self.routes, "features": sorted(self.vocabulary, key=self.vocabulary.__getitem__)}
        (folder / "wording.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Wording:
        told = json.loads((folder / "wording.json").read_text(encoding="utf-8"))
        with np.load(folder / "wording.npz") as arrays:
            vocabulary = {feature: i for i, feature in enumerate(told["features"])}
            return cls(told["routes"], vocabulary, arrays["idf"], arrays["weights"], arrays["bias"])
