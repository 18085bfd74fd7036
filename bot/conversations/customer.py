"""Who a customer is, once they have proved it, and how far the proof goes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

#: How somebody proved who they are: the site's signed token, a code by mail, or order number and e-mail.
PROOFS = ("token", "code", "order")


@dataclass(frozen=True)
class Customer:
    """A verified customer of the shop.

    `id` is the shop's own. With the proof ``order`` they may see and change that one `order`, since its number and the
    e-mail stand on each parcel slip; ``token`` and ``code`` open the whole account.
    """

    id: str
    name: str = ""
    email: str = ""
    by: str = "token"
    order: str | None = None

    @property
    def scope(self) -> str:
        """``account`` or ``order``."""
        return "order" if self.by == "order" else "account"

    def as_slot(self) -> dict[str, Any]:
        """The value of the tracker's slot ``customer``."""
        return {**asdict(self), "scope": self.scope}

    @classmethod
    def of_slot(cls, value: Any) -> Customer | None:
        """The customer in the slot, or None for an anonymous one."""
        if not value:
            return None
        return cls(id=value["id"], name=value.get("name") or "", email=value.get("email") or "", by=value["by"],
                   order=value.get("order"))

    @classmethod
    def parse(cls, raw: str) -> Customer | None:
        """What :func:`as_json` made; nothing is nobody."""
        return cls(**json.loads(raw)) if raw else None


@dataclass(frozen=True)
class Identity:
    """What a site's identity token says, once its signature holds: who it is, and what makes the token count once.

    `digest` stands for the token's id, `seconds` is how much longer it is valid.
    """

    customer: Customer
    digest: str
    seconds: int


def as_json(customer: Customer | None) -> str:
    """As it is kept; empty for an anonymous customer. One customer is always the same string."""
    return json.dumps(asdict(customer), ensure_ascii=False, sort_keys=True) if customer else ""
