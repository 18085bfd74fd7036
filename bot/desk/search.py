"""What staff find: messages and notes by their words, and what a customer wrote in other conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.errors import Missing
from bot.conversations.record import is_message_id
from bot.desk import body, guards, lists
from bot.desk.services import Services, of
from bot.desk.widget import as_json

#: Hits beyond this are too old to be what somebody looks for; another word finds more.
_DEEPEST = 1000


async def summaries(services: Services, cids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The summaries of these conversations by id, live or only in the archive."""
    states = await services.conversations.states(cids)
    shown = await lists.summaries(services.conversations, states)
    found = {summary["id"]: summary for summary in shown}
    if gone := [cid for cid in cids if cid not in found]:
        archived = await asyncio.to_thread(services.archive.some, gone)
        last = await asyncio.to_thread(services.archive.last_messages, gone)
        found.update({state.id: state.summary(last.get(state.id)) for state in archived})
    return found


async def search(request: Request) -> HTTPResponse:
    await guards.agent(request)
    services = of(request)
    offset = min(body.number(request.args.get("offset")), _DEEPEST)
    hits, more = await asyncio.to_thread(services.index.find, request.args.get("q", ""), offset)
    found = await summaries(services, list(dict.fromkeys(hit.conversation for hit in hits)))
    shown = [{"conversation": found[hit.conversation], "seq": hit.seq, "at": hit.at, "kind": hit.kind,
              "from": hit.sender, "parts": hit.parts} for hit in hits if hit.conversation in found]
    return as_json({"hits": shown, "more": more and offset < _DEEPEST})


async def earlier(request: Request, cid: str) -> HTTPResponse:
    await guards.agent(request)
    if not is_message_id(cid):
        raise Missing(cid)
    services = of(request)
    others = await asyncio.to_thread(services.customers.others, cid)
    found = await summaries(services, others)
    return as_json({"conversations": [found[other] for other in others if other in found]})


blueprint = Blueprint("search", url_prefix="/api/console")
blueprint.add_route(search, "/search", methods=["GET"])
blueprint.add_route(earlier, "/conversations/<cid:str>/earlier", methods=["GET"])
