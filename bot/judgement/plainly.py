"""A message told plainly: what it names, put in the words that a classifier has learnt requests with.

"Can you make it 2 speakers instead of 1" asks the same as "… 2 items instead of 1", and "push LM-104287 back a week"
the same as "push my order back a week". But names of articles pull a message towards questions about articles, and
numbers and addresses say nothing at all. The router reads such a message a second time without them (`decide`).

Pure. The words are English, as the classifier is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

#: A longer text tells a story, and looking for names in it would take seconds.
_LONGEST = 2_000
#: White space beyond two characters; going back over more, expressions take time by its square.
_SPACE = re.compile(r"(\s\s)\s+")
_WORDS = Path(__file__).with_name("goods.txt")
_MAIL = r"[^\s@<>(),;]+@[^\s@<>(),;]+\.[^\s@<>(),;]*\w"
#: An address with what introduces it, but for "change my e-mail to …", where it is the point.
_ADDRESS = re.compile(
    rf"[(\[]?\s*(?:(?:and|with|under|using|from|,)\s+)*(?:(?:my|the|our)\s+)?(?:(?:account|e-?mail|mail)(?:\s+address)?\s*"
    rf"(?:is|was|:|=)?\s*)?{_MAIL}\s*[)\]]?", re.I
)
_NEW_ADDRESS = re.compile(rf"(?<=\bto )\s*{_MAIL}", re.I)
_NUMBER = re.compile(
    r"(?:\b(?:my|the|this|our)\s+)?(?:\border\s*(?:number|num|no\.?|nr|id)?\s*(?:is\s+)?)?[#:]?\s*"
    r"\b(?:LM|ML)[\s#:._–-]*\d(?:[\s-]?\d){5}\b", re.I
)
_LONG = re.compile(r"\+?\d(?:[ -]?\d){9,19}\b")
#: Before an article that is the customer's, or one of a number of pieces.
_BEFORE = (r"(?:the|my|our|this|that|these|those|an?|both|another|other|one|two|three|four|five|six|seven|eight|nine|"
           r"ten|\d+|more|extra|of|for)")


@lru_cache(maxsize=1)
def _goods() -> re.Pattern[str]:
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    names = sorted((line.strip() for line in lines if line.strip() and not line.startswith("#")), key=len, reverse=True)
    words = _either(name for name in names if not name.startswith("the "))
    doubtful = _either(name.removeprefix("the ") for name in names if name.startswith("the "))
    # "my phone number" is no article, "the phone" is one.
    phone = r"phone(?!s?\s+(?:number|no\b|call|line|support|to\b|is\s+now|has\s+changed))"
    return re.compile(rf"\b(?P<before>{_BEFORE}\s+(?:[\w'-]+\s+){{0,2}}?)"
                      rf"(?:{words}|{doubtful}|{phone})(?P<many>s|es)?\b|"
                      rf"\b(?P<bare>{words})(?P<more>s|es)?\b", re.I)


def _either(names: Iterable[str]) -> str:
    return "|".join(re.escape(name).replace(r"\ ", r"[\s-]") for name in names)


def plainly(text: str) -> str:
    """The message without addresses and numbers, its order "my order", its articles "item"; the same text where it
    names none of them, or is long."""
    if len(text) > _LONGEST:
        return text
    said = _SPACE.sub(r"\1", text)
    told = _NUMBER.sub(" my order ", said)
    told = _NEW_ADDRESS.sub("this", told)
    told = _ADDRESS.sub(" ", told)
    told = _LONG.sub(" ", told)
    told = _goods().sub(_item, told)
    if told == said:
        return text
    told = re.sub(r"\s+([,.!?;])", r"\1", " ".join(told.split()))
    return re.sub(r"^[\s,;]+|[\s,;]+$", "", told)


def _item(hit: re.Match[str]) -> str:
    many = hit["many"] or hit["more"]
    return f"{hit['before'] or ''}item{'s' if many else ''}"
