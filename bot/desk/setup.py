"""How the desk is set up: what agents read of it, what supervisors change (docs/api.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.desk import body, guards, lists
from bot.desk.errors import ApiError
from bot.desk.services import Services, of
from bot.desk.staff import Member
from bot.desk.widget import as_json
from bot.roster.roster import KINDS


async def show(request: Request) -> HTTPResponse:
    """Everything that the console needs to know of the desk, in one go."""
    member = await guards.agent(request)
    services = of(request)
    # Of a desk that was changed by another one nothing old is shown.
    services.rota.changed()
    setup = await services.rota.setup()
    agents = await agents_shown(services)
    parts = {kind: await asyncio.to_thread(services.roster.all, kind) for kind in KINDS}
    mine = next((agent for agent in agents if agent["id"] == member.id), None)
    now = await services.conversations.now()
    return as_json({
        "me": {"id": member.id, "status": mine["status"] if mine else "offline",
               "capacity": setup.agent(member.id).capacity},
        **parts,
        "agents": agents,
        "tags": await lists.tags(services.conversations),
        "skills": sorted({skill for team in setup.teams.values() for skill in team.skills}
                         | {skill for agent in setup.agents.values() for skill in agent.skills}),
        "open_now": setup.open_at(now),
    })


async def agents_shown(services: Services) -> list[dict[str, Any]]:
    """Everybody at the console with what they do and are, by name."""
    # Asked in this order: to look for candidates may read anew who there is, and somebody added a moment ago is one.
    candidates = await services.rota.candidates()
    setup, people = await services.rota.setup(), await services.rota.members()
    found = []
    for candidate in candidates:
        person, settings = people.get(candidate.id), setup.agent(candidate.id)
        if person is None:
            continue  # left the staff meanwhile
        found.append({"id": person.id, "name": person.name, "role": person.role, "status": candidate.status,
                      "load": candidate.load, "capacity": settings.capacity, "teams": setup.teams_of(person.id),
                      "skills": list(settings.skills)})
    return sorted(found, key=lambda agent: (agent["name"], agent["id"]))


async def me(request: Request) -> HTTPResponse:
    """An agent says whether they take new conversations, which is a sign of life."""
    member = await guards.agent(request)
    guards.changes(request)
    status = body.read(request, required={"status": str})["status"]
    if status not in ("online", "away"):
        raise body.bad("status", "is to be online or away")
    services = of(request)
    await services.conversations.saw([member.id])
    await services.conversations.set_status(member.id, status)
    setup = await services.rota.setup()
    return as_json({"me": {"id": member.id, "status": status, "capacity": setup.agent(member.id).capacity}})


# Parts of the set-up

async def index(request: Request, kind: str) -> HTTPResponse:
    await guards.agent(request)
    return as_json({kind: await asyncio.to_thread(of(request).roster.all, _kind(kind))})


async def add(request: Request, kind: str) -> HTTPResponse:
    member, sent = await _changing(request, kind)
    services = of(request)
    made = await asyncio.to_thread(services.roster.add, kind, sent, member.name, await _staff(services))
    await _tell(services)
    return as_json(made, 201)


async def save(request: Request, kind: str, item: str) -> HTTPResponse:
    member, sent = await _changing(request, kind)
    revision, services = asked_revision(sent.pop("revision", None)), of(request)
    staff = await _staff(services)
    made = await asyncio.to_thread(services.roster.save, kind, item, revision, sent, member.name, staff)
    await _tell(services)
    return as_json(made)


async def remove(request: Request, kind: str, item: str) -> HTTPResponse:
    _, sent = await _changing(request, kind)
    services, revision = of(request), asked_revision(sent.get("revision", request.args.get("revision")))
    await asyncio.to_thread(services.roster.remove, kind, item, revision)
    await _tell(services)
    return HTTPResponse(status=204)


async def save_agent(request: Request, agent: str) -> HTTPResponse:
    member = await guards.supervisor(request)
    guards.changes(request)
    services = of(request)
    services.rota.changed()
    if agent not in await services.rota.members():
        raise ApiError(404, "not_found", "There is nobody of that name at this console.")
    sent = body.read(request, optional={"capacity": int, "teams": list, "skills": list})
    await asyncio.to_thread(services.roster.save_agent, agent, sent, member.name)
    await _tell(services)
    return as_json(next(shown for shown in await agents_shown(services) if shown["id"] == agent))


async def _changing(request: Request, kind: str) -> tuple[Member, dict[str, Any]]:
    member = await guards.supervisor(request)
    guards.changes(request)
    _kind(kind)
    return member, body.anything(request)


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise ApiError(404, "not_found", "There is nothing at this address.")
    return kind


def asked_revision(found: Any) -> int:
    """The revision that a change goes by, from the body or the query. Raises ApiError ``missing_field``."""
    if isinstance(found, str) and found.isascii() and found.isdigit():
        return body.number(found)
    if type(found) is not int:
        raise ApiError(400, "missing_field", "The field 'revision' is missing: a whole number, as it was read.",
                       field="revision")
    return found


async def _staff(services: Services) -> Collection[str]:
    services.rota.changed()
    return list(await services.rota.members())


async def _tell(services: Services) -> None:
    services.rota.changed()
    await services.conversations.tell_desk("setup")


blueprint = Blueprint("setup", url_prefix="/api/console")
blueprint.add_route(show, "/desk", methods=["GET"])
blueprint.add_route(me, "/me", methods=["POST"])
blueprint.add_route(save_agent, "/settings/agents/<agent:str>", methods=["PUT"])
blueprint.add_route(index, "/settings/<kind:str>", methods=["GET"])
blueprint.add_route(add, "/settings/<kind:str>", methods=["POST"])
blueprint.add_route(save, "/settings/<kind:str>/<item:str>", methods=["PUT"])
blueprint.add_route(remove, "/settings/<kind:str>/<item:str>", methods=["DELETE"])
