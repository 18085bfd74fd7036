"""The supervisors' wall: who waits, who is at work, what is about to be late, how the day went (docs/api.md)."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.state import State
from bot.desk import body, guards, lists
from bot.desk.services import Services, of
from bot.desk.setup import agents_shown
from bot.desk.widget import as_json
from bot.roster import hours


async def wall(request: Request) -> HTTPResponse:
    await guards.supervisor(request)
    zone = request.args.get("zone", "UTC")
    if not hours.is_zone(zone):
        raise body.bad("zone", "is to be the name of a time zone, such as Europe/Berlin")
    services = of(request)
    conversations = services.conversations
    now = await conversations.now()
    waiting, held = await lists.waiting(conversations), await lists.in_hands(conversations)
    summaries = {summary["id"]: summary for summary in await lists.summaries(conversations, held)}
    agents = [{**agent, "conversations": [summaries[state.id] for state in held if state.agent == agent["id"]]}
              for agent in await agents_shown(services)]
    return as_json({"at": now, "waiting": len(waiting), "longest": _longest(waiting),
                    "teams": await _teams(services, waiting, held, now), "agents": agents,
                    "today": await _today(services, [*waiting, *held], hours.midnight(now, zone))})


async def _teams(
    services: Services, waiting: Sequence[State], held: Sequence[State], now: float
) -> list[dict[str, Any]]:
    setup = await services.rota.setup()
    found = []
    for team in sorted(setup.teams.values(), key=lambda team: (team.name, team.id)):
        mine = [state for state in waiting if state.team == team.id]
        due = [state for state in [*mine, *(state for state in held if state.team == team.id)] if state.due is not None]
        late = [state for state in due if state.due is not None and state.due[1] < now]
        found.append({"team": team.id, "waiting": len(mine), "longest": _longest(mine), "breached": len(late),
                      "at_risk": sum(at_risk(state, now) for state in due)})
    return found


def at_risk(state: State, now: float) -> bool:
    """Whether the next target is not missed yet, but soon will be."""
    return state.due is not None and state.risk is not None and state.risk < now <= state.due[1]


def _longest(waiting: Sequence[State]) -> float | None:
    """Since when the one who has waited longest waits."""
    return min((state.waiting_since for state in waiting if state.waiting_since is not None), default=None)


async def _today(services: Services, open_ones: Sequence[State], midnight: float) -> dict[str, Any]:
    """Since the midnight of whoever looks, of what the live store still has."""
    conversations = services.conversations
    ended, bots = await conversations.handed("closed", midnight), await conversations.handed("bot", midnight)
    # A rating or a vote of today brings up again what was closed before.
    closed = [one for one in ended if (one.closed_at or 0) >= midnight]
    people = [(one.handed, one.first_reply) for one in open_ones]
    people += [(one.handed, one.first_reply) for one in (*closed, *bots)]
    answered = [(came, replied) for came, replied in people if (replied or 0) >= midnight]
    waits = [replied - came for came, replied in answered if replied is not None and came is not None]
    ratings = [one.rating["csat"] for one in ended if one.rating and one.rating["at"] >= midnight]
    return {"arrived": sum((came or 0) >= midnight for came, _ in people), "answered": len(answered),
            "closed": len(closed), "first_response_median": statistics.median(waits) if waits else None,
            "csat": round(statistics.mean(ratings), 2) if ratings else None}


blueprint = Blueprint("wall", url_prefix="/api/console")
blueprint.add_route(wall, "/wall", methods=["GET"])
