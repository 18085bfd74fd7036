"""Whether the desk can do its work, for whoever supervises it."""

from __future__ import annotations

import asyncio

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.errors import StoreUnavailable
from bot.desk.services import of
from bot.desk.widget import as_json
from kb_index import serving


async def health(request: Request) -> HTTPResponse:
    """200 when messages are taken, else 503. The assistant is told about and does not count: without it people wait.
    So is a damaged index: an older one serves in its place."""
    services = of(request)
    try:
        waiting, busy = await services.conversations.backlog()
        workers = await services.conversations.workers()
    except StoreUnavailable:
        return as_json({"ok": False, "store": "unavailable", "assistant": None}, 503)
    alarm = await asyncio.to_thread(serving.alarm, services.settings.index)
    return as_json({"ok": True, "store": "ok", "assistant": {"workers": workers, "waiting": waiting, "busy": busy},
                    "streams": services.hub.open_streams, "knowledge": alarm or "ok"})


blueprint = Blueprint("health")
blueprint.add_route(health, "/health", methods=["GET"])
