"""Imports from the editor: read, shown, and only then taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.database import open_database
from bot.library.importing import read
from bot.library.library import Library
from bot.library.pictures import Pictures
from bot.settings import Settings
from kb_index.errors import BadEntry
from kb_index.passages import plain

_SHOWN = 20


def take_in(
    settings: Settings, path: str, by: str, only: bool, commit: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Reads an uploaded file, which has a folder of its own, and takes its entries in, or without `commit` only says
    what that would do. Raises BadEntry, whose message names the file as its sender knows it."""
    file = Path(path)
    engine = open_database(settings.database)
    library = Library(engine)
    library.prepare()
    try:
        found = read([file], file.parent)
        found.name(library.titles())
        warnings = found.told(Pictures(engine).there(found.lacking))
        told = (library.take(found.articles, by, f"imported from {file.name}"[:200], only, progress,
                             found.pictures.values()) if commit else library.compare(found.articles, only))
    except BadEntry as error:
        raise BadEntry(str(error).replace(f"{file.parent}/", "")) from None
    sample = [
        {"id": one.id, "question": one.entry.question[:200], "answer": plain(one.entry.answer)[:160],
         "category": one.entry.category} for one in found.articles[:_SHOWN]
    ]
    warnings = [warning.replace(f"{file.parent}/", "") for warning in warnings]
    if len(warnings) > 30:
        warnings = [*warnings[:30], f"… and {len(warnings) - 30} more like these"]
    return {**told, "total": len(found.articles), "pictures": len(found.pictures), "sample": sample,
            "warnings": warnings}
