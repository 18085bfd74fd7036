"""The state of a conversation: who owns it, since when, and who the customer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversations.customer import Customer
from bot.conversations.record import shown


@dataclass(frozen=True)
class State:
    """One conversation at one moment. `epoch` grows by one at each change of owner."""

    id: str
    owner: str
    agent: str = ""
    agent_name: str = ""
    team: str = ""
    epoch: int = 0
    seq: int = 0
    created: float = 0.0
    updated: float = 0.0
    waiting_since: float | None = None
    why: str = ""
    page: str = ""
    locale: str = ""
    browser: str = ""
    customer: Customer | None = None

    @classmethod
    def parse(cls, cid: str, fields: Mapping[str, str], seq: int) -> State:
        waiting = fields.get("waiting_since")
        return cls(
            id=cid,
            owner=fields["owner"],
            agent=fields.get("agent", ""),
            agent_name=fields.get("agent_name", ""),
            team=fields.get("team", ""),
            epoch=int(fields["epoch"]),
            seq=seq,
            created=float(fields["created"]),
            updated=float(fields["updated"]),
            waiting_since=float(waiting) if waiting else None,
            why=fields.get("why", ""),
            page=fields.get("page", ""),
            locale=fields.get("locale", ""),
            browser=fields.get("browser", ""),
            customer=Customer.parse(fields.get("customer", "")),
        )

    def summary(self, last: Mapping[str, Any] | None) -> dict[str, Any]:
        """The summary that docs/api.md describes; `last` is the newest message."""
        return {
            "id": self.id,
            "owner": self.owner,
            "agent": {"id": self.agent, "name": self.agent_name} if self.owner == "agent" else None,
            "team": self.team or None,
            "epoch": self.epoch,
            "seq": self.seq,
            "created": self.created,
            "updated": self.updated,
            "waiting_since": self.waiting_since,
            "why": self.why or None,
            "last": {"from": last["from"], "text": shown(last)[:200], "at": last["at"]} if last else None,
            "page": self.page or None,
            "locale": self.locale or None,
        }
