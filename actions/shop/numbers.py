"""How a shop writes the numbers of its orders, and how its customers type them.

Pure: text in, numbers out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_FORM = r"(?:[A-Z]{0,4}[-#]?|(?-i:[A-Z]{2,4}) )\d[\dA-Z-]"
#: "12 Main Street #4" is an address.
_NOT_BEHIND = "".join(rf"(?<!\b{word} )" for word in (
    "item", "flat", "apartment", "apt", "unit", "suite", "ste", "room", "street", "st", r"st\.", "road", "rd", "avenue",
    "ave", "lane", "ln", "drive", "dr", "boulevard", "blvd", "way", "court", "ct", "place", "square"))
#: Any shop's form, where a number is said to be one: "order no. A-1009", "#57". A short one without such a mark must
#: not read like a number of pieces or days: "I'd like to order 3", "my order 2 weeks ago".
_SAID = re.compile(
    rf"\border\s*(?:number|num|no|nr|id)\b[\s.:#]*(?:(?:is|was)\s+)?({_FORM}{{0,24}})\b(?![.,]\d)|"
    rf"\border\b[\s.:#]*(?:is\s+)?({_FORM}{{2,24}})\b|"
    rf"(?<![\w&#]){_NOT_BEHIND}#\s?({_FORM}{{0,24}})\b|"
    r"(?<!\bto )(?<!\bi )(?<!\bwe )(?<!\byou )(?<!\bjust )(?<!\bplease )(?<!make my )(?<!make the )"
    r"\border[\s:]+(\d{1,2})\b(?![.,]\d)"
    r"(?=\s*(?:[.,;:!?)\n-]|\Z)|\s+(?:please|pls|is|isn'?t|was|has|hasn'?t|have|had|and|to|from|with|on|at|but|never|"
    r"still|yet|that|which|it|i|my|where|when|didn'?t|arrived|late|because|as|or|then|status)\b)", re.I)
_ALONE = re.compile(r"\W*([A-Z]{0,4}[-# ]?\d(?:[\d -]{0,24}\d)?)\W*", re.I)
#: What looks like a number with its letters, "WB-10428", and not like an article, "RTX4090", nor like a postcode before
#: its town, "DE-22391 Hamburg". Without a hyphen it may be an article or a parcel: "Lamp LX20000", "RM12345678".
_LETTERED = re.compile(r"(?<![\w@.-])((?i:[A-Z]{2,4})-?\d{5,12})(?![\w@-])(?!\.\w)(?!,?\s+[A-Z][a-z]{2})")
#: Digits within an answer that are no part of a phone number, a sum, a day or an address.
_DIGITS = re.compile(r"(?<![\w.,:@+/£$€-])(?<!\d )#?([1-9]\d{0,11})(?![\w@/-]|[.,:]\d| \d)")
_YEAR = re.compile(r"\b(?:in|of|since|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*,?)\s+(?:19|20)\d\d\b",
                   re.I)
_ORDER = re.compile(r"\border\b|#", re.I)
_MAIL = re.compile(r"\S+@\S+")
#: Words around a number in an answer that is nothing else.
_AROUND = frozenset((
    "it", "its", "s", "is", "was", "the", "my", "and", "with", "for", "order", "number", "no", "nr", "id", "e", "email",
    "mail", "address", "sorry", "ok", "okay", "yes", "please", "pls", "then", "or", "here", "you", "go", "i", "think",
    "meant", "mean", "oops", "hi",
))
_LAST = re.compile(r"(?<![\w.,£$€/-])(?<!\bto )(?<!\bfor )(?<!\bby )(?<!\bonly )(?<!\bjust )([1-9]\d?)"
                   r"(?:\W+(?:please|pls|now|thanks|instead))*\W*\Z", re.I)
#: Fewer digits may be a number of anything.
_TELLING = 3


@dataclass(frozen=True)
class Numbers:
    """The numbers of a shop's orders: digits, of any count or `length` of them, then perhaps behind a `prefix`. With
    `letters` they are of a form that only the shop knows."""

    prefix: str = ""
    length: int = 0
    letters: bool = False

    def found(self, text: str, asked: bool = False) -> list[str]:
        """Order numbers in the order they are named; with `asked`, a message that is one number is one as well."""
        if own := [self.written(hit[1]) for hit in self._own(text, asked)]:
            return _once(own)
        said = self._meant(text, asked)
        bare = [self.prefix + hit[1] for hit in _bare(self.length).finditer(text)] if self.length else []
        if bare and (asked or said or _ORDER.search(text)):
            return _once(bare)
        if said or not asked:
            return _once(said)
        if alone := _ALONE.fullmatch(text):
            return [self.written(alone[1])]
        return [] if self.length else self._answered(text)

    def out_of(self, text: str, hashes: bool = True) -> str:
        """The text without them, where a day or a number of pieces is looked for; in an address a number with a hash
        may be a flat's."""
        said = [words for words, _ in self._said(text) if hashes or not words.startswith("#")]
        for words in (*(hit[0] for hit in self._own(text)), *said):
            text = text.replace(words, " ")
        return text

    def written(self, typed: str) -> str:
        """The number as the shop writes it, as far as its form tells."""
        number = re.sub(r"[\s#]", "", typed).upper()
        hit = re.fullmatch(r"[A-Z]*-?([\dOIL-]+)", number)
        if hit is None or self.letters:
            return number
        told = hit[1].replace("-", "").translate(str.maketrans("OIL", "011"))
        if len(told) == self.length:
            return self.prefix + told
        return number if self.length or "-" in hit[1] else told

    def _own(self, text: str, asked: bool = False) -> list[re.Match[str]]:
        if self.prefix:
            return [*_prefixed(self.prefix, self.length).finditer(text)]
        told = asked or _ORDER.search(text) or _ALONE.fullmatch(text)
        return [hit for hit in _LETTERED.finditer(text) if told or "-" in hit[1]] if self.letters else []

    def _meant(self, text: str, asked: bool) -> list[str]:
        """The numbers that are said to be ones. "Left at #4" and "the #1 shop" are none: a short one behind a mere hash
        counts where nothing else is named and an order is spoken of, or nothing else is said."""
        said = [(words.startswith("#") and len(number) < _TELLING, number) for words, number in self._said(text)]
        if plain := [number for short, number in said if not short]:
            return plain
        told = asked or re.search(r"\border\b", text, re.I) or _ALONE.fullmatch(text)
        return [number for _, number in said] if told else []

    def _said(self, text: str) -> list[tuple[str, str]]:
        """What says that it is a number, and the number."""
        said = [(hit[0], self.written(next(filter(None, hit.groups())))) for hit in _SAID.finditer(text)]
        return [(words, number) for words, number in said if len(number) >= (_TELLING if self.length else 1)]

    def _answered(self, text: str) -> list[str]:
        rest = _YEAR.sub(" ", _MAIL.sub(" ", text))
        least = 1 if set(re.findall(r"[^\W\d_]+", rest.lower())) <= _AROUND else _TELLING
        return _once(hit[1] for hit in _DIGITS.finditer(rest) if len(hit[1]) >= least)


def is_same(one: str, other: str) -> bool:
    """Whether both name one order: with or without a prefix, leading zeros, hyphens."""
    if _plain(one) == _plain(other):
        return True
    bare = not re.search(r"[A-Z]", _plain(one)) or not re.search(r"[A-Z]", _plain(other))
    return bare and bool(digits(one)) and digits(one) == digits(other)


def meant(typed: str, numbers: Sequence[str]) -> str | None:
    """Which of these is meant by what was typed, if it is one."""
    if typed in numbers:
        return typed
    same = [number for number in numbers if is_same(typed, number)]
    return same[0] if len(same) == 1 else None


def mentioned(text: str, numbers: Iterable[str], short: bool = False) -> list[str]:
    """Those of these numbers that stand in a text, though it does not say that they are any; with `short` also one of a
    digit or two at its end: "cancel 57 please"."""
    told = set(re.findall(r"(?<![\w.,£$€-])#?([1-9]\d{2,})(?![\w-]|[.,]\d)", text))
    if short and (last := _LAST.search(text)):
        told.add(last[1])
    return [number for number in numbers if digits(number) in told
            or (len(number) >= _TELLING and re.search(rf"(?<![\w.,£$€-]){_parted(number)}(?![\w-])", text, re.I))]


def digits(number: str) -> str:
    """What tells a number from others, however it is typed."""
    return re.sub(r"\D", "", number).lstrip("0")


def _parted(number: str) -> str:
    """A pattern for the number with or without what stands between its letters and digits."""
    return r"[\W_]?".join(re.findall(r"[^\W\d_]+|\d+", number))


def guessed(number: str) -> str:
    """What guesses at one order have in common, however it is typed; digits alone are not enough where letters stand
    among them: "A7K3Q"."""
    return digits(number) if re.fullmatch(r"[A-Z]*\W*\d+\W*", number, re.I) else _plain(number)


def _plain(number: str) -> str:
    return re.sub(r"[\W_]", "", number).upper()


def _once(numbers: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(numbers))


@lru_cache
def _prefixed(prefix: str, length: int) -> re.Pattern[str]:
    """The shop's own form, forgiving: small letters, other letters order, spaces, a letter O or l for a digit."""
    letters = re.sub(r"\W", "", prefix)
    spaced = r"\s?".join(letters)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{spaced}|{letters[::-1]})[\s#:._–-]*"
                      rf"((?:[\dOIl][\s-]?){{{length - 1}}}[\dOIl])(?![\dA-Za-z])", re.I)


@lru_cache
def _bare(length: int) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.@+-])(?<!\d )#?(\d{{{length}}})(?![\w@])")
