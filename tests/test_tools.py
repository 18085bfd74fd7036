"""The tools that docs name are started by hand, hours apart; who renames what they use finds out here."""

from __future__ import annotations

import os
import subprocess
import sys

from bot.settings import ROOT

#: The first runs before anything is installed, and has tests of its own; the second wants what .venv does not have.
ELSEWHERE = {"bootstrap", "simulate_waits"}


def test_every_tool_finds_what_it_imports() -> None:
    names = sorted({path.stem for path in (ROOT / "tools").glob("*.py")} - ELSEWHERE)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", f"import {', '.join(names)}"], cwd=ROOT / "tools", text=True,
                          capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
