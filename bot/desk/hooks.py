"""Webhooks as supervisors and integrations set them up (docs/webhooks.md)."""

from __future__ import annotations

import asyncio
import json

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.desk import body, guards
from bot.desk.services import Services, of
from bot.desk.setup import asked_revision
from bot.desk.staff import Member
from bot.desk.widget import as_json
from bot.webhooks.events import EVENTS


async def index(request: Request) -> HTTPResponse:
    await guards.supervisor(request)
    return as_json({"webhooks": await asyncio.to_thread(of(request).hooks.all), "events": list(EVENTS)})


async def add(request: Request) -> HTTPResponse:
    member = await _changing(request)
    services, sent = of(request), body.anything(request)
    now = await services.conversations.now()
    made = await asyncio.to_thread(services.hooks.add, sent, member.name, now)
    await _tell(services)
    return as_json({"webhook": made.shown(), "secret": made.secret}, 201)


async def save(request: Request, hook: str) -> HTTPResponse:
    member = await _changing(request)
    services, sent = of(request), body.anything(request)
    revision = asked_revision(sent.pop("revision", None))
    now = await services.conversations.now()
    made = await asyncio.to_thread(services.hooks.save, hook, revision, sent, member.name, now)
    services.courier.nudge()
    await _tell(services)
    return as_json(made.shown())


async def remove(request: Request, hook: str) -> HTTPResponse:
    await _changing(request)
    services, sent = of(request), body.anything(request)
    revision = asked_revision(sent.get("revision", request.args.get("revision")))
    await asyncio.to_thread(services.hooks.remove, hook, revision)
    await _tell(services)
    return HTTPResponse(status=204)


async def secret(request: Request, hook: str) -> HTTPResponse:
    await _changing(request)
    return as_json({"secret": await asyncio.to_thread(of(request).hooks.new_secret, hook)})


async def test(request: Request, hook: str) -> HTTPResponse:
    """Sends something at once, so that whoever has asked sees how it goes."""
    member = await _changing(request)
    services = of(request)
    await guards.not_too_often(request, f"webhook-test:{hook}", *guards.TESTS)
    found = await asyncio.to_thread(services.hooks.get, hook)
    delivery = await asyncio.to_thread(services.hooks.test, hook, member.name, await services.conversations.now())
    return as_json({"delivery": (await services.courier.test(found, delivery)).shown()})


async def deliveries(request: Request, hook: str) -> HTTPResponse:
    await guards.supervisor(request)
    before = body.number(request.args.get("before"))
    found, following = await asyncio.to_thread(of(request).hooks.log, hook, before)
    return as_json({"deliveries": [delivery.shown() for delivery in found],
                    "next": str(following) if following else None})


async def show(request: Request, hook: str, delivery: str) -> HTTPResponse:
    await guards.supervisor(request)
    found = await asyncio.to_thread(of(request).hooks.delivery, hook, delivery)
    return as_json({"delivery": found.shown(), "payload": json.loads(found.body)})


async def redeliver(request: Request, hook: str, delivery: str) -> HTTPResponse:
    await _changing(request)
    services = of(request)
    found = await asyncio.to_thread(services.hooks.again, hook, delivery)
    services.courier.nudge()
    return as_json({"delivery": found.shown()}, 202)


async def _changing(request: Request) -> Member:
    member = await guards.supervisor(request)
    guards.changes(request)
    return member


async def _tell(services: Services) -> None:
    await services.conversations.tell_desk("setup")


blueprint = Blueprint("hooks", url_prefix="/api/console/settings/webhooks")
blueprint.add_route(index, "/", methods=["GET"])
blueprint.add_route(add, "/", methods=["POST"])
blueprint.add_route(save, "/<hook:str>", methods=["PUT"])
blueprint.add_route(remove, "/<hook:str>", methods=["DELETE"])
blueprint.add_route(secret, "/<hook:str>/secret", methods=["POST"])
blueprint.add_route(test, "/<hook:str>/test", methods=["POST"])
blueprint.add_route(deliveries, "/<hook:str>/deliveries", methods=["GET"])
blueprint.add_route(show, "/<hook:str>/deliveries/<delivery:str>", methods=["GET"])
blueprint.add_route(redeliver, "/<hook:str>/deliveries/<delivery:str>/redeliver", methods=["POST"])
