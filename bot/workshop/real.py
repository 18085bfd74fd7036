"""Questions that customers really asked, from the archive of closed conversations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.database import reading

# As bot/reports/archive.py makes them.
conversations = sa.table("archived_conversation", sa.column("id"), sa.column("closed"))
records = sa.table("archived_record", *map(sa.column, ("conversation", "seq", "at", "kind", "sender", "body")))
#: What a customer wrote in so few words is an answer to something, not a question.
_FEWEST_WORDS = 3
_LONGEST = 500


@dataclass(frozen=True)
class Asking:
    """One message of a customer, and when it was sent."""

    text: str
    at: float
    conversation: str
    seq: int


def replies(engine: Any, asked: Sequence[Asking], most: int) -> list[dict[str, str]]:
    """What people answered to these messages: at most `most` of ``{"text", "by", "conversation"}``, each text once."""
    found: dict[str, dict[str, str]] = {}
    with reading(engine) as connection:
        for one in asked:
            query = (
                sa.select(records.c.body)
                .where(records.c.conversation == one.conversation, records.c.seq > one.seq, records.c.sender == "agent",
                       records.c.kind == "message")
                .order_by(records.c.seq)
                .limit(1)
            )
            if (body := connection.execute(query).scalar()) is None:
                continue
            record = json.loads(body)
            if text := str(record.get("text", "")).strip():
                by = str((record.get("by") or {}).get("name", ""))
                found.setdefault(text, {"text": text, "by": by, "conversation": one.conversation})
            if len(found) == most:
                break
    return list(found.values())


def asked(engine: Any, most: int) -> list[Asking]:
    """The newest `most` messages in archived conversations that may be questions, newest conversation first."""
    newest = sa.select(conversations.c.id).order_by(conversations.c.closed.desc()).limit(most)
    query = (
        sa.select(records.c.conversation, records.c.seq, records.c.at, records.c.body)
        .where(records.c.conversation.in_(newest), records.c.kind == "message", records.c.sender == "customer")
        .order_by(records.c.at.desc())
        .limit(4 * most)
    )
    found: dict[str, Asking] = {}
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table("archived_record"):
            return []
        for conversation, seq, at, body in connection.execute(query):
            text = " ".join(str(json.loads(body).get("text", "")).split())
            if len(text.split()) >= _FEWEST_WORDS and len(text) <= _LONGEST:
                found.setdefault(text, Asking(text, at, conversation, seq))
    return list(found.values())[:most]
