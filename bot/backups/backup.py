"""Taking a backup while everything runs."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bot import output
from bot.backups import homes, tables
from bot.backups.archive import Progress, Writer
from bot.backups.live import Live
from bot.settings import ROOT, Settings

CONVERSATIONS = "conversations.jsonl"
STORE = "store.jsonl"
SQL = "sql/"
HOME = "home/"
KB = "kb/"


def back_up(settings: Settings, path: Path, progress: Progress) -> dict[str, int]:
    """Writes a backup to `path` and returns how much of what is in it.

    The store is read before the database: a conversation that is archived and forgotten in between is then in the
    database's part. What that part tells of later than the store's a restore leaves out (bot.backups.moment). Raises
    FrontdeskError, StoreUnavailable, DatabaseUnavailable, OSError; then there is no file.
    """
    # Customers' words are in it: only its owner may read it.
    with output.whole(path, binary=True, private=True) as file:
        writer = Writer(file)
        try:
            counts = _write(settings, writer, progress)
            writer.finish({"made": round(time.time(), 3), "version": version("frontdesk"), "commit": _commit(),
                           "holds": counts})
        except BaseException:
            writer.abandon()
            raise
    _fsync(path.resolve().parent)
    return counts


def _commit() -> str:
    """Which one this checkout is at, where git can tell: many have one version, and not all of them the same tables."""
    try:
        told = subprocess.run(["git", "--git-dir", str(ROOT / ".git"), "rev-parse", "HEAD"], capture_output=True,
                              text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return told.stdout.strip()


def _fsync(folder: Path) -> None:
    """Brings the names in it to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(settings: Settings, writer: Writer, progress: Progress) -> dict[str, int]:
    counts: dict[str, int] = {}
    live = Live(settings.redis)
    try:
        # First: what was mailed or read while the rest is read is then done again, which changes nothing, and not lost.
        counts["store"] = writer.lines(STORE, live.dump_rest())
        counts["conversations"] = writer.lines(CONVERSATIONS, live.dump(live.ids(), _share(progress, 0, 50)))
    finally:
        live.close()
    with tables.source(settings.database) as source:
        total = max(1, sum(source.count(table) for table in source.tables))
        done = 0

        def counted(rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
            nonlocal done
            for row in rows:
                yield row
                done += 1
                if done % 500 == 0:
                    progress(50 + min(39, done * 40 // total), 100)

        counts["rows"] = sum(writer.lines(f"{SQL}{table.name}.jsonl", counted(source.rows(table))) - 1
                             for table in source.tables)
    counts["files"] = _write_files(settings, writer, _share(progress, 90, 100))
    progress(100, 100)
    return counts


def _write_files(settings: Settings, writer: Writer, progress: Progress) -> int:
    """What lies in home and Markdown folder. Files go at any time: an upload that nobody sent, a snapshot of long ago.
    What is gone by its turn is left out, since nothing that is kept needs it."""
    # Before the snapshots are listed, so that the one that it names is among them.
    count = writer.files({HOME + "index/current": settings.index / "current"})
    units = [unit for unit in homes.units(settings.home) if unit != [settings.index / "current"]]
    entries = homes.files(settings.kb)
    with tempfile.TemporaryDirectory() as scratch:
        for number, unit in enumerate(units):
            sources = {HOME + path.relative_to(settings.home).as_posix(): path for path in unit}
            for place, (name, path) in enumerate(sources.items()):
                if homes.is_sqlite(path):
                    sources[name] = copy = Path(scratch) / str(place)
                    copy.unlink(missing_ok=True)
                    homes.copy_sqlite(path, copy)
            count += writer.files(sources)
            progress(number, len(units) + len(entries))
    return count + sum(writer.files({KB + path.relative_to(settings.kb).as_posix(): path}) for path in entries)


def _share(progress: Progress, begin: int, end: int) -> Progress:
    """A part of the whole bar."""
    return lambda done, of: progress(begin + (end - begin) * done // max(1, of), 100)
