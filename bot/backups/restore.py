"""Putting a backup into an empty place: first all of it is checked, then it is written, then it is checked again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from bot import valkey
from bot.backups import backup, homes, live, tables
from bot.backups.archive import BadBackup, Progress, Reader
from bot.backups.folder import Folder
from bot.backups.moment import Moment
from bot.errors import Busy, FrontdeskError
from bot.lockfile import LockFile
from bot.settings import Settings


class NotEmpty(FrontdeskError):
    """There is something where the backup is to go."""


def put_back(settings: Settings, path: Path, replace: bool, progress: Progress) -> dict[str, Any]:
    """Puts a backup into home, store and database of `settings`; returns its manifest, with a word about the
    Markdown folder in ``knowledge``.

    Nothing is touched before the whole file was read and found right. One that is cut off after that leaves a sign,
    and nothing starts there. Raises BadBackup, NotEmpty unless `replace`, Unfit, Busy where Frontdesk runs in this home
    or on this store, StoreUnavailable, DatabaseUnavailable.
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
        _check_versions(reader, members, target)
        files = _places(reader, backup.HOME, settings.home)
        folder = Folder(settings, reader, _places(reader, backup.KB, settings.kb), _is_followed(reader, members))
        if settings.redis_url is not None and store.assistants():
            raise Busy("assistants of another home are at work on this store; stop that Frontdesk first, or wait for "
                       "half a minute where it was killed")
        held = [what for what, holds in (("the store holds conversations", bool(store.ids())),
                                         ("the database holds rows", target.holds_something()),
                                         (f"{settings.index} holds an index", (settings.index / "current").exists()),
                                         (f"{settings.attachments} holds files", homes.files(settings.attachments)),
                                         (f"{settings.kb} holds another knowledge base", folder.differs))
                if holds]
        if held and not replace:
            raise NotEmpty(f"{', '.join(held)}; restore into an empty place (another FRONTDESK_HOME, FRONTDESK_KB, "
                           "store and database), or say --replace to lose what is there")
        unfinished = homes.unfinished(settings.home)
        target.fill({name: then.rows(name, reader.lines(member)) for name, member in members.items()}, unfinished.touch)
        progress(40, 100)
        store.clear()
        total = max(1, int(reader.about["holds"]["conversations"]))
        for number, row in enumerate(reader.lines(backup.CONVERSATIONS)):
            store.load(row)
            progress(40 + 40 * (number + 1) // total, 100)
        for row in _rest(reader):
            store.load_rest(row)
        # What was published from the state that is lost now would pass for the newest.
        homes.clear(settings.home)
        for number, (name, place) in enumerate(files.items()):
            reader.extract(name, place)
            progress(80 + 15 * (number + 1) // len(files), 100)
        knowledge = folder.put_back()
        _compare(reader, then, target, store, members)
        unfinished.unlink()
        progress(100, 100)
        return {**reader.about, "knowledge": knowledge}
    finally:
        store.close()
        target.close()


def _check_versions(reader: Reader, members: dict[str, str], target: tables.Target) -> None:
    """Raises BadBackup where its tables are not those of this version."""
    theirs = {row[0]: row[1] for row in list(reader.lines(members[tables.VERSIONS]))[1:]}
    ours = target.versions()
    differing = [f"{part}: {theirs.get(part, 'none')} there, {ours.get(part, 'none')} here"
                 for part in sorted({*theirs, *ours}) if theirs.get(part) != ours.get(part)]
    if differing:
        about = reader.about
        made = time.strftime("%Y-%m-%d", time.gmtime(about["made"]))
        commit = f", commit {about['commit'][:12]}" if about.get("commit") else ""
        raise BadBackup(f"{reader.path} is of Frontdesk {about.get('version')} of {made}{commit}, whose tables differ "
                        f"from this version's ({', '.join(differing)}); restore it with that version, then update")


def _places(reader: Reader, below: str, folder: Path) -> dict[str, Path]:
    """Where in `folder` each member of that part goes. Raises BadBackup for one that would not be in it."""
    places = {}
    for name in reader.names(below):
        inside = PurePosixPath(name[len(below):])
        if inside.is_absolute() or ".." in inside.parts or not inside.parts:
            raise BadBackup(f"the backup names a file outside of its folder: {name!r}")
        places[name] = folder / inside
    return places


def _is_followed(reader: Reader, members: dict[str, str]) -> bool:
    """Whether the library followed the Markdown folder, and no import had taken its place."""
    return "kb_note" not in members or ["folder", "off"] not in list(reader.lines(members["kb_note"]))


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
