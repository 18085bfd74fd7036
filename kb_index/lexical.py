"""The lexical side of retrieval: BM25 over questions, phrasings and answers, by bm25s (maintained, numpy only)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import bm25s
import numpy as np
import numpy.typing as npt
from bm25s import stopwords

from kb_index.entry import Entry
from kb_index.passages import plain
from kb_index.translations import base

_WORD = re.compile(r"[^\W_]+")
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
    return [_stem(word) for word in _WORD.findall(_APOSTROPHE.sub("", text.lower())) if word not in _STOP]


@lru_cache(100_000)
def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ies", "ied", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending in ("ies", "ied") else "")
    return word


@lru_cache(200_000)
def _words(entry: Entry) -> tuple[str, ...]:
    """What an entry is found by. Of a translation the commonest words of its language are left out: where few entries
    are in that language they are rare, and every question in it would have them."""
    text = " ".join([entry.question, entry.question, *entry.phrasings, plain(entry.answer)])
    common = _STOPS.get(base(entry.language), ()) if entry.translation_of else ()
    if common:
        text = " ".join(word for word in _WORD.findall(text.lower()) if word not in common)
    return tuple(tokens(text))


class LexicalIndex:
    """BM25 scores of a question against every entry."""

    def __init__(self, index: bm25s.BM25) -> None:
        self._index = index

    @classmethod
    def build(cls, entries: Sequence[Entry]) -> LexicalIndex:
        index = bm25s.BM25()
        # The question counts twice: it is what the editor says the entry is about.
        corpus = [list(_words(entry)) or ["_"] for entry in entries]
        index.index(corpus, show_progress=False)
        return cls(index)

    def scores(self, text: str) -> npt.NDArray[np.float32]:
        """One score per entry, 0 where no word is shared."""
        held, words = self._index.scores, self._index.vocab_dict
        scores = np.zeros(held["num_docs"], dtype=np.float32)
        for token in tokens(text):
            # As bm25s sums them, but all at once: no entry stands twice with the same word.
            if (column := words.get(token)) is not None:
                some = slice(held["indptr"][column], held["indptr"][column + 1])
                scores[held["indices"][some]] += held["data"][some]
        return scores

    def knows(self, word: str) -> bool:
        """Whether some entry has this word, or another of its stem; the commonest words are not noted."""
        return any(stem in self._index.vocab_dict for stem in tokens(word))

    def save(self, folder: Path) -> None:
        self._index.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        return cls(bm25s.BM25.load(str(folder), load_corpus=False))
