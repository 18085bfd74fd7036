"""Macros: several acts in one, such as a reply, a tag and the end.

A step that gives the conversation away comes last, since nothing can be done to what somebody else has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.conversations.acts import OUTCOMES
from bot.conversations.placement import PRIORITIES
from bot.roster import fields, placeholders
from bot.roster.canned import team_of
from bot.roster.errors import BadItem

MOST_STEPS = 10
_LONGEST_SLEEP = 90 * 1440
#: Nothing can follow these.
LAST = ("assign", "close")


def parse(
    item: str, sent: Mapping[str, Any], staff: Collection[str], teams: Collection[str]
) -> dict[str, Any]:
    """Raises BadItem; `staff` and `teams` are the ids that there are."""
    fields.known(sent, ("title", "steps", "team"))
    raw = sent.get("steps")
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_STEPS or not all(isinstance(one, dict) for one in raw):
        raise BadItem("steps", f"is to be a list of 1 to {MOST_STEPS} steps")
    steps = []
    for number, step in enumerate(raw, 1):
        try:
            steps.append(_step(step, staff, teams))
        except BadItem as error:
            raise BadItem("steps", f"has a mistake in step {number}: {error}".rstrip(".")) from None
        if steps[-1]["do"] in LAST and number < len(raw):
            raise BadItem("steps", f"has something after step {number}, which gives the conversation away; put it last")
    return {"id": item, "title": fields.text(sent, "title", 80), "steps": steps, "team": team_of(sent, teams)}


def _step(step: Mapping[str, Any], staff: Collection[str], teams: Collection[str]) -> dict[str, Any]:
    readers: dict[str, Callable[[], dict[str, Any]]] = {
        "reply": lambda: _words(step), "note": lambda: _words(step), "tag": lambda: _tags(step),
        "priority": lambda: {"priority": fields.one_of(step, "priority", PRIORITIES, "")},
        "assign": lambda: _assign(step, staff, teams),
        "snooze": lambda: {"minutes": fields.whole(step, "minutes", 1, _LONGEST_SLEEP, 0)},
        "close": lambda: {"outcome": fields.one_of(step, "outcome", OUTCOMES, "")},
    }
    do = fields.one_of(step, "do", tuple(readers), "")
    read = readers[do]()
    fields.known(step, ("do", *read))
    return {"do": do, **read}


def _words(step: Mapping[str, Any]) -> dict[str, Any]:
    text = fields.lines(step, "text")
    placeholders.check(text, "text")
    return {"text": text}


def _tags(step: Mapping[str, Any]) -> dict[str, Any]:
    found = {"add": fields.words(step, "add", 20), "remove": fields.words(step, "remove", 20)}
    if not any(found.values()):
        raise BadItem("add", "is to name a tag")
    return found


def _assign(step: Mapping[str, Any], staff: Collection[str], teams: Collection[str]) -> dict[str, Any]:
    if ("team" in step) == ("agent" in step):
        raise BadItem("team", "or 'agent' is to say to whom, one of them")
    if "team" in step:
        return {"team": fields.one_of(step, "team", sorted(teams), "")}
    return {"agent": fields.one_of(step, "agent", sorted(staff), "")}
