"""Entries that say the same, and entries that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.judgement.bars import Asked
from bot.judgement.router import Bars
from bot.workshop import gate
from kb_index.cache import VectorCache
from kb_index.entry import Entry
from kb_index.passages import plain

#: Two sentences speak of the same thing where, their figures left out, their vectors are at least this close. It only
#: decides what an editor is shown.
_SAME_MATTER = 0.82
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_FIGURE = re.compile(r"[£$€]?\s?\d+(?:[.,:]\d+)*\s?(?:%|[ap]m\b|[£$€])?", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:not|never|no|cannot|can't|don't|doesn't|won't|isn't|aren't|unable|only|without)\b", re.IGNORECASE
)


def duplicates(asked: Sequence[Asked], changed: set[str], bars: Bars) -> list[dict[str, Any]]:
    """Changed entries whose own question or phrasings another entry would answer, were they not there.

    `asked` are readings of the questions and phrasings of the changed entries, with enough candidates.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for one in asked:
        rest = gate.without(one.reading, one.entry)
        if one.entry in changed and gate.would_answer(rest, bars.bar(rest), bars.confidence):
            found.setdefault((one.entry, rest.candidates[0].entry), []).append(one.reading.text)
    return [{"entry": entry, "other": other, "texts": texts[:5]} for (entry, other), texts in found.items()]


def same_words(entries: Sequence[Entry], changed: set[str], family: Mapping[str, str]) -> list[dict[str, Any]]:
    """Questions or phrasings that stand word for word in two entries of different families, one of them changed."""
    theirs = {folded for entry in entries if entry.id in changed for _, folded in entry.said if folded}
    owner: dict[str, str] = {}
    found: dict[tuple[str, str], list[str]] = {}
    alike = [entry for entry in entries if any(folded in theirs for _, folded in entry.said)] if theirs else []
    for entry in sorted(alike, key=lambda one: one.id in changed):
        for text, folded in entry.said:
            other = owner.setdefault(folded, entry.id)
            if folded and family[other] != family[entry.id] and entry.id in changed:
                found.setdefault((entry.id, other), []).append(text)
    return [{"entry": entry, "other": other, "texts": texts[:5]} for (entry, other), texts in found.items()]


def contradictions(pairs: Sequence[tuple[Entry, Entry]], cache: VectorCache) -> list[dict[str, Any]]:
    """Sentences of two entries on the same matter with other figures, or one with a "not" that the other lacks."""
    found = []
    for ours, theirs in pairs:
        left, right = _sentences(ours.answer), _sentences(theirs.answer)
        if not left or not right:
            continue
        close = cache.encode([_bare(s) for s in left]) @ cache.encode([_bare(s) for s in right]).T
        for row, sentence in enumerate(left):
            column = int(close[row].argmax())
            other = right[column]
            if close[row, column] < _SAME_MATTER:
                continue
            figures, others = _figures(sentence), _figures(other)
            unlike = bool(figures) and bool(others) and not figures & others
            negated = bool(_NOT.search(sentence)) != bool(_NOT.search(other)) and close[row, column] >= 0.9
            if unlike or negated:
                found.append({"entry": ours.id, "other": theirs.id, "texts": [sentence[:300], other[:300]]})
                break
    return found


def _sentences(answer: str) -> list[str]:
    return [s.strip() for s in _SENTENCE.split(plain(answer)) if len(s.split()) >= 4][:40]


def _bare(sentence: str) -> str:
    return _NOT.sub("", _FIGURE.sub("#", sentence))


def _figures(sentence: str) -> set[str]:
    return {re.sub(r"\s", "", figure.group()).lower() for figure in _FIGURE.finditer(sentence)}
