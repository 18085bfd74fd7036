"""API keys as supervisors make and revoke them. No key opens this: who has one could make another."""

from __future__ import annotations

import asyncio

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.desk import body, guards
from bot.desk.integrations import SCOPES
from bot.desk.services import of
from bot.desk.widget import as_json


async def index(request: Request) -> HTTPResponse:
    await guards.supervisor(request)
    found = await asyncio.to_thread(of(request).integrations.all)
    return as_json({"keys": [key.shown() for key in found], "scopes": list(SCOPES)})


async def add(request: Request) -> HTTPResponse:
    member = await guards.supervisor(request)
    guards.changes(request)
    key, secret = await asyncio.to_thread(of(request).integrations.add, body.anything(request), member.name)
    return as_json({"key": key.shown(), "secret": secret}, 201)


async def revoke(request: Request, key: str) -> HTTPResponse:
    await guards.supervisor(request)
    guards.changes(request)
    services = of(request)
    await asyncio.to_thread(services.integrations.revoke, key)
    services.sessions.forget_keys()
    return HTTPResponse(status=204)


blueprint = Blueprint("api_keys", url_prefix="/api/console/settings/keys")
blueprint.add_route(index, "/", methods=["GET"])
blueprint.add_route(add, "/", methods=["POST"])
blueprint.add_route(revoke, "/<key:str>", methods=["DELETE"])
