"""Business hours: against a clock on the wall that is looked at again and again over the days on which clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.roster import hours
from bot.roster.errors import BadItem
from bot.roster.hours import DAYS, Hours, is_zone, midnight

#: Zones and a day near which their clocks change: by an hour, by half an hour, never, over midnight, over a whole day.
CHANGES = [("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("America/New_York", "2026-03-08"),
           ("America/New_York", "2026-11-01"), ("Australia/Lord_Howe", "2026-04-05"), ("Asia/Kolkata", "2026-06-01"),
           ("America/Santiago", "2026-09-06"), ("Pacific/Apia", "2011-12-30"), ("UTC", "2026-12-31")]
#: Not in the hours that clocks leave out or show twice, where a wall clock alone does not tell.
EDGES = ["00:00", "06:15", "09:00", "12:30", "13:00", "17:30", "20:00", "24:00"]
QUARTER = 900


def moment(zone: str, day: str, at: str = "00:00") -> float:
    return datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=ZoneInfo(zone)).timestamp()


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, tuple[tuple[str, str], ...]]:
    def spans() -> tuple[tuple[str, str], ...]:
        edges = sorted(draw(st.sets(st.sampled_from(EDGES), max_size=4)))
        return tuple(zip(edges[::2], edges[1::2], strict=False))

    return {day: spans() for day in draw(st.sets(st.sampled_from(DAYS), min_size=1))}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Hours, float]:
    zone, day = draw(st.sampled_from(CHANGES))
    around = [(datetime.fromisoformat(day) + timedelta(days=n)).date().isoformat() for n in range(-3, 4)]
    holidays = frozenset(draw(st.sets(st.sampled_from(around), max_size=2)))
    at = moment(zone, around[0]) + draw(st.integers(0, 4 * 96)) * QUARTER
    return Hours("h", "Hours", zone, draw(weeks()), holidays), at


def on_the_wall(found: Hours, at: float) -> bool:
    local = datetime.fromtimestamp(at, ZoneInfo(found.timezone))
    if local.date().isoformat() in found.holidays:
        return False
    spans = found.week.get(DAYS[local.weekday()], ())
    return any(begin <= f"{local:%H:%M}" < end for begin, end in spans)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 140))
def test_as_a_clock_on_the_wall_has_it(case: tuple[Hours, float], quarters: int) -> None:
    found, at = case
    # Midnight is left out in Santiago, and a whole day in Apia: the next quarter of an hour that there is counts.
    assert found.open_at(at) == on_the_wall(found, at)
    opened = [on_the_wall(found, at + QUARTER * n) for n in range(200)]
    after = found.add(at, quarters * 15)
    if sum(opened) >= quarters:
        passed = [n for n, is_open in enumerate(opened) if is_open][quarters - 1] + 1
        assert after == at + QUARTER * passed
        assert round(found.between(at, after)) == quarters * 15
    opens = found.opens(at)
    if any(opened):
        assert opens == at + QUARTER * opened.index(True)


@settings(max_examples=100, deadline=None)
# Nothing at all, added where it just closed, is the next opening: so the second part is something.
@given(cases(), st.floats(0, 5000), st.floats(0.01, 5000))
def test_more_time_is_never_earlier_and_parts_add_up(case: tuple[Hours, float], first: float, second: float) -> None:
    found, at = case
    whole, part = found.add(at, first + second), found.add(at, first)
    if whole is None or part is None:
        return
    assert at <= part <= whole + 1e-3
    rest = found.add(part, second)
    assert rest is not None and abs(rest - whole) < 0.01
    assert abs(found.between(at, whole) - first - second) < 1e-3


def test_a_week_with_a_day_of_23_hours_and_a_holiday() -> None:
    week = {day: (("09:00", "17:00"),) for day in DAYS[:5]}
    found = Hours("h", "Office", "Europe/Berlin", week, frozenset({"2026-03-30"}))
    friday = moment("Europe/Berlin", "2026-03-27", "16:30")
    # Half an hour on Friday; Saturday, Sunday (clocks go forward) and the holiday are shut; the rest is on Tuesday.
    assert found.add(friday, 60) == moment("Europe/Berlin", "2026-03-31", "09:30")
    assert not found.open_at(moment("Europe/Berlin", "2026-03-30", "12:00"))


def test_the_day_begins_where_one_is() -> None:
    noon = moment("Europe/Berlin", "2026-03-29", "12:00")
    assert midnight(noon, "Europe/Berlin") == noon - 11 * 3600, "an hour of that day is left out"
    assert midnight(noon, "UTC") == noon - 10 * 3600
    # Where it is the next day already.
    assert midnight(noon, "Pacific/Kiritimati") == noon and is_zone("Pacific/Kiritimati") and not is_zone("Middle/Earth")


def test_a_span_through_the_hour_that_is_left_out_or_comes_twice() -> None:
    week = {"sun": (("01:30", "03:30"),)}
    found = Hours("h", "Night", "Europe/Berlin", week)
    spring, autumn = moment("Europe/Berlin", "2026-03-29", "00:00"), moment("Europe/Berlin", "2026-10-25", "00:00")
    assert found.between(spring, spring + 86400) == 60
    assert found.between(autumn, autumn + 86400) == 180
    # Spans that lie around the gap are never counted twice.
    cut = Hours("h", "Night", "Europe/Berlin", {"sun": (("01:00", "02:45"), ("03:00", "04:00"))})
    assert cut.between(spring, spring + 86400) == 120


def test_a_day_that_the_calendar_left_out_has_no_hours() -> None:
    found = Hours("h", "Mornings", "Pacific/Apia", {"fri": (("00:00", "06:15"),)})
    tuesday = moment("Pacific/Apia", "2011-12-27")
    assert found.opens(tuesday) == moment("Pacific/Apia", "2012-01-06")
    assert found.add(tuesday, 1) == moment("Pacific/Apia", "2012-01-06", "00:01")
    assert found.between(tuesday, moment("Pacific/Apia", "2012-01-02")) == 0


def test_who_never_opens_has_no_due_time() -> None:
    assert Hours("h", "Shut").add(0.0, 1) is None and Hours("h", "Shut").opens(0.0) is None


GOOD: dict[str, Any] = {"name": "Office", "timezone": "Europe/Berlin", "week": {"mon": [["09:00", "17:30"]]},
                        "holidays": ["2026-12-25"]}


def test_what_was_sent_is_shown_again() -> None:
    shown = hours.parse("office", GOOD).shown()
    assert shown["week"]["mon"] == [["09:00", "17:30"]] and shown["week"]["tue"] == []
    assert hours.parse("office", {key: shown[key] for key in GOOD}).shown() == shown


@pytest.mark.parametrize(("change", "field", "told"), [
    ({"timezone": "Berlin"}, "timezone", "Europe/Berlin"), ({"timezone": 1}, "timezone", "1"),
    ({"week": {"monday": []}}, "week", "mon, tue"), ({"week": {"mon": [["17:00", "09:00"]]}}, "week", "17:00"),
    ({"week": {"mon": [["09:00", "09:00"]]}}, "week", "no time at all"), ({"week": {"mon": ["09:00"]}}, "week", "mon"),
    ({"week": {"mon": [["9:00", "17:00"]]}}, "week", "09:00"), ({"week": {"mon": [["09:00", "25:00"]]}}, "week", "span"),
    ({"week": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "week", "overlap"), ({"week": []}, "week", "object"),
    ({"holidays": ["2026-02-30"]}, "holidays", "2026-02-30"), ({"holidays": "2026-12-25"}, "holidays", "list"),
    ({"holidays": [None]}, "holidays", "None"), ({"name": ""}, "name", "1 to 60"), ({"names": "x"}, "names", "not known"),
])
def test_what_cannot_be_hours_is_named(change: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(BadItem) as caught:
        hours.parse("office", {**GOOD, **change})
    assert caught.value.field == field and told in str(caught.value)
