"""Which snapshot is to serve, and the alarm where it cannot. Light enough for those who only watch."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

_ALARM = "alarm.json"


def current_name(folder: Path) -> str | None:
    try:
        return (folder / "current").read_text().strip() or None
    except FileNotFoundError:
        return None


def names(folder: Path) -> list[str]:
    """All snapshots, newest first."""
    return sorted((p.parent.name for p in folder.glob("[0-9]*/manifest.json")), reverse=True)


def raise_alarm(folder: Path, wanted: str, serving: str, error: str) -> None:
    """Leaves word for those who watch and have not loaded it themselves that `wanted` cannot be used, and what serves
    in its place (nothing where that is empty)."""
    told = {"snapshot": wanted, "serving": serving, "error": error, "at": time.time()}
    if (before := alarm(folder)) and {**before, "at": 0} == {**told, "at": 0}:
        return
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(prefix=".current-", dir=folder)
        with os.fdopen(handle, "w") as out:
            out.write(json.dumps(told))
        Path(temporary).replace(folder / _ALARM)


def alarm(folder: Path) -> dict[str, Any] | None:
    """``{"snapshot", "serving", "error", "at"}`` where the current snapshot was found damaged, else None."""
    try:
        told = json.loads((folder / _ALARM).read_text())
    except (OSError, ValueError):
        return None
    # What was said of a snapshot that is not the current one any more is settled.
    current = isinstance(told, dict) and told.get("snapshot") == current_name(folder)
    return told if current else None
