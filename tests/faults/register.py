"""What one conversation is, as a sequential model: the register that all operations on it must look like they worked on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from linear import Op


class Held(NamedTuple):
    """One conversation at one moment. `lease` is that of the only turn whose commit may succeed; it does not run out
    before `ends`."""

    owner: str = "bot"
    agent: str = ""
    epoch: int = 1
    seq: int = 0
    waiting: int = 0
    lease: str = ""
    taken: int = 0
    ends: float = 0.0
    ids: frozenset[tuple[str, int]] = frozenset()

    def to(self, owner: str, agent: str = "") -> Held:
        """Another owner: it is in the log, and what the bot had to do is over."""
        return self._replace(owner=owner, agent=agent, epoch=self.epoch + 1, seq=self.seq + 1, waiting=0, lease="",
                             taken=0)


def step(held: Held, op: Op) -> Iterator[Held]:
    """The states after `op`, where the model gives the result that was seen; any result where none was."""
    after, result = _apply(held, op)
    if op.result is None or op.result == result:
        yield after
    elif result == ("lost",) and op.result == ("stale",):
        yield after  # both refuse; which of them hangs on what a worker cannot see
    elif op.name == "commit" and op.result == ("lost",) and op.returned >= held.ends:
        # Its lease ran out, and a worker who came for another conversation put this one back: it is nobody's until
        # somebody takes it.
        yield held._replace(lease="")


def _apply(held: Held, op: Op) -> tuple[Held, tuple[object, ...]]:
    stale = ("stale", held.owner, held.agent)
    if op.name == "read":
        return held, ("ok", held.owner, held.agent, held.epoch, held.seq)
    if op.name in ("post", "say"):
        sender, message_id = op.args
        known = dict(held.ids).get(message_id)
        if known:
            return held, ("ok", known)
        if op.name == "say" and (held.owner, held.agent) != ("agent", sender):
            return held, stale
        if op.name == "post" and held.owner == "closed":
            held = held.to("bot")
        waiting = held.waiting + (op.name == "post" and held.owner == "bot")
        seq = held.seq + 1
        return held._replace(seq=seq, waiting=waiting, ids=held.ids | {(message_id, seq)}), ("ok", seq)
    if op.name == "take":
        lease, seconds = op.args
        if held.owner != "bot" or not held.waiting:
            return held, ("nothing",)
        taken = held.taken or held.waiting
        return held._replace(lease=lease, taken=taken, ends=op.called + seconds), ("ok", held.epoch, taken)
    if op.name == "commit":
        lease, replies, hands_over = op.args
        if held.lease != lease or held.owner != "bot":
            return held, ("lost",)
        held = held._replace(seq=held.seq + replies, waiting=held.waiting - held.taken, lease="", taken=0)
        return (held.to("queue") if hands_over else held), ("ok",)
    if op.name in ("assign", "pass on"):
        by, agent = op.args
        theirs = (held.owner, held.agent) == ("agent", by)
        if not (theirs if op.name == "pass on" else held.owner in ("queue", "agent")):
            return held, stale
        return held.to("agent", agent), ("ok",)
    agent, epoch = op.args
    needed, to = {"claim": ("queue", "agent"), "step in": ("bot", "agent"), "release": ("agent", "queue"),
                  "hand back": ("agent", "bot"), "close": ("agent", "closed"),
                  "transfer": ("agent", "queue")}[op.name]
    if held.owner != needed or (needed == "agent" and held.agent != agent) or (epoch and held.epoch != epoch):
        return held, stale
    return held.to(to, agent if to == "agent" else ""), ("ok",)
