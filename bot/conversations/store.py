"""The live conversations in Redis or Valkey: each change that touches more than one key is one script.

Usage::

    conversations = Conversations(connect("unix:///run/valkey.sock"))
    cid, token = await conversations.create(page="https://larkmoor.example/")
    posted = await conversations.post(cid, "m-1", "Where is my parcel?")
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from bot.conversations import keys
from bot.conversations.acts import Acts, Posted
from bot.conversations.amendments import amended, newest_message
from bot.conversations.client import connect, reached
from bot.conversations.customer import Customer, Identity, as_json
from bot.conversations.errors import ConversationError, Missing, OtherCustomer, Replayed
from bot.conversations.record import Record, carried, digest, encode, event, is_message_id, message
from bot.conversations.standing import Standing
from bot.conversations.turn import Commit, Turn

__all__ = ["Conversations", "Posted", "connect"]

#: Events after which nothing that the bot had asked is open: people had the conversation, or it was at its end.
_SETTLING = ("handoff", "claimed", "reopened")
#: Conversations that one script looks at, while all others wait.
_BATCH = 1000


class Handed(NamedTuple):
    """What happened in a conversation with people, and when."""

    handed: float
    first_reply: float | None
    closed_at: float | None
    rating: dict[str, Any] | None


class Conversations(Acts, Standing):
    """All operations on live conversations. Raises StoreUnavailable from any of them."""

    # -- customers ---------------------------------------------------------------------------------------------

    async def create(
        self, page: str = "", locale: str = "", browser: str = "", identity: Identity | None = None
    ) -> tuple[str, str]:
        """Mints a conversation owned by the bot; returns its id and the token that opens it and nothing else.

        Raises Replayed where the identity token was used before.
        """
        cid, secret = secrets.token_urlsafe(12), secrets.token_urlsafe(24)
        once = (identity.digest, identity.seconds) if identity else ("", 0)
        fields = ["page", page, "locale", locale, "browser", browser]
        if identity:
            fields += ["customer", as_json(identity.customer), "proved", fingerprint(secret)]
        outcome = await self._run("create", cid, "token", fingerprint(secret), *once, *fields)
        if outcome == "replayed":
            raise Replayed
        if outcome != "ok":
            raise ConversationError("a new conversation id was taken already; try again")
        return cid, f"{cid}.{secret}"

    async def identify(self, cid: str, identity: Identity, token: str = "") -> None:
        """Says who the customer is, who came by `token`. The same identity may come again for the same conversation.

        Raises Missing, Replayed, and OtherCustomer where the conversation is somebody else's: it never passes on.
        """
        outcome = await self._run("identify", cid, as_json(identity.customer), identity.customer.id, identity.digest,
                                  identity.seconds, _mark(token))
        if outcome == "missing":
            raise Missing(cid)
        if outcome == "other":
            raise OtherCustomer
        if outcome == "replayed":
            raise Replayed

    async def opened_by(self, token: str) -> str | None:
        """The id of the conversation that `token` opens, or None for any other string."""
        cid, dot, secret = token.partition(".")
        # The form is checked because a made-up id could name another key, such as that of a log.
        if not dot or not is_message_id(cid) or not secret.isascii() or len(token) > 200:
            return None
        first, more = await self.call("HMGET", keys.conversation(cid), "token", "tokens")
        mark = fingerprint(secret)
        return cid if any(hmac.compare_digest(kept, mark) for kept in [first or "", *(more or "").split()]) else None

    async def post(
        self, cid: str, message_id: str, text: str, payload: str = "", attachments: Sequence[Record] = (),
        reopen_seconds: float = 0, locale: str = "", token: str = "",
    ) -> Posted:
        """Appends a customer's message, and to the bot's turns where the bot owns the conversation.

        `payload` is what a pressed button stands for, `attachments` what the record says of each file. A conversation
        that an agent closed less than `reopen_seconds` ago comes back to people, an older one to the bot. `locale` is
        the language of the page that the customer is on now, where that is known. Who comes by another `token` than
        the one by which it was proved who they are is nobody in particular. Raises Missing, IdReused.
        """
        more = {**({"payload": payload} if payload else {}), **carried(attachments)}
        body = encode(message("customer", text, id=message_id, **more))
        outcome = await self._run("post", cid, message_id, digest(text, attachments), body, reopen_seconds,
                                  locale, _mark(token))
        return self._posted(outcome, cid, message_id)

    # -- what was said -----------------------------------------------------------------------------------------

    async def records(self, cid: str, after: int = 0) -> list[Record]:
        """The records with a seq greater than `after`, in order."""
        return [json.loads(raw) for raw in await self.call("LRANGE", keys.log(cid), after, -1)]

    async def record(self, cid: str, seq: int) -> Record | None:
        raw = await self.call("LINDEX", keys.log(cid), seq - 1) if seq > 0 else None
        return json.loads(raw) if raw else None

    async def last_message(self, cid: str, within: int = 12) -> Record | None:
        """The newest message among the last `within` records, or None."""
        return newest_message(map(json.loads, await self.call("LRANGE", keys.log(cid), -within, -1)))

    async def last_messages(self, cids: Sequence[str], within: int = 12) -> list[Record | None]:
        """:meth:`last_message` of several conversations, in one round trip."""
        pipe = self.client.pipeline(transaction=False)
        for cid in cids:
            pipe.lrange(keys.log(cid), -within, -1)
        with reached():
            found = await pipe.execute()
        return [newest_message(map(json.loads, raw)) for raw in found]

    async def handed(self, owner: str, since: float) -> list[Handed]:
        """Those of an owner's that came to people, where something was said or done since then."""
        found: list[Handed] = []
        looked, passed = _BATCH, 0
        while looked == _BATCH:
            looked, *rows = await self._run("handed", owner, since, passed, _BATCH)
            passed += looked
            found += (Handed(float(handed), float(replied) if replied else None, float(closed) if closed else None,
                             json.loads(rating) if rating else None) for handed, replied, closed, rating in rows)
        return found

    async def used_tags(self, closed: int) -> list[list[str]]:
        """The tags of each conversation that people have, and of the last so many that were closed."""
        return [json.loads(raw) for raw in await self._run("used_tags", closed)]

    async def packet(self, cid: str) -> dict[str, Any] | None:
        raw = await self.call("GET", keys.packet(cid))
        return json.loads(raw) if raw else None

    async def owned(self, owner: str, limit: int = 0) -> list[str]:
        """Ids by owner: the queue from the front, the others newest first. At most `limit`; 0 for all."""
        command = "ZRANGE" if owner == "queue" else "ZREVRANGE"
        return list(await self.call(command, keys.owned(owner), 0, limit - 1))

    async def closed(self, start: int, limit: int) -> list[str]:
        """Ids of closed conversations, newest first, without the first `start`."""
        return list(await self.call("ZREVRANGE", keys.owned("closed"), start, start + limit - 1))

    async def closed_place(self, cid: str) -> int:
        """How many stand before the one after this in that order; 0 where it is not closed."""
        place = await self.call("ZREVRANK", keys.owned("closed"), cid)
        return 0 if place is None else int(place) + 1

    async def queues(self) -> dict[str, list[str]]:
        """Who waits, by team and from the front."""
        teams = sorted(await self.call("SMEMBERS", keys.QUEUES))
        pipe = self.client.pipeline(transaction=False)
        for team in teams:
            pipe.zrange(keys.queue(team), 0, -1)
        with reached():
            found = await pipe.execute()
        return {team: list(cids) for team, cids in zip(teams, found, strict=True) if cids}

    async def held(self, agent: str, limit: int = 200) -> list[str]:
        """Ids of what an agent has, also what is snoozed."""
        return list(await self.call("ZRANGE", keys.held(agent), 0, limit - 1))

    async def mentioning(self, agent: str, limit: int = 200) -> list[tuple[str, bool]]:
        """Conversations in which an agent was mentioned, and whether they have not read that yet: unread first, each
        part newest first."""
        found = await self.call("ZRANGE", keys.mentions(agent), 0, -1, "WITHSCORES")
        pairs = sorted(((float(at) < 0, -abs(float(at)), cid) for cid, at in zip(found[::2], found[1::2], strict=True)))
        return [(cid, not read) for read, _, cid in pairs[:limit]]

    async def forget_mentions(self, agent: str, cids: Sequence[str]) -> None:
        """Takes conversations that are no more out of :meth:`mentioning`."""
        if cids:
            await self.call("ZREM", keys.mentions(agent), *cids)

    async def unread_mentions(self, agent: str) -> int:
        return int(await self.call("ZCOUNT", keys.mentions(agent), 0, "+inf"))

    async def counts(self) -> dict[str, int]:
        """How many conversations each owner has."""
        return {owner: int(await self.call("ZCARD", keys.owned(owner))) for owner in keys.OWNERS}

    async def ahead(self, cid: str) -> int | None:
        """How many wait before this conversation in its team's queue, or None when it does not wait."""
        team = await self.call("HGET", keys.conversation(cid), "team")
        rank = await self.call("ZRANK", keys.queue(team or ""), cid)
        return None if rank is None else int(rank)

    async def unanswered(self, now: float, longest: float) -> list[tuple[str, str]]:
        """Conversations whose agent should have answered by now, with the deadline as the store has it.

        One that is further ahead than the `longest` that anybody has was set before the server's clock was set back,
        and nobody should wait for it.
        """
        late = await self._within(keys.ANSWERS, "answer_by", "-inf", now)
        return late + await self._within(keys.ANSWERS, "answer_by", f"({now + longest + keys.HELD_UP_SECONDS}", "+inf")

    async def slept_out(self, now: float) -> list[tuple[str, str]]:
        """Snoozed conversations that are to wake, with the time as the store has it."""
        return await self._within(keys.SNOOZED, "snoozed", "-inf", now)

    async def _within(self, key: str, field: str, low: str, high: str | float) -> list[tuple[str, str]]:
        cids = await self.call("ZRANGEBYSCORE", key, low, high, "LIMIT", 0, 200)
        pipe = self.client.pipeline(transaction=False)
        for cid in cids:
            pipe.hget(keys.conversation(cid), field)
        with reached():
            found = await pipe.execute()
        return [(cid, raw) for cid, raw in zip(cids, found, strict=True) if raw]

    # -- the bot's turns ---------------------------------------------------------------------------------------

    async def wait_for_turn(self, seconds: float) -> None:
        """Returns when some conversation may be ready, or after `seconds`; advice only, :meth:`take` decides."""
        await self.call("BLPOP", keys.BELL, seconds)

    async def take(self, seconds: float = keys.LEASE_SECONDS) -> Turn | None:
        """Takes one conversation with all its waiting messages under a lease, or None when nothing waits.

        A turn that was taken before and not committed comes with the same messages again, so that its id is the same.
        """
        lease = secrets.token_urlsafe(9)
        taken = await self._run("take", lease, seconds)
        if not taken:
            return None
        cid, epoch, commits, attempts, customer, was, locale, count, waiting, raw = taken
        mine, waiting = {int(seq) for seq in waiting[:count]}, {int(seq) for seq in waiting}
        log = amended(json.loads(record) for record in raw)
        return Turn(
            cid=cid, lease=lease, epoch=int(epoch), commits=int(commits),
            messages=[record for record in log if record["seq"] in mine],
            unheard=[
                r for r in log if r["kind"] in ("message", "note") and r["from"] != "bot" and not r.get("deleted")
                and r["seq"] not in waiting
            ],
            attempts=int(attempts), customer=Customer.parse(customer), was=was, locale=locale,
            returned=any(r.get("event") in _SETTLING for r in log),
        )

    async def renew(self, turn: Turn, seconds: float = keys.LEASE_SECONDS) -> bool:
        """Keeps the lease of a turn that takes long; False when it was lost."""
        return bool(await self._run("renew", turn.cid, turn.lease, seconds) == "ok")

    async def tracker(self, cid: str) -> tuple[list[str], str | None]:
        """The newest Rasa events and the slots, both as JSON, for a worker that has no tracker at hand."""
        events = await self.call("LRANGE", keys.tracker(cid), 0, -1)
        return list(events), await self.call("GET", keys.slots(cid))

    async def commit(self, turn: Turn, commit: Commit) -> str:
        """Ends a turn in one atomic step. Returns ``ok``; or, with nothing changed, ``lost`` (its lease ran out),
        ``stale`` (it is no longer the bot's), ``changed`` (somebody signed in meanwhile, so it is done again) or
        ``other`` (it proves another customer than the one whose conversation it is).
        """
        handoff = commit.handoff
        # Which messages a reply answers stands with it: that each was answered once can be read from the log alone.
        answers = [message["seq"] for message in turn.messages]
        outcome = await self._run(
            "commit", turn.cid, turn.lease, turn.epoch, len(turn.messages), turn.messages[-1]["seq"], commit.slots,
            handoff.team if handoff else "", handoff.why if handoff else "",
            encode(dict(handoff.packet)) if handoff else "",
            encode(event("handoff", why=handoff.why)) if handoff else "",
            as_json(turn.customer), as_json(commit.customer),
            len(commit.replies), *(encode({**reply, "answers": answers}) for reply in commit.replies),
            *commit.tracker_events,
        )
        return str(outcome[0])

    # -- upkeep ------------------------------------------------------------------------------------------------

    async def close_idle(self, before: float) -> list[str]:
        """Closes what the bot holds and nobody touched since `before`; returns the ids."""
        idle = await self.call("ZRANGEBYSCORE", keys.owned("bot"), "-inf", before, "LIMIT", 0, 500)
        body = encode(event("closed", outcome="idle"))
        return [cid for cid in idle if await self._run("close_idle", cid, before, body) == "ok"]

    async def drop(self, cid: str, archived: int) -> bool:
        """Forgets a closed conversation whose records up to seq `archived` are in SQL; False when it went on."""
        return bool(await self._run("drop", cid, archived) == "ok")

    async def closed_before(self, before: float, limit: int = 500, after: float = 0.0, skip: int = 0) -> list[str]:
        """Ids of those closed in ``[after, before]``, oldest first, without the first `skip`."""
        return list(await self.call("ZRANGEBYSCORE", keys.owned("closed"), after, before, "LIMIT", skip, limit))

    async def wait_seconds(self, limit: str, allowed: int, window: int) -> int:
        """Counts one use of the rate limit called `limit`; 0 when it is allowed, else seconds until it will be."""
        return int(await self._run("limit", keys.limit(limit), allowed, window))

    async def forget_limit(self, limit: str) -> None:
        """Starts the rate limit called `limit` anew."""
        await self.call("DEL", keys.limit(limit))

    # -- backup and restore ------------------------------------------------------------------------------------

    async def ids(self) -> list[str]:
        """All conversations; those that are begun or dropped meanwhile may be among them or not."""
        found: set[str] = set()
        cursor = "0"
        while True:
            cursor, names = await self.call("SCAN", cursor, "MATCH", keys.conversation("*"), "COUNT", 1000)
            found.update(name[len(keys.conversation("")):] for name in names if name.count(":") == 2)
            if str(cursor) == "0":
                return sorted(found)

    async def dump(self, cid: str) -> list[list[Any]] | None:
        """Everything of a conversation at one moment: part, type and values of each key; None where it is no more."""
        return await self._run("dump", cid, *keys.PARTS) or None

    async def load(self, cid: str, parts: Sequence[Sequence[Any]]) -> bool:
        """Puts in what :meth:`dump` gave. False, and nothing done, where the conversation is there."""
        flat = [value for name, kind, values in parts for value in (name, kind, len(values), *values)]
        return bool(await self._run("load", cid, len(parts), *flat) == "ok")

    async def clear(self) -> None:
        """Forgets everything of ours in the store."""
        cursor = "0"
        while True:
            cursor, names = await self.call("SCAN", cursor, "MATCH", f"{keys.PREFIX}*", "COUNT", 1000)
            if names:
                await self.call("DEL", *names)
            if str(cursor) == "0":
                return


def _mark(token: str) -> str:
    """The fingerprint of a conversation's token; empty for none."""
    return fingerprint(token.partition(".")[2]) if token else ""


def fingerprint(secret: str) -> str:
    """What is kept of a token's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
