"""What lists and badges show: where a customer stands, one line for each conversation, how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bot.conversations.state import State
from bot.conversations.store import Conversations

#: The longest queue and the most conversations with agents that are counted one by one.
MOST = 1000


def status(state: State, ahead: int | None) -> dict[str, Any]:
    """What a customer is told about where they stand."""
    return {
        "owner": state.owner,
        "agent": {"name": state.agent_name} if state.owner == "agent" else None,
        "ahead": ahead if state.owner == "queue" else None,
    }


async def current_status(conversations: Conversations, state: State) -> dict[str, Any]:
    return status(state, await conversations.ahead(state.id) if state.owner == "queue" else None)


async def summaries(conversations: Conversations, states: Sequence[State]) -> list[dict[str, Any]]:
    """The summaries of docs/api.md, in the order of `states`."""
    last = await conversations.last_messages([state.id for state in states])
    return [state.summary(message) for state, message in zip(states, last, strict=True)]


async def in_hands(conversations: Conversations) -> list[State]:
    """All conversations that agents hold, newest first."""
    return [state for state in await conversations.states(await conversations.owned("agent", MOST))
            if state.owner == "agent"]


async def counts(conversations: Conversations, archived: int) -> tuple[dict[str, int], Counter[str]]:
    """How many conversations each view has, without ``mine``; and how many each agent holds."""
    found = await conversations.counts()
    held = Counter(state.agent for state in await in_hands(conversations))
    closed = found["closed"] + archived
    return {"queue": found["queue"], "agents": found["agent"], "bot": found["bot"], "closed": closed}, held
