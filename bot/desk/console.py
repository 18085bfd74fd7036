"""The agents' side of docs/api.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.errors import Missing, Stale
from bot.conversations.record import is_message_id
from bot.conversations.state import State
from bot.conversations.store import Posted
from bot.desk import body, carried, context, guards, lists
from bot.desk.errors import ApiError
from bot.desk.services import Services, of
from bot.desk.staff import Member
from bot.desk.stream import event
from bot.desk.widget import STREAM_HEADERS, as_json

VIEWS = ("queue", "mine", "agents", "bot", "closed")
OUTCOMES = ("solved", "not_solved", "product_fault", "duplicate", "spam")
#: Conversations in one list.
_MOST_LISTED = 200


async def _agent(request: Request) -> Member:
    return await guards.member(request, "agent", "admin")


async def _acting(request: Request, cid: str) -> Member:
    """The agent who changes the conversation `cid`, which is a sign of life. Raises Missing for an id that is none."""
    member = await _agent(request)
    guards.changes(request)
    if not is_message_id(cid):
        raise Missing(cid)
    await of(request).conversations.saw([member.id])
    return member


async def index(request: Request) -> HTTPResponse:
    member = await _agent(request)
    view = request.args.get("view", "queue")
    if view not in VIEWS:
        raise body.bad("view", f"is to be one of {', '.join(VIEWS)}")
    services = of(request)
    shown, held = await lists.counts(services.conversations, services.upkeep.archived)
    return as_json({"conversations": await _view(services, view, member),
                    "counts": {**shown, "mine": held[member.id]}})


async def _view(services: Services, view: str, member: Member) -> list[dict[str, Any]]:
    conversations = services.conversations
    if view in ("mine", "agents"):
        states = await lists.in_hands(conversations)
        if view == "mine":
            states = [state for state in states if state.agent == member.id]
        return await lists.summaries(conversations, states[:_MOST_LISTED])
    states = await conversations.states(await conversations.owned(view, _MOST_LISTED))
    found = await lists.summaries(conversations, [state for state in states if state.owner == view])
    if view == "closed" and len(found) < _MOST_LISTED:
        live = {summary["id"] for summary in found}
        older = await asyncio.to_thread(_archived, services, _MOST_LISTED - len(found))
        found += [summary for summary in older if summary["id"] not in live]
    return found


def _archived(services: Services, limit: int) -> list[dict[str, Any]]:
    states = services.archive.states(limit)
    last = services.archive.last_messages([state.id for state in states])
    return [state.summary(last.get(state.id)) for state in states]


async def show(request: Request, cid: str) -> HTTPResponse:
    await _agent(request)
    after = body.number(request.args.get("after"))
    services = of(request)
    if not is_message_id(cid):
        raise Missing(cid)
    try:
        state = await services.conversations.state(cid)
    except Missing:
        return await _show_archived(services, cid, after)
    records = await services.conversations.records(cid, after)
    [summary] = await lists.summaries(services.conversations, [state])
    packet = await services.conversations.packet(cid)
    about = await context.about(services, cid, state.customer, packet)
    return as_json({"conversation": summary, "packet": packet, "records": records, **about})


async def _show_archived(services: Services, cid: str, after: int) -> HTTPResponse:
    found = await asyncio.to_thread(services.archive.find, cid, after)
    if found is None:
        raise Missing(cid)
    state, packet, records = found
    last = await asyncio.to_thread(services.archive.last_messages, [cid])
    about = await context.about(services, cid, None, packet)
    return as_json({"conversation": state.summary(last.get(cid)), "packet": packet, "records": records, **about})


async def _changed(services: Services, state: State) -> HTTPResponse:
    [summary] = await lists.summaries(services.conversations, [state])
    return as_json({"conversation": summary})


async def claim(request: Request, cid: str) -> HTTPResponse:
    member = await _acting(request, cid)
    epoch = body.read(request, optional={"epoch": int}).get("epoch")
    services = of(request)
    async with _live_only(services, cid):
        state = await services.conversations.state(cid)
        # Stepping in before the bot hands over: only as the agent saw it, so nothing that happened since is lost.
        owner = "bot" if epoch is not None and state.owner == "bot" else "queue"
        try:
            state = await services.conversations.claim(cid, member.id, member.name, epoch, owner)
        except Stale as stale:
            if stale.owner != "agent" or stale.agent != member.id:
                raise
            # A claim that is sent again because its answer was lost.
            state = await services.conversations.state(cid)
    return await _changed(services, state)


async def release(request: Request, cid: str) -> HTTPResponse:
    member = await _acting(request, cid)
    note = body.note(body.read(request, optional={"note": str}))
    services = of(request)
    async with _live_only(services, cid):
        state = await services.conversations.release(cid, member.id, member.name, note)
    return await _changed(services, state)


async def hand_back(request: Request, cid: str) -> HTTPResponse:
    member = await _acting(request, cid)
    note = body.note(body.read(request, optional={"note": str}))
    services = of(request)
    async with _live_only(services, cid):
        state = await services.conversations.hand_back(cid, member.id, member.name, note)
    return await _changed(services, state)


async def close(request: Request, cid: str) -> HTTPResponse:
    member = await _acting(request, cid)
    fields = body.read(request, required={"outcome": str}, optional={"note": str})
    if fields["outcome"] not in OUTCOMES:
        raise body.bad("outcome", f"is to be one of {', '.join(OUTCOMES)}")
    services = of(request)
    async with _live_only(services, cid):
        state = await services.conversations.close(cid, member.id, member.name, fields["outcome"], body.note(fields))
    return await _changed(services, state)


async def say(request: Request, cid: str) -> HTTPResponse:
    return await _write(request, cid, note=False)


async def write_note(request: Request, cid: str) -> HTTPResponse:
    return await _write(request, cid, note=True)


async def _write(request: Request, cid: str, note: bool) -> HTTPResponse:
    member = await _acting(request, cid)
    fields = body.read(request, required={"id": str}, optional={"text": str, **({} if note else {"attachments": list})})
    message_id = body.message_id(fields)
    text, files = await carried.carried(request, cid, "agent", fields)
    services = of(request)
    by = member.id, member.name
    async with _live_only(services, cid):
        posted: Posted = (await services.conversations.note(cid, *by, message_id, text) if note else
                          await services.conversations.say(cid, *by, message_id, text, files))
    await carried.settle(request, files, posted.seq)
    return as_json({"id": message_id, "seq": posted.seq, "duplicate": posted.duplicate})


async def typing(request: Request, cid: str) -> HTTPResponse:
    member = await _acting(request, cid)
    fields = body.read(request, required={"typing": bool})
    services = of(request)
    async with _live_only(services, cid):
        state = await services.conversations.state(cid)
    if state.owner != "agent" or state.agent != member.id:
        raise Stale(state.owner, state.agent, state.agent_name)
    await services.conversations.typing(cid, "agent", member.name, fields["typing"])
    return HTTPResponse(status=204)


@asynccontextmanager
async def _live_only(services: Services, cid: str) -> AsyncIterator[None]:
    """Says of a conversation that cannot be changed why: it is in the archive, or it never was."""
    try:
        yield
    except Missing:
        if not await asyncio.to_thread(services.archive.seq, cid):
            raise
        owner = {"owner": "closed", "agent": None}
        raise ApiError(409, "closed", "This conversation is closed and archived.", owner=owner) from None


async def events(request: Request) -> None:
    member = await _agent(request)
    services = of(request)
    stream = services.hub.open_console(member.id)
    try:
        await services.conversations.saw([member.id])
        shown, held = await lists.counts(services.conversations, services.upkeep.archived)
        stream.cut = request.transport.abort
        response = await request.respond(headers=STREAM_HEADERS, content_type="text/event-stream")
        await response.send(event("counts", {**shown, "mine": held[member.id]}))
        while items := await stream.get():
            await response.send(b"".join(item.data for item in items))
        request.stream.keep_alive = False
        await response.eof()
    finally:
        services.hub.close(stream)


blueprint = Blueprint("console", url_prefix="/api/console")
blueprint.add_route(index, "/conversations", methods=["GET"])
blueprint.add_route(events, "/events", methods=["GET"])
blueprint.add_route(show, "/conversations/<cid:str>", methods=["GET"])
for _name, _handler in (("claim", claim), ("release", release), ("handback", hand_back), ("close", close),
                        ("messages", say), ("notes", write_note), ("typing", typing)):
    blueprint.add_route(_handler, f"/conversations/<cid:str>/{_name}", methods=["POST"])
