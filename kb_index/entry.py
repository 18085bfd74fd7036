"""Entries: what editors write. One question, its answer in Markdown, how customers put it, and how we test it."""

from __future__ import annotations

import hashlib
import json
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from kb_index.errors import BadEntry
from kb_index.letters import small, words_of

#: Foreign ids may be titles or numbers; what would break a line or hide in it is refused.
_ID = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_WORD = words_of(r"\w")
MAX_ANSWER = 200_000
#: Who may be told it: anybody, customers who have proved who they are, or nobody but agents.
EVERYONE, VERIFIED, AGENTS = "everyone", "verified", "agents"
MAX_QUESTION = 2_000
_SHOWN = reprlib.Repr()
_SHOWN.maxlevel, _SHOWN.maxstring = 1, 60


@dataclass(frozen=True)
class Entry:
    """One entry. `tests` are questions that the index never sees; they measure it. `language` is a tag, empty for the
    shop's own; `translation_of` is the id of the entry that this one says in another language."""

    id: str
    question: str
    answer: str
    category: str = ""
    phrasings: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    task: str = ""
    audience: str = EVERYONE
    language: str = ""
    translation_of: str = ""

    @cached_property
    def version(self) -> str:
        """Changes with anything a customer or the index can see of the entry."""
        seen: list[object] = [
            self.question, self.answer, self.category, self.phrasings, self.related, self.task
        ]
        if self.audience != EVERYONE:
            seen.append(self.audience)
        if self.language or self.translation_of:
            seen.append([self.language, self.translation_of])
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:12]

    @cached_property
    def seal(self) -> bytes:
        """Changes with anything that a publish sees of the entry."""
        return f"{self.id} {self.version} {self.tests}".encode()

    @cached_property
    def said(self) -> tuple[tuple[str, str], ...]:
        """Its question and phrasings, each with its words alone."""
        texts = (self.question, *self.phrasings)
        return tuple((text, folded(text)) for text in texts)

    def is_for(self, verified: bool) -> bool:
        """Whether a customer may be told it, `verified` being one who has proved who they are."""
        return self.audience == EVERYONE or (verified and self.audience == VERIFIED)

    def kept(self) -> dict[str, Any]:
        """Its fields, for JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def restore(cls, told: Mapping[str, Any]) -> Entry:
        """An entry from what JSON made of :meth:`kept`."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in told.items()
        }
        return cls(**values)

    @staticmethod
    def parse_id(value: Any, where: str) -> str:
        """An entry's id. Raises BadEntry."""
        strange = isinstance(value, (bool, list, tuple, dict))
        identifier = (_SHOWN.repr if strange else str)(value).encode("utf-8", "replace").decode().strip()
        if strange or not _ID.fullmatch(identifier):
            raise BadEntry(f"{where}: id {identifier[:60]!r} is no line of at most 200 characters, or holds control "
                           "characters")
        return identifier

    @classmethod
    def parse(cls, fields: Mapping[str, Any], where: str) -> Entry:
        """An entry from named values. Raises BadEntry that begins with `where`, for example ``faq.csv:12``."""

        def plain(name: str, value: Any) -> str:
            # In YAML, `yes` is no text and `my order: where is it` is no text either: both need quotes.
            if isinstance(value, (bool, list, tuple, dict)):
                raise no_text(name, value, where)
            # Half of a character pair, as a faulty export holds it, can be neither stored nor shown, nor can a NUL.
            told = "" if value is None else str(value).encode("utf-8", "replace").decode().replace("\0", "")
            # Files have the line ends of their system, and Markdown is read with these alone.
            return told.replace("\r\n", "\n").replace("\r", "\n").strip()

        def text(name: str, limit: int, needed: bool) -> str:
            value = plain(name, fields.get(name))
            if needed and not value:
                raise BadEntry(f"{where}: {name} is empty; give it a text")
            if len(value) > limit:
                raise BadEntry(f"{where}: {name} has {len(value):,} characters; {limit:,} are the most")
            return value

        def texts(name: str) -> tuple[str, ...]:
            value = fields.get(name) or ()
            if isinstance(value, str):
                value = re.split(r"\n|\|", value)
            if not isinstance(value, (list, tuple)):
                raise BadEntry(f"{where}: {name} is {type(value).__name__}; a list of texts is wanted")
            kept = dict.fromkeys(item for item in (plain(name, one) for one in value) if item)
            longest = max(map(len, kept), default=0)
            if longest > MAX_QUESTION:
                raise BadEntry(f"{where}: one of the {name} has {longest:,} characters; {MAX_QUESTION:,} are the most")
            return tuple(kept)

        return cls(
            id=cls.parse_id(text("id", 200, needed=True), where),
            question=text("question", MAX_QUESTION, needed=True),
            answer=text("answer", MAX_ANSWER, needed=True),
            category=text("category", 80, needed=False),
            phrasings=texts("phrasings"),
            tests=texts("tests"),
            related=texts("related"),
            task=text("task", 80, needed=False),
        )


def no_text(name: str, value: Any, where: str) -> BadEntry:
    """Says that a field's value is no text. Of a list only the beginning: in YAML, a few lines may stand for millions
    of items."""
    return BadEntry(f"{where}: {name}: {_SHOWN.repr(value)} is no text; put it in quotes")


def folded(text: str) -> str:
    """The words of a text alone, in small letters."""
    return " ".join(_WORD.findall(small(text)))
