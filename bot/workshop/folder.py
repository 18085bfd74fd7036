"""The Markdown folder in the editor: how it and the library differ, bringing them in step, and settling conflicts.

Each call gives how things stand after it, as docs/api.md describes a standing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.database import open_database
from bot.library.article import Article
from bot.library.diff import diff
from bot.library.library import Library
from bot.library.sync import SIDES, CannotSync, Conflict, Outdated, Plan, Step, Sync, alone
from bot.settings import Settings
from kb_index.errors import BadEntry

#: So many entries and so many conflicts are shown; who has more works on the command line, or through them.
_STEPS = 100
_CONFLICTS = 30


def compare_folder(settings: Settings) -> dict[str, Any]:
    """What a sync would do. Where folder and library do not belong together, ``refused`` says why."""
    sync, library = _open(settings)
    try:
        return _told(settings, sync, library, sync.plan())
    except (CannotSync, BadEntry) as error:
        return _told(settings, sync, library, Plan(), refused=_short(settings, str(error)))


def sync_folder(
    settings: Settings, digest: str, by: str, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Brings both in step as the plan of that `digest` says. Raises Outdated where that would be another by now,
    CannotSync, BadEntry, Busy."""
    sync, _ = _open(settings)
    with alone(settings):
        try:
            made = sync.plan()
        except BadEntry as error:
            raise BadEntry(_short(settings, str(error))) from None
        if made.digest != digest:
            raise Outdated("Somebody has changed entries or files since you looked; nothing was done. Here is how they "
                           "stand now.")
        passed = sync.run(made, by, progress)
    told = compare_folder(settings)
    told["passed"] = [{"id": name, "why": why} for name, why in passed.items()]
    return told


def settle_folder(settings: Settings, entry: str, side: str, seen: str) -> dict[str, Any]:
    """Settles one conflict for one of SIDES. Raises Outdated where it is not what was `seen`, CannotSync, BadEntry,
    Busy."""
    if side not in SIDES:
        raise CannotSync(f"{side!r} is no side; {' and '.join(SIDES)} are")
    sync, _ = _open(settings)
    with alone(settings):
        sync.settle(entry, side, seen)
    return compare_folder(settings)


def _open(settings: Settings) -> tuple[Sync, Library]:
    engine = open_database(settings.database)
    library = Library(engine)
    library.prepare()
    return Sync(engine, settings.kb), library


def _short(settings: Settings, text: str) -> str:
    """Files by their place in the folder."""
    return text.replace(f"{settings.kb}/", "")


def _told(settings: Settings, sync: Sync, library: Library, made: Plan, refused: str = "") -> dict[str, Any]:
    return {
        "folder": str(settings.kb), "there": settings.kb.is_dir(), "last": sync.last(), "refused": refused,
        "digest": made.digest, "steps": [_step(step) for step in made.steps[:_STEPS]],
        "comes": sum(step.to_library for step in made.steps), "goes": sum(step.to_folder for step in made.steps),
        "more": max(0, len(made.steps) - _STEPS), "pictures": len({*made.given, *(one.name for one in made.taken)}),
        "conflicts": [_conflict(one, library) for one in made.conflicts[:_CONFLICTS]],
        "undecided": len(made.conflicts), "drafts": made.drafts[:_STEPS], "warnings": made.warnings()[:_CONFLICTS],
        "passed": [],
    }


def _step(step: Step) -> dict[str, Any]:
    said = step.article or step.was
    return {"id": step.id, "question": said.entry.question[:200] if said else "", "editor": step.to_library,
            "folder": step.to_folder, "kind": "gone" if step.article is None else "new" if step.new else "changed"}


def _conflict(conflict: Conflict, library: Library) -> dict[str, Any]:
    """Each side as its difference from the last sync; without one, the file's as its difference from the editor's. None
    stands for a side where the entry is gone."""
    ours = Article.restore(library.open(conflict.id)["fields"]) if conflict.drafted else conflict.editor
    theirs, base = conflict.folder, conflict.base
    told: dict[str, Any] = {"editor": None, "folder": None}
    if base is not None:
        told = {"editor": diff(base, ours) if ours else None, "folder": diff(base, theirs) if theirs else None}
    elif ours is not None and theirs is not None:
        between = diff(ours, theirs)
        plain = [{**one, "parts": [["=", text] for op, text in one["parts"] if op != "+"]} for one in between]
        told = {"editor": plain, "folder": between}
    said = ours or theirs or base
    return {
        "id": conflict.id, "question": said.entry.question[:200] if said else "", "why": conflict.why,
        "drafted": conflict.drafted, "keeps": conflict.editor is not None or not conflict.drafted,
        "seen": conflict.seen, "file": theirs.fields() if theirs else None, **told,
    }
