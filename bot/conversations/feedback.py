"""What customers say of the service: a rating of what people did, and whether an answer of the bot helped.

Both stand in the log as internal records, which the staff see and the customer's own client does not. A rating also
stands in the state, the newest one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.conversations.client import Script
from bot.conversations.errors import Missing
from bot.conversations.record import answered_from, encode
from bot.conversations.store import Conversations

#: A rating may be changed for so long after it was first given.
CHANGE_SECONDS = 1800
SCALE = range(1, 6)


class NothingToRate(Exception):
    """Nobody of the staff has closed this conversation, or it goes on."""


class Rated(Exception):
    """It was rated, too long ago to change that."""


@dataclass(frozen=True)
class Rating:
    """`csat` and `effort` are 1 (worst) to 5; `effort` says how easy it was."""

    csat: int
    effort: int | None = None
    comment: str = ""


class Feedback:
    """Takes ratings and votes; each change is one script. Raises StoreUnavailable."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._rate, self._vote = Script("rate"), Script("vote")

    async def rate(self, cid: str, rating: Rating) -> None:
        """Rates the newest closing. Raises Missing, NothingToRate, Rated."""
        said = json.dumps({"csat": rating.csat, "effort": rating.effort, "comment": rating.comment},
                          ensure_ascii=False, separators=(",", ":"))
        [outcome, *_] = await self._rate(self._conversations.client, cid, said[:-1], CHANGE_SECONDS)
        if outcome == "missing":
            raise Missing(cid)
        if outcome == "open":
            raise NothingToRate
        if outcome == "rated":
            raise Rated

    async def vote(self, cid: str, seq: int, helpful: bool) -> None:
        """Says whether the bot's answer `seq` helped; the newest vote counts. Raises Missing, and LookupError where
        `seq` is no answer from the knowledge base."""
        entry = answered_from(await self._conversations.record(cid, seq))
        if not entry:
            raise LookupError(seq)
        body = {"kind": "internal", "from": "customer", "event": "helpful", "of": seq, "entry": entry,
                "helpful": helpful}
        [outcome, *_] = await self._vote(self._conversations.client, cid, seq, int(helpful), encode(body))
        if outcome == "missing":
            raise Missing(cid)
