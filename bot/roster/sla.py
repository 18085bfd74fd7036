"""By when a team means to have answered and solved: its targets in its hours, for the priority."""

from __future__ import annotations

from bot.roster.hours import Hours
from bot.roster.team import Team

#: What a priority makes of the time that a target gives.
FACTORS = {"urgent": 0.25, "high": 0.5, "normal": 1.0, "low": 2.0}


def due(team: Team, hours: Hours | None, priority: str, since: float) -> tuple[float | None, float | None]:
    """When the first response and the resolution are due for what came at `since`; None where there is no target."""
    factor = FACTORS[priority]
    return (_after(team.first_response_minutes, hours, factor, since),
            _after(team.resolution_minutes, hours, factor, since))


def _after(minutes: int | None, hours: Hours | None, factor: float, since: float) -> float | None:
    if minutes is None:
        return None
    if hours is None:
        return since + minutes * factor * 60
    return hours.add(since, minutes * factor)
