"""What can go wrong in the workshop; every message names the thing and the mend."""

from __future__ import annotations

from typing import Any


class WorkshopError(Exception):
    """Base of all errors of this package. `code` is for programs."""

    code = "workshop"


class Stopped(WorkshopError):
    """Questions that were answered rightly would be no more, and nobody has answered for it. `report` has them."""

    code = "stopped"

    def __init__(self, report: dict[str, Any]) -> None:
        stops = report["counts"]["stops"]
        super().__init__(
            f"{stops} protected question{'s' if stops != 1 else ''} would get worse; mend the entries, or "
            "have an administrator publish with a reason"
        )
        self.report = report


class Moved(WorkshopError):
    """The entries have changed since they were checked, so what would go live is not what was looked at."""

    code = "moved"


class Occupied(WorkshopError):
    """Another publish is at work."""

    code = "publishing"
