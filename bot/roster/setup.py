"""The whole set-up at one moment: what the rules work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.roster.agent import Agent
from bot.roster.hours import Hours
from bot.roster.team import Team


@dataclass(frozen=True)
class Setup:
    """Teams, agents' settings and business hours, by id. There is always a team."""

    teams: Mapping[str, Team]
    agents: Mapping[str, Agent] = field(default_factory=lambda: MappingProxyType({}))
    hours: Mapping[str, Hours] = field(default_factory=lambda: MappingProxyType({}))

    def agent(self, agent: str) -> Agent:
        """The settings of an agent; those that hold for everybody where nobody has set any."""
        return self.agents.get(agent) or Agent(agent)

    def hours_of(self, team: Team) -> Hours | None:
        return self.hours.get(team.hours or "")

    def teams_of(self, agent: str) -> list[str]:
        """The teams that name an agent as a member."""
        return [team.id for team in self.teams.values() if agent in team.members]

    def open_at(self, at: float) -> bool:
        """Whether any team is there at this time; one without hours always is."""
        return any((hours := self.hours_of(team)) is None or hours.open_at(at) for team in self.teams.values())
