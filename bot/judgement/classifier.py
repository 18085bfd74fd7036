"""The intent classifier: a sentence encoder tuned to tell intents apart, and a linear head; ONNX and numpy alone.

Its encoder is its own: the one that finds entries knows nothing of routes, and is left as it is so that it serves any
knowledge base (docs/decisions/0014).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.judgement import language
from bot.judgement.neighbours import Neighbours, mixed
from bot.judgement.spelling import Spelling
from kb_index.encoder import Encoder, Vectors
from kb_index.errors import ModelMissing

Probabilities = npt.NDArray[np.float64]

#: As many parts as one message is read in.
_LATELY = 16


class Head:
    """Scores of intents from vectors of the tuned encoder; `weights` has shape (intents, dimensions). Divided by the
    `temperature`, which training measured on kinds of product it had not seen, scores become probabilities.

    Source: C. Guo et al., "On calibration of modern neural networks" (ICML 2017), temperature scaling.
    """

    def __init__(
        self, intents: Sequence[str], routes: Mapping[str, str], weights: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32], temperature: float = 1.0,
    ) -> None:
        self.intents = list(intents)
        self.route_of = dict(routes)
        self.routes = sorted(set(routes.values()))
        self.weights = weights
        self.bias = bias
        self.temperature = temperature
        self._column = np.array([self.routes.index(routes[intent]) for intent in self.intents])

    def intent_probabilities(self, vectors: Vectors) -> Probabilities:
        """Shape (n, intents); rows sum to 1."""
        # Row by row, and not by BLAS: that rounds otherwise with more rows or more threads, and a message must be read
        # the same alone and among others, to the last digit.
        rows = np.array([np.einsum("ij,j->i", self.weights, vector) for vector in vectors], dtype=np.float64)
        scores = (rows.reshape(len(vectors), len(self.bias)) + self.bias) / self.temperature
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float64)

    def route_probabilities(self, intents: Probabilities) -> Probabilities:
        """Shape (n, routes): a route is as likely as its intents together."""
        routes = np.zeros((len(intents), len(self.routes)))
        np.add.at(routes.T, self._column, intents.T)
        return routes

    def belongs(self, route: int) -> npt.NDArray[np.bool_]:
        """Which intents are of the route at this place in `routes`."""
        return np.asarray(self._column == route)

    def save(self, folder: Path) -> None:
        np.savez(folder / "head.npz", weights=self.weights, bias=self.bias)
        told = {"intents": self.intents, "routes": self.route_of, "temperature": self.temperature}
        (folder / "head.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Head:
        told = json.loads((folder / "head.json").read_text(encoding="utf-8"))
        with np.load(folder / "head.npz") as arrays:
            return cls(told["intents"], told["routes"], arrays["weights"], arrays["bias"], told["temperature"])


class Classifier:
    """The tuned encoder, its head and the phrases it learnt; slips of the keyboard are mended before a text is read."""

    def __init__(self, encoder: Encoder, head: Head, neighbours: Neighbours, spelling: Spelling,
                 words: Collection[str] = ()) -> None:
        """`words` are those of its language."""
        self.encoder = encoder
        self.head = head
        self.neighbours = neighbours
        self.spelling = spelling
        self._words = frozenset(words)
        #: Whether messages may come in other languages, which are found but not read.
        self.expects_others = False
        #: How texts become vectors; who reads the same texts day after day puts a cache here.
        self.encode: Callable[[Sequence[str]], Vectors] = encoder.encode
        #: What was read last: the parts of a message are asked for more than once in a turn.
        self._lately: dict[str, Vectors] = {}

    @property
    def routes(self) -> list[str]:
        return self.head.routes

    def reads(self, text: str) -> bool:
        """Whether what it says of a normalised text means anything."""
        return not self.expects_others or language.is_known(text, self._words)

    def intent_probabilities(self, texts: Sequence[str]) -> Probabilities:
        """Shape (n, intents) for normalised texts; rows sum to 1."""
        once = list(dict.fromkeys(texts))
        found = dict(zip(once, self._told(self.vectors(once)), strict=True))
        return np.array([found[text] for text in texts]).reshape(len(texts), len(self.head.intents))

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """What the tuned encoder makes of normalised texts, shape (n, dimensions)."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._lately]
        made = self.encode([self.spelling.mend(text) for text in fresh])
        found = self._lately | dict(zip(fresh, made, strict=True))
        self._lately = dict(list(found.items())[-_LATELY:])
        return np.array([found[text] for text in texts], np.float32).reshape(len(texts), self.encoder.dimensions)

    def without_each(self, words: Sequence[str], places: Sequence[int]) -> Probabilities:
        """What it says of the text that `words` make, and would say without the word at each of `places`: shape
        (1 + places, intents)."""
        mended = [self.spelling.mend(word) for word in words]
        return self._told(self.encoder.occluded(mended, places))

    def _told(self, vectors: Vectors) -> Probabilities:
        return mixed(self.head.intent_probabilities(vectors), self.neighbours.intent_probabilities(vectors))

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> Classifier:
        """What :mod:`bot.judgement.assembly` put there. Raises ModelMissing."""
        try:
            head, neighbours = Head.load(folder), Neighbours.load(folder)
            words, ours = (json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
                           for name in ("words", "language"))
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelMissing(f"no usable classifier in {folder} ({error}); run `frontdesk setup`") from error
        encoder = Encoder(folder, threads)
        return cls(encoder, head, neighbours, Spelling(words, encoder.words()), ours)
