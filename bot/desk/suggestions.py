"""What the knowledge base has to say, for an agent to choose from. The workshop's process does the looking."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.errors import Missing
from bot.conversations.record import Record, is_message_id
from bot.desk import guards
from bot.desk.errors import ApiError
from bot.desk.services import of, origin
from bot.desk.widget import as_json

#: Seconds that an agent may have to wait; the process may be starting, or at a publish.
_PATIENCE = 15.0
#: With fewer words the message before says more of what it is about; with more than that many characters the beginning
#: of a text is enough.
_FEW_WORDS, _LONGEST = 4, 1000


async def suggestions(request: Request, cid: str) -> HTTPResponse:
    await guards.agent(request)
    if not is_message_id(cid):
        raise Missing(cid)
    state = await of(request).conversations.state(cid)
    words = newest(await of(request).conversations.records(cid))
    return as_json({"suggestions": await _near(request, words, state.locale)})


async def search(request: Request) -> HTTPResponse:
    await guards.agent(request)
    return as_json({"suggestions": await _near(request, request.args.get("q", ""))})


def newest(records: Sequence[Record]) -> str:
    """The customer's newest words, as many messages of them as it takes to say something."""
    found: list[str] = []
    for record in reversed(records):
        if record["kind"] == "message" and record["from"] == "customer" and record["text"]:
            found.insert(0, record["text"])
            if sum(len(text.split()) for text in found) >= _FEW_WORDS:
                break
    return "\n".join(found)


async def _near(request: Request, text: str, language: str = "") -> list[dict[str, Any]]:
    services = of(request)
    if not (text := text.strip()[:_LONGEST]):
        return []
    try:
        asked = services.workshop.call("suggest", text=text, language=language)
        found: list[dict[str, Any]] = await asyncio.wait_for(asked, _PATIENCE)
    except asyncio.TimeoutError:
        busy = "The knowledge base is busy; please try again."
        raise ApiError(503, "unavailable", busy, {"Retry-After": "5"}) from None
    shelf = await services.shelf.get()
    for one in found:
        there = one["entry"] in shelf.entries
        one["url"] = f"{origin(request)}/help/{quote(one['entry'], safe='')}" if there else None
    return found


blueprint = Blueprint("suggestions", url_prefix="/api/console")
blueprint.add_route(suggestions, "/conversations/<cid:str>/suggestions", methods=["GET"])
blueprint.add_route(search, "/kb", methods=["GET"])
