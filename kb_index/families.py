"""Families: an entry and its translations. They answer the same question, so a search finds them as one, and which of
them is said is decided by the customer's language alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kb_index.entry import Entry
from kb_index.translations import matches


class Families:
    """The families among `entries`. `of[i]` is the position of the original of entry i, which is i for an original, and
    for a translation whose original is not there."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        position = {entry.id: i for i, entry in enumerate(entries)}
        self._entries = entries
        self.of: npt.NDArray[np.int64] = np.array(
            [position.get(entry.translation_of, i) if entry.translation_of else i for i, entry in enumerate(entries)],
            dtype=np.int64,
        )
        self._members: dict[int, list[int]] = {}
        for i in np.flatnonzero(self.of != np.arange(len(self.of))).tolist():
            original = int(self.of[i])
            self._members.setdefault(original, [original]).append(i)

    def __bool__(self) -> bool:
        """Whether there is any translation."""
        return bool(self._members)

    def members(self, original: int) -> list[int]:
        """The positions of a family, the original first."""
        return self._members.get(original, [original])

    def widened(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The positions of the whole families of these, each once."""
        if not self:
            return np.unique(positions)
        found = [i for original in np.unique(self.of[positions]).tolist() for i in self.members(original)]
        return np.array(found, dtype=np.int64)

    @cached_property
    def originals(self) -> Mapping[str, str]:
        """The id of each entry's original, by its own."""
        ids = [entry.id for entry in self._entries]
        return {name: ids[original] for name, original in zip(ids, self.of.tolist(), strict=True)}

    def in_language(self, position: int, wanted: str, verified: bool = False) -> int:
        """The position of that member of the family which a customer is told who wants the language `wanted`; the
        original where there is none for them."""
        original = int(self.of[position])
        told = [i for i in self.members(original) if self._entries[i].is_for(verified)]
        found = matches([self._entries[i].language for i in told], wanted) if wanted and len(told) > 1 else None
        return original if found is None else told[found]
