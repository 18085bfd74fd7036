"""The words of the help centre's entries, each with the entries that have it. Made anew whenever these change."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.search.words import folded, typed
from kb_index.entry import Entry
from kb_index.passages import plain


class Catalogue:
    """Holds nothing that is not live for everyone, so that a search tells nothing of drafts.

    Usage::

        Catalogue(entries).find("returning a gift")
    """

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self._entries = entries
        questions: dict[str, array[int]] = defaultdict(_places)
        texts: dict[str, array[int]] = defaultdict(_places)
        for place, entry in enumerate(entries):
            asked = set(folded(entry.question))
            told = folded(" ".join([entry.category, *entry.phrasings, plain(entry.answer)]))
            for word in asked:
                questions[word].append(place)
            for word in asked.union(told):
                texts[word].append(place)
        self._questions, self._texts = _Words(questions), _Words(texts)

    def find(self, search: str) -> Iterator[Entry]:
        """The entries that have all the words: those that have most of them in the question first, then in the entries'
        order."""
        words = typed(search)
        if not words:
            return
        found = set.intersection(*(self._texts.having(word) for word in words))
        asked = Counter(place for word in words for place in self._questions.having(word) & found)
        for place in sorted(asked, key=lambda place: (-asked[place], place)):
            yield self._entries[place]
        for place in sorted(found - asked.keys()):
            yield self._entries[place]


class _Words:
    """Words with the places where they stand. A longer one may be unfinished, so that "return" finds "returns"."""

    def __init__(self, places: Mapping[str, Iterable[int]]) -> None:
        self._places = places
        self._sorted = sorted(places)

    def having(self, start: str) -> set[int]:
        # In alphabets one or two letters begin nearly everything, and stand for themselves: "TV", "a".
        if len(start) < 3 and start.isascii():
            return set(self._places.get(start, ()))
        found: set[int] = set()
        at = bisect_left(self._sorted, start)
        while at < len(self._sorted) and self._sorted[at].startswith(start):
            found.update(self._places[self._sorted[at]])
            at += 1
        return found


def _places() -> array[int]:
    return array("i")
