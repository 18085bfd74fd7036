"""Canned replies: what is written again and again, under a shortcut."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from bot.roster import fields, placeholders
from bot.roster.errors import BadItem

_SHORTCUT = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")


def parse(
    item: str, sent: Mapping[str, Any], teams: Collection[str], shortcuts: Mapping[str, str]
) -> dict[str, Any]:
    """Raises BadItem. `shortcuts` are those of all canned replies, by their ids."""
    fields.known(sent, ("shortcut", "title", "text", "team"))
    shortcut = fields.text(sent, "shortcut", 30).lower().removeprefix("/")
    if not _SHORTCUT.fullmatch(shortcut):
        raise BadItem("shortcut", "is to be letters a to z, digits, - and _, such as return-label")
    if any(other == shortcut and name != item for name, other in shortcuts.items()):
        raise BadItem("shortcut", f"is taken: there is a reply /{shortcut} already")
    text = fields.lines(sent, "text")
    placeholders.check(text, "text")
    return {"id": item, "shortcut": shortcut, "title": fields.text(sent, "title", 80), "text": text,
            "team": team_of(sent, teams)}


def team_of(sent: Mapping[str, Any], teams: Collection[str]) -> str | None:
    """The team that something is for; None is everybody."""
    if sent.get("team") is None:
        return None
    return fields.one_of(sent, "team", sorted(teams), "")
