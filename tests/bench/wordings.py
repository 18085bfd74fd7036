"""Texts that were never sent before, from questions that are known: an assistant remembers what it has read, and real
customers seldom say a thing in the very words of another."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

_BEFORE = ("", "hi, ", "hello, ", "hey, ", "good morning, ", "good evening, ", "sorry, ", "excuse me, ", "quick one, ",
           "um, ", "ok, ", "hiya, ")
_AFTER = ("", " please", ", thanks", ", thank you", " pls", ", cheers", ", ta", " thx", ", many thanks", " please and thanks",
          ", kind regards", " :)")


def fresh(questions: Sequence[str], seed: int) -> Iterator[str]:
    """Each of the questions in each of 144 frames, in random order, none twice."""
    frames = [(before, after) for before in _BEFORE for after in _AFTER]
    pairs = [(question, frame) for question in dict.fromkeys(questions) for frame in frames]
    random.Random(seed).shuffle(pairs)
    return (f"{before}{question}{after}" for question, (before, after) in pairs)
