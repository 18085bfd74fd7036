"""What is kept in a home folder besides store and database, and what of it cannot be made again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

#: Made by the set-up from what is installed and from the rest; logs, locks and sockets; the store and the database,
#: which are copied by what they hold.
_LEFT_OUT = ("encoder", "reranker", "judgement", "models", "cache", "setup", "logs", "valkey", "run.lock", "setup.lock")
_DATABASE = "frontdesk.db"
#: Backups that are laid into the home would each hold all that were before them, and be twice as large.
_PASSING = (".part", "-wal", "-shm", "-journal", ".lock", ".tmp", ".backup")
_INDEX = "index"


def units(home: Path) -> Iterator[list[Path]]:
    """The files to keep: snapshots of the index, the sample shop, attachments, what comes to be. Those of one snapshot
    are of use together only; each other file stands alone."""
    for _, unit in groupby(_kept(home), lambda path: _snapshot(path, home) or path):
        yield list(unit)


def _kept(home: Path) -> Iterator[Path]:
    for path in files(home):
        first = path.relative_to(home).parts[0]
        if first in _LEFT_OUT or first.startswith(_DATABASE) or path.is_symlink():
            continue
        if not any(part.startswith(".") for part in path.relative_to(home).parts) and not path.name.endswith(_PASSING):
            yield path


def _snapshot(path: Path, home: Path) -> Path | None:
    first, *rest = path.relative_to(home).parts
    return home / _INDEX / rest[0] if first == _INDEX and len(rest) > 1 else None


def files(folder: Path) -> list[Path]:
    """All files below a folder in their order; what goes while they are listed is passed over."""
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
