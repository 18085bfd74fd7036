"""The audit itself: it accepts a log that is as it should be, and finds what is wrong in others."""

from __future__ import annotations

from typing import Any

import audit
import pytest
from players import Sent

Record = dict[str, Any]


def log(*bodies: Record) -> list[Record]:
    """Records as the store writes them; a second lies between two, unless they say when they were."""
    return [{"seq": seq, "at": float(seq), "kind": "message", **body} for seq, body in enumerate(bodies, 1)]


def asked(text: str = "hi", **more: Any) -> Record:
    return {"from": "customer", "text": text, **more}


def said(*answers: int, **more: Any) -> Record:
    return {"from": "bot", "text": "Hello!", "answers": list(answers), **more}


def happened(name: str, **more: Any) -> Record:
    return {"kind": "event", "from": "system", "event": name, **more}


CLAIMED = happened("claimed", by={"id": "ada"})


@pytest.mark.parametrize(("records", "commits", "turns"), [
    (log(asked(), said(1)), 1, 1),
    (log(asked(), said(1, at=5.0), said(1, at=5.0)), 1, 1),
    (log(asked(), asked(), said(1, 2), asked(), said(4)), 2, 2),
    (log(asked(), happened("handoff")), 0, 0),
], ids=["one", "two messages of one commit", "two at once and one", "people had it first"])
def test_what_was_answered_once_is_accepted(records: list[Record], commits: int, turns: int) -> None:
    assert audit.answered_once("c", records, commits) == (turns, [])


@pytest.mark.parametrize(("records", "commits", "told"), [
    (log(asked(), said(1), said(1)), 2, "message 1 was answered 2 times"),
    (log(asked(), said(1, at=5.0), said(1, at=5.0)), 2, "the store counted 2 commits, and 1 stand"),
    (log(asked(), said(1), asked(), said(1, 3)), 2, "message 1 was answered 2 times"),
    (log(asked(), said(1), asked()), 1, "message 3 was never answered"),
    (log(asked(), said()), 1, "the bot's message 2 answers nothing"),
    (log(asked(), happened("handoff"), asked(), said(3)), 1, "3 was written to queue and answered by the bot"),
], ids=["next to each other", "in one millisecond", "apart", "never", "nothing", "people's"])
def test_what_was_answered_twice_or_never_is_found(records: list[Record], commits: int, told: str) -> None:
    assert any(told in line for line in audit.answered_once("c", records, commits)[1])


@pytest.mark.parametrize(("records", "told"), [
    (log(asked(), said(1, seq=3)), "has gaps or repeats: [1, 3]"),
    (log(asked(), happened("handoff"), said(1)), "the bot spoke at 3 while it belonged to queue"),
    (log(asked(), happened("handoff"), CLAIMED, {"from": "agent", "by": {"id": "bea"}}), "bea spoke at 4"),
    (log(asked(), happened("released")), "released at 2 while it belonged to bot"),
], ids=["a gap", "the bot in the queue", "another agent", "an event of nobody's"])
def test_a_log_that_is_not_sound_is_found(records: list[Record], told: str) -> None:
    assert any(told in line for line in audit.log_is_sound("c", records))


def test_what_was_acknowledged_and_does_not_stand_there_once_is_found() -> None:
    sent, tried = [Sent("c", "customer", "m1", "hi", 1)], {"m1"}
    assert audit.acknowledged(sent, tried, {"c": log(asked(id="m1"))}) == []
    assert audit.acknowledged(sent, tried, {"c": []}) == ["m1 was acknowledged as 1 of c and stands at []"]
    assert any("2 times" in line for line in audit.acknowledged(sent, tried, {"c": log(asked(id="m1"), asked(id="m1"))}))
    assert audit.acknowledged([], set(), {"c": log(asked(id="m1"))}) == ["m1 stands in the record and was never sent"]
    later = [*sent, Sent("c", "customer", "m2", "hi", 2)]
    assert any("stands before it" in line for line in audit.acknowledged(
        later[::-1], {"m1", "m2"}, {"c": log(asked(id="m1"), asked(id="m2"))}))


def test_a_stream_that_did_not_show_the_record_is_found() -> None:
    records = log(asked(), said(1))
    assert audit.seen("c", records, records) == []
    assert audit.seen("c", records[:1], records) and audit.seen("c", [*records, records[1]], records)
