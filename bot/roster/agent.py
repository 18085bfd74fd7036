"""An agent's settings: how much they take on, and what they are good at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.roster import fields

CAPACITY = 5
MOST_CAPACITY = 100


@dataclass(frozen=True)
class Agent:
    """`capacity` is how many conversations are given to them without their asking."""

    id: str
    capacity: int = CAPACITY
    skills: tuple[str, ...] = ()

    @classmethod
    def restore(cls, item: str, body: Mapping[str, Any]) -> Agent:
        return cls(item, int(body.get("capacity", CAPACITY)), tuple(body.get("skills", ())))

    def body(self) -> dict[str, Any]:
        return {"capacity": self.capacity, "skills": list(self.skills)}


def parse(item: str, sent: Mapping[str, Any], teams: Collection[str]) -> tuple[Agent, list[str] | None]:
    """The settings, and the teams to be in where those were sent. Raises BadItem."""
    fields.known(sent, ("capacity", "teams", "skills"))
    capacity = fields.whole(sent, "capacity", 0, MOST_CAPACITY, CAPACITY)
    wanted = fields.chosen(sent, "teams", teams, "teams") if "teams" in sent else None
    return Agent(item, CAPACITY if capacity is None else capacity, tuple(fields.words(sent, "skills"))), wanted
