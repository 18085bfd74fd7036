"""An article: an entry with what only editors need of it: who may see it, when, in which language, and whose it is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kb_index.entry import AGENTS, EVERYONE, VERIFIED, Entry, no_text
from kb_index.errors import BadEntry
from kb_index.markdown import is_mute

#: ``draft`` is being written, ``review`` is ready to go live, ``published`` is live as it stands, ``archived`` is
#: withdrawn, or will be at the next publish.
STATUSES = ("draft", "review", "published", "archived")
AUDIENCES = (EVERYONE, VERIFIED, AGENTS)
#: The names of an article's fields, in the order in which exports have them.
FIELDS = (
    "id",
    "question",
    "answer",
    "category",
    "phrasings",
    "tests",
    "related",
    "task",
    "language",
    "translation_of",
    "audience",
    "valid_from",
    "valid_until",
    "owner",
)
LISTS = ("phrasings", "tests", "related")
#: Of those after the eighth, what the entry has.
_OF_ENTRY = ("language", "translation_of", "audience")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True)
class Article:
    """`valid_from` and `valid_until` are days (``2026-12-24``, UTC, both included) or empty."""

    entry: Entry
    valid_from: str = ""
    valid_until: str = ""
    owner: str = ""

    @classmethod
    def parse(cls, fields: Mapping[str, Any], where: str) -> Article:
        """An article from named values. Raises BadEntry that begins with `where`, for example ``faq.csv:12``."""
        unknown = [name for name in fields if name not in FIELDS]
        if unknown:
            raise BadEntry(f"{where}: there is no field {unknown[0]!r}; the fields are {', '.join(FIELDS)}")
        entry = Entry.parse({name: fields.get(name) for name in FIELDS[:8]}, where)
        language, audience, owner = (_line(fields, name, where) for name in ("language", "audience", "owner"))
        if language and not _LANGUAGE.fullmatch(language):
            raise BadEntry(f"{where}: language {language[:40]!r} is no language tag; write en or pt-BR")
        if audience and audience not in AUDIENCES:
            raise BadEntry(f"{where}: audience {audience[:40]!r}; one of {', '.join(AUDIENCES)} is wanted")
        if is_mute(entry.answer):
            raise BadEntry(f"{where}: answer: a picture says nothing to who cannot see it; write what it shows between "
                           "its brackets, ![what it shows](…)")
        begin, end = _day(fields, "valid_from", where), _day(fields, "valid_until", where)
        if begin and end and end < begin:
            raise BadEntry(f"{where}: valid_until {end} lies before valid_from {begin}")
        source = fields.get("translation_of")
        empty = source is None or (isinstance(source, str) and not source.strip())
        source = "" if empty else Entry.parse_id(source, where)
        if source and not language:
            raise BadEntry(f"{where}: it is a translation of {source!r}, but of no language; write one, such as de")
        if source == entry.id:
            raise BadEntry(f"{where}: it is a translation of itself; name the entry that it translates")
        entry = replace(entry, audience=audience or EVERYONE, language=language, translation_of=source)
        return cls(entry, begin, end, owner)

    @classmethod
    def of_file(cls, told: Mapping[str, Any], where: str) -> Article:
        """As :meth:`parse`, of a file, which may hold keys of its own for other tools."""
        return cls.parse({name: value for name, value in told.items() if name in FIELDS}, where)

    @classmethod
    def restore(cls, fields: Mapping[str, Any]) -> Article:
        """An article from its :meth:`fields`, which were checked when they were made."""
        entry = {name: fields[name] for name in (*FIELDS[:8], *_OF_ENTRY) if name in fields}
        ours = {name: fields[name] for name in FIELDS[8:] if name in fields and name not in entry}
        return cls(Entry.restore(entry), **ours)

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def audience(self) -> str:
        return self.entry.audience

    @property
    def language(self) -> str:
        return self.entry.language

    @property
    def translation_of(self) -> str:
        return self.entry.translation_of

    @property
    def said(self) -> str:
        """Changes with what a translation has to follow: the question and the answer."""
        told = json.dumps([self.entry.question, self.entry.answer])
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16]

    def fields(self) -> dict[str, Any]:
        """All fields by name, lists as lists: for JSON, and for exports."""
        told = {**self.entry.kept(), **{name: getattr(self, name) for name in FIELDS[8:]}}
        return {name: list(told[name]) if name in LISTS else told[name] for name in FIELDS}

    @property
    def mark(self) -> str:
        """Changes with any field."""
        told = self.fields()
        if not told["translation_of"]:
            del told["translation_of"]  # it came later than the marks of what editors have published
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def is_valid(self, day: str) -> bool:
        """Whether it holds on that day (``2026-12-24``)."""
        return self.valid_from <= day and not (self.valid_until and self.valid_until < day)

    def words(self) -> str:
        """What a search among articles looks through."""
        entry = self.entry
        return " ".join(
            [entry.id, entry.question, entry.category, *entry.phrasings, *entry.tests, entry.answer[:20_000]]
        )


def _line(fields: Mapping[str, Any], name: str, where: str) -> str:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise no_text(name, value, where)
    value = (value or "").encode("utf-8", "replace").decode().strip()
    if len(value) > 100 or re.search(r"[\x00-\x1f\x7f]", value):
        raise BadEntry(f"{where}: {name} is to be one line of at most 100 characters")
    return value


def _day(fields: Mapping[str, Any], name: str, where: str) -> str:
    value = fields.get(name)
    if isinstance(value, date):  # YAML and Excel know dates
        return value.isoformat()[:10]
    value = _line(fields, name, where)
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        raise BadEntry(f"{where}: {name} {value[:40]!r} is no day; write it as 2026-12-24") from None


def slug(question: str) -> str:
    """An id that people can read."""
    words = "".join(c if c.isalnum() else " " for c in question.lower()).split()
    return "-".join(words)[:60].rstrip("-") or "entry"
