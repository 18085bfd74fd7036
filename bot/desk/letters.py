"""Answers by mail, over HTTP: where they go, and the way back from a mail into the conversation (docs/api.md)."""

from __future__ import annotations

import re
from contextlib import suppress

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.letters import NoSuchCode, NotByMail, UsedCode
from bot.conversations.record import BadText, clean
from bot.desk import body, guards
from bot.desk.errors import ApiError
from bot.desk.services import of
from bot.desk.widget import as_json
from bot.mail.letter import BadMail, recipient

#: Uses and window in seconds: of addresses by conversation and by caller, of codes by caller, of new links by
#: conversation.
_ADDRESSES, _FROM_ONE, _CODES, _LINKS = (10, 3600), (30, 3600), (30, 60), (3, 3600)
#: Of what can be written to, what a mail server would take; whether somebody reads it shows when the answer goes out.
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")


async def write_to(request: Request) -> HTTPResponse:
    cid = await guards.customer(request)
    fields = body.read(request, required={"email": str}, optional={"name": str, "text": str, "id": str})
    email = _address(fields["email"].strip())
    try:
        name = " ".join(clean(fields["name"], 80).split()) if fields.get("name", "").strip() else ""
    except BadText:
        raise body.bad("name", "is to have at most 80 characters") from None
    if ("text" in fields) != ("id" in fields):
        raise ApiError(400, "missing_field", "A text needs an id, and an id a text.", field="id")
    await guards.not_too_often(request, f"address:{cid}", *_ADDRESSES)
    await guards.not_too_often(request, f"address:{guards.address(request)}", *_FROM_ONE)
    services = of(request)
    if "text" in fields:
        # First what was said, so that whoever is told of the address finds it.
        text = clean(fields["text"])
        state = await services.conversations.state(cid)
        if state.owner not in ("queue", "agent"):
            raise _not_by_mail()
        await services.conversations.post(cid, body.message_id(fields), text, token=guards.token(request))
    try:
        await services.correspondence.letters.write_to(cid, email, name)
    except NotByMail:
        raise _not_by_mail() from None
    return HTTPResponse(status=204)


async def read(request: Request) -> HTTPResponse:
    """The customer has read so far, so that is not mailed."""
    cid = await guards.customer(request)
    seq = body.read(request, required={"seq": int})["seq"]
    if not 0 < seq <= body.LARGEST_SEQ:
        raise body.bad("seq", "is to be that of a record")
    await guards.not_too_often(request, f"read:{cid}", *guards.MESSAGES)
    await of(request).correspondence.letters.read(cid, seq)
    return HTTPResponse(status=204)


async def resume(request: Request) -> HTTPResponse:
    """Changes a mailed code for a token. One that was used brings a new link to the same address."""
    code = body.read(request, required={"code": str})["code"]
    await guards.not_too_often(request, f"resume:{guards.address(request)}", *_CODES)
    services = of(request)
    known = await services.conversations.opened_by(guards.token(request))
    try:
        cid, made = await services.correspondence.letters.resume(code[:200], known or "")
    except NoSuchCode:
        raise ApiError(404, "not_found", "This link no longer works.") from None
    except UsedCode as used:
        await guards.not_too_often(request, f"link:{used.cid}", *_LINKS)
        await services.correspondence.send_link(used.cid)
        raise ApiError(409, "link_used", "This link was used before; a new one is on its way by mail.") from None
    return as_json({"conversation": cid, "token": made})


def _address(email: str) -> str:
    """The address, if answers can go there. Raises ApiError."""
    if len(email) <= 200 and _EMAIL.fullmatch(email):
        with suppress(BadMail):
            return recipient(email).addr_spec
    raise body.bad("email", "is to be an e-mail address such as ada@example.org")


def _not_by_mail() -> ApiError:
    return ApiError(409, "refused", "Nobody of the staff has this conversation, so no answer would come by mail.")


blueprint = Blueprint("letters", url_prefix="/api/widget")
blueprint.add_route(write_to, "/mail", methods=["POST"])
blueprint.add_route(read, "/read", methods=["POST"])
blueprint.add_route(resume, "/resume", methods=["POST"])
