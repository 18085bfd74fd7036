"""What is kept in a home folder besides store and database, and what of it cannot be made again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

#: Made by the set-up from what is installed and from the rest; logs, locks and sockets; the store and the database,
#: which are copied by what they hold.
_LEFT_OUT = ("encoder", "judgement", "models", "cache", "setup", "logs", "valkey", "run.lock", "setup.lock")
_DATABASE = "frontdesk.db"
_SCRATCH = (".part", "-wal", "-shm", "-journal", ".lock", ".tmp")


def files(home: Path) -> Iterator[Path]:
    """The files to keep: snapshots of the index with the name of the current one, the sample shop, what comes to be."""
    for path in sorted(home.rglob("*")):
        first = path.relative_to(home).parts[0]
        if first in _LEFT_OUT or first.startswith(_DATABASE) or not path.is_file() or path.is_symlink():
            continue
        if not any(part.startswith(".") for part in path.relative_to(home).parts) and not path.name.endswith(_SCRATCH):
            yield path


def is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def copy_sqlite(path: Path, target: Path) -> None:
    """A copy of a database in use, as it is at one moment."""
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
