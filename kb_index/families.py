"""Families: an entry and its translations. They answer the same question, so a search finds them as one, and which of
them is said is decided by the customer's language alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kb_index.entry import AGENTS, EVERYONE, VERIFIED, Entry

_STRICTNESS = (EVERYONE, VERIFIED, AGENTS)


def matches(languages: Sequence[str], wanted: str) -> int | None:
    """Which of the language tags suits who wants `wanted`: that one, or the longest that it begins with (``pt`` for
    ``pt-BR``), or else another of the same language (``de-AT`` for ``de``); None where none does.

    The first two are the lookup of RFC 4647, section 3.4; the third is for pages that say no more than ``de``.
    """
    tags = [tag.lower() for tag in languages]
    parts = wanted.lower().replace("_", "-").split("-")
    for end in range(len(parts), 0, -1):
        if (tag := "-".join(parts[:end])) in tags:
            return tags.index(tag)
    return next((i for i, tag in enumerate(tags) if parts[0] and tag.split("-")[0] == parts[0]), None)


def base(tag: str) -> str:
    """The first part of a language tag: ``pt`` of ``pt-BR``."""
    return tag.lower().split("-")[0]


def joined(entries: Sequence[Entry]) -> list[Entry]:
    """The entries as they go live together: a translation without its original is left out, and so is a second one in
    the same language. Where it belongs, the task and what is related are the original's; no more people may see it
    than the original."""
    originals = {entry.id: entry for entry in entries if not entry.translation_of}
    told: list[Entry] = []
    taken = {(entry.id, entry.language.lower()) for entry in originals.values() if entry.language}
    for entry in entries:
        if not entry.translation_of:
            told.append(entry)
            continue
        original, place = originals.get(entry.translation_of), (entry.translation_of, entry.language.lower())
        if original is None or place in taken:
            continue
        taken.add(place)
        audience = max(entry.audience, original.audience, key=_STRICTNESS.index)
        told.append(replace(entry, audience=audience, category=original.category, task=original.task,
                            related=original.related))
    return told


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
        for i, original in enumerate(self.of.tolist()):
            if i != original:
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

    def ids(self) -> Iterator[tuple[str, str]]:
        """The id of each entry, and that of its original."""
        for entry, original in zip(self._entries, self.of.tolist(), strict=True):
            yield entry.id, self._entries[original].id

    def in_language(self, position: int, wanted: str, verified: bool = False) -> int:
        """The position of that member of the family which a customer is told who wants the language `wanted`; the
        original where there is none for them."""
        original = int(self.of[position])
        told = [i for i in self.members(original) if self._entries[i].is_for(verified)]
        found = matches([self._entries[i].language for i in told], wanted) if wanted and len(told) > 1 else None
        return original if found is None else told[found]
