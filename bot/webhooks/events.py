"""Which events a conversation's records are, and what is told of them. Pure: the same log gives the same events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from bot.conversations.record import Record, for_customer

EVENTS = (
    "conversation.created", "conversation.handed_over", "conversation.assigned", "conversation.transferred",
    "conversation.message", "conversation.closed", "conversation.rated", "conversation.reopened",
)
#: Sent by hand, to see whether an endpoint works.
TEST = "webhook.test"
_OF_RECORDS = {
    "handoff": "conversation.handed_over", "claimed": "conversation.assigned",
    "transferred": "conversation.transferred", "closed": "conversation.closed", "rated": "conversation.rated",
    "reopened": "conversation.reopened",
}
#: How the bot came to an answer: much, of use inside only, and free to change.
_OURS = ("evidence", "payloads", "payload", "answers")


def events(record: Record) -> Iterator[str]:
    """The events that a record is, in their order. Notes and most internal records are none."""
    if record["seq"] == 1:
        yield "conversation.created"
    if record["kind"] == "message":
        yield "conversation.message"
    elif record["kind"] in ("event", "internal") and record.get("event") in _OF_RECORDS:
        yield _OF_RECORDS[record["event"]]


def delivery_id(cid: str, record: Record, event: str) -> str:
    """The same for the same event on every desk and at every attempt, and without a full stop, which separates what
    is signed. After a restore a `seq` is given out anew, to what has another time."""
    return f"msg_{cid}_{record['seq']}_{record['at'] * 1000:.0f}_{event.rpartition('.')[2]}"


def payload(event: str, at: float, data: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a delivery, as Standard Webhooks has it."""
    when = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": event, "timestamp": when, "data": dict(data)}


def told(record: Record) -> Record:
    """A record as other systems get it. A note is that of its agents: where it stands first, all that is told is that
    the conversation has begun."""
    if record["kind"] == "note":
        return for_customer(record)
    return {name: value for name, value in record.items() if name not in _OURS}
