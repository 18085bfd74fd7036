"""A knowledge base of many short entries, and vectors of texts that cost nothing: sums of their words' own."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from kb_index.encoder import Vectors
from kb_index.entry import Entry

_FIRST = ["ba", "ke", "li", "mo", "nu", "pra", "qui", "ro", "sta", "tri", "vo", "wex"]
WORDS = [f"{a}{b}" for a in _FIRST for b in ["lam", "der", "fin", "gor", "mex", "nuk", "pil", "rot"]]


class WordSums:
    """Encodes as an encoder does: like texts come out near to each other. One that is `blind` sees no words, so that
    what is found for its words is not near as well. With another `salt` it is another encoder."""

    dimensions = 32

    def __init__(self, blind: bool = False, salt: str = "") -> None:
        self.name = f"{'blind' if blind else 'word-sums'}{salt}"
        self._blind = blind
        self._salt = salt

    def encode(self, texts: Sequence[str]) -> Vectors:
        made = np.empty((len(texts), self.dimensions))
        for row, text in enumerate(texts):
            words = [] if self._blind else [_vector(word + self._salt) for word in text.lower().split()]
            made[row] = sum(words, _vector(text + self._salt))
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


@lru_cache(None)
def _vector(word: str) -> Any:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return np.random.default_rng(seed).normal(size=WordSums.dimensions)


def sentence(rng: random.Random, least: int = 3, most: int = 7) -> str:
    # The first words are common ones, as "order" is in a shop.
    return " ".join(WORDS[min(int(rng.expovariate(0.03)), len(WORDS) - 1)] for _ in range(rng.randint(least, most)))


def entry(name: str, rng: random.Random, **more: Any) -> Entry:
    phrasings = tuple(dict.fromkeys(sentence(rng) for _ in range(rng.randint(0, 3))))
    return replace(Entry(name, f"{sentence(rng)}?", f"{sentence(rng)}.", "c", phrasings), **more)


def edited(entries: Sequence[Entry], rng: random.Random, new: str) -> list[Entry]:
    """The entries after one edit by chance; `new` is the name of what may come."""
    told, at = list(entries), rng.randrange(len(entries))
    old = told[at]
    what = rng.choice(["question", "answer", "phrasing", "less", "tests", "audience", "gone", "new", "translation", "same"])
    if what == "gone":
        return [one for one in told if old.id not in (one.id, one.translation_of)]
    if what == "new":
        return [*told, entry(new, rng)]
    if what == "translation":
        original = old.translation_of or old.id
        if any(one.translation_of == original for one in told):
            return told
        return [*told, entry(new, rng, language="de", translation_of=original)]
    change: dict[str, Any] = {
        "question": {"question": f"{sentence(rng)}?"}, "answer": {"answer": f"{sentence(rng)}."},
        "phrasing": {"phrasings": (*old.phrasings, sentence(rng))}, "less": {"phrasings": old.phrasings[1:]},
        "tests": {"tests": (sentence(rng),)}, "audience": {"audience": rng.choice(["everyone", "verified"])},
        # Word for word what another one says: equals are told apart by their order alone.
        "same": {"question": told[rng.randrange(len(told))].question},
    }[what]
    told[at] = replace(old, **change)
    return told
