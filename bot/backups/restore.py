"""Putting a backup into an empty place: first all of it is checked, then it is written, then it is checked again."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot import valkey
from bot.backups import backup, live, tables
from bot.backups.archive import BadBackup, Progress, Reader
from bot.backups.moment import Moment
from bot.errors import Busy, FrontdeskError
from bot.lockfile import LockFile
from bot.settings import ROOT, Settings


class NotEmpty(FrontdeskError):
    """There is something where the backup is to go."""


def put_back(settings: Settings, path: Path, replace: bool, progress: Progress) -> dict[str, Any]:
    """Puts a backup into home, store and database of `settings`; returns its manifest, with a word about the
    Markdown folder in ``knowledge``.

    Nothing is touched before the whole file was read and found right. Raises BadBackup, NotEmpty unless `replace`,
    Busy where Frontdesk runs in this home, StoreUnavailable, DatabaseUnavailable.
    """
    reader = Reader(path)
    try:
        reader.verify(lambda done, of: progress(done * 20 // of, 100))
        then = Moment({row["id"]: live.check(row) for row in reader.lines(backup.CONVERSATIONS)})
        busy = f"Frontdesk runs with FRONTDESK_HOME={settings.home} (process {{pid}}); stop it first"
        with LockFile(settings.home / "run.lock", busy), _store(settings):
            return _put(settings, reader, then, replace, progress)
    finally:
        reader.close()


def _put(settings: Settings, reader: Reader, then: Moment, replace: bool, progress: Progress) -> dict[str, Any]:
    target, store = tables.Target(settings.database), live.Live(settings.redis)
    try:
        members = {name[len(backup.SQL):-len(".jsonl")]: name for name in reader.names(backup.SQL)}
        theirs = {row[0]: row[1] for row in list(reader.lines(members[tables.VERSIONS]))[1:]}
        if theirs != target.versions():
            raise BadBackup(f"{reader.path} is of Frontdesk {reader.about.get('version')}, whose tables differ from "
                            "this version's; restore it with that version, then update")
        held = [what for what, holds in (("the store holds conversations", bool(store.ids())),
                                         ("the database holds rows", target.holds_something()),
                                         (f"{settings.index} holds an index", (settings.index / "current").exists()))
                if holds]
        if held and not replace:
            raise NotEmpty(f"{', '.join(held)}; restore into an empty place (another FRONTDESK_HOME, store and "
                           "database), or say --replace to lose what is there")
        target.fill({name: then.rows(name, reader.lines(member)) for name, member in members.items()})
        progress(40, 100)
        store.clear()
        total = max(1, int(reader.about["holds"]["conversations"]))
        for number, row in enumerate(reader.lines(backup.CONVERSATIONS)):
            store.load(row)
            progress(40 + 40 * (number + 1) // total, 100)
        for row in _rest(reader):
            store.load_rest(row)
        # What was published from the state that is lost now would pass for the newest.
        shutil.rmtree(settings.index, ignore_errors=True)
        names = reader.names(backup.HOME)
        for number, name in enumerate(names):
            reader.extract(name, _inside(settings.home, name[len(backup.HOME):]))
            progress(80 + 15 * (number + 1) // len(names), 100)
        knowledge = _knowledge(settings, reader)
        _compare(reader, then, target, store, members)
        progress(100, 100)
        return {**reader.about, "knowledge": knowledge}
    finally:
        store.close()
        target.close()


def _knowledge(settings: Settings, reader: Reader) -> str:
    """Puts the Markdown folder back where there is none; one that is there is the operator's own, and stays."""
    names = reader.names(backup.KB)
    if settings.kb.exists() and any(settings.kb.iterdir()):
        if settings.kb.is_relative_to(ROOT):
            return ""
        return f"{settings.kb} was there and was left as it is"
    for name in names:
        reader.extract(name, _inside(settings.kb, name[len(backup.KB):]))
    return f"the knowledge base is in {settings.kb}"


def _compare(
    reader: Reader, then: Moment, target: tables.Target, store: live.Live, members: dict[str, str]
) -> None:
    """Reads everything back from where it is now. Raises BadBackup for what is not as it was."""
    ours = {row["id"]: _kept(row) for row in store.dump(store.ids(), lambda done, of: None)}
    for row in reader.lines(backup.CONVERSATIONS):
        if ours.get(row["id"]) != _kept(row):
            raise BadBackup(f"conversation {row['id']} is not what it was after the restore")
    rest = {row["key"]: sorted(row["values"]) for row in store.dump_rest()}
    for row in _rest(reader):
        if row["ends"] is None and not set(row["values"]) <= set(rest.get(row["key"], [])):
            raise BadBackup(f"{row['key']} is not what it was after the restore")
    with target.engine.connect() as connection:
        source = tables.Source(connection)
        for table in source.tables:
            if table.name in members and table.name != tables.VERSIONS:
                wanted = sum(1 for _ in then.rows(table.name, reader.lines(members[table.name]))) - 1
                if source.count(table) != wanted:
                    raise BadBackup(f"table {table.name} has {source.count(table)} rows after the restore, and "
                                    f"{wanted} in the backup")


def _rest(reader: Reader) -> Iterator[dict[str, Any]]:
    """What is beside the conversations; backups of older versions have none of it."""
    return reader.lines(backup.STORE) if backup.STORE in reader.names() else iter(())


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    """A conversation without what says who was just working on it."""
    found: dict[str, Any] = {}
    for name, kind, values in row["parts"]:
        if kind == "hash":
            fields = dict(zip(values[::2], values[1::2], strict=True))
            found[name] = {field: value for field, value in fields.items() if field not in ("work", "lease")}
        else:
            found[name] = values
    return found


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if folder.resolve() not in path.parents:
        raise BadBackup(f"the backup names a file outside of its folder: {name!r}")
    return path


@contextmanager
def _store(settings: Settings, patience: float = 30.0) -> Iterator[None]:
    """Runs the embedded Valkey for as long as the block needs it; a server of the operator's own runs already."""
    if settings.redis_url is not None:
        yield
        return
    valkey.end_leftover(settings)
    with subprocess.Popen(valkey.prepare(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + patience
            while not valkey.answers(settings):
                if server.poll() is not None or time.monotonic() > until:
                    raise Busy("the embedded store does not start; `frontdesk doctor` may tell why")
                time.sleep(0.05)
            yield
        finally:
            server.terminate()
            server.wait()
