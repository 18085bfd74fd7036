"""The lexical side of retrieval: BM25 over questions, phrasings and answers.

What is kept of an entry is how often it has each word. What a word weighs, and how long entries are on average, is
reckoned when something is sought, so that an edit changes the columns of its own entry and no others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bm25s import stopwords

from kb_index.entry import Entry
from kb_index.letters import small, words_of
from kb_index.passages import plain
from kb_index.translations import base

#: How soon a word's further mentions count less, and how much a long entry's do: the usual values.
_K1, _B = 1.5, 0.75
#: From so many entries on, figures of all of them are told in steps; so many of them double a figure.
_MANY, _STEPS = 1_000, 16
#: What is kept at hand of words that were asked for, in shares of entries: some 24 MB.
_AT_HAND = 2_000_000
_WORDS, _COLUMNS = "words.txt", "columns.npy"
_WORD = words_of(r"[^\W_]")
#: Phones type the curly one.
_APOSTROPHE = re.compile("['\u2018\u2019]")
_STOP = frozenset(re.findall(r"\w+", """
    a an and are as at be been but by can could did do does for from had has have how i if in is it its me my of on
    or our so than that the their them then there these they this to was we were what when where which who why will
    with would you your am im ive id not no any some please hi hello
"""))
#: The commonest words of languages that translations are in, as bm25s ships them (from the Snowball stemmers and NLTK).
_STOPS = {
    "da": stopwords.STOPWORDS_DANISH, "de": stopwords.STOPWORDS_GERMAN, "es": stopwords.STOPWORDS_SPANISH,
    "fr": stopwords.STOPWORDS_FRENCH, "it": stopwords.STOPWORDS_ITALIAN, "nb": stopwords.STOPWORDS_NORWEGIAN,
    "nl": stopwords.STOPWORDS_DUTCH, "no": stopwords.STOPWORDS_NORWEGIAN, "pt": stopwords.STOPWORDS_PORTUGUESE,
    "ru": stopwords.STOPWORDS_RUSSIAN, "sv": stopwords.STOPWORDS_SWEDISH, "tr": stopwords.STOPWORDS_TURKISH,
}


def tokens(text: str) -> list[str]:
    """Lower-case words without the commonest ones, cut to a crude stem so that `parcels` finds `parcel`."""
    return [_stem(word) for word in _WORD.findall(_APOSTROPHE.sub("", small(text))) if word not in _STOP]


@lru_cache(100_000)
def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ies", "ied", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending in ("ies", "ied") else "")
    return word


@lru_cache(200_000)
def words(entry: Entry) -> tuple[str, ...]:
    """What an entry is found by. Of a translation the commonest words of its language are left out: where few entries
    are in that language they are rare, and every question in it would have them."""
    text = " ".join([entry.question, entry.question, *entry.phrasings, plain(entry.answer)])
    common = _STOPS.get(base(entry.language), ()) if entry.translation_of else ()
    if common:
        text = " ".join(word for word in _WORD.findall(small(text)) if word not in common)
    return tuple(tokens(text))


@dataclass(frozen=True)
class Columns:
    """How often each word stands in each of some entries: the entries that have word i are those of `entries` between
    ``ends[i]`` and ``ends[i + 1]``, `counts` says how often, `lengths` how many words each entry has in all."""

    words: Mapping[str, int]
    ends: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int32]
    counts: npt.NDArray[np.float32]
    lengths: npt.NDArray[np.int64]

    @classmethod
    def build(cls, entries: Sequence[Entry]) -> Columns:
        # The question counts twice: it is what the editor says the entry is about.
        texts = [words(entry) for entry in entries]
        lengths = np.array([len(one) for one in texts], dtype=np.int64)
        known: dict[str, int] = {}
        column = np.array([known.setdefault(word, len(known)) for one in texts for word in one], dtype=np.int64)
        pairs = column * len(texts) + np.repeat(np.arange(len(texts)), lengths)
        pairs, counts = np.unique(pairs, return_counts=True)
        column, found = np.divmod(pairs, max(1, len(texts)))
        ends = np.searchsorted(column, np.arange(len(known) + 1))
        return cls(known, ends, found.astype(np.int32), counts.astype(np.float32), lengths)

    def save(self, folder: Path) -> None:
        (folder / _WORDS).write_text("\n".join(self.words), encoding="utf-8")
        with (folder / _COLUMNS).open("wb") as out:
            for array in (self.ends, self.entries, self.counts, self.lengths):
                np.save(out, array)

    @classmethod
    def load(cls, folder: Path) -> Columns:
        words = (folder / _WORDS).read_text(encoding="utf-8").split("\n")
        with (folder / _COLUMNS).open("rb") as file:
            ends, entries, counts, lengths = (np.load(file) for _ in range(4))
        return cls({word: i for i, word in enumerate(words[: len(ends) - 1])}, ends, entries, counts, lengths)


class LexicalIndex:
    """BM25 scores of a question against every entry that is live, whichever part its words stand in.

    Source of the formula: S. Robertson and H. Zaragoza, "The probabilistic relevance framework: BM25 and beyond"
    (2009), with the weight of a word as Lucene has it.
    """

    def __init__(self, parts: Sequence[Columns], order: npt.NDArray[np.int64]) -> None:
        """`order` has the entries that are live, in their order, counted through all parts."""
        self._parts = parts
        self._size = len(order)
        starts = np.cumsum([0, *(len(part.lengths) for part in parts)])
        # Where each entry of a part stands; those that are not live all share a place behind the last.
        places = np.full(starts[-1], len(order), dtype=np.int64)
        places[order] = np.arange(len(order))
        self._places = np.split(places, starts[1:-1])
        self._whole = [bool((one < len(order)).all()) for one in self._places]
        lengths = np.concatenate([part.lengths for part in parts])[order]
        #: What scores depend on of all entries together.
        self.scale = (self._steady(len(order)), self._steady(float(lengths.sum()) / max(1, len(order))))
        self._norms = np.append(self._norm(lengths), 1.0).astype(np.float32)
        #: What words add to the scores, by the part: customers use the same ones again and again.
        self._at_hand: dict[str, list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]] = {}
        self._held = 0

    @classmethod
    def build(cls, entries: Sequence[Entry]) -> LexicalIndex:
        return cls([Columns.build(entries)], np.arange(len(entries)))

    def scores(self, text: str) -> npt.NDArray[np.float32]:
        """One score per entry, 0 where no word is shared."""
        scores = np.zeros(self._size + 1, dtype=np.float32)
        for word in tokens(text):
            for places, more in self._adds(word):
                # No live entry stands twice with the same word.
                scores[places] += more
        return scores[:-1]

    def _adds(self, word: str) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
        """Of each part that has the word: the places, and what it adds to their scores."""
        if (adds := self._at_hand.get(word)) is not None:
            return adds
        found = self._found(word)
        weight = self._weight(found)
        adds = [(places, weight * counts / (self._norms[places] + counts)) for places, counts, _ in found]
        self._held += sum(len(places) for places, _ in adds)
        if self._held > _AT_HAND:
            self._at_hand, self._held = {}, sum(len(places) for places, _ in adds)
        self._at_hand[word] = adds
        return adds

    def weight(self, word: str) -> float:
        """How much a word says: the fewer entries have it, the more."""
        return float(self._weight(self._found(word)))

    def share(self, count: int, length: int) -> float:
        """The share of a word's weight that an entry gets in which it stands so often, among so many words."""
        return float(count / (count + self._norm(np.array([length]))[0]))

    def _norm(self, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return np.asarray(_K1 * (1 - _B + _B * lengths / max(self.scale[1], 1e-9)))

    def knows(self, word: str) -> bool:
        """Whether some entry has this word, or another of its stem; the commonest words are not noted."""
        return any(live for stem in tokens(word) for _, _, live in self._found(stem))

    def _found(self, word: str) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], int]]:
        """Of each part that has the word: the places, how often, and how many of these places are of live entries."""
        told = []
        for part, places, whole in zip(self._parts, self._places, self._whole, strict=True):
            if (column := part.words.get(word)) is not None:
                some = slice(part.ends[column], part.ends[column + 1])
                at = places[part.entries[some]]
                told.append((at, part.counts[some], len(at) if whole else int((at < self._size).sum())))
        return told

    def _weight(self, found: Sequence[tuple[object, object, int]]) -> np.float32:
        all_, having = self.scale[0], self._steady(sum(live for _, _, live in found))
        return np.float32(math.log(1 + (all_ - having + 0.5) / (having + 0.5)))

    def _steady(self, number: float) -> float:
        """A count or a mean, of many entries on a scale of steps of some 4 %: so that one edit among them leaves the
        scores of all others just as they are, and does not depend on what was published before."""
        if self._size < _MANY or number < 1:
            return number
        return float(2.0 ** (round(math.log2(number) * _STEPS) / _STEPS))
