"""What is live for everyone, kept in memory for the help centre."""

from __future__ import annotations

from bot.library.publications import Publications
from kb_index.entry import Entry
from kb_index.topics import Topic, topics


class Shelf:
    """Read again after each publication, and each day. `refresh` blocks and raises DatabaseUnavailable."""

    def __init__(self, ledger: Publications) -> None:
        self._ledger = ledger
        self._state: tuple[int, str] | None = None
        self.entries: dict[str, Entry] = {}
        self.categories: dict[str, list[Entry]] = {}
        self.topics: list[Topic] = []

    def refresh(self) -> Shelf:
        state = self._ledger.state()
        if state != self._state:
            entries = self._ledger.live()
            self.entries = {entry.id: entry for entry in entries}
            self.categories = {}
            for entry in entries:
                self.categories.setdefault(entry.category, []).append(entry)
            self.topics = topics(entries)
            self._state = state
        return self
