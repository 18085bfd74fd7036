"""What is kept in a home folder besides store and database, and what of it cannot be made again."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

#: What of a home cannot be made again, or not as it was. Store and database are copied by what they hold; all the rest
#: is the set-up's, logs, locks, or not ours.
_KEPT = ("attachments", "index", "outbox", "shop.db")
#: What is being written.
_PASSING = (".part", ".new")
_INDEX = "index"


def units(home: Path) -> Iterator[list[Path]]:
    """The files to keep: attachments, snapshots of the index, mails, the sample shop. Those of one snapshot are of use
    together only; each other file stands alone. What is kept may itself be a link, to a folder that several share."""
    for _, unit in groupby(_kept(home), lambda path: _snapshot(path, home) or path):
        yield list(unit)


def clear(home: Path) -> None:
    """Removes all that :func:`units` may tell of, and what belongs to it."""
    tops = [home / name for name in _KEPT]
    inside = [path for top in tops if top.is_dir() for path in top.iterdir()]
    for path in [*inside, *(top for top in tops if top.is_file()), *home.glob("shop.db-*")]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def unfinished(home: Path) -> Path:
    """What lies there while a restore is at work, and after one that was cut off."""
    return home / "restore.unfinished"


def _kept(home: Path) -> Iterator[Path]:
    for path in (path for name in _KEPT for path in files(home / name)):
        inside = path.relative_to(home).parts[1:]
        # A link further down may lead anywhere.
        if (inside and path.is_symlink()) or any(part.startswith(".") for part in inside):
            continue
        if not path.name.endswith(_PASSING):
            yield path


def _snapshot(path: Path, home: Path) -> Path | None:
    first, *rest = path.relative_to(home).parts
    return home / _INDEX / rest[0] if first == _INDEX and len(rest) > 1 else None


def files(folder: Path) -> list[Path]:
    """All files below a folder in their order, or that one file; what goes while they are listed is passed over."""
    if folder.is_file():
        return [folder]
    return sorted(path for at, _, names in os.walk(folder) for name in names if (path := Path(at, name)).is_file())


def is_sqlite(path: Path) -> bool:
    """Whether a file is a database; one that is gone is none."""
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except FileNotFoundError:
        return False


def copy_sqlite(path: Path, target: Path) -> None:
    """A copy of a database in use, as it is at one moment."""
    source = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
