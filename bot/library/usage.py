"""How entries fare with customers, counted from the archive of closed conversations: how often one was given, how often
people had to take over after it, and what customers said of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any

import sqlalchemy as sa

from bot.database import reading, writing
from bot.library.tables import articles

# As bot/reports/archive.py makes them.
_conversations = sa.table("archived_conversation", sa.column("id"), sa.column("closed"))
_records = sa.table("archived_record", *map(sa.column, ("conversation", "seq", "kind", "sender", "body")))
#: How many of the newest closed conversations count.
NEWEST = 10_000
_NAMES = ("asked", "handed", "helped", "unhelped")
_ROWS = 500


@dataclass
class Usage:
    """`asked`: given as an answer; `handed`: a handoff came before any other answer; the others are votes."""

    asked: int = 0
    handed: int = 0
    helped: int = 0
    unhelped: int = 0


def count(logs: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Usage]:
    """The usage of each entry, from pairs of conversation and record in the order of the logs. Of several votes on one
    answer the newest counts."""
    found: dict[str, Usage] = {}
    votes: dict[tuple[str, int], tuple[str, bool]] = {}
    last: dict[str, str] = {}
    for conversation, record in logs:
        evidence = record.get("evidence") or {}
        if record.get("from") == "bot" and evidence.get("entry") and evidence.get("version"):
            last[conversation] = str(evidence["entry"])
            found.setdefault(last[conversation], Usage()).asked += 1
        elif record.get("event") == "handoff" and (entry := last.pop(conversation, "")):
            found[entry].handed += 1
        elif record.get("event") == "helpful":
            votes[conversation, int(record["of"])] = str(record["entry"]), bool(record["helpful"])
    for entry, helpful in votes.values():
        usage = found.setdefault(entry, Usage())
        usage.helped += helpful
        usage.unhelped += not helpful
    return found


def recount(engine: Any) -> int:
    """Counts anew and writes down what has changed; returns for how many entries. Raises DatabaseUnavailable."""
    newest = sa.select(_conversations.c.id).order_by(_conversations.c.closed.desc()).limit(NEWEST)
    said = sa.or_(_records.c.kind != "message", _records.c.sender == "bot")
    query = (sa.select(_records.c.conversation, _records.c.body).where(_records.c.conversation.in_(newest), said)
             .order_by(_records.c.conversation, _records.c.seq))
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table("archived_record"):
            return 0
        found = count((cid, json.loads(body)) for cid, body in connection.execute(query))
        kept = connection.execute(sa.select(articles.c.nr, articles.c.id, *(articles.c[name] for name in _NAMES)))
        changes = [
            {"of": nr, **dict(zip(_NAMES, now, strict=True))}
            for nr, name, *before in kept if (now := astuple(found.get(name, Usage()))) != tuple(before)
        ]
    change = articles.update().where(articles.c.nr == sa.bindparam("of")).values(
        {name: sa.bindparam(name) for name in _NAMES})
    for start in range(0, len(changes), _ROWS):
        with writing(engine) as connection:
            connection.execute(change, changes[start:start + _ROWS])
    return len(changes)
