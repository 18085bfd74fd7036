"""What is live for everyone, kept in memory for the help centre and the widget's start menu."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.catalogue import Catalogue
from bot.library.publications import Publications
from kb_index.entry import Entry
from kb_index.topics import Topic, topics
from kb_index.translations import matches


class Shelf:
    """Read again after each publication, and each day. `refresh` blocks and raises DatabaseUnavailable.

    `categories` and `topics` are of originals; `languages` are those of all translations.
    """

    def __init__(self, ledger: Publications) -> None:
        self._ledger = ledger
        self._state: tuple[int, str] | None = None
        self.entries: dict[str, Entry] = {}
        self.categories: dict[str, list[Entry]] = {}
        self.topics: list[Topic] = []
        self.languages: list[str] = []
        self._translations: dict[str, list[Entry]] = {}
        self._catalogue = Catalogue()

    def refresh(self) -> Shelf:
        state = self._ledger.state()
        if state != self._state:
            entries = self._ledger.live()
            originals = [entry for entry in entries if not entry.translation_of]
            categories: dict[str, list[Entry]] = {}
            for entry in originals:
                categories.setdefault(entry.category, []).append(entry)
            translations: dict[str, list[Entry]] = {}
            for entry in entries:
                if entry.translation_of:
                    translations.setdefault(entry.translation_of, []).append(entry)
            # Pages are made meanwhile, and see each of these whole.
            self.entries = {entry.id: entry for entry in entries}
            self.categories, self._translations = categories, translations
            self.topics = topics(originals)
            self.languages = sorted({entry.language for entry in entries if entry.translation_of})
            # Takes longest of all in a large knowledge base; until then a search goes by the older words.
            self._catalogue = Catalogue(entries)
            self._state = state
        return self

    def find(self, search: str) -> Iterator[Entry]:
        """The entries that have all the words of a search, the nearest first."""
        entries = self.entries  # another may take its place meanwhile
        return (entries[hit.id] for hit in self._catalogue.find(search) if hit.id in entries)

    def family(self, entry: Entry) -> list[Entry]:
        """An entry with its translations, the original first; an entry without any is alone."""
        original = self.entries.get(entry.translation_of, entry)
        return [original, *self._translations.get(original.id, [])]

    def in_language(self, entry: Entry, language: str) -> Entry:
        """The one of its family that suits who reads `language`; the original where none does."""
        family = self.family(entry)
        found = matches([one.language for one in family], language) if language and len(family) > 1 else None
        return family[found or 0]
