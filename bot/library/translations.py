"""What makes an entry a translation of another: pure rules over (id, language, original) of all entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.library.article import Article
from kb_index.errors import BadEntry


@dataclass(frozen=True)
class Kin:
    """What of an entry tells its family: `original` is the id of the entry that it translates, or empty."""

    id: str
    language: str
    original: str

    @classmethod
    def of(cls, article: Article) -> Kin:
        return cls(article.id, article.language, article.translation_of)


class Families:
    """The families among `kin`, for the rules of :meth:`check`."""

    def __init__(self, kin: Iterable[Kin]) -> None:
        self._all = {one.id: one for one in kin}
        self._translations: dict[str, list[Kin]] = {}
        for one in self._all.values():
            if one.original:
                self._translations.setdefault(one.original, []).append(one)

    def check(self, one: Kin, where: str) -> None:
        """Raises BadEntry, beginning with `where`, for a translation of nothing or of a translation, one in a language
        that the family has already, and a translation that has translations of its own."""
        own = self._translations.get(one.id, [])
        if not one.original:
            for other in own:
                if one.language and other.language.lower() == one.language.lower():
                    raise BadEntry(f"{where}: its translation {other.id!r} is in {one.language} too; choose another "
                                   "language for one of them")
            return
        original = self._all.get(one.original)
        if original is None:
            raise BadEntry(f"{where}: it is a translation of {one.original!r}, but there is no such entry")
        if original.original:
            raise BadEntry(f"{where}: {one.original!r} is a translation itself; name the entry that it translates, "
                           f"{original.original!r}")
        if own:
            raise BadEntry(f"{where}: it has translations itself, such as {own[0].id!r}, so it can be none")
        if one.language.lower() == original.language.lower():
            raise BadEntry(f"{where}: {one.original!r} is in {one.language} itself; choose another language")
        for other in self._translations.get(one.original, []):
            if other.id != one.id and other.language.lower() == one.language.lower():
                raise BadEntry(f"{where}: {one.original!r} has a translation in {one.language} already, {other.id!r}")
