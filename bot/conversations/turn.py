"""A bot turn: the work a worker takes, and the commit that ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.conversations.customer import Customer
from bot.conversations.record import Record


@dataclass(frozen=True)
class Turn:
    """Waiting messages of one conversation in one worker's hands, until `lease` runs out.

    `messages` are the customer's unanswered records. `unheard` is what else was said since the bot's last turn, for
    example with an agent. `commits` counts the turns committed so far: a worker whose cached tracker is of that
    count need not load it. `attempts` counts how often this work was taken, this time included. `customer` is who it
    is, once they have proved it, `was` the id of the customer whose it stays where that is to be proved again, `locale`
    the language of the page they are on, as a tag, or empty. `returned`: people had the conversation since the bot's
    last turn, whether they said something or not, or it was closed.
    """

    cid: str
    lease: str
    epoch: int
    commits: int
    messages: Sequence[Record]
    unheard: Sequence[Record]
    attempts: int = 1
    customer: Customer | None = None
    was: str = ""
    locale: str = ""
    returned: bool = False

    @property
    def id(self) -> str:
        """Names this turn in every attempt at it; side effects carry it as their idempotency key."""
        return f"{self.cid}-{self.messages[-1]['seq']}"

    @property
    def whose(self) -> str:
        """The id of the only customer who can prove that the conversation is theirs; empty where nobody has yet."""
        return self.customer.id if self.customer else self.was

    @property
    def text(self) -> str:
        """All that the customer said in this turn, a line a message. Empty where they only sent files."""
        return "\n".join(message["text"] for message in self.messages if message["text"])


@dataclass(frozen=True)
class Handoff:
    """To which queue and why, with the packet that docs/api.md describes."""

    team: str
    why: str
    packet: Mapping[str, Any]


@dataclass
class Commit:
    """All that a turn changes; it happens whole or not at all. `customer` is who proved in this turn who they are."""

    replies: list[Record] = field(default_factory=list)
    tracker_events: list[str] = field(default_factory=list)
    slots: str = "{}"
    customer: Customer | None = None
    handoff: Handoff | None = None
