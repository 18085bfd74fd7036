"""Reading what was sent for a part of the set-up, field by field; what does not fit is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.conversations.record import BadText, clean
from bot.roster.errors import BadItem

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
#: Words, as of topics, skills and tags.
_WORD = re.compile(r"[^\s,\x00-\x1f\x7f](?:[^,\x00-\x1f\x7f]{0,38}[^\s,\x00-\x1f\x7f])?")


def known(fields: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raises BadItem for a field that is none of `names`."""
    allowed = set(names)
    for name in fields:
        if name not in allowed:
            raise BadItem(name[:40], "is not known here")


def text(fields: Mapping[str, Any], name: str, most: int, default: str | None = None) -> str:
    """A line of 1 to `most` characters."""
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise BadItem(name, "is missing" if value is None else "is to be text")
    value = " ".join(value.split())
    if not 1 <= len(value) <= most or not value.isprintable():
        raise BadItem(name, f"is to be 1 to {most} characters of text")
    return value


def lines(fields: Mapping[str, Any], name: str) -> str:
    """What a message may hold: text of several lines."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise BadItem(name, "is missing" if value is None else "is to be text")
    try:
        return clean(value)
    except BadText as error:
        raise BadItem(name, f"cannot be taken: {error}".rstrip(".")) from None


def words(fields: Mapping[str, Any], name: str, most: int = 50) -> list[str]:
    """A list of words, each once; left out it is empty."""
    value = fields.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) and _WORD.fullmatch(word) for word in value):
        raise BadItem(name, "is to be a list of words of at most 40 characters, without commas")
    if len(value) > most:
        raise BadItem(name, f"is to have at most {most} words")
    return list(dict.fromkeys(value))


def chosen(fields: Mapping[str, Any], name: str, choices: Iterable[str], what: str, most: int = 500) -> list[str]:
    """A list of ids, each of `choices`."""
    value = fields.get(name, [])
    there = set(choices)
    if not isinstance(value, list) or len(value) > most:
        raise BadItem(name, f"is to be a list of at most {most} {what}")
    for one in value:
        if not isinstance(one, str) or one not in there:
            raise BadItem(name, f"names {str(one)[:40]!r}, which is none of the {what}")
    return list(dict.fromkeys(value))


def one_of(fields: Mapping[str, Any], name: str, choices: Sequence[str], default: str) -> str:
    value = fields.get(name, default)
    if value not in choices:
        raise BadItem(name, f"is to be one of {', '.join(choices)}")
    return str(value)


def whole(fields: Mapping[str, Any], name: str, low: int, high: int, default: int | None) -> int | None:
    """A whole number, or None where that is the default and nothing or null was sent."""
    value = fields.get(name, default)
    if value is None and default is None:
        return None
    if type(value) is not int or not low <= value <= high:
        raise BadItem(name, f"is to be a whole number from {low:,} to {high:,}")
    return value


def new_id(name: str, taken: Iterable[str]) -> str:
    """An id made of a name, such as ``tent-experts``, that is not taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32] or "item"
    there, number = set(taken), 2
    found = base
    while found in there or not _ID.fullmatch(found):
        found, number = f"{base}-{number}", number + 1
    return found
