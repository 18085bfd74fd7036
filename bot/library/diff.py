"""What two versions of an article differ in, word by word."""

from __future__ import annotations

import difflib
import re
from typing import Any

from bot.library.article import FIELDS, Article

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
#: Above so many words a comparison word by word takes seconds; lines do then.
_WORDS = 4000


def diff(before: Article, after: Article) -> list[dict[str, Any]]:
    """The fields that differ, each as ``{"field", "parts": [[op, text], …]}`` where op is ``=``, ``-`` or ``+``."""
    old, new = before.fields(), after.fields()
    return [
        {"field": name, "parts": parts(_text(old[name]), _text(new[name]))} for name in FIELDS if old[name] != new[name]
    ]


def parts(before: str, after: str) -> list[list[str]]:
    """Pieces of text that are kept (``=``), gone (``-``) or new (``+``), in reading order."""
    left, right = _PIECES.findall(before), _PIECES.findall(after)
    if len(left) + len(right) > _WORDS:
        left, right = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[list[str]] = []
    for op, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if op == "equal":
            found.append(["=", "".join(left[a:b])])
            continue
        if b > a:
            found.append(["-", "".join(left[a:b])])
        if d > c:
            found.append(["+", "".join(right[c:d])])
    return found


def _text(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)
