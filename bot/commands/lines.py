"""JSON lines out of a command: to a file, whole or not at all, or to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.output import whole


def write(rows: Iterable[Mapping[str, Any]], out: Path | None) -> None:
    """Writes each row as one line. A file appears only when all rows are in it. Raises FrontdeskError."""
    if out is None:
        for row in rows:
            sys.stdout.write(_line(row))
        sys.stdout.flush()
        return
    with whole(out) as file:
        for row in rows:
            file.write(_line(row))


def _line(row: Mapping[str, Any]) -> str:
    told = json.dumps(row, ensure_ascii=False)
    try:
        told.encode()
    except UnicodeEncodeError:  # half of a character pair, which only JSON's own way of writing can say
        told = json.dumps(row)
    return f"{told}\n"
