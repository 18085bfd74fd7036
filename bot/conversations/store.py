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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio

from bot.conversations import keys
from bot.conversations.client import SCRIPTS, Script, connect, reached
from bot.conversations.customer import Customer, Identity, as_json
from bot.conversations.errors import ConversationError, IdReused, Missing, OtherCustomer, Replayed, Stale
from bot.conversations.record import Record, digest, encode, event, is_message_id, message
from bot.conversations.state import State
from bot.conversations.turn import Commit, Turn

__all__ = ["Conversations", "Posted", "connect"]


@dataclass(frozen=True)
class Posted:
    """Where a message stands in the log; `duplicate` when it was already there."""

    seq: int
    duplicate: bool


class Conversations:
    """All operations on live conversations. Raises StoreUnavailable from any of them."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self.client = client
        self._scripts = {path.stem: Script(path.stem) for path in SCRIPTS.glob("[a-z]*.lua")}

    async def _run(self, name: str, *args: str | int | float) -> Any:
        return await self._scripts[name](self.client, *args)

    async def call(self, *command: str | int | float) -> Any:
        """One plain command, for what has no method of its own."""
        with reached():
            return await self.client.execute_command(*command)

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
            fields += ["customer", as_json(identity.customer)]
        outcome = await self._run("create", cid, "token", _fingerprint(secret), *once, *fields)
        if outcome == "replayed":
            raise Replayed
        if outcome != "ok":
            raise ConversationError("a new conversation id was taken already; try again")
        return cid, f"{cid}.{secret}"

    async def identify(self, cid: str, identity: Identity) -> None:
        """Says who the customer is. The same token may come again for the same conversation.

        Raises Missing, Replayed, and OtherCustomer where the conversation is somebody else's: it never passes on.
        """
        outcome = await self._run("identify", cid, as_json(identity.customer), identity.customer.id, identity.digest,
                                  identity.seconds)
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
        kept = await self.call("HGET", keys.conversation(cid), "token")
        return cid if kept and hmac.compare_digest(kept, _fingerprint(secret)) else None

    async def post(
        self, cid: str, message_id: str, text: str, payload: str = "", attachments: Sequence[Record] = ()
    ) -> Posted:
        """Appends a customer's message, and to the bot's turns where the bot owns the conversation.

        `payload` is what a pressed button stands for, `attachments` what the record says of each file. Raises Missing,
        IdReused.
        """
        more = {**({"payload": payload} if payload else {}), **_carried(attachments)}
        body = encode(message("customer", text, id=message_id, **more))
        outcome = await self._run("post", cid, message_id, _digest(text, attachments), body)
        return self._posted(outcome, cid, message_id)

    # -- what was said -----------------------------------------------------------------------------------------

    async def records(self, cid: str, after: int = 0) -> list[Record]:
        """The records with a seq greater than `after`, in order."""
        return [json.loads(raw) for raw in await self.call("LRANGE", keys.log(cid), after, -1)]

    async def record(self, cid: str, seq: int) -> Record | None:
        raw = await self.call("LINDEX", keys.log(cid), seq - 1) if seq > 0 else None
        return json.loads(raw) if raw else None

    async def state(self, cid: str) -> State:
        """Raises Missing."""
        states = await self.states([cid])
        if not states:
            raise Missing(cid)
        return states[0]

    async def states(self, cids: Sequence[str]) -> list[State]:
        """The states of those that exist, in one round trip."""
        pipe = self.client.pipeline(transaction=False)
        for cid in cids:
            pipe.hgetall(keys.conversation(cid))
            pipe.llen(keys.log(cid))
        with reached():
            found = await pipe.execute()
        pairs = zip(cids, found[::2], found[1::2], strict=True)
        return [State.parse(cid, fields, seq) for cid, fields, seq in pairs if fields]

    async def last_message(self, cid: str, within: int = 12) -> Record | None:
        """The newest message among the last `within` records, or None."""
        return _newest_message(await self.call("LRANGE", keys.log(cid), -within, -1))

    async def last_messages(self, cids: Sequence[str], within: int = 12) -> list[Record | None]:
        """:meth:`last_message` of several conversations, in one round trip."""
        pipe = self.client.pipeline(transaction=False)
        for cid in cids:
            pipe.lrange(keys.log(cid), -within, -1)
        with reached():
            found = await pipe.execute()
        return [_newest_message(raw) for raw in found]

    async def packet(self, cid: str) -> dict[str, Any] | None:
        raw = await self.call("GET", keys.packet(cid))
        return json.loads(raw) if raw else None

    async def owned(self, owner: str, limit: int = 200) -> list[str]:
        """Ids by owner: the queue from the front, the others newest first."""
        command = "ZRANGE" if owner == "queue" else "ZREVRANGE"
        return list(await self.call(command, keys.owned(owner), 0, limit - 1))

    async def counts(self) -> dict[str, int]:
        """How many conversations each owner has."""
        return {owner: int(await self.call("ZCARD", keys.owned(owner))) for owner in keys.OWNERS}

    async def ahead(self, cid: str) -> int | None:
        """How many wait before this conversation, or None when it does not wait."""
        rank = await self.call("ZRANK", keys.owned("queue"), cid)
        return None if rank is None else int(rank)

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
        cid, epoch, commits, attempts, customer, count, waiting, raw = taken
        mine, waiting = {int(seq) for seq in waiting[:count]}, {int(seq) for seq in waiting}
        log: list[Record] = [json.loads(record) for record in raw]
        return Turn(
            cid=cid, lease=lease, epoch=int(epoch), commits=int(commits),
            messages=[record for record in log if record["seq"] in mine],
            unheard=[
                r for r in log if r["kind"] in ("message", "note") and r["from"] != "bot" and r["seq"] not in waiting
            ],
            attempts=int(attempts), customer=Customer.parse(customer),
        )

    async def renew(self, turn: Turn, seconds: float = keys.LEASE_SECONDS) -> bool:
        """Keeps the lease of a turn that takes long; False when it was lost."""
        return bool(await self._run("renew", turn.cid, turn.lease, seconds) == "ok")

    async def tracker(self, cid: str) -> tuple[list[str], str | None]:
        """The newest Rasa events and the slots, both as JSON, for a worker that has no tracker at hand."""
        events = await self.call("LRANGE", keys.tracker(cid), 0, -1)
        return list(events), await self.call("GET", keys.slots(cid))

    async def commit(self, turn: Turn, commit: Commit) -> str:
        """Ends a turn in one atomic step. Returns ``ok``; or, with nothing changed, ``lost`` (another worker has it),
        ``stale`` (it is no longer the bot's) or ``changed`` (somebody signed in meanwhile, so it is done again).
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

    # -- staff -------------------------------------------------------------------------------------------------

    async def claim(self, cid: str, agent: str, name: str, epoch: int | None = None, owner: str = "queue") -> State:
        """Gives a waiting conversation to an agent. Raises Stale (with who has it) and Missing."""
        body = event("claimed", by={"id": agent, "name": name})
        return await self._give(cid, "agent", agent, name, body, owner=owner, epoch=epoch)

    async def release(self, cid: str, agent: str, name: str, note: str = "") -> State:
        """Puts an agent's conversation back at the front of its queue."""
        return await self._give(cid, "queue", "", "", event("released"), owner="agent", held_by=agent,
                                note=_note(agent, name, note))

    async def hand_back(self, cid: str, agent: str, name: str, note: str = "") -> State:
        """Gives an agent's conversation back to the bot, which learns what was said at its next turn."""
        return await self._give(cid, "bot", "", "", event("handed_back"), owner="agent", held_by=agent,
                                note=_note(agent, name, note))

    async def close(self, cid: str, agent: str, name: str, outcome: str, note: str = "") -> State:
        """Ends an agent's conversation. The customer's next message opens it again, with the bot."""
        return await self._give(cid, "closed", "", "", event("closed", outcome=outcome), owner="agent",
                                held_by=agent, note=_note(agent, name, note))

    async def say(
        self, cid: str, agent: str, name: str, message_id: str, text: str, attachments: Sequence[Record] = ()
    ) -> Posted:
        """Appends an agent's message. Raises Stale unless this agent owns the conversation, Missing, IdReused."""
        body = encode(message("agent", text, id=message_id, by={"id": agent, "name": name}, **_carried(attachments)))
        outcome = await self._run("say", cid, agent, message_id, _digest(text, attachments), body, "owner")
        return self._posted(outcome, cid, message_id)

    async def note(self, cid: str, agent: str, name: str, message_id: str, text: str) -> Posted:
        """Appends a note that only the staff see; any of them may write one."""
        by = {"id": agent, "name": name}
        body = encode({"kind": "note", "from": "agent", "text": text, "id": message_id, "by": by})
        return self._posted(await self._run("say", cid, agent, message_id, digest(text), body, ""), cid, message_id)

    async def typing(self, cid: str, sender: str, name: str, typing: bool) -> None:
        """Tells the other side that somebody types; kept nowhere."""
        told = {"type": "typing", "conversation": cid, "from": sender, "name": name, "typing": typing}
        await self.call("PUBLISH", keys.LIVE, json.dumps(told))

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

    async def now(self) -> float:
        """The server's clock, which orders everything: seconds since 1970."""
        seconds, micros = await self.call("TIME")
        return int(seconds) + int(micros) / 1e6

    async def backlog(self) -> tuple[int, int]:
        """How many conversations wait for an assistant, and how many are in one's hands."""
        return int(await self.call("LLEN", keys.READY)), int(await self.call("ZCARD", keys.LEASES))

    async def workers(self) -> int:
        """How many assistants gave a sign of life lately."""
        return int(await self.call("ZCOUNT", keys.WORKERS, *await self._lately(keys.PRESENCE_SECONDS)))

    async def saw(self, agents: Sequence[str]) -> None:
        """Notes a sign of life of these agents."""
        if agents:
            now = await self.now()
            await self.call("ZADD", keys.AGENTS, *(part for agent in agents for part in (now, agent)))

    async def present(self, seconds: float = keys.PRESENCE_SECONDS) -> set[str]:
        """The agents who gave a sign of life within the last `seconds`."""
        return set(await self.call("ZRANGEBYSCORE", keys.AGENTS, *await self._lately(seconds)))

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

    # ----------------------------------------------------------------------------------------------------------

    async def _lately(self, seconds: float) -> tuple[float, float]:
        """From when to when a sign of life counts. One from the future was given before the clock was set back."""
        now = await self.now()
        return now - seconds, now + seconds

    async def _give(self, cid: str, to: str, agent: str, name: str, body: Record, owner: str = "",
                    held_by: str = "", epoch: int | None = None, note: str = "") -> State:
        """Changes the owner. Always for the epoch that was seen: a command that the network delivers late, after its
        sender gave it up and somebody acted since, must not do anything."""
        call = secrets.token_urlsafe(9)
        seen = str((await self.state(cid)).epoch if epoch is None else epoch)
        while True:
            outcome = await self._run("give", cid, to, agent, name, owner, held_by, seen, encode(body), note, call)
            if outcome[0] == "missing":
                raise Missing(cid)
            if outcome[0] == "ok":
                return await self.state(cid)
            _, has, by, called, now = outcome
            if epoch is not None or (owner and has != owner) or (held_by and by != held_by) or now == seen:
                raise Stale(has, by, called)
            seen = now  # it went away and came back in between, which is none of the caller's business

    @staticmethod
    def _posted(outcome: Sequence[Any], cid: str, message_id: str) -> Posted:
        if outcome[0] == "missing":
            raise Missing(cid)
        if outcome[0] == "stale":
            raise Stale(*outcome[1:])
        if outcome[0] == "reused":
            raise IdReused(message_id)
        return Posted(seq=int(outcome[1]), duplicate=outcome[0] == "duplicate")


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _carried(attachments: Sequence[Record]) -> dict[str, Any]:
    return {"attachments": list(attachments)} if attachments else {}


def _digest(text: str, attachments: Sequence[Record]) -> str:
    return digest("\0".join([text, *(file["id"] for file in attachments)]))


def _newest_message(raw: Sequence[str]) -> Record | None:
    records: Iterator[Record] = (json.loads(record) for record in reversed(raw))
    return next((record for record in records if record["kind"] == "message"), None)


def _note(agent: str, name: str, text: str) -> str:
    return encode({"kind": "note", "from": "agent", "text": text, "by": {"id": agent, "name": name}}) if text else ""
