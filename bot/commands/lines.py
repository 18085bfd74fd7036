"""JSON lines out of a command: to a file, whole or not at all, or to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write(rows: Iterable[Mapping[str, Any]], out: Path | None) -> None:
    """Writes each row as one line. A file appears only when all rows are in it."""
    if out is None:
        for row in rows:
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    scratch = out.with_name(out.name + ".part")
    try:
        with scratch.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)
