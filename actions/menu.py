"""The menu by topic: the categories of the published knowledge base, as buttons after a turn without an answer."""

from __future__ import annotations

from kb_index.entry import Entry
from kb_index.snapshot import Snapshot

#: Topics under one message, and questions under one topic: more is a list to read.
TOPICS, QUESTIONS = 6, 4


def topics(snapshot: Snapshot, verified: bool) -> list[dict[str, str]]:
    """Buttons for the categories with most entries, those with tasks first: that is what people come for."""
    counts: dict[str, tuple[int, int]] = {}
    for entry in snapshot.entries:
        if entry.category and entry.is_for(verified):
            tasks, all_ = counts.get(entry.category, (0, 0))
            counts[entry.category] = (tasks + bool(entry.task), all_ + 1)
    best = sorted(counts, key=lambda name: counts[name], reverse=True)[:TOPICS]
    return [{"title": name.replace("-", " ").capitalize(), "payload": f"topic:{name}"} for name in best]


def questions(snapshot: Snapshot, topic: str, verified: bool) -> list[Entry]:
    """The entries that stand for a topic: those with a task, then the others, in the editors' order."""
    own = [entry for entry in snapshot.entries if entry.category == topic and entry.is_for(verified)]
    return sorted(own, key=lambda entry: not entry.task)[:QUESTIONS]
