"""What a message names: e-mails, phone numbers, days, numbers, products, and addresses.

Pure: text in, values out. What is found is read back to the customer before anything is done with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import TypeVar

import phonenumbers
from dateutil.relativedelta import relativedelta
from email_validator import EmailNotValidError, validate_email
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA
from text_to_num import alpha2digit, text2num

from actions.shop.backend import Address, Item, Order, Slot

T = TypeVar("T")

#: Digits of a British phone number without its 0. Not all that have them are in use, but shorter ones hardly ever are.
_BRITISH = 10

_MAIL = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]+")
_AT = re.compile(r"\s*[\[(]\s*at\s*[\])]\s*|\s+at\s+(?=[\w-]+\.(?:com|org|net|co|uk|ie|de|fr|es|eu)\b)", re.I)

_LEAVE = re.compile(
    r"\b(?:never ?mind|nvm|forget (?:it|about it|that)|"
    # "Leave it with my neighbour" says where to
    r"leave (?:it|that|everything)(?! (?:with|at(?! that)|by|in|on|behind|outside|under|next)\b)|drop it|"
    r"don'?t bother|stop (?:it|this|that|asking)|not now|i'?ll keep it|keep (?:it|(?:the|my) order)|"
    r"actually no|do it later|some other time)\b", re.I,
)
_LEAVE_ALONE = re.compile(r"\W*(?:(?:sorry|ok(?:ay)?|maybe)\W+)?(?:stop|quit|exit|abort|cancel|"
                          r"cancel that|cancel this|nothing|later|"
                          r"(?:no\W+)?not today(?:\W+(?:thanks|thank you|please|sorry))?)\W*", re.I)
#: "I don't want to keep it" wants to go on.
_NOT_KEPT = re.compile(r"\b(?:not|never|cannot|(?:do|does|did|ca|wo|would|could)n['’]?t|no (?:use|need|reason|point)) "
                       r"(?:\w+ ){0,3}keep (?:it|(?:the|my) order)\b", re.I)
#: "Too big to keep it" is a complaint, "I'd rather keep it" is none.
_KEPT = re.compile(r"\b(?:too|not|never|cannot|no (?:use|need|reason|point)|hard|difficult|impossible|"
                   r"(?:do|does|did|ca|wo|would|could|is|was)n['’]?t)\b(?:(?!\bbut\b)[^.,;!?])*"
                   r"(?<!ll )\bkeep (?:it|(?:the|my) order)\b", re.I)
_QUESTION = re.compile(
    r"\s*(?:(?:yes|yeah|ok(?:ay)?|right|fine|great|sure|and|but|so|well|hi|hey|oh|sorry)\b[\s,.!-]*)*"
    r"(?:what|when|where|which|who|why|how|is|are|do|does|did|can|could|will|would|should|shall|may|any)\b", re.I
)
_PERSON = re.compile(r"\b(?:person|human|agent|someone|somebody|anyone|colleague|staff|operator|advis\w+|"
                     r"representative|rep|people|manager|speak|talk|call|phone|ring)\b", re.I)
_LACKS = re.compile(r"\b(?:don'?t|do not|no|can'?t|lost|forgot\w*)\b.*\b(?:number|it|know|find)\b", re.I)
_WHY = re.compile(r"\bwhy (?:do|would|should|are|is)\b.*\b(?:you (?:need|want|ask\w*|have to|require)|"
                  r"i (?:need|have) to|tell you|give you|asking)\b|"
                  r"\bwhat (?:do|would) you (?:need|want) .*\bfor\b|\A\W*(?:but )?why\W*\Z",
                  re.I | re.S)
_OTHER = re.compile(r"\b(?:the )?other(?: one| order| parcel)?\b|\bnot (?:that|this) (?:one|order)\b|"
                    r"\bdifferent (?:one|order)\b", re.I)
_AROUND = frozenset((
    "it", "its", "s", "is", "the", "my", "and", "with", "for", "order", "number", "no", "nr", "e", "email", "mail",
    "pin", "code", "card", "sorry", "ok", "okay", "please", "then", "or", "minus", "here", "you", "go", "pls", "lm",
    "to", "make",
))
_PLACES = (("first", "1st", "top"), ("second", "2nd"), ("third", "3rd"), ("fourth", "4th"), ("fifth", "5th"))
_ORDINAL = re.compile(r"\b(?:the )?(" + "|".join(word for place in _PLACES for word in place) + r")(?: one)?\b", re.I)
_RESENT = re.compile(
    r"\b(?:re-?send|resent|replacement)\b|"
    r"\b(?:send|sent|post|ship|deliver)\b[^.?!]*\b(?:again|another|a new one|new ones?|out)\b|"
    r"\b(?:don'?t|do not|not|rather than|instead of) (?:want |need |be )?(?:a |the |my |any )?(?:refund\w*|money)\b",
    re.I)
_LATEST = re.compile(r"\b(?:latest|newest|last|most recent|recent|new) (?:one|order|purchase|parcel|delivery)\b|"
                     r"\bthe (?:latest|newest|last one)\b|"
                     r"\bjust (?:ordered|bought|placed)\b", re.I)
_OLDEST = re.compile(r"\b(?:oldest|first|earliest|older) (?:one|order)\b|\bthe (?:oldest|first)\b", re.I)
_ALL = re.compile(r"\b(?:all(?: of (?:it|them|my))?|everything|evrything|both|the (?:whole|entire|full) (?:order|lot|"
                  r"thing)|whole order|the lot)\b", re.I)
_NEGATIVE = re.compile(r"(?<![\w\d])(?:-|−|minus\s+)(\d+)\b", re.I)
#: Of pieces. Six digits are an order's number.
_NUMBER = re.compile(r"(?<![\w.,£$€-])(\d{1,5})(?![\w]|[.,]\d)")
#: "The other one", "the navy one", but not "the quantity to one"
_ONE_OF_THEM = re.compile(
    r"\b(?:(?:the|that|this|which)(?: (?!(?:to|into|by|from|for|of|not|only|just|be|is|was|as|make|with|than|and|or|"
    r"i|we|want|need|add)\b)\w+){0,2}|other|last|first|new|old|right|wrong) one\b"
    r"(?! (?:more|extra|additional|further)\b)")
#: On top of what is there: "two more", "another three"
_ON_TOP = re.compile(r"\b(\d{1,5}) (?:more|extra(?![ -](?:large|small|long|wide|short|tall|thick|thin|big|deep)\b)|"
                     r"additional|further)\b(?! (?:than|things?|questions?|times?)\b)|"
                     r"\b(?:another|extra|additional) (\d{1,5})\b|\b(?:add|need|want|like) another\b(?! order)", re.I)
#: Of the United Kingdom, Ireland, most of the EU and the United States, the Netherlands, Canada, Poland and Portugal.
_POSTCODE = re.compile(
    r"\b(?:[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}|[A-Z]\d{2}\s?[A-Z0-9]{4}|\d{5}(?:-\d{4})?|\d{4}\s?[A-Z]{2}|"
    r"[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{2}-\d{3}|\d{4}-\d{3})\b", re.I
)
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|tomorrow|today|tonight|the \d{1,2}(?:st|nd|rd|th))"
#: A day that does not suit: "I won't be in on Saturday".
_UNSUITED = re.compile(
    # "Not today, Friday please" names the day that does
    rf"\bnot {_WEEKDAY}(?=\s*,\s*{_WEEKDAY}\b(?!\s*(?:,|and\b|or\b)))|"
    r"\b(?:won'?t|can'?t|cannot|not|never|isn'?t|aren'?t|away|out|except|instead of|rather than|nobody|no one|noone)\b"
    rf"(?:\s+(?!but\b)[\w']+){{0,5}}?\s+{_WEEKDAY}(?:\s*(?:,|and|or)\s*{_WEEKDAY})*", re.I)
#: What stays out: "all but the kettle", "keep the kettle".
_LEFT_OUT = re.compile(
    r"\b(?:keep(?:ing)?|except(?: for)?|without|apart from|(?:all|everything) but|but not|not|leave out|excluding|"
    r"other than)\b[^,.;!?]*?(?=[,.;!?]|\b(?:and|but|just|only|send|return)\b|\Z)", re.I
)
_NARROWS = re.compile(r"\b(?:just|only|keep|not|except|without|but) (?:the|my|one|both|those|these)\b", re.I)
#: "Take the lamp off my order"
_OUT_OF = re.compile(r"\b(?:off|out of|from) (?:my|the|this|that|our) order\b", re.I)
_ADDS = re.compile(r"\b(?:as well|also|too|plus|add|along with|and (?:the|my|one|a))\b", re.I)
#: What comes before an address in a sentence.
_LEAD_IN = re.compile(
    r"^.*?\b(?:address (?:is|to)|deliver(?:ed)? (?:it )?to|send (?:it )?to|ship (?:it )?to|go(?:es)? to|moved to|"
    r"change (?:it )?to|new (?:one|address)(?: is)?|to|it'?s|is)\b[:\s]+(?=[\w'’]+\s)", re.I | re.S
)
_WINDOW = re.compile(r"(?<!\d)(\d{1,2})(?:[:.]00)?\s*(?:am|pm)?\s*(?:-|–|to|and|"
                     r"until)\s*(\d{1,2})(?:[:.]00)?\s*(?:am|pm)?(?!\d)", re.I)
_SAID_WHOLE = r"[a-z]{3,}day|\d[/.]\d|ago|last|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
#: Words of one letter's or no use in telling articles apart.
_NOISE = frozenset(["set", "with", "and", "the", "for", "mini"])
_SIZES = {"extra small": "XS", "small": "S", "medium": "M", "large": "L", "extra large": "XL", "xlarge": "XL"}


# -- who and which ---------------------------------------------------------------------------------------------------


def email(text: str) -> str | None:
    """The last e-mail address that is named, in small letters."""
    found = None
    for hit in _MAIL.finditer(_AT.sub("@", text)):
        try:
            found = validate_email(hit[0].strip(".!?'"), check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            continue
    return found


def phone(text: str, region: str = "GB") -> str | None:
    """The first phone number that can exist, in international form. One without a country code that is too short for
    the region, or begins without its 0, is of another, and nobody can tell which."""
    for hit in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.POSSIBLE):
        abroad = hit.raw_string.lstrip("( ").startswith(("+", "00"))
        national = str(hit.number.national_number)
        # Many of ten digits, such as those of a New Yorker, would pass for British ones that lack their 0.
        bare = re.sub(r"\D", "", hit.raw_string).startswith(national)
        whole = not bare and (phonenumbers.is_valid_number(hit.number) or len(national) >= _BRITISH)
        if phonenumbers.is_possible_number(hit.number) and (abroad or whole):
            return phonenumbers.format_number(hit.number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return None


def order_hint(text: str, orders: Sequence[Order], direction: str = "past") -> list[Order]:
    """The orders that the words point at: by an article, "the last one", or the day it was placed; none if by "
                                                                       "nothing."""
    by_article = [order for order in orders if items(text, order.items)]
    if by_article:
        best = max(_best(text, order.items) for order in by_article)
        return [order for order in by_article if _best(text, order.items) >= best - 5]
    if _LATEST.search(text):
        return list(orders[:1])
    if _OLDEST.search(text):
        return list(orders[-1:])
    placed = day(text, direction)
    return [order for order in orders if order.placed == placed] if placed else []


def near_numbers(number: str, orders: Iterable[Order]) -> list[str]:
    """Own order numbers that differ from `number` by a slip of the finger or two."""
    numbers = [order.number for order in orders]
    return [hit[0] for hit in process.extract(number, numbers, scorer=fuzz.ratio, score_cutoff=85, limit=2)]


# -- articles --------------------------------------------------------------------------------------------------------


def items(text: str, among: Sequence[Item]) -> list[Item]:
    """The lines of an order that the words name, tolerant of spelling; told apart by size and colour where needed."""
    scores = {item.line: _score(text, item) for item in among}
    hits = [item for item in among if scores[item.line] > 0]
    if not hits and len(among) > 1 and len(text.split()) <= 6:
        # "the navy one"
        told_apart = _by_variant(text, among)
        return told_apart if len(told_apart) == 1 else []
    if len(hits) > 1:
        # "the Drift shirt" names one article better than "shirt" names any.
        tops = {item.name: scores[item.line] for item in hits}
        told_apart = _by_variant(text, hits)
        if told_apart and len({item.name for item in hits}) == 1:
            return told_apart
        if len(tops) > 1 and len(set(_heads(text, hits))) < len(tops):
            best = max(tops.values())
            hits = [item for item in hits if scores[item.line] >= best - 10]
        return [item for item in hits if not told_apart or item in told_apart or
                not any(item.name == other.name for other in told_apart)]
    return hits


def names(text: str, item: Item) -> bool:
    """Whether the words name the article itself, and not only its size or colour."""
    return _score(text, item) > 0


def left_out(text: str, among: Sequence[Item]) -> list[Item]:
    """The lines that are named only to stay out of it."""
    said = " ; ".join(hit[0] for hit in _LEFT_OUT.finditer(text))
    return items(said, among) if said else []


def narrows(text: str) -> bool:
    """Whether a message says what stays in or out: "just the toaster", "keep the kettle"."""
    return bool(_NARROWS.search(text))


def part(text: str, among: Sequence[Item]) -> list[Item]:
    """The lines that a message wants out of an order of more: "cancel the lamp", but not "cancel my lamp order"."""
    whole = re.search(r"\b(?:orders?|everything|whole|both|all)\b", text, re.I) and not _OUT_OF.search(text)
    if len(among) < 2 or (whole and not narrows(text)):
        return []
    kept = left_out(text, among)
    named = [one for one in among if one not in kept] if kept else items(text, among)
    return named if len(named) < len(among) else []


def adds(text: str) -> bool:
    """Whether a message names something beside what was named before: "and the kettle as well"."""
    return bool(_ADDS.search(text))


def means_both(text: str) -> bool:
    """Whether "both" is said, and nothing that means more than two."""
    return "both" in text.lower() and not _ALL.search(re.sub("both", " ", text, flags=re.I))


def without_left_out(text: str) -> str:
    return _LEFT_OUT.sub(" ", text)


def _heads(text: str, among: Sequence[Item]) -> list[str]:
    words = _words(text)
    return [word for item in among for word in {item.name.split()[-1].lower()} if _like(word, words)]


def _best(text: str, among: Sequence[Item]) -> float:
    return max((_score(text, item) for item in among), default=0.0)


def _score(text: str, item: Item) -> float:
    """How well the words name this article: its own name counts, and its kind, which is the last word of the name."""
    words = _words(text)
    parts = [word for word in _words(item.name) if word not in _NOISE and len(word) > 2]
    likes = sum(_like(part, words) for part in parts)
    return 100 * likes / len(parts) if parts else 0.0


def _like(word: str, words: Sequence[str]) -> bool:
    """Whether a word is among them, in singular or plural, with a slip or two where it is long enough for that."""
    return any(alike(_singular(word), _singular(other)) for other in words)


def alike(word: str, other: str) -> bool:
    slips = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
    return bool(OSA.distance(word, other, score_cutoff=slips) <= slips)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word


def _by_variant(text: str, among: Sequence[Item]) -> list[Item]:
    words = _tokens(text)
    counts = {item.line: len(words & _tokens(item.variant)) for item in among}
    best = max(counts.values(), default=0)
    return [item for item in among if counts[item.line] == best] if best else []


def _tokens(text: str) -> set[str]:
    """Words and numbers; "W34" is also 34."""
    whole = re.findall(r"[a-z]+\d+|[a-z]+|\d+", text.lower())
    return {*whole, *(number for word in whole for number in re.findall(r"(?<=[a-z])\d+", word))}


def variant(text: str, ordered: str, offered: Sequence[str]) -> list[str]:
    """Which of the offered sizes and colours the words mean; what they leave open stays as it was ordered."""
    lowered = text.lower()
    for said, short in sorted(_SIZES.items(), key=lambda pair: -len(pair[0])):
        lowered = re.sub(rf"\b{said}\b", short.lower(), lowered)
    words = set(re.findall(r"[a-z0-9]+", lowered))
    now = _parts(ordered)
    wanted = [part for part in dict.fromkeys(p for one in offered for p in _parts(one)) if _said(part, words, lowered)]
    if not wanted:
        return []
    fits = [one for one in offered if all(part in _parts(one) for part in wanted)]
    if not fits and (others := [part for part in wanted if part not in now]):
        # "from L to M": the one that is there is not the one that is wanted.
        wanted = others
        fits = [one for one in offered if all(part in _parts(one) for part in wanted)]
    same_rest = [one for one in fits if all(part in wanted or part in now for part in _parts(one))]
    return same_rest or fits


def _parts(variant: str) -> list[str]:
    return [part.strip().lower() for part in variant.split(",") if part.strip()]


def _said(part: str, words: set[str], lowered: str) -> bool:
    if part in lowered and len(part) > 2:
        return True
    own = re.findall(r"[a-z0-9]+", part)
    if set(own) <= words:
        return True
    return len(part) > 3 and any(alike(part, word) for word in words)


# -- numbers and days ------------------------------------------------------------------------------------------------


def quantity(text: str) -> int | None:
    """A number of pieces, in figures or words; the one after "to" where one number becomes another."""
    minus = _NEGATIVE.search(re.sub(r"\bminus (\w+)", lambda hit: f"minus {_figure(hit[1].lower())}", text))
    if minus:
        return -int(minus[1])
    figures = _in_figures(text)
    # "one of the two shirts"
    some = re.search(r"\b(\d{1,5}) (?:out )?of (?:the|my|these|those|them|our|\d)", figures)
    if some:
        return int(some[1])
    becomes = re.findall(r"(?:\bto|\binto|\bmake it|\bmake that|\bonly|\bjust|->|→|=)\s*(\d{1,5})\b", figures)
    if becomes:
        return int(becomes[-1])
    told = [int(hit) for hit in _NUMBER.findall(re.sub(r"\b(?:not|instead of|from|rather than)\s+\d+\b", " ", figures))]
    return told[-1] if told else None


def on_top(text: str) -> int | None:
    """How many pieces more than there are: 2 in "two more"."""
    hit = _ON_TOP.search(_in_figures(text))
    return int(hit[1] or hit[2] or 1) if hit else None


def _in_figures(text: str) -> str:
    """The same in small letters, its numbers in figures."""
    figures = re.sub(r"\bhalf a dozen\b", "6", text.lower())
    figures = re.sub(r"\b(?:a )?dozen\b", "12", figures)
    figures = alpha2digit(figures, "en")
    # It leaves a small number alone as a word, where it may be none: "the other one".
    figures = _ONE_OF_THEM.sub(" ", figures)
    figures = re.sub(r"\b[a-z]+\b", lambda hit: _figure(hit[0]), figures)
    return re.sub(r"\b(?:a )?couple(?: of)?\b", "2", figures)


def _figure(word: str) -> str:
    try:
        return "0" if word == "none" else str(text2num(word, "en"))
    except ValueError:
        return word


def day(text: str, direction: str, today: date | None = None) -> date | None:
    """A day that is named ("last Tuesday", "the 3rd of December"); `direction`, ``past`` or ``future``, decides where
    both are possible."""
    without = _UNSUITED.sub(" ", _MAIL.sub(" ", text))
    if not re.search(r"\d|day\b|week|month|tomorrow|tmrw|\b(?:mon|tues?|wed|thu|thurs?|fri|sat|sun)\b", without, re.I):
        return None
    if re.search(r"\b(?:last|past) (?:mon|tue|wed|thu|fri|sat|sun)", without, re.I):
        direction = "past"
    without = re.sub(r"\b(?:next|this|last|past|coming) (?=(?:mon|tue|wed|thu|fri|sat|sun))", "", without, flags=re.I)
    base = datetime.combine(today or date.today(), time(12))
    found = _search_dates()(without, languages=["en"], settings={
        "RELATIVE_BASE": base, "PREFER_DATES_FROM": direction, "DATE_ORDER": "DMY", "RETURN_AS_TIMEZONE_AWARE": False,
    })
    days: list[date] = [moment.date() for words, moment in found or [] if re.search(r"[a-zA-Z/.]|\d{2}", words)]
    if not days:
        return None
    found_day = days[-1]
    if direction == "future" and found_day < base.date() and not re.search(_SAID_WHOLE, without, re.I):
        # "the 19th" is read as this month's even where that is over.
        found_day += relativedelta(months=1)
    return found_day


def warm() -> None:
    """Loads what reads days, so that the first customer to name one does not wait for that."""
    day("tomorrow", "future")


@lru_cache(maxsize=1)
def _search_dates() -> Callable[..., list[tuple[str, datetime]] | None]:
    # Loading it takes a second or more, which no command and no start should wait for.
    from dateparser.search import search_dates

    return search_dates  # type: ignore[no-any-return]


def slots(text: str, offered: Sequence[Slot], today: date | None = None) -> list[Slot]:
    """The offered days and windows that the words fit."""
    lowered = text.lower()
    windows = {slot.window: _hours(slot.window) for slot in offered if slot.window}
    hours = [hour % 12 for hour in _hours(lowered)]
    # A shop may call its windows by a word: "morning".
    wanted = {window for window, told in windows.items()
              if (told and [hour % 12 for hour in told] == hours) or (not told and window.lower() in lowered)}
    if not wanted and "morning" in lowered:
        wanted = {window for window, told in windows.items() if told and told[0] < 12}
    if not wanted and re.search(r"afternoon|evening|after lunch", lowered):
        wanted = {window for window, told in windows.items() if told and told[0] >= 12}
    named = day(_WINDOW.sub(" ", text) if windows else text, "future", today)
    if named is None and not wanted:
        return []
    return [slot for slot in offered if (named is None or slot.day == named) and (not wanted or slot.window in wanted)]


def _hours(text: str) -> list[int]:
    """From when to when, as it is written."""
    hit = _WINDOW.search(text)
    return [int(hit[1]), int(hit[2])] if hit else []


# -- addresses -------------------------------------------------------------------------------------------------------


def has_postcode(text: str) -> bool:
    return bool(_POSTCODE.search(text))


def address(text: str, country: str, saved: Sequence[Address] = ()) -> Address | None:
    """An address written in one go, or one of the saved ones by its label; None where street, town or code is "
      "missing."""
    by_label = [one for one in saved if one.label and re.search(rf"\b{re.escape(one.label)}\b", text, re.I)]
    hit = next(iter([*_POSTCODE.finditer(text)][-1:]), None)
    if hit is None:
        return replace(by_label[0], label="") if by_label else None
    before, after = text[: hit.start()], text[hit.end():]
    # "… to another address: 5 Oak Road"
    before = before.rpartition(":")[2] if before.rpartition(":")[2].strip() else before
    before = _LEAD_IN.sub("", before, count=1) or before
    parts = [part.strip(" .;:") for part in re.split(r"[,\n;]", before) if part.strip(" .;:")]
    rest = [part.strip(" .!?;:") for part in re.split(r"[,\n;]", after) if part.strip(" .!?;:")]
    if len(parts) == 1 and not rest:
        words = parts[0].split()
        # "12 Mill Lane Leeds LS1 4AB": without commas the last word is taken as the town, and read back.
        if len(words) < 3:
            return None
        parts = [" ".join(words[:-1]), words[-1]]
    elif len(parts) == 1:
        # "Lerchenstieg 12, 22391 Hamburg": the town behind the code
        parts.append(rest.pop(0))
    if not parts or not any(char.isalpha() for char in parts[0]) or len(parts) < 2:
        return None
    code = " ".join(hit[0].upper().split())
    if re.fullmatch(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}", code):
        code = f"{code[:-3]} {code[-3:]}"
    known = dict.fromkeys(("uk", "england", "scotland", "wales", "northern ireland"), "United Kingdom")
    last = rest[0] if rest and len(rest[0].split()) <= 3 and not re.search(r"\b(?:please|thanks|thank|instead|ok|"
                                                                           r"now)\b", rest[0], re.I) else ""
    return Address(line1=parts[0], line2=", ".join(parts[1:-1]), town=parts[-1], postcode=code,
                   country=known.get(last.lower(), last) or country)


# -- leaving, asking, and the like -----------------------------------------------------------------------------------


def leaves(text: str, reason: bool = False) -> bool:
    """Whether the customer wants to stop what is going on; where a `reason` was asked for, "too big to keep it" is
    one."""
    rest = (_KEPT if reason else _NOT_KEPT).sub(" ", text)
    return bool(_LEAVE.search(rest) or _LEAVE_ALONE.fullmatch(text))


def is_question(text: str) -> bool:
    return text.rstrip().endswith("?") or bool(_QUESTION.match(text))


def lacks_number(text: str) -> bool:
    """Whether somebody who was asked for an order number says that they do not have it."""
    return bool(_LACKS.search(text))


def wants_resent(text: str) -> bool:
    """Whether somebody whose parcel was lost wants it sent once more rather than refunded."""
    return bool(_RESENT.search(text))


def ordinal(text: str) -> int | None:
    """Which of a list a short message means by its place, from 0."""
    if len(text.split()) > 5:
        return None
    hit = _ORDINAL.search(text)
    return next((i for i, word in enumerate(_PLACES) if hit[1].lower() in word), None) if hit else None


def names_person(text: str) -> bool:
    return bool(_PERSON.search(text))


def asks_why(text: str) -> bool:
    """Whether the customer wants to know why something is asked of them."""
    return bool(_WHY.search(text))


def means_other(text: str) -> bool:
    return bool(_OTHER.search(text))


def means_all(text: str) -> bool:
    return bool(_ALL.search(text))


def only_values(text: str) -> bool:
    """Whether a message is e-mails, numbers and what goes around them, so that a classifier has nothing to read in
    it."""
    rest = re.sub(r"\S+@\S+", " ", text).lower()
    left = {word for word in re.findall(r"[^\W\d_]+", rest) if not _figure(word).isdigit()}
    return left <= _AROUND


def types_zero(text: str) -> bool:
    """Whether there is a lone 0, which always reaches a person; messages sent in a burst are lines of one text."""
    return any(re.fullmatch(r"\W*0\W*", line) for line in text.splitlines())


def digits(text: str, least: int, most: int) -> str | None:
    """A run of digits, spaces and hyphens allowed within, of this length."""
    for hit in re.finditer(r"(?<![\w])\d(?:[ -]?\d)*(?![\w])", text):
        told = re.sub(r"\D", "", hit[0])
        if least <= len(told) <= most:
            return told
    return None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())
