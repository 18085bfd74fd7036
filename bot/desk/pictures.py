"""Pictures in answers: put in by editors, given to everybody who knows their address."""

from __future__ import annotations

import asyncio

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.desk import guards
from bot.desk.carried import asked
from bot.desk.editor import take
from bot.desk.errors import ApiError
from bot.desk.services import of
from bot.desk.widget import as_json
from bot.library.pictures import LARGEST_NEW
from kb_index.markdown import PICTURES

#: What is at an address never changes, and other sites show it in the widget.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable", "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin", "Content-Disposition": "inline",
}


async def add(request: Request) -> HTTPResponse:
    member = await guards.member(request, "editor", "admin")
    guards.changes(request)
    data = await take(request, LARGEST_NEW)
    services = of(request)
    async with services.handling:
        made = await asked(services.pictures.add, request.args.get("name", ""), data, member.name)
    return as_json({"address": made.address}, 201)


async def give(request: Request, name: str) -> HTTPResponse:
    found = await asyncio.to_thread(of(request).pictures.find, name)
    if found is None:
        raise ApiError(404, "not_found", "There is no such picture.")
    return HTTPResponse(found.content, 200, _HEADERS, content_type=found.type)


blueprint = Blueprint("pictures")
blueprint.add_route(add, "/api/editor/pictures", methods=["POST"], stream=True)
blueprint.add_route(give, f"{PICTURES}<name:str>", methods=["GET"])
