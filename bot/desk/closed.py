"""The list of closed conversations, from the newest to the first ever: those of the live store, then the archive's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.reports.archive import Archive

_BATCH = 200
#: So many are looked at for one page. Where few of them are wanted, the page may be short and still have a next one.
_LOOKED_AT = 5000


async def page(
    conversations: Conversations, archive: Archive, before: str, size: int, wanted: Callable[[State], bool],
) -> tuple[list[State], set[str], str | None]:
    """At most `size` of those closed before the conversation `before` (none: from the newest), which of them are live,
    and where the next page begins. A `before` that is closed no more begins anew: nothing is left out."""
    found: list[State] = []
    live: set[str] = set()
    looked, last = 0, ""
    async for state, is_live in _after(conversations, archive, before):
        if len(found) == size or looked == _LOOKED_AT:
            return found, live, last
        looked, last = looked + 1, state.id
        if wanted(state):
            found.append(state)
            live |= {state.id} if is_live else set()
    return found, live, None


async def _after(conversations: Conversations, archive: Archive, before: str) -> AsyncIterator[tuple[State, bool]]:
    """Each with whether the live store has it. What is archived while this goes on comes once all the same."""
    place = await asyncio.to_thread(archive.place, before) if before else None
    seen: set[str] = set()
    if place is None:
        start = await conversations.closed_place(before) if before else 0
        while cids := await conversations.closed(start, _BATCH):
            for state in await conversations.states(cids):
                if state.owner == "closed" and state.id not in seen:
                    seen.add(state.id)
                    yield state, True
            start += len(cids)
    while batch := await asyncio.to_thread(archive.states, _BATCH, place):
        for state in batch:
            if state.id not in seen:
                yield state, False
        place = (batch[-1].updated, batch[-1].id)
