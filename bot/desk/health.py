"""Whether the desk can do its work, for whoever supervises it."""

from __future__ import annotations

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.errors import StoreUnavailable
from bot.desk.services import of
from bot.desk.widget import as_json


async def health(request: Request) -> HTTPResponse:
    """200 when messages are taken, else 503. The assistant is told about and does not count: without it people wait."""
    services = of(request)
    try:
        waiting, busy = await services.conversations.backlog()
        workers = await services.conversations.workers()
    except StoreUnavailable:
        return as_json({"ok": False, "store": "unavailable", "assistant": None}, 503)
    return as_json({"ok": True, "store": "ok", "assistant": {"workers": workers, "waiting": waiting, "busy": busy},
                    "streams": services.hub.open_streams})


blueprint = Blueprint("health")
blueprint.add_route(health, "/health", methods=["GET"])
