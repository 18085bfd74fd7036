"""What agents and supervisors do to a conversation (docs/api.md)."""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.acts import OUTCOMES, By, Posted
from bot.conversations.errors import Missing, Refused, Stale
from bot.conversations.placement import PRIORITIES, Placement
from bot.conversations.record import clean, is_message_id
from bot.conversations.state import State
from bot.desk import body, carried
from bot.desk.acting import acting, changed, live_only, supervises
from bot.desk.errors import ApiError
from bot.desk.rota import placement
from bot.desk.services import Services, of
from bot.desk.staff import Member
from bot.desk.widget import as_json
from bot.roster.errors import BadItem
from bot.roster.fields import words

#: What is said of a fault at the end of a conversation, and how far ahead something may be put off.
_LONGEST_DETAIL = 500
_LONGEST_SLEEP = 90 * 86400
_MOST_MENTIONED = 20


# Changes of owner

async def claim(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, optional={"epoch": int, "force": bool})
    epoch, force = fields.get("epoch"), fields.get("force", False)
    if force and not supervises(member):
        raise ApiError(403, "forbidden", "Only supervisors take a conversation over from somebody.", field="force")
    services = of(request)
    async with live_only(services, cid):
        state = await services.conversations.state(cid)
        within = await services.rota.answer_within(state.team)
        # Stepping in before the bot hands over: only as the agent saw it, so nothing that happened since is lost.
        owner = "bot" if epoch is not None and state.owner == "bot" else "queue"
        try:
            if force and state.owner == "agent" and state.agent != member.id:
                by = By(member.id, member.name)
                state = await services.conversations.assign(cid, member.id, member.name, by, epoch=epoch,
                                                            answer_within=within)
            else:
                state = await services.conversations.claim(cid, member.id, member.name, epoch, owner, within)
        except Stale as stale:
            if stale.owner != "agent" or stale.agent != member.id:
                raise
            # A claim that is sent again because its answer was lost.
            state = await services.conversations.state(cid)
    return await changed(services, state)


async def release(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    note = body.note(body.read(request, optional={"note": str}))
    services = of(request)
    async with live_only(services, cid):
        state = await services.conversations.release(cid, member.id, member.name, note)
    return await changed(services, state)


async def hand_back(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    note = body.note(body.read(request, optional={"note": str}))
    services = of(request)
    async with live_only(services, cid):
        state = await services.conversations.hand_back(cid, member.id, member.name, note)
    return await changed(services, state)


async def transfer(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, optional={"team": str, "agent": str, "skill": str, "priority": str, "note": str,
                                          "epoch": int})
    if ("team" in fields) == ("agent" in fields):
        raise ApiError(400, "missing_field", "One of the fields 'team' and 'agent' is wanted.", field="team")
    note, services = body.note(fields), of(request)
    async with live_only(services, cid):
        state = await services.conversations.state(cid)
        held_by = _held_by(state, member)
        if "agent" in fields:
            for name in ("skill", "priority"):
                if name in fields:
                    raise body.bad(name, "goes with a team, not with an agent")
            to = await _colleague(services, fields["agent"])
            state = await give_to(services, state, to, member, fields.get("epoch"), held_by, note)
        else:
            state = await to_team(services, state, member, fields, held_by, note)
    return await changed(services, state)


def _held_by(state: State, member: Member) -> str:
    """Whose conversation it has to be for `member` to move it: anybody's for supervisors."""
    if state.owner == "agent" and state.agent == member.id:
        return member.id
    if not supervises(member):
        raise Stale(state.owner, state.agent, state.agent_name)
    return ""


async def to_team(services: Services, state: State, member: Member, fields: dict[str, Any], held_by: str,
                   note: str) -> State:
    setup = await services.rota.setup()
    team = setup.teams.get(fields["team"])
    if team is None:
        raise body.bad("team", f"names {fields['team'][:40]!r}, which is no team; somebody may have removed it")
    skill = fields.get("skill", "")
    if skill and skill not in team.skills:
        raise body.bad("skill", f"names {skill[:40]!r}, which the team {team.name!r} does not offer")
    priority = fields.get("priority", state.priority)
    if priority not in PRIORITIES:
        raise body.bad("priority", f"is to be one of {', '.join(PRIORITIES)}")
    to = placement(setup, team, priority, await services.conversations.now(), skill)
    before = setup.teams.get(state.team)
    return await services.conversations.transfer(
        state.id, to, By(member.id, member.name), fields.get("epoch"), held_by, note,
        escalated=before is not None and team.tier > before.tier)


async def assign(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, required={"agent": str}, optional={"epoch": int})
    if not supervises(member):
        raise ApiError(403, "forbidden", "Only supervisors give conversations to others.")
    services = of(request)
    async with live_only(services, cid):
        state = await services.conversations.state(cid)
        to = await _colleague(services, fields["agent"])
        state = await give_to(services, state, to, member, fields.get("epoch"))
    return await changed(services, state)


async def _colleague(services: Services, agent: str) -> Member:
    found = await services.rota.member(agent)
    if found is None:
        raise body.bad("agent", f"names {agent[:40]!r}, who is nobody at this console")
    return found


async def give_to(services: Services, state: State, to: Member, by: Member, epoch: int | None, held_by: str = "",
                  note: str = "") -> State:
    return await services.conversations.assign(
        state.id, to.id, to.name, By(by.id, by.name), epoch=epoch, held_by=held_by, note=note,
        answer_within=await services.rota.answer_within(state.team))


async def close(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    details = ("product", "fault", "cause")
    fields = body.read(request, required={"outcome": str}, optional={"note": str, **dict.fromkeys(details, str)})
    if fields["outcome"] not in OUTCOMES:
        raise body.bad("outcome", f"is to be one of {', '.join(OUTCOMES)}")
    told = {name: clean(fields[name], _LONGEST_DETAIL) for name in details if fields.get(name, "").strip()}
    services = of(request)
    async with live_only(services, cid):
        state = await services.conversations.close(cid, member.id, member.name, fields["outcome"], body.note(fields),
                                                   told)
    return await changed(services, state)


async def merge(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    into = body.read(request, required={"into": str})["into"]
    if not is_message_id(into):
        raise body.bad("into", "names no conversation")
    services = of(request)
    async with live_only(services, cid):
        try:
            state = await services.conversations.merge(cid, into, member.id, member.name)
        except Missing as missing:
            if missing.cid != into:
                raise
            raise body.bad("into", "names no conversation that is open") from None
    return await changed(services, state)


# What leaves the owner

async def prioritise(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    priority = body.read(request, required={"priority": str})["priority"]
    if priority not in PRIORITIES:
        raise body.bad("priority", f"is to be one of {', '.join(PRIORITIES)}")
    services = of(request)
    async with live_only(services, cid):
        state = await services.conversations.state(cid)
        if state.owner == "agent":
            _held_by(state, member)
        elif state.owner != "queue":
            raise Stale(state.owner, state.agent, state.agent_name)
        state = await set_priority(services, state, member, priority)
    return await changed(services, state)


async def set_priority(services: Services, state: State, by: Member, priority: str) -> State:
    """Another priority, and with it another place and other targets."""
    setup = await services.rota.setup()
    while True:
        # A team that was removed has no targets; what waits for it is routed anew.
        team = setup.teams.get(state.team)
        to = (placement(setup, team, priority, state.counted_from, state.skill) if team else
              Placement(state.team, state.skill, priority))
        try:
            return await services.conversations.prioritise(state.id, to, By(by.id, by.name), state.epoch,
                                                           ("mark", state.mark))
        except Stale:
            seen, state = state, await services.conversations.state(state.id)
            if state.epoch != seen.epoch or state.mark == seen.mark:
                raise
            # It was routed in between, or the like: by the targets of that team, then.


async def tag(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, optional={"add": list, "remove": list})
    try:
        add, remove = words(fields, "add"), words(fields, "remove")
    except BadItem as error:
        raise ApiError(400, "bad_field", str(error), field=error.field) from None
    if not add and not remove:
        raise ApiError(400, "missing_field", "One of the fields 'add' and 'remove' is wanted.", field="add")
    services = of(request)
    async with live_only(services, cid):
        state = await services.conversations.tag(cid, By(member.id, member.name), add, remove)
    return await changed(services, state)


async def snooze(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, optional={"until": object})
    if "until" not in fields:
        raise ApiError(400, "missing_field", "The field 'until' is missing.", field="until")
    until, services = fields["until"], of(request)
    if until is not None:
        now = await services.conversations.now()
        if type(until) not in (int, float) or not now < until <= now + _LONGEST_SLEEP:
            raise body.bad("until", "is to be a time in seconds since 1970, in the next 90 days")
    async with live_only(services, cid):
        state = await services.conversations.snooze(cid, member.id, member.name, until)
    return await changed(services, state)


# What is said

async def say(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, required={"id": str}, optional={"text": str, "attachments": list})
    message_id = body.message_id(fields)
    text, files = await carried.carried(request, cid, "agent", fields)
    services = of(request)
    async with live_only(services, cid):
        posted = await services.conversations.say(cid, member.id, member.name, message_id, text, files)
    await carried.settle(request, files, posted.seq)
    return _posted(message_id, posted)


async def write_note(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, required={"id": str, "text": str}, optional={"mentions": list})
    message_id, text = body.message_id(fields), clean(fields["text"])
    services = of(request)
    mentions = list(dict.fromkeys(map(str, fields.get("mentions", ()))))[:_MOST_MENTIONED]
    for agent in mentions:
        if await services.rota.member(agent) is None:
            raise body.bad("mentions", f"names {agent[:40]!r}, who is nobody at this console")
    async with live_only(services, cid):
        posted = await services.conversations.note(cid, member.id, member.name, message_id, text, mentions)
    return _posted(message_id, posted)


def _posted(message_id: str, posted: Posted) -> HTTPResponse:
    return as_json({"id": message_id, "seq": posted.seq, "duplicate": posted.duplicate})


async def edit(request: Request, cid: str, seq: str) -> HTTPResponse:
    member = await acting(request, cid)
    text = clean(body.read(request, required={"text": str})["text"])
    services = of(request)
    async with live_only(services, cid):
        made = await services.conversations.edit(cid, member.id, member.name, _seq(seq), text)
    return as_json({"seq": made})


async def delete(request: Request, cid: str, seq: str) -> HTTPResponse:
    member = await acting(request, cid)
    body.read(request)
    services = of(request)
    async with live_only(services, cid):
        made = await services.conversations.delete(cid, member.id, member.name, _seq(seq))
    return as_json({"seq": made})


def _seq(raw: str) -> int:
    if not (found := body.number(raw)):
        raise Refused("not_yours", "This is no record of the conversation.")
    return found


# Who is there

async def typing(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, required={"typing": bool})
    services = of(request)
    async with live_only(services, cid):
        state = await services.conversations.state(cid)
    if state.owner != "agent" or state.agent != member.id:
        raise Stale(state.owner, state.agent, state.agent_name)
    await services.conversations.typing(cid, "agent", member.name, fields["typing"])
    return HTTPResponse(status=204)


async def viewing(request: Request, cid: str) -> HTTPResponse:
    member = await acting(request, cid)
    fields = body.read(request, required={"viewing": bool}, optional={"typing": bool})
    services = of(request)
    async with live_only(services, cid):
        await services.conversations.state(cid)
    await services.conversations.viewing(cid, member.id, member.name, fields["viewing"], fields.get("typing", False))
    return HTTPResponse(status=204)


blueprint = Blueprint("acts", url_prefix="/api/console/conversations/<cid:str>")
for _name, _handler in (("claim", claim), ("release", release), ("handback", hand_back), ("transfer", transfer),
                        ("assign", assign), ("close", close), ("merge", merge), ("priority", prioritise), ("tags", tag),
                        ("snooze", snooze), ("messages", say), ("notes", write_note), ("typing", typing),
                        ("viewing", viewing), ("messages/<seq:str>/edit", edit), ("messages/<seq:str>/delete", delete)):
    blueprint.add_route(_handler, f"/{_name}", methods=["POST"])
