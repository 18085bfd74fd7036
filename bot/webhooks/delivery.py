"""One event on its way to one endpoint, and how an attempt at it went."""

from __future__ import annotations

from dataclasses import dataclass
from random import SystemRandom
from typing import Any

#: Seconds before the next attempt at a delivery that was not taken, 28 hours in all; after the last it is given up.
RETRIES = (5.0, 60.0, 300.0, 1800.0, 2 * 3600.0, 5 * 3600.0, 10 * 3600.0, 10 * 3600.0)
#: Each of them is this much shorter or longer, so that what failed together does not come again together.
_JITTER = 0.2
#: No attempt is put off for longer.
LONGEST = max(RETRIES) * (1 + _JITTER)
_chance = SystemRandom()


@dataclass(frozen=True)
class Delivery:
    """`tries` are the attempts made so far; `code` and `said` are what the last was answered, `ms` how long it took."""

    nr: int
    hook: str
    id: str
    event: str
    conversation: str
    seq: int
    at: float
    #: waiting, taken or given_up
    state: str
    due: float
    tries: int
    body: str
    tried: float | None = None
    code: int | None = None
    said: str = ""
    ms: int | None = None

    def shown(self) -> dict[str, Any]:
        """As docs/api.md shows it."""
        return {"id": self.id, "event": self.event, "conversation": self.conversation or None, "seq": self.seq or None,
                "state": self.state, "at": self.at, "tries": self.tries,
                "due": self.due if self.state == "waiting" else None, "tried": self.tried, "code": self.code,
                "said": self.said, "ms": self.ms}


@dataclass(frozen=True)
class Attempt:
    """How an attempt at a delivery went. `code` is None where there was no answer."""

    delivery: Delivery
    at: float
    taken: bool
    code: int | None
    said: str
    ms: int

    def values(self) -> dict[str, Any]:
        """What becomes of the delivery."""
        tries = self.delivery.tries + 1
        state, due = "taken" if self.taken else "waiting", self.at
        if not self.taken and tries > len(RETRIES):
            state = "given_up"
        elif not self.taken:
            due += RETRIES[tries - 1] * _chance.uniform(1 - _JITTER, 1 + _JITTER)
        return {"state": state, "due": due, "tries": tries, "tried": self.at, "code": self.code, "said": self.said,
                "ms": self.ms}
