"""The lexical side of retrieval: BM25 over questions, phrasings and answers, by bm25s (maintained, numpy only)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import numpy.typing as npt

from kb_index.entry import Entry
from kb_index.passages import plain

_WORD = re.compile(r"[^\W_]+")
#: Phones type the curly one.
_APOSTROPHE = re.compile("['\u2018\u2019]")
_STOP = frozenset(re.findall(r"\w+", """
    a an and are as at be been but by can could did do does for from had has have how i if in is it its me my of on
    or our so than that the their them then there these they this to was we were what when where which who why will
    with would you your am im ive id not no any some please hi hello
"""))


def tokens(text: str) -> list[str]:
    """Lower-case words without the commonest ones, cut to a crude stem so that `parcels` finds `parcel`."""
    return [_stem(word) for word in _WORD.findall(_APOSTROPHE.sub("", text.lower())) if word not in _STOP]


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ies", "ied", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending in ("ies", "ied") else "")
    return word


class LexicalIndex:
    """BM25 scores of a question against every entry."""

    def __init__(self, index: bm25s.BM25) -> None:
        self._index = index

    @classmethod
    def build(cls, entries: Sequence[Entry]) -> LexicalIndex:
        index = bm25s.BM25()
        # The question counts twice: it is what the editor says the entry is about.
        corpus = [tokens(" ".join([e.question, e.question, *e.phrasings, plain(e.answer)])) or ["_"] for e in entries]
        index.index(corpus, show_progress=False)
        return cls(index)

    def scores(self, text: str) -> npt.NDArray[np.float32]:
        """One score per entry, 0 where no word is shared."""
        known = [word for word in tokens(text) if word in self._index.vocab_dict]
        if not known:
            return np.zeros(self._index.scores["num_docs"], dtype=np.float32)
        return np.asarray(self._index.get_scores(known), dtype=np.float32)

    def knows(self, word: str) -> bool:
        """Whether some entry has this word, or another of its stem; the commonest words are not noted."""
        return any(stem in self._index.vocab_dict for stem in tokens(word))

    def save(self, folder: Path) -> None:
        self._index.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        return cls(bm25s.BM25.load(str(folder), load_corpus=False))
