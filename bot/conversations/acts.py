"""What staff and the desk's own rules do to conversations: changes of owner, messages, notes, tags, sleep.

Each change is one script, fenced by the epoch that its sender has seen; who was too late gets Stale and learns who has
the conversation now.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.conversations import keys
from bot.conversations.base import Base
from bot.conversations.errors import AtCapacity, IdReused, Missing, Refused, Stale
from bot.conversations.placement import Placement
from bot.conversations.record import Record, carried, digest, encode, event, message
from bot.conversations.state import State

MOST_TAGS = 20
#: How a conversation can end, as agents say it.
OUTCOMES = ("solved", "not_solved", "product_fault", "duplicate", "spam")
#: Who has it while people deal with it.
_OPEN = ("queue", "agent")


@dataclass(frozen=True)
class Posted:
    """Where a message stands in the log; `duplicate` when it was already there."""

    seq: int
    duplicate: bool


@dataclass(frozen=True)
class By:
    """Who acts: a member of staff, or the desk itself, which has no id."""

    id: str = ""
    name: str = "the desk"

    def shown(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name}


class Acts(Base):
    """All raise Missing and StoreUnavailable, and Stale where somebody else was faster."""

    # Changes of owner

    async def claim(self, cid: str, agent: str, name: str, epoch: int | None = None, owner: str = "queue",
                    answer_within: float = 0) -> State:
        """Gives a waiting conversation to an agent, who has to answer within so many seconds (0: takes the time it
        takes), or it goes back."""
        body = event("claimed", by={"id": agent, "name": name})
        return await self._give(cid, "agent", agent, name, body, (owner,), epoch=epoch, fields=_within(answer_within))

    async def assign(self, cid: str, agent: str, name: str, by: By, epoch: int | None = None,
                     capacity: int | None = None, answer_within: float = 0, held_by: str = "", note: str = "") -> State:
        """Gives a conversation of the queue or of another agent to an agent; with `held_by` only from that one.

        Raises AtCapacity where the agent has as many as `capacity` already.
        """
        body = event("claimed", by={"id": agent, "name": name}, assigned_by=by.shown())
        owners = ("agent",) if held_by else _OPEN
        return await self._give(cid, "agent", agent, name, body, owners, held_by=held_by, epoch=epoch,
                                capacity=capacity, note=_note(by, note), fields=_within(answer_within))

    async def transfer(self, cid: str, to: Placement, by: By, epoch: int | None = None, held_by: str = "",
                       note: str = "", escalated: bool = False) -> State:
        """Moves a conversation into another team's queue; with `held_by` only from that agent. How long the customer
        has waited stays, the targets are the new team's."""
        body = event("transferred", team=to.team, by=by.shown(), **({"escalated": True} if escalated else {}))
        owners = ("agent",) if held_by else _OPEN
        fields = [*to.fields(), "answered", "", "front", "", "back_to", "", "passed", ""]
        return await self._give(cid, "queue", "", "", body, owners, held_by=held_by, epoch=epoch, fields=fields,
                                note=_note(by, note))

    async def release(self, cid: str, agent: str, name: str, note: str = "", reason: str = "",
                      guard: tuple[str, str] | None = None) -> State:
        """Puts an agent's conversation back at the front of its queue.

        `reason` says why where it was not the agent's wish: ``no_answer`` or ``away``. `guard` is a field of the state
        that still has to be as it was seen.
        """
        body = event("released", **({"reason": reason} if reason else {}))
        fields = ["front", "1", "passed", agent if reason == "no_answer" else ""]
        return await self._give(cid, "queue", "", "", body, ("agent",), held_by=agent, guard=guard, fields=fields,
                                note=_note(By(agent, name), note))

    async def hand_back(self, cid: str, agent: str, name: str, note: str = "") -> State:
        """Gives an agent's conversation back to the bot, which learns what was said at its next turn."""
        return await self._give(cid, "bot", "", "", event("handed_back"), ("agent",), held_by=agent,
                                note=_note(By(agent, name), note))

    async def close(self, cid: str, agent: str, name: str, outcome: str, note: str = "",
                    details: Mapping[str, str] | None = None) -> State:
        """Ends an agent's conversation. `details` are ``product``, ``fault`` and ``cause``, where they are known."""
        told = {name: value for name, value in (details or {}).items() if value}
        fields = [part for pair in {"outcome": outcome, **told}.items() for part in pair]
        return await self._give(cid, "closed", "", "", event("closed", outcome=outcome, **told), ("agent",),
                                held_by=agent, note=_note(By(agent, name), note), fields=fields)

    async def merge(self, cid: str, into: str, agent: str, name: str) -> State:
        """Closes an agent's conversation as a duplicate of another of the same customer; each points to the other.

        Raises Refused where the other is closed, is the same, or is neither the agent's nor the same customer's.
        """
        if cid == into:
            raise Refused("same", "A conversation cannot become part of itself.")
        call, by, state = secrets.token_urlsafe(9), {"id": agent, "name": name}, await self.state(cid)
        outcome = await self._run(
            "merge", cid, into, agent, state.epoch, call, encode(_internal("merged", into=into, by=by)),
            encode(event("closed", outcome="duplicate")), encode(_internal("merged", merged_from=cid, by=by)))
        if outcome[0] == "missing":
            raise Missing(outcome[1])
        if outcome[0] == "stale":
            raise Stale(*outcome[1:4])
        if outcome[0] == "shut":
            raise Refused("closed", "The conversation that this one should become part of is closed.")
        if outcome[0] == "other":
            raise Refused("other_customer", "Take both conversations, or let the customer prove who they are in both: "
                                            "only those of one customer become one.")
        return await self.state(cid)

    # What is said

    async def say(self, cid: str, agent: str, name: str, message_id: str, text: str,
                  attachments: Sequence[Record] = ()) -> Posted:
        """Appends an agent's message. Raises Stale unless this agent owns the conversation; IdReused."""
        body = encode(message("agent", text, id=message_id, by={"id": agent, "name": name}, **carried(attachments)))
        outcome = await self._run("say", cid, agent, message_id, digest(text, attachments), body, "owner")
        return self._posted(outcome, cid, message_id)

    async def note(self, cid: str, agent: str, name: str, message_id: str, text: str,
                   mentions: Sequence[str] = ()) -> Posted:
        """Appends a note that only the staff see; any of them may write one. Who is mentioned finds it in a list."""
        by = {"id": agent, "name": name}
        told = {"mentions": list(mentions)} if mentions else {}
        body = encode({"kind": "note", "from": "agent", "text": text, "id": message_id, "by": by, **told})
        outcome = await self._run("say", cid, agent, message_id, digest(text), body, "", *mentions)
        return self._posted(outcome, cid, message_id)

    async def edit(self, cid: str, agent: str, name: str, seq: int, text: str) -> int:
        """Changes an agent's own message of the last minute; returns the seq of the record that says so.

        Raises Refused where it is no message of theirs, or older.
        """
        return await self._amend(cid, agent, seq, event("edited", of=seq, text=text, by={"id": agent, "name": name}))

    async def delete(self, cid: str, agent: str, name: str, seq: int) -> int:
        """Takes an agent's own message of the last minute back; otherwise as :meth:`edit`."""
        return await self._amend(cid, agent, seq, event("deleted", of=seq, by={"id": agent, "name": name}))

    async def read(self, cid: str, agent: str) -> None:
        """An agent has seen what they were mentioned in."""
        await self._run("read", cid, agent)

    # What leaves the owner

    async def route(self, cid: str, to: Placement, epoch: int, guard: tuple[str, str] = ("routed", "")) -> None:
        """Notes the team that a conversation in the queue was routed to; once each time that it comes to people."""
        await self._mark(cid, to.fields(), epoch=epoch, guard=guard)

    async def prioritise(self, cid: str, to: Placement, by: By, epoch: int,
                         guard: tuple[str, str] | None = None) -> State:
        """Another priority, with what follows from it; the team and what was routed stay as they are."""
        told = _internal("priority", priority=to.priority, by=by.shown())
        return await self._mark(cid, to.urgency(), epoch=epoch, told=told, guard=guard)

    async def snooze(self, cid: str, agent: str, name: str, until: float | None) -> State:
        """Puts an agent's conversation off until a time, or takes it up again. A word of the customer wakes it too."""
        by, state = {"id": agent, "name": name}, await self.state(cid)
        if until is None:
            fields, told = ["snoozed", ""], _internal("woken", by=by)
        else:
            fields, told = ["snoozed", f"{until:.3f}", "answer_by", ""], _internal("snoozed", until=until, by=by)
        return await self._mark(cid, fields, epoch=state.epoch, held_by=agent, told=told)

    async def wake(self, cid: str, until: str) -> None:
        """Ends a sleep that was to last until `until`, as the store has it."""
        await self._mark(cid, ["snoozed", ""], told=_internal("woken"), guard=("snoozed", until))

    async def tag(self, cid: str, by: By, add: Sequence[str], remove: Sequence[str]) -> State:
        """Puts tags on and takes tags off. Raises Refused where there would be more than MOST_TAGS."""
        told = encode(_internal("tagged", add=list(add), remove=list(remove), by=by.shown()))
        outcome = await self._run("tag", cid, secrets.token_urlsafe(9), MOST_TAGS, told, len(add), *add, *remove)
        if outcome[0] == "missing":
            raise Missing(cid)
        if outcome[0] == "many":
            raise Refused("too_many_tags", f"A conversation has at most {MOST_TAGS} tags.")
        return await self.state(cid)

    # ----------------------------------------------------------------------------------------------------------

    async def _give(self, cid: str, to: str, agent: str, name: str, body: Record, owners: tuple[str, ...],
                    held_by: str = "", epoch: int | None = None, note: str = "", capacity: int | None = None,
                    guard: tuple[str, str] | None = None, fields: Sequence[str] = ()) -> State:
        """Changes the owner. Always for the epoch that was seen: a command that the network delivers late, after its
        sender gave it up and somebody acted since, must not do anything."""
        call = secrets.token_urlsafe(9)
        seen = str(epoch)
        if epoch is None or len(owners) > 1:
            state = await self.state(cid)
            if state.owner not in owners:
                raise Stale(state.owner, state.agent, state.agent_name)
            seen = str(state.epoch if epoch is None else epoch)
        while True:
            outcome = await self._run(
                "give", cid, to, agent, name, owners[0] if len(owners) == 1 else "", held_by, seen, encode(body), note,
                call, "" if capacity is None else capacity, *(guard or ("", "")), *fields)
            if outcome[0] == "missing":
                raise Missing(cid)
            if outcome[0] == "full":
                raise AtCapacity(name, int(outcome[1]))
            if outcome[0] == "ok":
                return await self.state(cid)
            _, has, by, called, now = outcome
            if epoch is not None or has not in owners or (held_by and by != held_by) or now == seen:
                raise Stale(has, by, called)
            seen = now  # it went away and came back in between, which is none of the caller's business

    async def _mark(self, cid: str, fields: Sequence[str], epoch: int | None = None, held_by: str = "",
                    told: Record | None = None, guard: tuple[str, str] | None = None) -> State:
        outcome = await self._run(
            "mark", cid, "" if epoch is None else epoch, held_by, secrets.token_urlsafe(9), *(guard or ("", "")),
            encode(told) if told else "", *fields)
        if outcome[0] == "missing":
            raise Missing(cid)
        if outcome[0] == "stale":
            raise Stale(*outcome[1:4])
        return await self.state(cid)

    async def _amend(self, cid: str, agent: str, seq: int, body: Record) -> int:
        call = secrets.token_urlsafe(9)
        outcome = await self._run("amend", cid, agent, seq, keys.AMEND_SECONDS, call, encode(body))
        if outcome[0] == "missing":
            raise Missing(cid)
        if outcome[0] == "stale":
            raise Stale(*outcome[1:])
        if outcome[0] == "none":
            raise Refused("not_yours", f"Record {seq} is no message of yours.")
        if outcome[0] == "late":
            raise Refused("too_late", f"A message can be changed for {keys.AMEND_SECONDS} seconds after it was sent.")
        return int(outcome[1])

    @staticmethod
    def _posted(outcome: Sequence[str], cid: str, message_id: str) -> Posted:
        if outcome[0] == "missing":
            raise Missing(cid)
        if outcome[0] == "stale":
            raise Stale(*outcome[1:])
        if outcome[0] == "reused":
            raise IdReused(message_id)
        return Posted(seq=int(outcome[1]), duplicate=outcome[0] == "duplicate")


def _within(seconds: float) -> list[str]:
    return ["answer_within", f"{seconds:g}" if seconds else ""]


def _internal(name: str, **more: object) -> Record:
    """An event that only the staff see."""
    return {"kind": "internal", "from": "system", "event": name, **more}


def _note(by: By, text: str) -> str:
    return encode({"kind": "note", "from": "agent", "text": text, "by": by.shown()}) if text else ""
