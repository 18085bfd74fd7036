"""Entries: what editors write. One question, its answer in Markdown, how customers put it, and how we test it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Mapping

from kb_index.errors import BadEntry

_ID = re.compile(r"[\w.:/#-]{1,200}")
MAX_ANSWER = 20_000
MAX_QUESTION = 500


@dataclass(frozen=True)
class Entry:
    """One entry. `tests` are questions that the index never sees; they measure it."""

    id: str
    question: str
    answer: str
    category: str = ""
    phrasings: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    task: str = ""

    @property
    def version(self) -> str:
        """Changes with anything a customer or the index can see of the entry."""
        seen = [self.question, self.answer, self.category, self.phrasings, self.related, self.task]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:12]

    @classmethod
    def parse(cls, fields: Mapping[str, Any], where: str) -> Entry:
        """An entry from named values. Raises BadEntry that begins with `where`, for example ``faq.csv:12``."""

        def text(name: str, limit: int, needed: bool) -> str:
            value = fields.get(name)
            value = "" if value is None else str(value).strip()
            if needed and not value:
                raise BadEntry(f"{where}: {name} is empty; give it a text")
            if len(value) > limit:
                raise BadEntry(f"{where}: {name} has {len(value):,} characters; {limit:,} are the most")
            return value

        def texts(name: str) -> tuple[str, ...]:
            value = fields.get(name) or ()
            if isinstance(value, str):
                value = [line for line in re.split(r"\n|\|", value)]
            if not isinstance(value, (list, tuple)):
                raise BadEntry(f"{where}: {name} is {type(value).__name__}; a list of texts is wanted")
            kept = dict.fromkeys(str(item).strip() for item in value if str(item).strip())
            for item in kept:
                if len(item) > MAX_QUESTION:
                    raise BadEntry(f"{where}: one of the {name} has {len(item):,} characters; {MAX_QUESTION} are the most")
            return tuple(kept)

        identifier = text("id", 200, needed=True)
        if not _ID.fullmatch(identifier):
            raise BadEntry(f"{where}: id {identifier[:60]!r} has characters other than letters, digits and . : / # - _")
        return cls(
            id=identifier,
            question=text("question", MAX_QUESTION, needed=True),
            answer=text("answer", MAX_ANSWER, needed=True),
            category=text("category", 80, needed=False),
            phrasings=texts("phrasings"),
            tests=texts("tests"),
            related=texts("related"),
            task=text("task", 80, needed=False),
        )
