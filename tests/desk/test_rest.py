"""How long what follows changes rests between two looks."""

from __future__ import annotations

from bot.desk.tasks import rest


def test_a_short_look_rests_briefly_and_a_long_one_no_more_than_two_seconds() -> None:
    assert rest(0.05, 0.001) == 0.05
    assert abs(rest(0.05, 0.02) - 0.38) < 1e-9
    assert rest(0.05, 10.0) == 2.0
