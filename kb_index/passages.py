"""Cuts answers into passages short enough that a sentence vector still means something."""

from __future__ import annotations

import re

from kb_index.markdown import PICTURES

#: A picture of ours, whose words may hold brackets, and what defines its address elsewhere in the text.
_PICTURE = re.compile(rf"!\[(.*?)\](?:\(\s*<?{PICTURES}[^)]*\)|\[[^\]]*\])", re.DOTALL)
_DEFINED = re.compile(rf"^ {{0,3}}\[[^\]]+\]:\s*<?{PICTURES}\S*.*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`#>|]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
MAX_PASSAGES = 40
_WORDS = 45


def plain(markdown: str) -> str:
    """Markdown without its marks; the texts of links and the words of pictures stay."""
    if PICTURES in markdown:
        markdown = _DEFINED.sub("", _PICTURE.sub(r"\1", markdown))
    return _MARKS.sub(" ", _LINK.sub(r"\1", markdown)).strip()


def passages(markdown: str) -> list[str]:
    """Runs of whole sentences of at most some 45 words each; at most 40 of them, spread over a long text."""
    parts: list[str] = []
    current: list[str] = []
    for sentence in _SENTENCE.split(plain(markdown)):
        words = sentence.split()
        if not words:
            continue
        if current and len(current) + len(words) > _WORDS:
            parts.append(" ".join(current))
            current = []
        while len(words) > 2 * _WORDS:
            # No sentence is that long, but a list without full stops or a text without line ends is.
            parts.append(" ".join(words[:_WORDS]))
            words = words[_WORDS:]
        current += words
    if current:
        parts.append(" ".join(current))
    if len(parts) > MAX_PASSAGES:
        step = len(parts) / MAX_PASSAGES
        parts = [parts[int(i * step)] for i in range(MAX_PASSAGES)]
    return parts
