"""Words in any script: letters with the marks that belong to them. In many scripts vowels are such marks."""

from __future__ import annotations

import re
import unicodedata

#: All marks but those that choose how an emoji is drawn: these say nothing.
_MARKS = "".join(
    chr(code) for code in range(0x300, 0x1F000)
    if unicodedata.category(chr(code)) in ("Mn", "Mc") and not 0xFE00 <= code <= 0xFE0F
)


def small(text: str) -> str:
    """The text in small letters, each with its accents as one character: some systems write them apart."""
    return unicodedata.normalize("NFC", text).lower()


def words_of(letter: str) -> re.Pattern[str]:
    """What finds the words whose letters the expression `letter` fits; a word never begins with a mark."""
    # That no mark is ASCII is asked first: looking through all of them takes five times as long.
    return re.compile(rf"{letter}+(?:(?![\x00-\x7f])[{_MARKS}]+{letter}*)*")
