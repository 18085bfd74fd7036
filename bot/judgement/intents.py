"""A classifier of any labelled texts: meaning, wording and a tuned encoder together, and how far a text is from all.

Usage::

    model = Intents.fit(texts, vectors, labels, tune=partial(Tuned.fit, source))
    read = model.read(texts, vectors)     # read.labels, read.distance
    refused = read.distance > model.threshold
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bot.judgement.labelled import OUT_OF_SCOPE
from bot.judgement.wording import features
from kb_index.encoder import Vectors

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

#: The share of in-scope texts that the threshold may refuse.
REFUSED = 0.05
#: Part of each label that the first fit does not see; on it the threshold is set and tuning has to prove itself.
_HELD_OUT = 0.2
#: Fewer held-out texts than this set no threshold.
_ENOUGH = 20
#: Wording knows too few words to count as much as meaning.
_WORDING = 0.5
#: Margins of the wording model are multiplied by this to be as sure as its accuracy allows.
_SHARPNESS = 3.0
#: The nearest training text may be a stray; the fifth speaks for its surroundings.
_NEIGHBOUR = 5


class TunedEncoder(Protocol):
    """What :class:`bot.judgement.tuning.Tuned` offers."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), dimensions)."""

    def scores(self, vectors: Vectors) -> Floats:
        """Scores of shape (n, classes) whose softmax are probabilities."""


#: Trains an encoder on texts, their classes (0, 1, …) and a seed.
Tune = Callable[[Sequence[str], Classes, int], TunedEncoder]


@dataclass(frozen=True)
class Read:
    """The likeliest intent of each text, never ``oos``, and how far each is from all intents (higher is farther)."""

    labels: list[str]
    distance: Floats


@dataclass
class _Experts:
    """Models of one set of texts; columns of all scores are the classes in their order."""

    meaning: Any
    wording: Any
    vectorizer: Any
    near: Vectors
    tuned: list[TunedEncoder] = field(default_factory=list)
    tuned_near: Vectors | None = None

    @classmethod
    def fit(cls, texts: Sequence[str], vectors: Vectors, classes: Classes, inside: npt.NDArray[np.bool_]) -> _Experts:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC

        vectorizer = TfidfVectorizer(analyzer=features, min_df=2 if len(texts) > 500 else 1, sublinear_tf=True)
        try:
            rows = vectorizer.fit_transform(texts)
        except ValueError:  # not one word in all texts: scikit-learn has no empty vocabulary
            vectorizer = TfidfVectorizer(analyzer=lambda text: ["", *features(text)]).fit(texts)
            rows = vectorizer.transform(texts)
        return cls(
            meaning=LogisticRegression(C=10.0, max_iter=300, tol=1e-3).fit(vectors, classes),
            wording=LinearSVC(C=0.3, tol=1e-2, random_state=0).fit(rows, classes),
            vectorizer=vectorizer, near=vectors[inside],
        )

    def scores(self, texts: Sequence[str], vectors: Vectors) -> dict[str, Floats]:
        """Scores of shape (n, classes) by expert, and under ``near`` the cosines to the fifth nearest training text,
        by the encoder as it is and, if there is one, by the tuned one: shape (n, 1 or 2)."""
        near = [_nearest(vectors, self.near)]
        found = {
            "meaning": _columns(self.meaning.decision_function(vectors)),
            "wording": _SHARPNESS * _columns(self.wording.decision_function(self.vectorizer.transform(texts))),
        }
        if self.tuned and self.tuned_near is not None:
            sides = [tuned.encode(texts) for tuned in self.tuned]
            scores = [tuned.scores(side) for tuned, side in zip(self.tuned, sides, strict=True)]
            found["tuned"] = np.asarray(np.mean(scores, axis=0))
            near.append(_nearest(sides[-1], self.tuned_near))
        return {**found, "near": np.stack(near, axis=1)}


class Intents:
    """Labels texts and says how far they are from all labels; see :meth:`fit`."""

    def __init__(self, classes: Sequence[str], experts: _Experts, centre: Floats, spread: Floats) -> None:
        self.classes = list(classes)
        self.threshold: float | None = None
        self.held_out = 0
        #: By how much tuning lowered the log loss of held-out texts, where it was tried; kept where above 0.
        self.gain: float | None = None
        self._experts = experts
        self._centre = centre
        self._spread = spread

    @property
    def is_tuned(self) -> bool:
        return bool(self._experts.tuned)

    @classmethod
    def fit(
        cls, texts: Sequence[str], vectors: Vectors, labels: Sequence[str], tune: Tune | None = None, seed: int = 0,
        names: int = 0,
    ) -> Intents:
        """Trains on texts, their vectors of shape (n, dimensions) and their labels, of which there must be two. The
        last `names` texts say what labels are called: they are learnt, but nothing is judged by them.

        A first fit on 80 % of each label finds, on the rest, the threshold and whether tuning helps; only then are all
        texts learnt. The first tuned encoder stays beside the second: two judge better than one.
        """
        classes = sorted(set(labels))
        targets = np.array([classes.index(label) for label in labels], dtype=np.int64)
        inside = np.array([label != OUT_OF_SCOPE for label in labels])
        held = _hold_out(targets, len(targets) - names, seed)
        first = cls(classes, _Experts.fit(_pick(texts, ~held), vectors[~held], targets[~held], inside[~held]),
                    np.zeros(1), np.ones(1))
        gain = first._tune(tune, _pick(texts, ~held), targets[~held], inside[~held], seed,
                           (_pick(texts, held), vectors[held], targets[held]))
        experts, last = first._experts, None
        if held.any():
            experts = _Experts.fit(texts, vectors, targets, inside)
            if tune is not None and first.is_tuned:
                last = tune(texts, targets, seed + 1)
                experts.tuned = [*first._experts.tuned, last]
                experts.tuned_near = last.encode(_pick(texts, inside))
        model = cls(classes, experts, np.zeros(1), np.ones(1))
        model.gain = gain
        judged = held & inside
        model.held_out = int(judged.sum())
        if model.held_out >= _ENOUGH:
            signs = first._signs(first._experts.scores(_pick(texts, judged), vectors[judged]))
            model._centre, model._spread = signs.mean(axis=0), np.maximum(signs.std(axis=0), 1e-6)
            model.threshold = float(np.quantile(model._distance(signs), 1 - REFUSED))
        return model

    def read(self, texts: Sequence[str], vectors: Vectors) -> Read:
        """Reads texts with their vectors of shape (n, dimensions)."""
        if not texts:
            return Read([], np.zeros(0))
        scores = self._experts.scores(texts, vectors)
        mixed = np.where(self._inside(), _mix(scores), -np.inf)
        return Read([self.classes[i] for i in mixed.argmax(axis=1)], self._distance(self._signs(scores)))

    def _tune(
        self, tune: Tune | None, texts: Sequence[str], targets: Classes, inside: npt.NDArray[np.bool_], seed: int,
        held: tuple[Sequence[str], Vectors, Classes],
    ) -> float | None:
        """Adds a tuned encoder if it lowers the log loss of the held-out texts; returns by how much it does."""
        if tune is None or len(held[0]) < _ENOUGH:
            return None
        tuned = tune(texts, targets, seed)
        self._experts.tuned, self._experts.tuned_near = [tuned], tuned.encode(_pick(texts, inside))
        scores = self._experts.scores(held[0], held[1])
        plain = {name: rows for name, rows in scores.items() if name != "tuned"}
        gain = _log_loss(_mix(plain), held[2]) - _log_loss(_mix(scores), held[2])
        if gain <= 0:
            self._experts.tuned, self._experts.tuned_near = [], None
        return gain

    def _inside(self) -> npt.NDArray[np.bool_]:
        return np.array([name != OUT_OF_SCOPE for name in self.classes])

    def _signs(self, scores: dict[str, Floats]) -> Floats:
        """Signs of being out of scope, shape (n, signs): no expert's best score is high (the largest logit tells more
        than the largest probability), nothing learnt is near, and, where ``oos`` was learnt, its log-odds.

        Source of the first: D. Hendrycks et al., "Scaling out-of-distribution detection for real-world settings" (ICML
        2022); of the second: Y. Sun et al., "Out-of-distribution detection with deep nearest neighbors" (ICML 2022).
        """
        inside = self._inside()
        signs = [-rows[:, inside].max(axis=1) for name, rows in scores.items() if name != "near"]
        signs += list(-scores["near"].T)
        if not inside.all():
            mixed = _mix(scores)
            signs.append(mixed[:, ~inside][:, 0] - np.logaddexp.reduce(mixed[:, inside], axis=1))
        return np.stack(signs, axis=1)

    def _distance(self, signs: Floats) -> Floats:
        return np.asarray(((signs - self._centre) / self._spread).mean(axis=1))


def _hold_out(targets: Classes, asked: int, seed: int) -> npt.NDArray[np.bool_]:
    """Marks a fifth of each class among the first `asked`, at least one of two, none of one: the first fit must know
    every class."""
    rng, held = np.random.default_rng(seed), np.zeros(len(targets), dtype=bool)
    for target in range(int(targets.max()) + 1):
        rows = np.flatnonzero(targets[:asked] == target)
        if len(rows) > 1:
            held[rng.choice(rows, max(1, round(_HELD_OUT * len(rows))), replace=False)] = True
    return held


def _mix(scores: dict[str, Floats]) -> Floats:
    """The experts' weighted geometric mean, in logarithms and not normalised; shape (n, classes)."""
    mixed = _log_softmax(scores["meaning"]) + _WORDING * _log_softmax(scores["wording"])
    return mixed + _log_softmax(scores["tuned"]) if "tuned" in scores else mixed


def _log_loss(mixed: Floats, targets: Classes) -> float:
    """Mean log loss at the temperature that suits it best, so that only what is told apart counts, not how surely."""
    rows = np.arange(len(targets))
    return min(-float(_log_softmax(heat * mixed)[rows, targets].mean()) for heat in np.geomspace(0.1, 10, 25))


def _log_softmax(scores: Floats) -> Floats:
    return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


def _columns(decision: Floats) -> Floats:
    """One column per class also for two classes, where scikit-learn has a single one."""
    decision = np.asarray(decision, dtype=np.float64)
    return np.stack([-decision / 2, decision / 2], axis=1) if decision.ndim == 1 else decision


def _nearest(vectors: Vectors, near: Vectors) -> Floats:
    """The cosine to the fifth nearest of `near`, or to the farthest of fewer; shape (n,)."""
    place = min(_NEIGHBOUR, len(near))
    found = np.zeros(len(vectors))
    # Some hundred rows at a time: all cosines of large files together would not fit into memory.
    for start in range(0, len(vectors), 512):
        found[start : start + 512] = np.partition(vectors[start : start + 512] @ near.T, -place, axis=1)[:, -place]
    return found


def _pick(texts: Sequence[str], where: npt.NDArray[np.bool_]) -> list[str]:
    return [text for text, taken in zip(texts, where, strict=True) if taken]
