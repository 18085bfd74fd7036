"""Where a conversation stands among people: its team, what it asks for, and by when."""

from __future__ import annotations

from dataclasses import dataclass

PRIORITIES = ("urgent", "high", "normal", "low")


@dataclass(frozen=True)
class Placement:
    """A team's place for a conversation. The times are seconds since 1970: targets, None where the team has none, and
    what they count from."""

    team: str
    skill: str = ""
    priority: str = "normal"
    due_first: float | None = None
    due_solve: float | None = None
    since: float | None = None

    def fields(self) -> list[str]:
        """Names and values as the state keeps them."""
        return ["team", self.team, "skill", self.skill, *self.urgency(), "placed", _time(self.since), "routed", "1"]

    def urgency(self) -> list[str]:
        """Those of them that follow from the priority."""
        return ["priority", self.priority, "due_first", _time(self.due_first), "due_solve", _time(self.due_solve)]


def _time(at: float | None) -> str:
    return "" if at is None else f"{at:.3f}"
