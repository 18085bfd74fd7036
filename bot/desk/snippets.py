"""Canned replies filled in for a conversation, and macros carried out in one (docs/api.md)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.acts import MOST_TAGS, By
from bot.conversations.errors import Missing, Stale
from bot.conversations.record import MAX_TEXT, is_message_id
from bot.conversations.state import State
from bot.desk import acts, body, guards
from bot.desk.acting import acting, live_only
from bot.desk.errors import ApiError
from bot.desk.lists import summaries
from bot.desk.services import Services, of
from bot.desk.staff import Member
from bot.desk.widget import as_json
from bot.roster import placeholders

#: What any agent may do to a conversation that is somebody else's.
_ANYBODYS = ("note", "tag")


async def canned(request: Request, cid: str, item: str) -> HTTPResponse:
    """The reply as it would be written here; ``missing`` names what stands as «…» in it."""
    member = await guards.agent(request)
    if not is_message_id(cid):
        raise Missing(cid)
    services = of(request)
    reply = await asyncio.to_thread(services.roster.get, "canned", item)
    values = await _values(services, await services.conversations.state(cid), member)
    text, missing = placeholders.filled(reply["text"], values)
    return as_json({"text": text, "missing": missing})


async def run(request: Request, cid: str) -> HTTPResponse:
    """Everything that can be known before is checked before the first step. If somebody takes the conversation away in
    between, the answer is 409 ``stale``, and what was done until then stands."""
    member = await acting(request, cid)
    fields = body.read(request, required={"macro": str}, optional={"id": str})
    services = of(request)
    macro = await asyncio.to_thread(services.roster.get, "macros", fields["macro"])
    call = body.message_id(fields)[:56] if "id" in fields else secrets.token_urlsafe(9)
    async with live_only(services, cid):
        state = await services.conversations.state(cid)
        steps = await _checked(services, state, member, macro)
        sent = [seq for number, step in enumerate(steps)
                if (seq := await _do(services, cid, member, step, f"{call}-{number}"))]
        state = await services.conversations.state(cid)
    [summary] = await summaries(services.conversations, [state])
    return as_json({"conversation": summary, "sent": sent})


async def _checked(
    services: Services, state: State, member: Member, macro: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The steps with their texts filled in. Raises Stale, and ApiError ``macro_refused`` for what cannot be done."""
    mine = state.owner == "agent" and state.agent == member.id
    if not mine and any(step["do"] not in _ANYBODYS for step in macro["steps"]):
        raise Stale(state.owner, state.agent, state.agent_name)
    values, steps = await _values(services, state, member), []
    tags = set(state.tags)
    for step in macro["steps"]:
        if "text" in step:
            text, missing = placeholders.filled(step["text"], values)
            if missing:
                raise _refused(macro, f"needs {' and '.join(missing)}, which is not known in this conversation")
            if len(text) > MAX_TEXT:
                raise _refused(macro, f"has a text that is longer than {MAX_TEXT:,} characters here")
            step = {**step, "text": text}
        if step["do"] == "assign":
            await _to_whom(services, macro, step)
        if step["do"] == "tag":
            tags = tags.union(step["add"]).difference(step["remove"])
            if len(tags) > MOST_TAGS:
                raise _refused(macro, f"would put more than {MOST_TAGS} tags on this conversation")
        steps.append(step)
    return steps


async def _to_whom(services: Services, macro: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    services.rota.changed()
    if "team" in step and step["team"] not in (await services.rota.setup()).teams:
        raise _refused(macro, f"gives the conversation to the team {step['team']!r}, which has been removed; "
                              "nothing was done: a supervisor can give the macro another team")
    if "agent" in step and step["agent"] not in await services.rota.members():
        raise _refused(macro, f"gives the conversation to {step['agent']!r}, who is nobody at this console any more; "
                              "nothing was done: a supervisor can give the macro another agent")


async def _do(services: Services, cid: str, member: Member, step: Mapping[str, Any], message_id: str) -> int:
    """Carries one step out; returns the seq of what was said, 0 where nothing was."""
    conversations, by, do = services.conversations, (member.id, member.name), step["do"]
    if do == "reply":
        return (await conversations.say(cid, *by, message_id, step["text"])).seq
    if do == "note":
        return (await conversations.note(cid, *by, message_id, step["text"])).seq
    if do == "tag":
        await conversations.tag(cid, By(*by), step["add"], step["remove"])
    elif do == "priority":
        await acts.set_priority(services, await conversations.state(cid), member, step["priority"])
    elif do == "snooze":
        await conversations.snooze(cid, *by, await conversations.now() + 60 * step["minutes"])
    elif do == "close":
        await conversations.close(cid, *by, step["outcome"])
    elif "team" in step:
        await acts.to_team(services, await conversations.state(cid), member, {"team": step["team"]}, member.id, "")
    else:
        to = (await services.rota.members())[step["agent"]]
        await acts.give_to(services, await conversations.state(cid), to, member, None, member.id)
    return 0


async def _values(services: Services, state: State, member: Member) -> dict[str, str]:
    packet = await services.conversations.packet(state.id)
    what = (packet or {}).get("what") or {}
    # Who it was before the conversation was opened again may be somebody else.
    return {"customer.name": state.customer.name if state.customer else "", "agent.name": member.name,
            "shop": str((await asyncio.to_thread(services.texts.config))["shop"]),
            "order": str(what.get("order") or ""), "conversation": state.id}


def _refused(macro: Mapping[str, Any], why: str) -> ApiError:
    return ApiError(409, "macro_refused", f"The macro {macro['title']!r} {why}.")


blueprint = Blueprint("snippets", url_prefix="/api/console/conversations/<cid:str>")
blueprint.add_route(canned, "/canned/<item:str>", methods=["GET"])
blueprint.add_route(run, "/macro", methods=["POST"])
