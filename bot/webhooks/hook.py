"""An endpoint: where to tell of which events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.roster import fields
from bot.roster.errors import BadItem
from bot.webhooks.events import EVENTS
from bot.webhooks.target import checked


@dataclass(frozen=True)
class Hook:
    """One endpoint. Its secret is in here, and nowhere in what :meth:`shown` gives."""

    id: str
    url: str
    secret: str
    events: tuple[str, ...]
    active: bool
    revision: int
    created: float
    created_by: str
    #: Events of before are not told: when it was made, or made active again, by the store's clock.
    since: float
    #: Since when nothing was taken any more; when and why it was switched off by itself.
    failing_since: float | None = None
    disabled_at: float | None = None
    disabled_why: str = ""

    def shown(self, waiting: int = 0) -> dict[str, Any]:
        """As docs/api.md shows it."""
        disabled = {"at": self.disabled_at, "why": self.disabled_why} if self.disabled_at is not None else None
        return {"id": self.id, "url": self.url, "events": list(self.events), "active": self.active,
                "revision": self.revision, "created": self.created, "created_by": self.created_by,
                "failing_since": self.failing_since, "disabled": disabled, "waiting": waiting}


def parse(sent: Mapping[str, Any], private: bool) -> dict[str, Any]:
    """What was sent for an endpoint: url, events and active. Raises BadItem."""
    fields.known(sent, ("url", "events", "active"))
    url = checked(sent.get("url"), private)
    events = fields.chosen(sent, "events", EVENTS, "events")
    if not events:
        raise BadItem("events", f"is to name some of {', '.join(EVENTS)}")
    active = sent.get("active", True)
    if type(active) is not bool:
        raise BadItem("active", "is to be true or false")
    return {"url": url, "events": events, "active": active}
