"""One of those who tell labelled texts apart: what it learns, what it is asked, what it thinks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.judgement.neighbours import Neighbours
from bot.judgement.tuning import Progress, Tuned
from bot.judgement.wording import features
from kb_index.encoder import Vectors

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

#: How much each way of judging counts. Chosen on three data sets (docs/judgement.md).
_MEANING, _MEANING_BESIDE_TUNED, _LARGER, _WORDING, _NEIGHBOURS = 1.0, 0.5, 1.0, 0.5, 0.5
#: Nothing is less likely than this because no text of it is near.
_LEAST = 1e-3
#: Margins of the wording model are multiplied by this to be as sure as its accuracy allows.
_SHARPNESS = 3.0
#: The nearest text may be a stray; the fifth speaks for its surroundings.
_NEIGHBOUR = 5


@dataclass(frozen=True)
class Texts:
    """Texts and their vectors, of shape (n, dimensions); `larger` are those of a larger encoder, where there is one."""

    texts: list[str]
    vectors: Vectors
    larger: Vectors | None = None

    def where(self, taken: npt.NDArray[np.bool_]) -> Texts:
        return Texts([text for text, kept in zip(self.texts, taken, strict=True) if kept], self.vectors[taken],
                     None if self.larger is None else self.larger[taken])

    def __add__(self, other: Texts) -> Texts:
        larger = (None if self.larger is None or other.larger is None
                  else np.concatenate([self.larger, other.larger]))
        return Texts([*self.texts, *other.texts], np.concatenate([self.vectors, other.vectors]), larger)


@dataclass(frozen=True)
class Lesson:
    """Texts to learn with their classes 0, 1, …, and texts to read then.

    `outside` is the class of texts out of scope, if some are to be learnt; `source` the encoder to train further, if
    one is.
    """

    known: Texts
    classes: Classes
    asked: Texts
    outside: int | None
    source: Path | None
    seed: int


@dataclass(frozen=True)
class Opinion:
    """On each text that was asked: `scores` of the classes, logarithms of shape (n, classes), -inf for out of scope;
    `signs` of being out of scope, of shape (n, signs), the higher the likelier, each on a scale of its own."""

    scores: Floats
    signs: Floats


def learn(lesson: Lesson, progress: Progress = lambda done, total: None) -> Opinion:
    """Learns, then reads.

    A text's score is the weighted geometric mean of what the models say, and, where an encoder is tuned or there is a
    larger one, of what the texts nearest by it are. Signs of being out of scope are: no model's
    best score is high (the largest logit tells more than the largest probability), nothing learnt is near, and, where
    some were learnt, the odds of being one of those out of scope.

    Source of the first: D. Hendrycks et al., "Scaling out-of-distribution detection for real-world settings" (ICML
    2022); of the second: Y. Sun et al., "Out-of-distribution detection with deep nearest neighbors" (ICML 2022).
    """
    known, asked = lesson.known, lesson.asked
    count = int(lesson.classes.max()) + 1
    inside = np.arange(count) != (-1 if lesson.outside is None else lesson.outside)
    learnt = inside[lesson.classes]
    meaning, wording = _meaning(known.vectors, lesson.classes, asked.vectors), _wording(lesson)
    scores = {"meaning": meaning, "wording": wording}
    near = [_nearest(asked.vectors, known.vectors[learnt])]
    mixed = _WORDING * _log_softmax(wording)
    if lesson.source is None:
        mixed += _MEANING * _log_softmax(meaning)
    else:
        tuned = Tuned.fit(lesson.source, known.texts, lesson.classes, lesson.seed, progress)
        own, beside = tuned.encode(asked.texts), tuned.encode(known.texts)
        scores["tuned"] = tuned.scores(own)
        mixed += _MEANING_BESIDE_TUNED * _log_softmax(meaning) + _log_softmax(scores["tuned"])
        said = Neighbours.build(beside, lesson.classes, count).intent_probabilities(own)
        mixed += _NEIGHBOURS * np.log(said + _LEAST)
        near.append(_nearest(own, beside[learnt]))
    if known.larger is not None and asked.larger is not None:
        scores["larger"] = _meaning(known.larger, lesson.classes, asked.larger)
        said = Neighbours.build(known.larger, lesson.classes, count).intent_probabilities(asked.larger)
        mixed += _LARGER * _log_softmax(scores["larger"]) + _NEIGHBOURS * np.log(said + _LEAST)
        near.append(_nearest(asked.larger, known.larger[learnt]))
    signs = [-rows[:, inside].max(axis=1) for rows in scores.values()] + [-row for row in near]
    if lesson.outside is not None:
        signs.append(mixed[:, lesson.outside] - np.logaddexp.reduce(mixed[:, inside], axis=1))
    mixed[:, ~inside] = -np.inf
    return Opinion(mixed, np.stack(signs, axis=1))


def _meaning(known: Vectors, classes: Classes, asked: Vectors) -> Floats:
    """Logistic regression on the vectors; scores of those asked, of shape (n, classes)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10.0, max_iter=300, tol=1e-3).fit(known, classes)
    return _columns(model.decision_function(asked))


def _wording(lesson: Lesson) -> Floats:
    """A linear SVM on TF-IDF of words and letter groups; scores as of :func:`_meaning`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    texts = lesson.known.texts
    # The blank is for texts without a word: scikit-learn has no empty vocabulary.
    vectorizer = TfidfVectorizer(analyzer=lambda text: ["", *features(text)], min_df=2 if len(texts) > 500 else 1,
                                 sublinear_tf=True)
    model = LinearSVC(C=0.3, tol=1e-2, random_state=0).fit(vectorizer.fit_transform(texts), lesson.classes)
    return _SHARPNESS * _columns(model.decision_function(vectorizer.transform(lesson.asked.texts)))


def _columns(decision: Floats) -> Floats:
    """One column per class also for two classes, where scikit-learn has a single one."""
    decision = np.asarray(decision, dtype=np.float64)
    return np.stack([-decision / 2, decision / 2], axis=1) if decision.ndim == 1 else decision


def _log_softmax(scores: Floats) -> Floats:
    return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


def _nearest(vectors: Vectors, near: Vectors) -> Floats:
    """The cosine to the fifth nearest of `near`, or to the farthest of fewer; shape (n,)."""
    place = min(_NEIGHBOUR, len(near))
    found = np.zeros(len(vectors))
    # Some hundred rows at a time: all cosines of large files together would not fit into memory.
    for start in range(0, len(vectors), 512):
        found[start : start + 512] = np.partition(vectors[start : start + 512] @ near.T, -place, axis=1)[:, -place]
    return found
