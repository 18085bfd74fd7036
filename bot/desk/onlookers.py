"""Who of the staff looks at which conversation, so that two do not answer the same customer unawares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: A console that says nothing for so long does not look any more.
SECONDS = 15.0


class Onlookers:
    """Fed by what consoles say; times are of any clock that only goes forwards."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, tuple[str, bool, float]]] = {}

    def heard(self, message: Mapping[str, Any], now: float) -> None:
        """An agent looks at a conversation or not, and writes in it or not."""
        looking = self._of.setdefault(message["conversation"], {})
        if message["viewing"]:
            looking[message["agent"]] = (message["name"], bool(message["typing"]), now + SECONDS)
        else:
            looking.pop(message["agent"], None)
        if not looking:
            self._of.pop(message["conversation"], None)

    def of(self, cid: str, now: float) -> list[dict[str, Any]]:
        """Who looks at a conversation now, by name."""
        found = [{"id": agent, "name": name, "typing": typing}
                 for agent, (name, typing, until) in self._of.get(cid, {}).items() if until > now]
        return sorted(found, key=lambda agent: (str(agent["name"]), str(agent["id"])))

    def gone(self, now: float) -> list[str]:
        """Conversations from which somebody has gone without a word since the last call; they are forgotten."""
        found = []
        for cid, looking in list(self._of.items()):
            late = [agent for agent, (_, _, until) in looking.items() if until <= now]
            for agent in late:
                del looking[agent]
            if late:
                found.append(cid)
            if not looking:
                del self._of[cid]
        return found
