"""Customers who are answered by mail: where answers go, up to where they went, and the codes that lead back.

The address is what somebody typed. It says where to write to, and never who they are.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.conversations import keys
from bot.conversations.amendments import amended
from bot.conversations.client import Script
from bot.conversations.errors import Missing
from bot.conversations.record import Record, encode
from bot.conversations.store import Conversations, fingerprint

#: A letter goes when agents' messages of so many seconds can be changed no more, with all others that cannot by then.
#: So it waits for two minutes at most, however much is said, and what waited while the customer was here is one letter.
GATHER_SECONDS = 60.0
#: A stream that was open so lately counts as one that is.
_HERE_SECONDS = 30.0
#: Browsers that can have come by mail to one conversation; the one that came first is the first to lose it.
_MOST_TOKENS = 5


class NotByMail(Exception):
    """Nobody of the staff has this conversation or will have it, so no answer would come."""


class NoSuchCode(Exception):
    """A code that was never mailed, or is too old to know what it was for, or whose conversation is no more."""


class UsedCode(Exception):
    """A code that was used before, or that is too old to be used."""

    def __init__(self, cid: str) -> None:
        super().__init__(cid)
        self.cid = cid


@dataclass(frozen=True)
class Letter:
    """Messages of agents that go out as one mail. `first` and `last` are their seqs."""

    first: int
    last: int
    messages: Sequence[Record]


def next_letter(records: Sequence[Record], now: float) -> Letter | None:
    """What is to be mailed of the `records` after the last letter; None while its agent may still change any of it.

    Whoever works it out later finds the same letter or a longer one. What was taken back does not go out.
    """
    said = list(filter(is_answer, amended(records)))
    together = [r for r in said if r["at"] < said[0]["at"] + GATHER_SECONDS]
    settled = list(takewhile(lambda r: now - r["at"] > keys.AMEND_SECONDS, said))
    if not settled or len(settled) < len(together):
        return None
    return Letter(settled[0]["seq"], settled[-1]["seq"], [r for r in settled if not r.get("deleted")])


def is_answer(record: Record) -> bool:
    """Whether this is a message of an agent."""
    return bool(record["kind"] == "message" and record["from"] == "agent")


class Letters:
    """What stands in the store of it. Raises StoreUnavailable."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._contact, self._resume, self._unmailed = Script("contact"), Script("resume"), Script("unmailed")
        self._letter = Script("letter")

    async def write_to(self, cid: str, email: str, name: str) -> None:
        """From now on answers go to this address while the customer is not here. Raises Missing, NotByMail."""
        contact = {"email": email, "name": name}
        told = {"kind": "internal", "from": "customer", "event": "contact", **contact}
        outcome = await self._contact(self._conversations.client, cid, encode(contact), encode(told))
        if outcome == "missing":
            raise Missing(cid)
        if outcome == "refused":
            raise NotByMail

    async def open(self) -> dict[str, int]:
        """Conversations that are answered by mail, and the seq up to which that was done."""
        found = await self._conversations.call("ZRANGE", keys.CORRESPONDENCE, 0, -1, "WITHSCORES")
        return {cid: int(float(seq)) for cid, seq in zip(found[::2], found[1::2], strict=True)}

    async def done(self, cid: str, seq: int) -> None:
        """Everything up to `seq` was mailed, or read."""
        await self._conversations.call("ZADD", keys.CORRESPONDENCE, "XX", "GT", seq, cid)

    async def owed(self, cid: str) -> bool:
        """Whether an answer may still have to be mailed."""
        done = await self._conversations.call("ZSCORE", keys.CORRESPONDENCE, cid)
        return done is not None and any(map(is_answer, await self._conversations.records(cid, int(float(done)))))

    async def read(self, cid: str, seq: int) -> None:
        """The customer has read everything up to `seq`, as far as there is so much. Counts where they are answered by
        mail. Raises Missing."""
        if await self._conversations.call("ZSCORE", keys.CORRESPONDENCE, cid) is not None:
            seq = min(seq, (await self._conversations.state(cid)).seq)
            await self._conversations.call("ZADD", keys.READ, "GT", seq, cid)

    async def read_to(self, cid: str) -> int:
        """The seq up to which the customer has read."""
        return int(float(await self._conversations.call("ZSCORE", keys.READ, cid) or 0))

    async def end_of(self, cid: str, letter: Letter) -> int:
        """The seq of the last message that goes into this letter, whoever mails it; 0 where the conversation is no
        more."""
        return int(await self._letter(self._conversations.client, cid, letter.first, letter.last))

    async def unmailed(self, cid: str, seq: int, email: str) -> None:
        """The letter that begins with `seq` could not be mailed: the staff read so in the log, once."""
        told = {"kind": "internal", "from": "system", "event": "unmailed", "of": seq, "email": email}
        await self._unmailed(self._conversations.client, cid, f"unmailed:{seq}", encode(told))

    async def end(self, cid: str) -> None:
        """The conversation is no more."""
        await self._conversations.call("ZREM", keys.CORRESPONDENCE, cid)
        await self._conversations.call("ZREM", keys.HERE, cid)
        await self._conversations.call("ZREM", keys.READ, cid)

    async def saw(self, cids: Collection[str]) -> None:
        """The customers of these have a stream open."""
        if cids:
            now = await self._conversations.now()
            await self._conversations.call("ZADD", keys.HERE, *(part for cid in cids for part in (now, cid)))

    async def is_here(self, cid: str) -> bool:
        """Whether the customer has a stream open, at whichever desk."""
        now = await self._conversations.now()
        seen = await self._conversations.call("ZSCORE", keys.HERE, cid)
        return seen is not None and abs(now - float(seen)) < _HERE_SECONDS

    async def code(self, cid: str) -> str:
        """A new code that opens the conversation once. Only its digest is kept."""
        code = secrets.token_urlsafe(24)
        key = keys.resume(_digest(code))
        await self._conversations.call("HSET", key, "conversation", cid)
        await self._conversations.call("EXPIRE", key, keys.RESUME_REMEMBERED)
        return code

    async def resume(self, code: str, known: str = "") -> tuple[str, str | None]:
        """The conversation that a code opens, and a new token for it; who its customer is has to be proved again then.
        No token where the caller has that conversation, `known`, open already, which uses nothing up.

        Raises NoSuchCode, UsedCode."""
        secret = secrets.token_urlsafe(24)
        [outcome, *more] = await self._resume(
            self._conversations.client, keys.resume(_digest(code)), fingerprint(secret), known, keys.RESUME_SECONDS,
            keys.RESUME_REMEMBERED, _MOST_TOKENS)
        if outcome == "gone":
            raise NoSuchCode
        if outcome == "used":
            raise UsedCode(more[0])
        return more[0], f"{more[0]}.{secret}" if outcome == "ok" else None

    async def contact(self, cid: str) -> dict[str, str] | None:
        """Where answers of this conversation go."""
        raw = await self._conversations.call("HGET", keys.conversation(cid), "contact")
        return json.loads(raw) if raw else None


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
