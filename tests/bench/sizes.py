"""What lies on disk and what a browser fetches."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bot.desk import static


def measure(work: Path) -> dict[str, float]:
    """Megabytes of the installs; kilobytes of the widget as the desk serves it (kB of 1000 bytes)."""
    found = {"disk, MB: Frontdesk's environment": _folder(Path(sys.prefix))}
    if (work / "stock").is_dir():
        found["disk, MB: stock Rasa's environment"] = _folder(work / "stock")
    # Modules are joined when they are sent (docs/decisions/0016), so these are all that a page fetches.
    files = {name: len(static.load(static.ROOT / "widget" / name).packed) / 1e3
             for name in ("loader.js", "widget.js", "widget.css")}
    found["widget, kB gzipped: loader"] = files["loader.js"]
    found["widget, kB gzipped: everything"] = sum(files.values())
    return found


def _folder(path: Path) -> float:
    seen: set[int] = set()
    total = 0
    for root, _, names in os.walk(path):
        for name in names:
            told = (Path(root) / name).lstat()
            if told.st_ino not in seen:  # hard links count once
                seen.add(told.st_ino)
                total += told.st_blocks * 512
    return total / 1e6
