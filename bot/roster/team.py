"""A team: what comes to it, who is in it, and how soon it means to answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.roster import fields

TIERS = (1, 2, 3)
#: Targets are set in minutes, up to a quarter of a year.
_LONGEST = 130_000


@dataclass(frozen=True)
class Team:
    """`topics` are routes or intents that come to it, `members` ids of staff; a team without members is everybody's.

    Targets are minutes of its `hours`, or of the clock where it has none. `answer_minutes` is how long an agent who
    has been given a conversation may leave the customer without a word.
    """

    id: str
    name: str
    tier: int = 1
    topics: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    first_response_minutes: int | None = None
    resolution_minutes: int | None = None
    answer_minutes: int | None = None
    assignment: str = "pull"
    hours: str | None = None

    @classmethod
    def restore(cls, item: str, body: Mapping[str, Any]) -> Team:
        lists = {name: tuple(body.get(name, ())) for name in ("topics", "skills", "members")}
        return cls(id=item, **{**body, **lists})

    def shown(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}


def parse(item: str, sent: Mapping[str, Any], staff: Collection[str], hours: Collection[str]) -> Team:
    """Raises BadItem. `staff` and `hours` are the ids that there are."""
    fields.known(sent, (name for name in Team.__dataclass_fields__ if name != "id"))
    chosen_hours = sent.get("hours")
    if chosen_hours is not None:
        fields.one_of(sent, "hours", sorted(hours), "")
    return Team(
        id=item, name=fields.text(sent, "name", 60), tier=fields.whole(sent, "tier", TIERS[0], TIERS[-1], 1) or 1,
        topics=tuple(fields.words(sent, "topics")), skills=tuple(fields.words(sent, "skills")),
        members=tuple(fields.chosen(sent, "members", staff, "people who sign in at the console")),
        first_response_minutes=fields.whole(sent, "first_response_minutes", 1, _LONGEST, None),
        resolution_minutes=fields.whole(sent, "resolution_minutes", 1, _LONGEST, None),
        answer_minutes=fields.whole(sent, "answer_minutes", 1, 1440, None),
        assignment=fields.one_of(sent, "assignment", ("pull", "auto"), "pull"), hours=chosen_hours,
    )
