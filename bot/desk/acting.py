"""Who changes a conversation, and what they are told of it: shared by all acts of the console."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sanic import Request
from sanic.response import HTTPResponse

from bot.conversations.errors import Missing
from bot.conversations.record import is_message_id
from bot.conversations.state import State
from bot.desk import guards, lists
from bot.desk.errors import ApiError
from bot.desk.services import Services, of
from bot.desk.staff import SUPERVISORS, Member
from bot.desk.widget import as_json


async def acting(request: Request, cid: str) -> Member:
    """The agent who changes the conversation `cid`, which is a sign of life. Raises Missing for an id that is none."""
    member = await guards.agent(request)
    guards.changes(request)
    if not is_message_id(cid):
        raise Missing(cid)
    await of(request).conversations.saw([member.id])
    return member


def supervises(member: Member) -> bool:
    return member.role in SUPERVISORS


@asynccontextmanager
async def live_only(services: Services, cid: str) -> AsyncIterator[None]:
    """Says of a conversation that cannot be changed why: it is in the archive, or it never was."""
    try:
        yield
    except Missing as missing:
        if missing.cid != cid or not await asyncio.to_thread(services.archive.seq, cid):
            raise
        owner = {"owner": "closed", "agent": None}
        raise ApiError(409, "closed", "This conversation is closed and archived.", owner=owner) from None


async def changed(services: Services, state: State) -> HTTPResponse:
    """The answer to a change: how the conversation stands now."""
    [summary] = await lists.summaries(services.conversations, [state])
    return as_json({"conversation": summary})
