"""Waits that customers are told: what is learned from what, when nothing is said, and whether the ranges come true."""

from __future__ import annotations

import heapq
import json
import math
import random

import pytest

from bot.conversations.waits import THIN, Waits


def busy(waits: Waits, rounds: int, seconds: float = 60.0, begin: float = 0.0) -> float:
    """Two always wait, and each `seconds` an agent takes the first; returns when the last was taken."""
    now = begin
    for number in range(rounds):
        taken = [f"c{number}"] if number else []
        waits.seen(now, [f"c{number + 1}", f"c{number + 2}"], taken)
        now += seconds
    return now


def test_nothing_is_said_while_the_data_is_thin() -> None:
    waits = Waits()
    waits.staffed(0, 2)
    assert waits.expected(0) is None
    busy(waits, THIN)
    assert waits.expected(1) is None
    waits = Waits()
    waits.staffed(0, 2)
    busy(waits, 2 * THIN + 5)
    expected = waits.expected(1)
    assert expected is not None and expected.mean == pytest.approx(120, rel=0.05)
    assert expected.low < expected.mean < expected.high
    # As long a queue has never been seen.
    assert waits.expected(9) is None


def test_nothing_is_said_where_nobody_is_there_and_more_agents_are_quicker() -> None:
    waits = Waits()
    waits.staffed(0, 2)
    now = busy(waits, 100)
    alone, both = waits.expected(1), None
    waits.staffed(now, 4)
    both = waits.expected(1)
    assert alone is not None and both is not None and both.mean == pytest.approx(alone.mean / 2)
    waits.staffed(now, 0)
    assert waits.expected(1) is None


def test_a_night_without_agents_teaches_nothing() -> None:
    waits = Waits()
    waits.staffed(0, 2)
    now = busy(waits, 200)
    before = waits.expected(1)
    waits.staffed(now, 0)
    waits.staffed(now + 50_000, 2)
    waits.seen(now + 50_060, ["c200", "c201"], ["c199"])
    after = waits.expected(1)
    assert before is not None and after is not None and after.mean == pytest.approx(before.mean, rel=0.02)


def test_who_gives_up_makes_the_wait_of_others_shorter() -> None:
    patient, leaving = Waits(), Waits()
    for waits in (patient, leaving):
        waits.staffed(0, 1)
        now = 0.0
        queue = [f"c{number}" for number in range(8)]
        for number in range(8, 600):
            now += 60
            gone = queue.pop(0)
            if waits is leaving and number % 3 == 0:
                queue.pop()
                queue.append(f"n{number}")
            queue.append(f"c{number}")
            waits.seen(now, queue, [gone])
    one, other = patient.expected(7), leaving.expected(7)
    assert one is not None and other is not None
    assert one.mean == pytest.approx(8 * 60, rel=0.02)
    assert other.mean < 0.9 * one.mean


def test_a_clock_that_is_set_back_does_no_harm() -> None:
    waits = Waits()
    waits.staffed(0, 2)
    now = busy(waits, 100)
    busy(waits, 50, begin=now - 5000)
    expected = waits.expected(1)
    assert expected is not None and 0 <= expected.low < expected.high < 1000


def test_what_was_learned_is_kept_as_json() -> None:
    waits = Waits()
    waits.staffed(0, 2)
    now = busy(waits, 100)
    again = Waits.load(json.loads(json.dumps(waits.dump())))
    assert again.expected(1) is None
    again.staffed(now, 2)
    assert again.expected(1) == waits.expected(1)
    with pytest.raises((TypeError, KeyError, ValueError)):
        Waits.load({"ends": []})


@pytest.mark.parametrize("lognormal", [False, True])
def test_ranges_hold_four_of_five_waits_and_the_mean_is_nearly_the_best(lognormal: bool) -> None:
    """Four agents, always somewhat too few by day and enough by night; tools/simulate_waits.py plays more than this."""
    source = random.Random(5)
    pace, agents, waits = 1 / 300, 4, Waits()
    waits.staffed(0, agents)
    queue: list[tuple[str, float]] = []
    told: dict[str, tuple[float, float, float, float]] = {}
    busy_until: list[float] = []
    held: list[bool] = []
    ours = best = 0.0

    def handling() -> float:
        return source.lognormvariate(math.log(300) - 0.32, 0.8) if lognormal else source.expovariate(pace)

    now, arrived = 0.0, 0
    while arrived < 15_000:
        rate = agents * pace * (0.85 + 0.25 * math.sin(now / 13_750))
        next_arrival = now + source.expovariate(rate)
        while busy_until and busy_until[0] <= next_arrival:
            now = heapq.heappop(busy_until)
            if queue:
                who, since = queue.pop(0)
                heapq.heappush(busy_until, now + handling())
                waits.seen(now, [other for other, _ in queue], [who])
                if who in told:
                    mean, low, high, right = told.pop(who)
                    held.append(low <= now - since <= high)
                    ours += (now - since - mean) ** 2
                    best += (now - since - right) ** 2
        now, arrived = next_arrival, arrived + 1
        if len(busy_until) < agents:
            heapq.heappush(busy_until, now + handling())
            continue
        who = f"c{arrived}"
        if expected := waits.expected(len(queue)):
            right = (len(queue) + 1) / (agents * pace)
            told[who] = expected.mean, expected.low, expected.high, right
        queue.append((who, now))
        waits.seen(now, [other for other, _ in queue])
    assert len(held) > 5000
    assert 0.77 <= sum(held) / len(held) <= 0.83
    assert math.sqrt(ours / best) < 1.07
