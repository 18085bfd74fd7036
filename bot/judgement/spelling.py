"""Mends slips of the keyboard before a message is judged: "cancle" is read as "cancel".

A word that neither the encoder nor the training phrases know is taken for the word of the phrases that differs from
it by one slip: a letter left out, put in, taken for another, or two that changed places. Four in five misspelt words
differ by one of these (F. J. Damerau, "A technique for computer detection and correction of spelling errors",
Communications of the ACM 7, 1964). A word that either of them knows stays, and so does one that is a known word with an
ending.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

_WORD = re.compile(r"[A-Za-z]{4,}")
_ENDINGS = ("s", "es", "d", "ed", "er", "ers", "ing", "ly")
#: A word of fewer phrases may be a slip itself.
_OFTEN = 3


def words(texts: Iterable[str]) -> dict[str, int]:
    """The words that several texts have, with the number of texts."""
    found = Counter(word for text in texts for word in set(_WORD.findall(text.lower())))
    return {word: count for word, count in sorted(found.items()) if count >= _OFTEN}


class Spelling:
    """Mends texts by `words` with how often each is said; `known` are words that are right as they stand."""

    def __init__(self, words: Mapping[str, int], known: Collection[str]) -> None:
        self._known = {*known, *words}
        self._often = {word: count for word, count in words.items() if word in known}
        self._by_letter: dict[str, list[str]] = {}
        for word in self._often:
            # People hit the first letter.
            self._by_letter.setdefault(word[0], []).append(word)
        self._meant = lru_cache(4096)(self._meant_by)

    def mend(self, text: str) -> str:
        """The text with words that nobody knows replaced by those that were meant; as many words as before."""
        return _WORD.sub(lambda hit: self._meant(hit[0]), text)

    def _meant_by(self, said: str) -> str:
        word = said.lower()
        if word in self._known or any(word.endswith(end) and word[: -len(end)] in self._known for end in _ENDINGS):
            return said
        near = process.extract(word, self._by_letter.get(word[0], ()), scorer=OSA.distance, score_cutoff=1, limit=None)
        return max(near, key=lambda found: self._often[found[0]])[0] if near else said
