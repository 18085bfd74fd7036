"""The state of a conversation: who owns it, since when, and who the customer is."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.conversations.customer import Customer
from bot.conversations.record import shown

_TIMES = ("handed", "placed", "due_first", "due_solve", "answered", "first_reply", "answer_by", "snoozed", "closed_at")
_WORDS = ("mark", "skill", "last_agent", "back_to", "passed", "outcome", "product", "fault", "cause", "merged_into")
#: A target is at risk when so little of the time that it gave is left.
_RISK_SECONDS = 300.0
_RISK_SHARE = 0.25


@dataclass(frozen=True)
class State:
    """One conversation at one moment. `epoch` grows by one at each change of owner."""

    id: str
    owner: str
    agent: str = ""
    agent_name: str = ""
    team: str = ""
    epoch: int = 0
    #: Another one after each change that leaves the owner, such as routing and a priority.
    mark: str = ""
    seq: int = 0
    created: float = 0.0
    updated: float = 0.0
    waiting_since: float | None = None
    why: str = ""
    page: str = ""
    locale: str = ""
    browser: str = ""
    customer: Customer | None = None
    #: When it came to people, and whether a team was chosen since; when it came to that team, which targets count from.
    handed: float | None = None
    placed: float | None = None
    routed: bool = False
    skill: str = ""
    priority: str = "normal"
    tags: list[str] = field(default_factory=list)
    #: Targets of the team; the first reply since the team has it, and since it came to people.
    due_first: float | None = None
    due_solve: float | None = None
    answered: float | None = None
    first_reply: float | None = None
    answer_by: float | None = None
    snoozed: float | None = None
    last_agent: str = ""
    #: The agent who gets it again; the one who did not answer in time.
    back_to: str = ""
    passed: str = ""
    #: Agents who were mentioned and have not looked yet.
    mentions: list[str] = field(default_factory=list)
    outcome: str = ""
    product: str = ""
    fault: str = ""
    cause: str = ""
    merged_into: str = ""
    closed_at: float | None = None
    rating: dict[str, Any] | None = None
    via: str = "widget"
    #: Where answers go, as the customer typed it: it proves nothing.
    contact: dict[str, str] | None = None

    @classmethod
    def parse(cls, cid: str, fields: Mapping[str, str], seq: int) -> State:
        more: dict[str, Any] = {name: _time(fields, name) for name in _TIMES}
        more.update((name, fields.get(name, "")) for name in _WORDS)
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
            waiting_since=_time(fields, "waiting_since"),
            why=fields.get("why", ""),
            page=fields.get("page", ""),
            locale=fields.get("locale", ""),
            browser=fields.get("browser", ""),
            customer=Customer.parse(fields.get("customer", "")),
            routed=bool(fields.get("routed")),
            priority=fields.get("priority", "normal"),
            tags=json.loads(fields.get("tags", "[]")),
            mentions=[agent for agent in fields.get("mentions", "").split(",") if agent],
            rating=json.loads(fields["rating"]) if fields.get("rating") else None,
            via=fields.get("via", "widget"),
            contact=json.loads(fields["contact"]) if fields.get("contact") else None,
            **more,
        )

    @property
    def counted_from(self) -> float:
        """What targets count from."""
        return self.placed or self.handed or self.waiting_since or self.updated

    @property
    def due(self) -> tuple[str, float] | None:
        """The target that counts next, ``first_response`` or ``resolution``, and its time."""
        if self.owner not in ("queue", "agent"):
            return None
        if self.due_first is not None and self.answered is None:
            return "first_response", self.due_first
        return ("resolution", self.due_solve) if self.due_solve is not None else None

    @property
    def risk(self) -> float | None:
        """From when on that target is at risk: in its last five minutes, or the last quarter of a short one."""
        if (due := self.due) is None:
            return None
        return due[1] - min(_RISK_SECONDS, _RISK_SHARE * (due[1] - self.counted_from))

    def summary(self, last: Mapping[str, Any] | None, now: float | None = None) -> dict[str, Any]:
        """The summary that docs/api.md describes; `last` is the newest message, `now` the store's time where targets
        are to be judged by it."""
        due = self.due
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
            "name": (self.customer.name if self.customer else (self.contact or {}).get("name")) or None,
            "verified": self.customer is not None,
            "skill": self.skill or None,
            "priority": self.priority,
            "tags": self.tags,
            "snoozed_until": self.snoozed,
            "due": {"what": due[0], "at": due[1], "risk": self.risk, "breached": due[1] < (now or time.time())}
                   if due else None,
            "answer_by": self.answer_by,
            "outcome": self.outcome or None,
            "product": self.product or None,
            "fault": self.fault or None,
            "cause": self.cause or None,
            "rating": self.rating,
            "merged_into": self.merged_into or None,
            "mentions": self.mentions,
            "via": self.via,
        }


def _time(fields: Mapping[str, str], name: str) -> float | None:
    value = fields.get(name)
    return float(value) if value else None
