"""Which team a conversation goes to, and which of its agents gets it. Pure rules: the same facts, the same answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.roster.setup import Setup
from bot.roster.team import Team


@dataclass(frozen=True)
class Matter:
    """What is known of a conversation that comes to people. `team` is the one that the bot named."""

    team: str = ""
    route: str = ""
    intent: str = ""
    product: str = ""
    locale: str = ""
    urgent: bool = False

    @classmethod
    def of(cls, team: str, locale: str, packet: Mapping[str, Any] | None) -> Matter:
        why, what = (packet or {}).get("why") or {}, (packet or {}).get("what") or {}
        return cls(team, str(why.get("route") or ""), str(why.get("intent") or ""), str(what.get("product") or ""),
                   locale, bool(why.get("urgent")))


@dataclass(frozen=True)
class Candidate:
    """An agent as the moment has them."""

    id: str
    status: str
    load: int


def team_for(setup: Setup, matter: Matter) -> Team:
    """The team whose topics name the intent, else the route; else the one that the bot named, else the first.

    Of several the one of the lowest tier, then by id: frontline first.
    """
    teams = sorted(setup.teams.values(), key=lambda team: (team.tier, team.id))
    for topic in (matter.intent, matter.route):
        for team in teams:
            if topic and topic in team.topics:
                return team
    return setup.teams.get(matter.team) or teams[0]


def skill_for(team: Team, matter: Matter) -> str:
    """The first of the team's skills that the matter asks for: its intent or route, a word of the product's name, or
    the customer's language; empty where it asks for none."""
    asked = {matter.intent, matter.route, matter.locale.lower(), matter.locale.lower().split("-")[0]}
    asked |= {word.strip(".,;:()") for word in matter.product.lower().split()} | {matter.product.lower()}
    return next((skill for skill in team.skills if skill.lower() in asked), "")


def fits(setup: Setup, team: Team, skill: str, agent: str) -> bool:
    """Whether an agent is of the team and has the skill."""
    return (not team.members or agent in team.members) and (not skill or skill in setup.agent(agent).skills)


def choose(setup: Setup, team: Team, skill: str, agents: Sequence[Candidate], last_agent: str = "",
           without: Collection[str] = ()) -> str | None:
    """Who gets it: of those who are there and have room the one who knew the customer, else the least loaded.

    A skill that nobody in the team has is not waited for. Equal loads go by what part of the capacity they are, then by
    id. None where nobody can take it now.
    """
    if skill and not any(fits(setup, team, skill, agent.id) for agent in agents):
        skill = ""
    free = [agent for agent in agents if agent.status == "online" and agent.id not in without
            and agent.load < setup.agent(agent.id).capacity and fits(setup, team, skill, agent.id)]
    if any(agent.id == last_agent for agent in free):
        return last_agent
    free.sort(key=lambda agent: (agent.load, agent.load / setup.agent(agent.id).capacity, agent.id))
    return free[0].id if free else None
