"""What can go wrong with the desk's set-up; every message names the thing and the mend."""

from __future__ import annotations

from typing import Any


class RosterError(Exception):
    """Base of all errors of this package."""


class BadItem(RosterError):
    """A part of the set-up that cannot be taken; `field` is the one at fault."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"The field {field!r} {why}.")
        self.field = field
        self.why = why


class NoSuchItem(RosterError):
    """There is no team, hours or other part of that name."""

    def __init__(self, kind: str, item: str) -> None:
        super().__init__(f"There is nothing called {item[:80]!r} among the {kind}; somebody may have removed it.")


class InUse(RosterError):
    """A part that others need cannot go."""


class SwitchedOff(RosterError):
    """It is to do something, and does nothing until somebody switches it on."""


class Edited(RosterError):
    """Somebody else has changed the part since the sender read it. `now` is how it stands; None where it is gone."""

    def __init__(self, now: dict[str, Any] | None) -> None:
        who = (now or {}).get("updated_by") or "Somebody"
        super().__init__(f"{who} has changed this since you opened it; nothing of yours is saved yet: compare the two "
                         "and save again")
        self.now = now
