"""The handoff packet: all that an agent needs to go on without asking again (docs/api.md has its form)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bot.conversations.customer import Customer
from bot.conversations.record import Record, shown
from bot.conversations.state import State

_LINE = 160
_LINES = 12


def build(
    state: State, records: Sequence[Record], replies: Sequence[Record], handoff: Mapping[str, Any],
    customer: Customer | None = None,
) -> dict[str, Any]:
    """Puts the packet together.

    `records` is the log so far, `replies` what the bot says in the turn that hands over, `handoff` what the action
    gave: ``reason``, ``judgement`` and perhaps ``what``, ``lookups``, ``urgent``. `customer` is who it is, where that
    is not yet in `state`.
    """
    told = dict(handoff.get("judgement") or {})
    known = customer or state.customer
    who: dict[str, Any] = {"verified": known is not None, "name": None, "email": None, "by": None}
    if known is not None:
        who.update(name=known.name or None, email=known.email or None, by=known.by)
    return {
        "at": round(time.time(), 3),
        "why": {
            "route": told.get("route"), "intent": told.get("intent"), "confidence": told.get("confidence"),
            "words": list(told.get("words") or []), "reason": handoff.get("reason", ""),
            "urgent": bool(handoff.get("urgent")),
        },
        "who": {**who, "page": state.page, "browser": state.browser, "locale": state.locale},
        "what": {"order": None, "product": None, "values": {}, **(handoff.get("what") or {})},
        "tried": tried(records, told),
        "lookups": list(handoff.get("lookups") or []),
        "told": " ".join(reply["text"] for reply in replies),
        "summary": summarise(records),
    }


def tried(records: Sequence[Record], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entries the customer was shown, then those that came near this time, each once."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        evidence = record.get("evidence") or {}
        if record["from"] == "bot" and evidence.get("entry"):
            found[evidence["entry"]] = {"entry": evidence["entry"], "question": evidence.get("question", ""),
                                        "score": evidence.get("confidence"), "shown": True}
    for candidate in (told.get("candidates") or [])[:3]:
        found.setdefault(candidate["entry"], {"entry": candidate["entry"], "question": candidate.get("question", ""),
                                              "score": candidate["score"], "shown": False})
    return list(found.values())


def summarise(records: Sequence[Record]) -> list[dict[str, Any]]:
    """What was said, one line a turn, each pointing to the records it rests on. Extracts only, nothing is put in
    other words, so that an agent can trust it. Of a long conversation the first two and the last lines stay."""
    lines: list[dict[str, Any]] = []
    asked: list[Record] = []

    def flush() -> None:
        if asked:
            text = " / ".join(" ".join(shown(record).split()) for record in asked)
            lines.append({"line": f"Customer: {_cut(text)}", "seqs": [record["seq"] for record in asked]})
            asked.clear()

    for record in records:
        if record["kind"] != "message":
            continue
        if record["from"] == "customer":
            asked.append(record)
            continue
        flush()
        evidence = record.get("evidence") or {}
        if record["from"] == "agent":
            lines.append({"line": f"{record['by']['name']}: {_cut(shown(record))}", "seqs": [record["seq"]]})
        elif evidence.get("question"):
            lines.append({"line": f"The bot answered: {_cut(evidence['question'])}", "seqs": [record["seq"]]})
        elif evidence.get("decision") == "clarify":
            offered = " / ".join(button["title"] for button in record.get("buttons", [])[:3])
            lines.append({"line": f"The bot offered: {offered}", "seqs": [record["seq"]]})
    flush()
    if len(lines) > _LINES:
        lines = lines[:2] + lines[-(_LINES - 2) :]
    return lines


def _cut(text: str) -> str:
    return text if len(text) <= _LINE else text[: _LINE - 1].rstrip() + "…"
