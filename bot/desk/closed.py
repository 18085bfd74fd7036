"""The list of closed conversations, from the newest to the first ever: those of the live store, then the archive's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.reports.archive import Archive

_BATCH = 200


async def walk(conversations: Conversations, archive: Archive, before: str) -> AsyncIterator[tuple[State, bool]]:
    """Those closed before the conversation `before` (none: from the newest), each with whether the live store has it.
    A `before` that is closed no more begins anew: nothing is left out. What is archived meanwhile comes once all the
    same."""
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
