"""Words as they are searched for, and the part of a text that shows why it was found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_WORD = re.compile(r"[^\W_]+")
#: Thai and Lao, Burmese, Khmer, kana and Chinese characters: there no spaces part the words.
_UNPARTED = ("\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
             "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff")
_UNPARTED_RUN = re.compile(f"[{_UNPARTED}]+")
_RUN = re.compile(rf"[^\W_{_UNPARTED}]+|([{_UNPARTED}]+)")
#: What is typed beyond this is not looked at.
MOST_WORDS, LONGEST_WORD = 8, 40
#: Characters around the first hit, and before it.
_SHOWN, _BEFORE = 180, 50


def folded(text: str) -> list[str]:
    """The words of a text as the index holds them: small letters, no accents. Where no spaces part words, each letter
    with the next one, and the last alone."""
    return [word[:LONGEST_WORD] for _, _, word in _found(unicodedata.normalize("NFC", text))]


def typed(query: str) -> list[str]:
    """The words of a query, each once. The last may be unfinished, and so may all."""
    query = unicodedata.normalize("NFC", query[:400])
    words = (word[:LONGEST_WORD] for _, _, word in _found(query, alone=False))
    return list(dict.fromkeys(word for word in words if word))[:MOST_WORDS]


def parted(text: str, alone: bool = True) -> str:
    """The text for an index that finds words by itself: with spaces where it would see none. Without `alone` for a
    query, in which no letter stands alone that has one before it."""
    return _UNPARTED_RUN.sub(lambda run: f" {' '.join(word for _, _, word in _pairs(run, alone))} ", text)


def is_unparted(text: str) -> bool:
    """Whether there are words in it that no spaces part."""
    return _UNPARTED_RUN.search(text) is not None


def marked(text: str, query: list[str]) -> list[tuple[str, str]]:
    """The text around the first hit, in parts ``("", text)`` and ``("hit", text)``."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    hits: list[tuple[int, int]] = []
    for begin, stop, word in _found(text) if query else ():
        if word.startswith(tuple(query)):
            if hits and begin < hits[-1][1]:
                begin = hits.pop()[0]  # one that shares a letter with it
            hits.append((begin, stop))
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


def _found(text: str, alone: bool = True) -> Iterator[tuple[int, int, str]]:
    """Each word of the text as the index holds it, with where it begins and ends."""
    for run in _RUN.finditer(text):
        if run[1]:
            yield from _pairs(run, alone)
        else:
            yield *run.span(), _fold(run[0])


def _pairs(run: re.Match[str], alone: bool) -> Iterator[tuple[int, int, str]]:
    """Each letter of the run with the next one, and the last one alone; without `alone` only where it is the only."""
    letters = [(place, folded) for place, letter in enumerate(run.group(), run.start()) if (folded := _fold(letter))]
    ends = [place for place, _ in letters[1:]] + [run.end()]  # a letter has the marks behind it
    for number, (place, one) in enumerate(letters):
        other = letters[number + 1][1] if number + 1 < len(letters) else ""
        if other or alone or number == 0:
            yield place, ends[number + bool(other)], one + other


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
