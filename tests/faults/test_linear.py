"""The checker itself: it accepts what has an order, and finds what has none."""

from __future__ import annotations

from linear import Op, check
from register import Held, step

POSTED = Op("post", ("customer", "m1"), 0, 1, ("ok", 1))
TAKEN = Op("take", ("l1", 5), 1, 2, ("ok", 1, 1))


def linearisable(*ops: Op) -> bool:
    return check(ops, Held(), step).linearisable


def test_what_overlaps_may_be_in_any_order() -> None:
    second = Op("post", ("customer", "m2"), 0, 1, ("ok", 1))
    assert linearisable(Op("post", ("customer", "m1"), 0, 1, ("ok", 2)), second)


def test_what_returned_before_the_other_was_called_keeps_its_place() -> None:
    assert not linearisable(Op("post", ("customer", "m1"), 0, 1, ("ok", 2)), Op("post", ("customer", "m2"), 2, 3, ("ok", 1)))


def test_two_owners_are_found() -> None:
    handed = [POSTED, TAKEN, Op("commit", ("l1", 1, True), 2, 3, ("ok",))]
    claims = [Op("claim", (agent, 0), 4, 6, ("ok",)) for agent in ("ada", "bea")]
    assert linearisable(*handed, claims[0])
    assert linearisable(*handed, claims[0], Op("claim", ("bea", 0), 4, 6, ("stale", "agent", "ada")))
    assert not linearisable(*handed, *claims)


def test_a_bot_that_speaks_after_a_claim_is_found() -> None:
    stepped_in = Op("step in", ("ada", 1), 3, 4, ("ok",))
    assert linearisable(POSTED, TAKEN, stepped_in, Op("commit", ("l1", 1, False), 5, 6, ("lost",)))
    assert not linearisable(POSTED, TAKEN, stepped_in, Op("commit", ("l1", 1, False), 5, 6, ("ok",)))


def test_a_turn_answered_twice_is_found() -> None:
    again = Op("take", ("l2", 5), 3, 4, ("ok", 1, 1))
    first, second = (Op("commit", (lease, 1, False), 5, 8, ("ok",)) for lease in ("l1", "l2"))
    assert linearisable(POSTED, TAKEN, again, second)
    assert not linearisable(POSTED, TAKEN, again, first, second)


def test_a_lease_that_ran_out_is_lost_before_somebody_else_has_the_turn() -> None:
    """Who comes for one conversation puts back all whose leases have run out."""
    for called, told in ((6, True), (3, False)):
        lost = Op("commit", ("l1", 1, False), called, called + 1, ("lost",))
        assert linearisable(POSTED, TAKEN, lost) is told
    late = Op("commit", ("l1", 1, False), 6, 7, ("lost",))
    again = Op("take", ("l2", 5), 8, 9, ("ok", 1, 1))
    assert linearisable(POSTED, TAKEN, late, again, Op("commit", ("l2", 1, False), 10, 11, ("ok",)))
    # Told lost, though its reply is in the log.
    assert not linearisable(POSTED, TAKEN, late, Op("read", (), 12, 13, ("ok", "bot", "", 1, 2)))


def test_a_message_that_was_acknowledged_and_lost_is_found() -> None:
    assert linearisable(POSTED, Op("read", (), 2, 3, ("ok", "bot", "", 1, 1)))
    assert not linearisable(POSTED, Op("read", (), 2, 3, ("ok", "bot", "", 1, 0)))


def test_what_nobody_knows_may_have_happened_late_or_never() -> None:
    unknown = Op("post", ("customer", "m1"), 0)
    for seq, at in ((0, 2), (1, 2), (1, 100)):
        assert linearisable(unknown, Op("read", (), at, at + 1, ("ok", "bot", "", 1, seq)))
    assert not linearisable(unknown, Op("read", (), 2, 3, ("ok", "bot", "", 1, 1)), Op("read", (), 4, 5, ("ok", "bot", "", 1, 0)))
