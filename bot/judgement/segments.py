"""Parts of a message: a customer who writes several sentences often brings several matters."""

from __future__ import annotations

import re
import unicodedata

# Sentences, and clauses after a comma that could stand alone: people chain their matters with commas.
_BREAK = re.compile(
    r"(?<=[.!?])\s+|\n+|;\s+|,\s+(?=(?:and|but|also|so|please|pls|can|could|i|i'm|im|i'd|my|the|now)\b)", re.IGNORECASE
)
_HANDLE = re.compile(r"(?<!\w)@\w+")
_LINK = re.compile(r"https?://\S+")
MAX_SEGMENTS = 5


def normalise(text: str) -> str:
    """The text as it is embedded: handles and links out, hashtags as words, space folded, shouting lowered, letters
    with their accents as one character each."""
    text = unicodedata.normalize("NFC", text)
    text = _LINK.sub(" ", _HANDLE.sub(" ", text)).replace("#", " ")
    text = " ".join(text.split())
    letters = [c for c in text if c.isalpha()]
    if len(letters) > 8 and sum(c.isupper() for c in letters) > 0.7 * len(letters):
        text = text.lower()
    return text


def segments(text: str) -> list[str]:
    """The sentences of a message that has more than one, shortest remarks left out; at most five."""
    parts = [normalise(part) for part in _BREAK.split(text)]
    parts = [part for part in parts if len(part.split()) >= 3]
    if len(parts) < 2:
        return []
    return parts[:MAX_SEGMENTS]
