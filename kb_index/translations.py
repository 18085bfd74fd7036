"""Languages and translations: which of several suits a reader, and what goes live of an entry and its translations.
Without numpy, since the desk wants it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
