"""What lists and badges show: one line for each conversation, how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from bot.conversations.state import State
from bot.conversations.store import Conversations

#: States that are read at once, and the most of the closed ones that tags are taken from.
MOST = 1000
#: So many are looked at for one page. Where few of them are wanted, the page may be short and still have a next one.
_LOOKED_AT = 5000
_BATCH = 200


async def summaries(conversations: Conversations, states: Sequence[State]) -> list[dict[str, Any]]:
    """The summaries of docs/api.md, in the order of `states`."""
    last = await conversations.last_messages([state.id for state in states])
    return [state.summary(message) for state, message in zip(states, last, strict=True)]


async def in_hands(conversations: Conversations) -> list[State]:
    """All conversations that agents hold, newest first."""
    return await _all(conversations, "agent")


async def waiting(conversations: Conversations) -> list[State]:
    """All who wait for people, what is due first in front."""
    return await _all(conversations, "queue")


async def with_bot(conversations: Conversations, before: str) -> AsyncIterator[tuple[State, bool]]:
    """What the bot has, newest first, after the conversation `before`, for :func:`page`: all of it is live."""
    cids = await conversations.owned("bot")
    begin = cids.index(before) + 1 if before in cids else 0
    for start in range(begin, len(cids), _BATCH):
        for state in await conversations.states(cids[start:start + _BATCH]):
            if state.owner == "bot":
                yield state, True


async def page(
    walk: AsyncIterator[tuple[State, bool]], size: int, wanted: Callable[[State], bool],
) -> tuple[list[State], set[str], str | None]:
    """At most `size` of a list that may be long, which of them are live, and where the next page begins."""
    found: list[State] = []
    live: set[str] = set()
    looked, last = 0, ""
    async for state, is_live in walk:
        if len(found) == size or looked == _LOOKED_AT:
            return found, live, last
        looked, last = looked + 1, state.id
        if wanted(state):
            found.append(state)
            live |= {state.id} if is_live else set()
    return found, live, None


async def _all(conversations: Conversations, owner: str) -> list[State]:
    """However many: what no list has is given to no team and shown to nobody."""
    cids = await conversations.owned(owner)
    states = [state for start in range(0, len(cids), MOST)
              for state in await conversations.states(cids[start:start + MOST])]
    return [state for state in states if state.owner == owner]


async def tags(conversations: Conversations) -> list[str]:
    """The tags that conversations have which people deal with or dealt with lately, most used first."""
    used = Counter(tag for found in await conversations.used_tags(MOST) for tag in found)
    return [tag for tag, _ in sorted(used.items(), key=lambda pair: (-pair[1], pair[0]))]


class Counts:
    """How many conversations each view has at one moment."""

    def __init__(self, found: dict[str, int], archived: int, open_ones: Sequence[State]) -> None:
        self._held = Counter(state.agent for state in open_ones if state.owner == "agent" and state.snoozed is None)
        self._snoozed = Counter(state.agent for state in open_ones if state.snoozed is not None)
        self._shown = {"queue": found["queue"], "agents": found["agent"], "bot": found["bot"],
                       "closed": found["closed"] + archived, "all": found["queue"] + found["agent"]}
        self._teams = Counter(state.team for state in open_ones if state.snoozed is None)

    def of(self, agent: str, mentions: int) -> dict[str, Any]:
        """The counts of docs/api.md for one agent, who has so many unread mentions."""
        return {**self._shown, "mine": self._held[agent], "snoozed": self._snoozed[agent], "mentions": mentions,
                "teams": dict(self._teams)}


async def counts(conversations: Conversations, archived: int) -> Counts:
    found = await conversations.counts()
    return Counts(found, archived, [*await waiting(conversations), *await in_hands(conversations)])
