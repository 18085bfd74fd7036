"""The console's lists, one conversation with all that is known of it, and the stream of what is new."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.errors import Missing
from bot.conversations.record import is_message_id
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.desk import acting, body, closed, context, guards, lists
from bot.desk.services import Services, of
from bot.desk.sessions import opened
from bot.desk.staff import Member
from bot.desk.stream import event
from bot.desk.widget import STREAM_HEADERS, as_json

VIEWS = ("queue", "team", "mine", "all", "mentions", "snoozed", "agents", "bot", "closed")
#: Conversations in one list.
_PAGE = 200


async def index(request: Request) -> HTTPResponse:
    member = await guards.agent(request)
    view, team, tag, before = (body.asked(request, name) for name in ("view", "team", "tag", "before"))
    view = view or "queue"
    if view not in VIEWS:
        raise body.bad("view", f"is to be one of {', '.join(VIEWS)}")
    if view == "team" and not team:
        raise body.bad("team", "is to say which team")
    services = of(request)

    def wanted(state: State) -> bool:
        return (not team or state.team == team) and (not tag or tag in state.tags)

    if view in ("bot", "closed"):  # too many to be read at once
        walk = (closed.walk(services.conversations, services.archive, before) if view == "closed" else
                lists.with_bot(services.conversations, before))
        page, live, following = await lists.page(walk, _PAGE, wanted)
    else:
        states = [state for state in await _states(services, view, member, team) if wanted(state)]
        page, following = _page(states, before)
        live = {state.id for state in page}
    found = await lists.counts(services.conversations, services.upkeep.archived)
    mentions = await services.conversations.unread_mentions(member.id)
    return as_json({"conversations": await _summaries(services, page, live), "next": following,
                    "counts": found.of(member.id, mentions)})


async def _states(services: Services, view: str, member: Member, team: str) -> list[State]:
    """The conversations of a view that people deal with, in its order."""
    conversations = services.conversations
    if view == "queue":
        return await lists.waiting(conversations)
    if view == "mentions":
        return await _mentioning(conversations, member)
    held = await lists.in_hands(conversations)
    if view == "agents":
        return held
    if view == "mine":
        return [state for state in held if state.agent == member.id and state.snoozed is None]
    if view == "snoozed":
        sleeping = [state for state in held if state.snoozed is not None]
        mine = [state for state in sleeping if state.agent == member.id or acting.supervises(member)]
        return sorted(mine, key=lambda state: state.snoozed or 0.0)
    waiting = await lists.waiting(conversations)
    if view == "team":
        return [state for state in [*waiting, *held] if state.snoozed is None]
    return sorted([*waiting, *held], key=lambda state: -state.updated)


async def _mentioning(conversations: Conversations, member: Member) -> list[State]:
    """Where a member was mentioned. What is no more is forgotten: a backup can bring back a mention without its
    conversation, which nobody could open and read."""
    cids = [cid for cid, _ in await conversations.mentioning(member.id)]
    states = await conversations.states(cids)
    await conversations.forget_mentions(member.id, sorted({*cids} - {state.id for state in states}))
    return states


def _page(states: list[State], before: str) -> tuple[list[State], str | None]:
    """The states after the one named by the cursor, and the cursor of what follows. One whose conversation has left the
    list begins anew: nothing is left out."""
    start = next((place + 1 for place, state in enumerate(states) if state.id == before), 0)
    page = states[start:start + _PAGE]
    return page, page[-1].id if start + _PAGE < len(states) else None


async def _summaries(services: Services, states: list[State], live: set[str]) -> list[dict[str, Any]]:
    shown = {summary["id"]: summary for summary in
             await lists.summaries(services.conversations, [state for state in states if state.id in live])}
    older = [state for state in states if state.id not in live]
    last = await asyncio.to_thread(services.archive.last_messages, [state.id for state in older]) if older else {}
    shown.update((state.id, state.summary(last.get(state.id))) for state in older)
    return [shown[state.id] for state in states]


async def show(request: Request, cid: str) -> HTTPResponse:
    member = await guards.agent(request)
    after = body.number(request.args.get("after"))
    services = of(request)
    if not is_message_id(cid):
        raise Missing(cid)
    try:
        state = await services.conversations.state(cid)
    except Missing:
        return await _show_archived(services, cid, after)
    if member.id in state.mentions:
        await services.conversations.read(cid, member.id)
    records = await services.conversations.records(cid, after)
    [summary] = await lists.summaries(services.conversations, [state])
    packet = await services.conversations.packet(cid)
    about = await context.about(services, state, packet)
    return as_json({"conversation": summary, "packet": packet, "records": records, **about})


async def _show_archived(services: Services, cid: str, after: int) -> HTTPResponse:
    found = await asyncio.to_thread(services.archive.find, cid, after)
    if found is None:
        raise Missing(cid)
    state, packet, records = found
    last = await asyncio.to_thread(services.archive.last_messages, [cid])
    about = await context.about(services, state, packet, archived=True)
    return as_json({"conversation": state.summary(last.get(cid)), "packet": packet, "records": records, **about})


async def events(request: Request) -> None:
    member = await guards.agent(request)
    services = of(request)
    stream = services.hub.open_console(opened(request, member.id))
    try:
        await services.conversations.saw([member.id])
        found = await lists.counts(services.conversations, services.upkeep.archived)
        mentions = await services.conversations.unread_mentions(member.id)
        stream.send_over(request.transport)
        response = await request.respond(headers=STREAM_HEADERS, content_type="text/event-stream")
        await response.send(event("counts", found.of(member.id, mentions)))
        while items := await stream.get():
            await response.send(b"".join(item.data for item in items))
        request.stream.keep_alive = False
        await response.eof()
    finally:
        services.hub.close(stream)


async def here(request: Request) -> HTTPResponse:
    """An open console answers its stream, so that a machine that sleeps does not count as an agent. Nobody does
    anything by that, and it keeps no session alive."""
    member = await guards.agent(request, used=False)
    guards.changes(request)
    await of(request).conversations.saw([member.id])
    return HTTPResponse(status=204)


blueprint = Blueprint("console", url_prefix="/api/console")
blueprint.add_route(index, "/conversations", methods=["GET"])
blueprint.add_route(events, "/events", methods=["GET"])
blueprint.add_route(here, "/here", methods=["POST"])
blueprint.add_route(show, "/conversations/<cid:str>", methods=["GET"])
