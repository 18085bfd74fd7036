"""The customers' side of docs/api.md."""

from __future__ import annotations

import json
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.amendments import seen_by_customer
from bot.conversations.errors import StoreUnavailable
from bot.conversations.record import clean
from bot.database import DatabaseUnavailable
from bot.desk import body, carried, guards
from bot.desk.errors import ApiError
from bot.desk.services import of
from bot.desk.stream import Feed, event
from kb_index.topics import Topic

STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def as_json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> HTTPResponse:
    return HTTPResponse(json.dumps(data, ensure_ascii=False), status, headers, content_type="application/json")


async def config(request: Request) -> HTTPResponse:
    starters = [topic.title for topic in await _topics(request)]
    services = of(request)
    return as_json({**services.texts.config(), "starters": starters, "max_file_mb": services.settings.attachment_mb})


async def _topics(request: Request) -> list[Topic]:
    """The topics of the start menu; none where the database was never reached, since the chat works without them."""
    try:
        return (await of(request).shelf.get()).topics
    except DatabaseUnavailable:
        return []


async def create(request: Request) -> HTTPResponse:
    fields = body.read(request, optional={"page": str, "locale": str, "identity": str})
    page, locale = body.page(fields), body.locale(fields)
    await guards.not_too_often(request, f"conversations:{guards.address(request)}", *guards.NEW_CONVERSATIONS)
    identity = of(request).tokens.identity(fields["identity"]) if "identity" in fields else None
    cid, token = await of(request).conversations.create(page, locale, body.browser(request), identity)
    return as_json({"conversation": cid, "token": token}, 201)


async def identify(request: Request) -> HTTPResponse:
    """The customer signed in on the page, after the conversation began or on another page."""
    cid = await guards.customer(request)
    fields = body.read(request, required={"identity": str})
    await guards.not_too_often(request, f"identity:{cid}", *guards.IDENTITIES)
    await of(request).conversations.identify(cid, of(request).tokens.identity(fields["identity"]),
                                              guards.token(request))
    return HTTPResponse(status=204)


async def conversation(request: Request) -> HTTPResponse:
    cid = await guards.customer(request)
    conversations = of(request).conversations
    state = await conversations.state(cid)
    records = await conversations.records(cid, body.number(request.args.get("after")))
    return as_json({
        "conversation": cid,
        "status": await of(request).lobby.status(state),
        "records": seen_by_customer(records),
    })


async def post(request: Request) -> HTTPResponse:
    cid = await guards.customer(request)
    fields = body.read(request, required={"id": str}, optional={"text": str, "choice": dict, "attachments": list,
                                                                  "locale": str})
    message_id, locale = body.message_id(fields), body.locale(fields)
    if ("text" in fields or "attachments" in fields) == ("choice" in fields):
        raise ApiError(400, "missing_field", "One of the fields 'text' and 'choice' is wanted.", field="text")
    payload = ""
    files: list[dict[str, Any]] = []
    if "choice" in fields:
        text, payload = await _choice(request, cid, fields["choice"])
    else:
        text, files = await carried.carried(request, cid, "customer", fields)
    await guards.not_too_often(request, f"messages:{cid}", *guards.MESSAGES)
    services = of(request)
    posted = await services.conversations.post(cid, message_id, text, payload, files,
                                               services.settings.reopen_hours * 3600, locale, guards.token(request))
    await carried.settle(request, files, posted.seq)
    return as_json({"id": message_id, "seq": posted.seq, "duplicate": posted.duplicate})


async def _choice(request: Request, cid: str, choice: dict[str, Any]) -> tuple[str, str]:
    """The title of a button that the bot offered or of a topic, and what it stands for. Raises ApiError
    ``choice_unknown``."""
    if set(choice) == {"topic"}:
        found = next((topic for topic in await _topics(request) if topic.title == choice["topic"]), None)
        if found is None:
            raise ApiError(400, "choice_unknown", "This choice was not offered.")
        return clean(found.title), f"topic:{found.name}"
    for name in choice:
        if name not in ("seq", "index"):
            raise ApiError(400, "unknown_field", f"There is no field {name[:40]!r} in a choice.", field=name[:40])
    seq, index = choice.get("seq"), choice.get("index")
    if type(seq) is not int or type(index) is not int:
        raise body.bad("choice", 'is to be {"seq": number, "index": number} or {"topic": title}')
    unknown = ApiError(400, "choice_unknown", "This choice was not offered.")
    record = await of(request).conversations.record(cid, seq) if 0 < seq <= body.LARGEST_SEQ else None
    if record is None or record.get("from") != "bot" or not 0 <= index < len(record.get("buttons") or ()):
        raise unknown
    payloads = record.get("payloads") or []
    return clean(record["buttons"][index]["title"]), payloads[index] if index < len(payloads) else ""


async def typing(request: Request) -> HTTPResponse:
    cid = await guards.customer(request)
    fields = body.read(request, required={"typing": bool})
    conversations = of(request).conversations
    # Too much of it is not worth an error: it is simply not passed on.
    if not await conversations.wait_seconds(f"typing:{cid}", *guards.TYPING):
        await conversations.typing(cid, "customer", "", fields["typing"])
    return HTTPResponse(status=204)


async def events(request: Request) -> None:
    cid = await guards.customer(request)
    services = of(request)
    # Open before reading: what happens in between waits in the stream, and the feed leaves out what it has sent.
    stream = services.hub.open(cid)
    try:
        state = await services.conversations.state(cid)
        seq = body.number(request.headers.get("last-event-id"))
        # A number beyond the log is not of this conversation.
        feed = Feed(services.conversations, cid, seq if seq <= state.seq else 0)
        stream.told = await services.lobby.status(state)
        opening = event("status", stream.told) + await feed.catch_up()
        stream.send_over(request.transport)
        response = await request.respond(headers=STREAM_HEADERS, content_type="text/event-stream")
        await response.send(opening)
        while items := await stream.get():
            if data := await feed.take(items):
                await response.send(data)
        # The connection is not used again, so a desk that stops need not wait for it.
        request.stream.keep_alive = False
        await response.eof()
    except StoreUnavailable:
        if not request.responded:
            raise
        request.transport.abort()
    finally:
        services.hub.close(stream)


blueprint = Blueprint("widget", url_prefix="/api/widget")
blueprint.add_route(config, "/config", methods=["GET"])
blueprint.add_route(create, "/conversations", methods=["POST"])
blueprint.add_route(identify, "/identity", methods=["POST"])
blueprint.add_route(conversation, "/conversation", methods=["GET"])
blueprint.add_route(post, "/messages", methods=["POST"])
blueprint.add_route(typing, "/typing", methods=["POST"])
blueprint.add_route(events, "/events", methods=["GET"])
