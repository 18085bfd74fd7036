"""Business hours: when a team is there, in its own time zone, with its holidays.

All times are seconds since 1970; what a clock on the wall shows is worked out by the system's time zone data, so that
a day of 23 or 25 hours is one. Nothing here knows what time it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from bot.roster import fields
from bot.roster.errors import BadItem

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Who is shut for longer has no business hours worth counting in.
_LONGEST_SHUT = 400
_MOST_SPANS = 6
_EXAMPLE = '["09:00", "17:30"]'


@dataclass(frozen=True)
class Hours:
    """The week of a team. A span is ``("09:00", "17:30")``; ``("22:00", "24:00")`` ends the day."""

    id: str
    name: str
    timezone: str = "UTC"
    week: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    holidays: frozenset[str] = frozenset()

    def spans(self, day: date) -> Iterator[tuple[float, float]]:
        """When it is open on a day: from and until, in order, none into the next."""
        if day.isoformat() in self.holidays:
            return
        zone, last = _zone(self.timezone), 0.0
        # A zone that changes sides of the date line leaves a day out (Apia, 2011-12-30): its noon is another day's.
        if datetime.fromtimestamp(_moment(day, "12:00", zone), zone).date() != day:
            return
        for opens, closes in self.week.get(DAYS[day.weekday()], ()):
            # Around the hour that is left out in spring a span may run into the next, or be none.
            begin, end = max(last, _moment(day, opens, zone)), _moment(day, closes, zone)
            if begin < end:
                yield begin, end
                last = end

    def open_at(self, at: float) -> bool:
        day = datetime.fromtimestamp(at, _zone(self.timezone)).date()
        return any(begin <= at < end for begin, end in self.spans(day))

    def opens(self, at: float) -> float | None:
        """When it opens next: `at` itself while it is open; None where it does not within a year."""
        for begin, end in self._from(at):
            if at < end:
                return max(begin, at)
        return None

    def add(self, at: float, minutes: float) -> float | None:
        """The moment when, from `at` on, it was open for so many minutes; None where it does not open that long."""
        left = minutes * 60
        for begin, end in self._from(at):
            begin = max(begin, at)
            if begin >= end:
                continue
            if left <= end - begin:
                return begin + left
            left -= end - begin
        return None

    def between(self, begin: float, end: float) -> float:
        """For how many minutes it is open from one moment to another."""
        total = 0.0
        for opens, closes in self._from(begin):
            if opens >= end:
                break
            total += max(0.0, min(closes, end) - max(opens, begin))
        return total / 60

    def _from(self, at: float) -> Iterator[tuple[float, float]]:
        """All spans from the day of `at` on, until it has been shut for more than a year."""
        day = datetime.fromtimestamp(at, _zone(self.timezone)).date()
        shut = 0
        while shut < _LONGEST_SHUT and day < date.max:
            found = list(self.spans(day))
            shut = 0 if found else shut + 1
            yield from found
            day += timedelta(days=1)

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "timezone": self.timezone,
                "week": {day: [list(span) for span in self.week.get(day, ())] for day in DAYS},
                "holidays": sorted(self.holidays)}


def parse(item: str, sent: Mapping[str, Any]) -> Hours:
    """Raises BadItem."""
    fields.known(sent, ("name", "timezone", "week", "holidays"))
    zone = sent.get("timezone", "UTC")
    if not isinstance(zone, str) or not is_zone(zone):
        raise BadItem("timezone", f"names {str(zone)[:40]!r}; a name such as Europe/Berlin is wanted")
    week = sent.get("week", {})
    if not isinstance(week, dict) or any(day not in DAYS for day in week):
        raise BadItem("week", f"is to be an object with any of {', '.join(DAYS)}")
    days = sent.get("holidays", [])
    if not isinstance(days, list) or len(days) > 400:
        raise BadItem("holidays", "is to be a list of at most 400 days such as 2026-12-25")
    return Hours(item, fields.text(sent, "name", 60), zone, {day: _spans(day, spans) for day, spans in week.items()},
                 frozenset(_day(day) for day in days))


def _spans(day: str, sent: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(sent, list) or len(sent) > _MOST_SPANS:
        raise BadItem("week", f"is to have for {day} a list of at most {_MOST_SPANS} spans such as {_EXAMPLE}")
    found = []
    for span in sent:
        if not isinstance(span, list) or len(span) != 2 or not all(_is_time(at) for at in span):
            raise BadItem("week", f"has {str(span)[:40]} for {day}; a span such as {_EXAMPLE} is wanted")
        if span[0] >= span[1]:
            raise BadItem("week", f"has for {day} a span from {span[0]} to {span[1]}, which is no time at all")
        found.append((span[0], span[1]))
    found.sort()
    for before, after in pairwise(found):
        if after[0] < before[1]:
            raise BadItem("week", f"has for {day} spans that overlap at {after[0]}")
    return tuple(found)


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or len(value) != 5 or value[2] != ":":
        return False
    hours, minutes = value[:2], value[3:]
    if not (value.isascii() and hours.isdigit() and minutes.isdigit()):
        return False
    return value == "24:00" or (int(hours) < 24 and int(minutes) < 60)


def _day(value: Any) -> str:
    try:
        found = date.fromisoformat(value).isoformat()
    except (ValueError, TypeError):
        raise BadItem("holidays", f"has {str(value)[:40]!r}; a day such as 2026-12-25 is wanted") from None
    return found


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    return name in _zones()


def midnight(at: float, zone: str) -> float:
    """When the day began in which `at` falls there."""
    return _moment(datetime.fromtimestamp(at, _zone(zone)).date(), "00:00", _zone(zone))


def _moment(day: date, at: str, zone: ZoneInfo) -> float:
    if at == "24:00":
        return datetime.combine(day + timedelta(days=1), clock(0), zone).timestamp()
    return datetime.combine(day, clock(int(at[:2]), int(at[3:])), zone).timestamp()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
