"""Signing in and out."""

from __future__ import annotations

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.desk import body, guards
from bot.desk.services import of
from bot.desk.sessions import cookie
from bot.desk.staff import LONGEST_PASSWORD
from bot.desk.widget import as_json


async def sign_in(request: Request) -> HTTPResponse:
    guards.changes(request)
    fields = body.read(request, required={"email": str, "password": str})
    for name, longest in (("email", 254), ("password", LONGEST_PASSWORD)):
        if len(fields[name]) > longest:
            raise body.bad(name, f"is longer than {longest} characters")
    sessions = of(request).sessions
    member, secret = await sessions.sign_in(fields["email"], fields["password"], guards.address(request))
    await sessions.end(request)
    return as_json({"user": member.shown()}, headers={"Set-Cookie": sessions.set_cookie(secret)})


async def who(request: Request) -> HTTPResponse:
    member = await guards.member(request)
    return as_json({"user": member.shown()})


async def sign_out(request: Request) -> HTTPResponse:
    guards.changes(request)
    sessions = of(request).sessions
    await sessions.end(request)
    headers = {"Set-Cookie": sessions.set_cookie("")} if cookie(request) else {}
    return HTTPResponse(status=204, headers=headers)


blueprint = Blueprint("session", url_prefix="/api/session")
blueprint.add_route(sign_in, "/", methods=["POST"])
blueprint.add_route(who, "/", methods=["GET"])
blueprint.add_route(sign_out, "/", methods=["DELETE"])
