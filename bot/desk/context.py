"""What stands beside a conversation: who the customer is, and which orders were looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.conversations.customer import Customer
from bot.desk.services import Services


async def about(
    services: Services, cid: str, known: Customer | None, packet: Mapping[str, Any] | None,
    contact: Mapping[str, str] | None = None, archived: bool = False,
) -> dict[str, Any]:
    """``customer`` and ``orders`` of an answer. `known` is who has proved it in the live conversation; one that was
    opened again, also by a mailed link, or that is `archived`, is told by what was noted of it then."""
    packet = packet or {}
    who = packet.get("who") or {}
    customer = known or await asyncio.to_thread(services.customers.of, cid)
    if customer is not None:
        told: dict[str, Any] | None = {"name": customer.name or None, "email": customer.email or None,
                                       "verified": bool(customer.by), "by": customer.by or None}
    elif contact:
        told = {"name": contact.get("name") or None, "email": contact["email"], "verified": False, "by": None}
    elif who.get("email") or who.get("name"):
        told = {name: who.get(name) for name in ("name", "email", "verified", "by")}
    else:
        told = None
    if told and known is None and not archived:
        # Whoever writes there now has proved nothing.
        told |= {"verified": False, "by": None}
    return {"customer": told, "orders": list(packet.get("lookups") or [])}
