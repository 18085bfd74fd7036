"""Words as they are searched for, and the part of a text that shows why it was found."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
#: What is typed beyond this is not looked at.
MOST_WORDS, LONGEST_WORD = 8, 40
#: Characters around the first hit, and before it.
_SHOWN, _BEFORE = 180, 50


def folded(text: str) -> list[str]:
    """The words of a text as the index holds them: small letters, no accents."""
    return [_fold(word)[:LONGEST_WORD] for word in _WORD.findall(unicodedata.normalize("NFC", text))]


def typed(query: str) -> list[str]:
    """The words of a query, each once. The last may be unfinished, and so may all."""
    return list(dict.fromkeys(word for word in folded(query[:400]) if word))[:MOST_WORDS]


def marked(text: str, query: list[str]) -> list[tuple[str, str]]:
    """The text around the first hit, in parts ``("", text)`` and ``("hit", text)``."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    hits = [(found.start(), found.end()) for found in _WORD.finditer(text)
            if _fold(found.group()).startswith(tuple(query))] if query else []
    start = max(0, hits[0][0] - _BEFORE) if hits else 0
    if start:
        # From the beginning of a word, where one is near.
        start = text.rfind(" ", start - 20, start) + 1 or start
    end = min(len(text), start + _SHOWN)
    parts: list[tuple[str, str]] = [("", "…")] if start else []
    at = start
    for begin, stop in hits:
        if begin >= end:
            break
        parts += [("", text[at:begin]), ("hit", text[begin:stop])]
        at = stop
    parts.append(("", text[at:max(at, end)] + ("…" if max(at, end) < len(text) else "")))
    return _joined(parts)


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()  # no other folding applies; most words are such
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", word.casefold())
                   if not unicodedata.combining(letter))
    # Folding may leave what is no letter, such as the stroke of a fraction.
    return "".join(_WORD.findall(bare))


def _joined(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for kind, text in parts:
        if text and found and found[-1][0] == kind == "":
            found[-1] = ("", found[-1][1] + text)
        elif text:
            found.append((kind, text))
    return found
