"""Two-way sync of the Markdown folder and the library: three ways, entry by entry, against the state at the last sync.

That state is the version whose mark stands in ``synced``, the same that publishing goes by when it follows the folder.
Of the library counts what is ready or published; a draft stays in the editor until its writer says that it is ready.
Each step leaves both sides as they can be anyhow, and its note is written last: a sync that was cut off goes on where
it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.database import reading, writing
from bot.library import pictures, written
from bot.library.article import FIELDS, LISTS, Article, slug
from bot.library.errors import Edited, LibraryError
from bot.library.importing import Found, Origin, illustrated
from bot.library.library import Library
from bot.library.pictures import Picture, Pictures
from bot.library.publications import WITHDRAWN, half_gone
from bot.library.tables import articles, notes, versions
from bot.lockfile import LockFile
from bot.settings import Settings
from kb_index import folder
from kb_index.errors import BadEntry
from kb_index.markdown import foreign_pictures

#: Who changes entries here.
BY = "the folder"
#: The two sides of a conflict, as they are chosen by name.
SIDES = ("folder", "editor")
#: Under which name the last sync is noted.
_LAST = "sync"
_MEANWHILE = "somebody has changed it meanwhile; sync once more"


class CannotSync(LibraryError):
    """Folder and library do not belong together; the message says what to do."""


class Outdated(CannotSync):
    """Somebody has changed what a decision is on since it was looked at; nothing was done."""

    code = "moved"


@dataclass(frozen=True)
class File:
    """A file of the folder. `article` is what it says with `pictures`, those of it that are files beside it, as ours;
    `mark` is that of what stands in it, which names them by their places."""

    path: Path
    article: Article
    mark: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Row:
    """An entry of the library. `article` is what counts of it, None where it is archived or nothing but a draft;
    `writing` says that there is a newer draft, `newest` is the mark of that or of what counts; `base` is what it was at
    the last sync, where that is known."""

    id: str
    revision: int
    synced: str
    archived: bool
    writing: bool
    newest: str
    article: Article | None
    base: Article | None


@dataclass(frozen=True)
class Conflict:
    """Both sides have changed the same: `fields` are those that cannot be merged, None on a side where it is gone.
    `drafted` says that the entry has a newer draft. `seen` changes with either side: it tells what was decided on."""

    id: str
    folder: Article | None
    editor: Article | None
    base: Article | None
    fields: tuple[str, ...]
    why: str
    drafted: bool
    seen: str = ""


@dataclass(frozen=True)
class Step:
    """What makes one entry the same on both sides: `article` is what it is to say (None: nothing, it goes), and
    `to_library`, `to_folder` which sides do not say so yet. `was` is what it says now, `new` that one side has
    nothing of it. It holds for what was `seen` of both sides."""

    id: str
    article: Article | None
    to_library: bool
    to_folder: bool
    was: Article | None = None
    new: bool = False
    seen: str = ""


@dataclass
class Plan:
    steps: list[Step] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    #: Entries whose draft waits in the editor.
    drafts: list[str] = field(default_factory=list)
    #: Entries that are equal and were not known to be.
    settled: list[Step] = field(default_factory=list)
    #: Pictures that go from the folder into the library, and the names of those that go the other way.
    taken: list[Picture] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    #: Names of pictures that are on neither side, each with an entry that has it.
    lacking: dict[str, str] = field(default_factory=dict)
    #: Entries whose files will name pictures that are none of ours, each with the first of them.
    foreign: dict[str, str] = field(default_factory=dict)

    def warnings(self) -> list[str]:
        """What a person should know of its pictures."""
        return [*(pictures.lacking(name, where) for name, where in self.lacking.items()),
                *(f"{name}: its pictures are not shown, such as {at[:80]}; put them in with the editor"
                  for name, at in self.foreign.items())]

    @property
    def digest(self) -> str:
        """Changes with anything that would be done or is to be decided."""
        told = [[step.id, step.seen, step.article.mark if step.article else "", step.to_library, step.to_folder]
                for step in (*self.steps, *self.settled)]
        told += [[one.id, one.seen] for one in self.conflicts]
        told += [[picture.name] for picture in self.taken]
        return hashlib.sha256(json.dumps([told, self.given]).encode()).hexdigest()[:16]


def merged(base: Article | None, ours: Article, theirs: Article) -> tuple[Article | None, tuple[str, ...]]:
    """One article of two that were `base`, field by field, or None and the fields that both have changed otherwise.
    Lists keep what neither took out and get what either put in."""
    before: dict[str, Any] = base.fields() if base else {}
    left, right = ours.fields(), theirs.fields()
    told: dict[str, Any] = {}
    split: list[str] = []
    for name in FIELDS:
        old: Any = before.get(name)
        a, b = left[name], right[name]
        if a == b or b == old:
            told[name] = a
        elif a == old:
            told[name] = b
        elif name in LISTS and base is not None:
            told[name] = [x for x in a if x in b or x not in old] + [x for x in b if x not in a and x not in old]
        else:
            split.append(name)
    if split:
        return None, tuple(split)
    try:
        return Article.parse(told, ours.id), ()
    except BadEntry:  # each is right by itself, such as two days of which one now lies behind the other
        return None, tuple(name for name in FIELDS if told[name] != before.get(name))


def plan(files: Mapping[str, File], rows: Mapping[str, Row], take: Mapping[str, str] | str = "") -> Plan:
    """What a sync would do. `take` names the side that wins a conflict, of all or by entry."""
    made, rows = Plan(), {name: _in_family(row, files, rows) for name, row in rows.items()}
    for name in sorted({*files, *rows}):
        file, row = files.get(name), rows.get(name)
        theirs = file.article if file else None
        if row is None:
            made.steps.append(Step(name, theirs, to_library=True, to_folder=False))
            continue
        ours = row.article
        if theirs is None and ours is None:
            if row.writing and not row.archived:
                made.drafts.append(name)
            elif row.synced:
                made.settled.append(Step(name, None, False, False))
            continue
        # A publish that follows the folder takes in what a file says with its pictures, and leaves the file as it is.
        changed_file = row.synced not in ((file.mark, file.article.mark) if file else ("",))
        changed_ours = (ours.mark if ours else "") != row.synced
        if file is not None and ours is not None and file.article.mark == ours.mark:
            if file.mark != ours.mark:
                made.steps.append(Step(name, ours, to_library=False, to_folder=True))
            elif changed_file:
                made.settled.append(Step(name, ours, False, False))
        elif not changed_file and changed_ours:
            if ours is None and not row.archived:
                made.drafts.append(name)  # it came from the folder, and its newest text is a draft
            else:
                made.steps.append(Step(name, ours, to_library=False, to_folder=True))
        elif not changed_ours and not row.writing:
            made.steps.append(Step(name, theirs, to_library=True, to_folder=False))
        elif changed_file:
            _both(made, row, theirs, take if isinstance(take, str) else take.get(name, ""))
        if row.writing and name not in made.drafts and not row.archived:
            made.drafts.append(name)
    made.settled = [replace(step, seen=_seen(rows.get(step.id), files.get(step.id))) for step in made.settled]
    made.conflicts = [replace(one, seen=_seen(rows.get(one.id), files.get(one.id))) for one in made.conflicts]
    made.steps = [_whole(step, rows.get(step.id), files.get(step.id)) for step in made.steps]
    # A translation comes after its original, and goes before it.
    made.steps.sort(key=lambda step: (step.article is not None, bool(step.article and step.article.translation_of)))
    return made


def _in_family(row: Row, files: Mapping[str, File], rows: Mapping[str, Row]) -> Row:
    """The row as it counts beside its original: without that a translation is in no folder, and what its original says
    waits or is archived does so too."""
    original = rows.get(row.article.translation_of) if row.article else None
    if original is None or original.article is not None:
        return row
    file = files.get(original.id)
    if file is not None and not (original.archived and file.mark == original.synced):
        return row  # the file stays, or brings the original back
    return replace(row, article=None, archived=not original.writing, writing=original.writing)


def _whole(step: Step, row: Row | None, file: File | None) -> Step:
    """The step with what it was seen to be; the addresses of pictures that were beside a file go into that as well."""
    readdressed = step.article is not None and file is not None and file.mark != step.article.mark
    was = file.article if file else row.article if row else None
    return replace(step, to_folder=step.to_folder or readdressed, was=was, new=row is None or file is None,
                   seen=_seen(row, file))


def _seen(row: Row | None, file: File | None) -> str:
    """What is there of an entry and its file, and what they were at the last sync."""
    return f"{row.revision}.{row.synced}.{file.mark if file else ''}" if row else f"..{file.mark if file else ''}"


def _both(made: Plan, row: Row, file: Article | None, side: str) -> None:
    """Both sides have changed since the last sync."""
    ours = row.article
    drafted = row.writing and not row.archived
    why = "the file and the entry have both been changed"
    fields: tuple[str, ...] = ()
    # A draft that says what the file says is ready by it.
    if side == "folder" or (drafted and file is not None and file.mark == row.newest):
        made.steps.append(Step(row.id, file, to_library=True, to_folder=False))
        return
    if side == "editor" and ours is None and not row.archived:
        why = "the entry is no more than a draft, which is nobody's last word; make it ready first, or take the file's"
    elif side == "editor":
        made.steps.append(Step(row.id, ours, to_library=False, to_folder=True))
        return
    elif drafted:
        why = "the file was changed, and somebody is writing a draft of the entry"
    elif file is None:
        why = "its file is gone, and the entry was changed"
    elif ours is None:
        why = "the entry was archived, and its file was changed"
    else:
        one, fields = merged(row.base, ours, file)
        if one is not None:
            made.steps.append(Step(row.id, one, one.mark != ours.mark, one.mark != file.mark))
            return
    made.conflicts.append(Conflict(row.id, file, ours, row.base, fields, why, drafted))


def alone(settings: Settings) -> LockFile:
    """To be held from the plan of a sync to its end: two at once would each write a file of an entry that has none."""
    return LockFile(settings.home / "sync.lock", "a sync is at work already (process {pid}); wait until it is done")


class Sync:
    """Of one library and one folder. Raises BadEntry for a file or a picture that is none, CannotSync,
    DatabaseUnavailable."""

    def __init__(self, engine: Any, kb: Path) -> None:
        self._engine = engine
        self._library = Library(engine)
        self._pictures = Pictures(engine)
        self._kb = kb

    def plan(self, take: str = "", only: Collection[str] = ()) -> Plan:
        """What :meth:`run` would do. `take` is ``folder`` or ``editor`` for the conflicts, of the entries `only` where
        some are named."""
        files, rows = self._files(), self._rows()
        unknown = [name for name in only if name not in files and name not in rows]
        if unknown:
            raise CannotSync(f"there is no entry {unknown[0]!r}, neither in {self._kb} nor in the editor")
        if not files and any(row.synced and not row.archived for row in rows.values()):
            raise CannotSync(f"{self._kb} holds no entries, though the library was in step with a folder that did; set "
                             "FRONTDESK_KB to that one, or export to a new one: `frontdesk kb export FILE.zip`")
        if files and self._library.note("folder") == "off":
            raise CannotSync(f"an import took the place of {self._kb}, which is another knowledge base; set "
                             "FRONTDESK_KB to an empty folder to have the entries written there")
        known = [row.id for row in rows.values() if row.synced and row.article is not None]
        if (gone := half_gone(known, files)) and (take != "folder" or only):
            raise CannotSync(f"{gone} of {len(known)} files are gone from {self._kb}; if their entries are to be "
                             "archived, `frontdesk kb sync --take folder` does it")
        made = plan(files, rows)
        if undisputed := [name for name in only if name not in {one.id for one in made.conflicts}]:
            raise Outdated(f"there is no conflict on {undisputed[0]!r}, or no more; nothing was done")
        if take:
            made = plan(files, rows, dict.fromkeys(only, take) if only else take)
        self._plan_pictures(made, files)
        return made

    def _plan_pictures(self, made: Plan, files: Mapping[str, File]) -> None:
        """What brings the pictures to both sides that the files will name."""
        later: dict[str, Article | None] = {name: file.article for name, file in files.items()}
        later |= {step.id: step.article for step in made.steps}
        articles = [article for article in later.values() if article is not None]
        names = pictures.named(articles)
        ours = self._pictures.there(names)
        stepping = pictures.named(step.article for step in made.steps if step.article is not None)
        found = {one.name: one for file in files.values() for one in file.pictures}
        fresh = [one for name, one in found.items() if name in stepping and name not in ours]
        taken, made.lacking = pictures.beside(self._kb, articles, {*ours, *found})
        made.taken = [*fresh, *taken]
        for article in articles:
            if left := foreign_pictures(article.entry.answer):
                made.foreign[article.id] = left[0]
        made.given = [name for name in names if (name in ours or (name in stepping and name in found))
                      and pictures.place(name, [self._kb]) is None]

    def run(self, made: Plan, by: str = BY, progress: Callable[[int, int], None] = lambda done, total: None
            ) -> dict[str, str]:
        """Does what was planned; returns the entries that could not be brought in step, and why. They are left as they
        are, so that another sync finds them."""
        passed = self._do(made, progress)
        told = json.dumps({"at": time.time(), "by": by, "folder": str(self._kb)})
        with writing(self._engine) as connection:
            connection.execute(notes.delete().where(notes.c.name == _LAST))
            connection.execute(notes.insert().values(name=_LAST, value=told))
        return passed

    def last(self) -> dict[str, Any] | None:
        """The last sync: ``{"at", "by", "folder"}``, or None."""
        told = self._library.note(_LAST)
        return dict(json.loads(told)) if told else None

    def settle(self, name: str, side: str, seen: str) -> None:
        """Settles the conflict on one entry, and does nothing else. Raises Outdated where it is not what was `seen`."""
        made = self.plan(side, [name])
        step = next((one for one in made.steps if one.id == name), None)
        left = next((one for one in made.conflicts if one.id == name), None)
        if (told := step or left) is None or told.seen != seen:
            raise Outdated(f"{name}: somebody has changed the entry or its file since you looked; nothing was done. "
                           "Look again, then decide.")
        if step is None:
            raise CannotSync(f"{name}: {left.why if left else ''}")
        own = pictures.named([step.article] if step.article else [])
        one = Plan([step], taken=[picture for picture in made.taken if picture.name in own],
                   given=[picture for picture in made.given if picture in own])
        for why in self._do(one).values():
            raise Outdated(f"{name}: {why}")

    def _do(self, made: Plan, progress: Callable[[int, int], None] = lambda done, total: None) -> dict[str, str]:
        rows, files = self._rows(), self._files()
        passed: dict[str, str] = {}
        with writing(self._engine) as connection:
            # First of all: what a kill leaves halfway is a folder in step, which the next sync goes on with.
            connection.execute(notes.delete().where(notes.c.name == "folder"))
            pictures.keep(connection, made.taken, BY)
        for name in made.given:
            if (picture := self._pictures.find(name)) is not None:
                picture.write(self._kb)
        todo = [*made.settled, *made.steps]
        for done, step in enumerate(todo):
            row, file = rows.get(step.id), files.get(step.id)
            try:
                if _seen(row, file) != step.seen:
                    raise Outdated(_MEANWHILE)
                if step.to_library:
                    self._to_library(step, row)
                if step.to_folder:
                    self._to_folder(step, file)
                self._note(step.id, step.article.mark if step.article else "")
            except Edited:
                passed[step.id] = _MEANWHILE
            except (LibraryError, BadEntry, OSError) as error:
                passed[step.id] = str(error)
            progress(done + 1, len(todo))
        return passed

    def _to_library(self, step: Step, row: Row | None) -> None:
        if step.article is None:
            if row is not None and not row.archived:
                self._library.change([step.id], BY, status="archived", revision=row.revision)
        elif row is None:
            self._library.create(step.article, BY, "review", "from the folder")
        else:
            self._library.save(step.article, row.revision, BY, "review", "from the folder")

    def _to_folder(self, step: Step, file: File | None) -> None:
        if file is not None and _mark(file.path) != file.mark:
            raise Outdated(_MEANWHILE)
        if step.article is None:
            if file is not None:
                file.path.unlink()
            return
        path = self._moved(step.article, file.path) if file is not None else None
        target = path or self._free(step.article)
        before = target.read_bytes().decode("utf-8-sig") if path else ""
        text = written.markdown(step.article, target, before.replace("\r\n", "\n"))
        if "\r\n" in before:
            text = text.replace("\n", "\r\n")
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_name(f".{target.name}.part")
        scratch.write_text(text, encoding="utf-8", newline="")
        with scratch.open("rb") as kept:
            os.fsync(kept.fileno())
        scratch.replace(target)

    def _moved(self, article: Article, path: Path) -> Path:
        """The file's place where its folder tells a category that is another now."""
        said = folder.fields(path)["category"]
        if path.parent == self._kb or said != path.parent.name or said == article.entry.category:
            return path
        target = self._free(article)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        return target

    def _free(self, article: Article) -> Path:
        """Where a new file goes."""
        place = self._kb / (slug(article.entry.category) if article.entry.category else "general")
        stem = article.id if slug(article.id) == article.id else slug(article.id)
        found, number = place / f"{stem}.md", 2
        while found.exists() or found.name.lower() == "readme.md":
            found, number = place / f"{stem}-{number}.md", number + 1
        return found

    def _note(self, name: str, mark: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(articles.update().where(articles.c.id == name).values(synced=mark))

    def _files(self) -> dict[str, File]:
        files: dict[str, File] = {}
        if not self._kb.exists():
            return files
        if linked := [place for place in sorted(self._kb.rglob("*")) if place.is_symlink() and place.is_dir()]:
            raise BadEntry(f"{linked[0]}: a link to a folder is not followed; put the folder itself there")
        root = self._kb.resolve()
        for told, path in folder.records(self._kb):
            if not path.resolve().is_relative_to(root):
                raise BadEntry(f"{path}: leads out of {self._kb}; put the file itself there")
            article, beside = Article.of_file(told, str(path)), Found()
            shown = illustrated(article, Origin(str(path), path, self._kb.absolute()), beside.take)
            files[article.id] = File(path, shown, article.mark, tuple(beside.pictures.values()))
        return files

    def _rows(self) -> dict[str, Row]:
        newest, live, base = versions.alias("newest"), versions.alias("live"), versions.alias("base")
        shown = sa.select(sa.func.max(base.c.number)).where(
            base.c.article == articles.c.nr, base.c.mark == articles.c.synced).correlate(articles).scalar_subquery()
        query = (
            sa.select(articles.c.id, articles.c.revision, articles.c.status, articles.c.synced,
                      newest.c.body.label("newest"), newest.c.mark, live.c.body.label("live"),
                      live.c.mark.label("live_mark"), base.c.body.label("base"), WITHDRAWN.label("withdrawn"))
            .join(newest, sa.and_(newest.c.article == articles.c.nr, newest.c.number == articles.c.version))
            .outerjoin(live, sa.and_(live.c.article == articles.c.nr, live.c.number == articles.c.live))
            .outerjoin(base, sa.and_(base.c.article == articles.c.nr, base.c.number == shown))
        )
        with reading(self._engine) as connection:
            found = connection.execute(query).mappings().all()
        return {row["id"]: _row(row) for row in found}


def _mark(path: Path) -> str:
    """The mark of what a file says now; empty where it is gone."""
    return Article.of_file(folder.fields(path), str(path)).mark if path.exists() else ""


def _row(row: Any) -> Row:
    draft = row["status"] == "draft"
    # Where a publish has found the file gone nobody is writing: the text is what was live.
    left = row["withdrawn"] and not row["synced"]
    body = None if row["status"] == "archived" else row["live"] if draft else row["newest"]
    return Row(
        id=row["id"], revision=row["revision"], synced=row["synced"], archived=row["status"] == "archived",
        writing=draft and row["mark"] != row["live_mark"] and not left, newest=row["mark"], article=_article(body),
        base=_article(row["base"]),
    )


def _article(body: str | None) -> Article | None:
    return Article.restore(json.loads(body)) if body else None
