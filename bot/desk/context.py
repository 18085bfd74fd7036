"""What stands beside a conversation: who the customer is, and which orders were looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.conversations.state import State
from bot.desk.services import Services


async def about(
    services: Services, state: State, packet: Mapping[str, Any] | None, archived: bool = False
) -> dict[str, Any]:
    """``customer`` and ``orders`` of an answer. In a live conversation only what was proved since it was opened counts:
    it may be another person's by now, so who it was before is told as that. For the archive that is noted."""
    packet = packet or {}
    return {"customer": await _customer(services, state, packet.get("who") or {}, archived),
            "orders": list(packet.get("lookups") or [])}


async def _customer(
    services: Services, state: State, who: Mapping[str, Any], archived: bool
) -> dict[str, Any] | None:
    noted = state.customer or await asyncio.to_thread(services.customers.of, state.id)
    if noted is not None and noted.by and (archived or state.customer is not None):
        return {"name": noted.name or None, "email": noted.email or None, "verified": True, "by": noted.by}
    if state.contact:
        return _told(state.contact)
    told = _told(asdict(noted) if noted else who)
    if told is None or (archived and noted is None):
        return told
    return {**told, "verified": False, "by": None, "earlier": True}


def _told(who: Mapping[str, Any]) -> dict[str, Any] | None:
    if not (who.get("email") or who.get("name")):
        return None
    return {"name": who.get("name") or None, "email": who.get("email") or None, "verified": bool(who.get("verified")),
            "by": who.get("by") or None}
