"""The menu by topic, at the start and after a failed turn: the categories of what is published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb_index.entry import Entry

#: Topics in one menu, and questions under one topic: more is a list to read.
TOPICS, QUESTIONS = 6, 4


@dataclass(frozen=True)
class Topic:
    """`name` is the category as editors wrote it, `title` what customers read."""

    name: str
    title: str


def title(category: str) -> str:
    """What customers read of a category: one that is written for programs in words, any other as editors wrote it."""
    if category == category.lower() and re.fullmatch(r"[\w-]+", category):
        category = category.replace("-", " ").replace("_", " ")
    return category[:1].upper() + category[1:] or "General"


def topics(entries: Sequence[Entry]) -> list[Topic]:
    """The categories with most entries whose task the bot does, then those with most entries: what people come for."""
    counts: dict[str, tuple[int, int]] = {}
    for entry in entries:
        if entry.category:
            tasks, all_ = counts.get(entry.category, (0, 0))
            counts[entry.category] = (tasks + bool(entry.task), all_ + 1)
    best = sorted(counts, key=lambda name: counts[name], reverse=True)[:TOPICS]
    return [Topic(name, title(name)) for name in best]


def questions(entries: Sequence[Entry], topic: str) -> list[Entry]:
    """The entries that stand for a topic: those with a task, one for each, then the others, in the editors' order."""
    own = [entry for entry in entries if entry.category == topic]
    first = {entry.task: entry for entry in reversed(own) if entry.task}
    return sorted(own, key=lambda entry: entry is not first.get(entry.task))[:QUESTIONS]
