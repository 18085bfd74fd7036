"""What is live, what it would become, and every earlier state: the ledger of publications.

A publication is written down before its snapshot is (``begun``) and settled when the snapshot serves (``done``), so
that whatever dies in between can be told apart afterwards: see :meth:`Publications.recover`.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.database import open_database, reading, writing
from bot.library import pictures, shelf, tables
from bot.library.article import Article
from bot.library.errors import Overtaken, Unwritten
from bot.library.importing import Origin, illustrated
from bot.library.library import Library, today
from bot.library.pictures import Picture
from bot.library.tables import articles, lives, notes, publications, versions
from bot.library.translations import Families, Kin
from bot.settings import Settings
from kb_index import folder
from kb_index.entry import Entry
from kb_index.errors import BadEntry
from kb_index.translations import joined

_ROWS = 500
#: Seconds that no publish takes.
_LONGEST = 86_400.0
#: So much of what a publish could change is listed.
_LISTED = 1000
_NEWEST = sa.and_(versions.c.article == articles.c.nr, versions.c.number == articles.c.version)
#: Whether the newest version was live once, and nothing is now.
WITHDRAWN = sa.and_(
    articles.c.live.is_(None),
    sa.exists().where(lives.c.article == articles.c.nr, lives.c.version == articles.c.version),
)
FOLDER = "the folder"


@dataclass(frozen=True)
class Change:
    """One article that a publication changes: its new live `version`, or None where it is withdrawn.

    `article` is set where the version is yet to be written, because it comes from a file.
    """

    id: str
    version: int | None
    article: Article | None = None


@dataclass
class Plan:
    """What would be live: `entries` are what holds today, in the order of their articles."""

    #: When it was made: the moment whose day decides what holds.
    at: float = field(default_factory=time.time, compare=False)
    entries: list[Entry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    #: Versions from files that are of a later day: they are kept, ready for it, and what is live stays until then.
    coming: list[Change] = field(default_factory=list)
    #: Articles that are ready and wait for the day on which they become valid.
    waiting: list[str] = field(default_factory=list)
    #: Files that differ from their article where editors have changed that too, so that the article stands, and what
    #: else of the folder is not followed.
    conflicts: list[str] = field(default_factory=list)
    #: The mark of each file, and what it was taken for.
    marks: dict[str, str] = field(default_factory=dict)
    #: Pictures that come along with the files.
    pictures: list[Picture] = field(default_factory=list)
    #: The newest versions that become live, by the number of their article: which, and its mark when it was read.
    taken: dict[int, tuple[int, str]] = field(default_factory=dict)


class Publications:
    """All methods block and raise DatabaseUnavailable."""

    def __init__(self, engine: Any, kb: Path | None = None, home: Path | None = None) -> None:
        """`kb` is the Markdown folder that the library follows; without one it follows none. `home` is whose snapshots
        are published: several may share one database, and each has its own."""
        self._engine = engine
        self._kb = kb
        self._home = home
        self._shelf = shelf.Shelf()

    # What would be live

    def plan(self, ids: Collection[str] | None = None, day: str = "", with_folder: bool = True) -> Plan:
        """What would be live if the newest versions of the articles `ids` went live, with what has changed in the
        folder. None takes all that are ready: in review, or archived. A version that becomes valid later does not take
        the place of a live one before its day. Raises BadEntry for a file that is none."""
        at = time.time()
        day = day or today()
        with reading(self._engine) as connection:
            live = self._shelf.look(connection)
            plan = self._of_folder(connection, day) if with_folder else Plan()
            plan.at = at
            from_files = {*(change.id for change in plan.changes), *plan.waiting}
            places: dict[str, int] = {}
            for row in _chosen(connection, ids):
                if row["id"] in from_files:
                    continue
                places[row["id"]] = row["nr"]
                if row["status"] == "archived":
                    if row["live"] is not None:
                        plan.changes.append(Change(row["id"], None))
                elif row["live"] not in (None, row["version"]) and row["valid_from"] > day:
                    plan.waiting.append(row["id"])
                elif row["live"] != row["version"]:
                    plan.changes.append(Change(row["id"], row["version"]))
                    plan.taken[row["nr"]] = (row["version"], row["mark"])
            places |= _places(connection, from_files)
            last = connection.execute(sa.select(sa.func.max(articles.c.nr))).scalar() or 0
            bodies = shelf.read(connection, {nr: version for nr, (version, _) in plan.taken.items()})
        kept = dict(live)
        for number, change in enumerate(plan.changes, 1):
            nr = places.get(change.id, last + number)
            article = change.article or bodies.get(nr)
            if article is not None:
                kept[nr] = article
            else:
                kept.pop(nr, None)
        # In the order that they will have once this is live, so that a second look finds the same state.
        if any(nr not in live for nr in kept):
            kept = dict(sorted(kept.items()))
        plan.entries = joined([article.entry for article in kept.values() if article.is_valid(day)])
        return plan

    def _of_folder(self, connection: Any, day: str) -> Plan:
        """The changes that the Markdown folder asks for: a three-way comparison of the file, the file when it was last
        taken in, and the article. Where file and article have both changed, the article stands and is a conflict. What
        is live stays where more files are gone than anybody takes away on purpose."""
        plan = Plan()
        if self._kb is None or _is_off(connection):
            return plan
        query = _rows(
            articles.c.synced,
            articles.c.language,
            articles.c.translation_of,
            versions.c.mark,
            WITHDRAWN.label("withdrawn"),
        )
        rows = connection.execute(query.join(versions, _NEWEST).order_by(articles.c.nr)).mappings().all()
        there = {row["id"]: row for row in rows}
        known = [row["id"] for row in rows if row["synced"] and row["status"] != "archived" and row["live"] is not None]
        strangers: dict[str, tuple[Path, str]] = {}
        gone = bool(rows) and not self._kb.is_dir()
        files = {} if gone else {article.id: article for article in read_folder(self._kb, strangers)}
        if lost := half_gone(known, files):
            mend = (
                "if their entries are to be archived, `frontdesk kb sync --take folder` does it"
                if files
                else "set FRONTDESK_KB to the folder with the knowledge base"
            )
            plan.conflicts.append(
                f"{lost} of {len(known)} files are gone from {self._kb}, so nothing of it is taken in and what is live "
                f"stays; bring them back, or {mend}"
            )
            return plan
        kin = [Kin(row["id"], row["language"], row["translation_of"]) for row in rows if row["status"] != "archived"]
        families = Families([*(one for one in kin if one.id not in files), *map(Kin.of, files.values())])
        orphans: set[str] = set()
        for article in files.values():
            row, original = there.get(article.id), there.get(article.translation_of)
            if original is not None and original["status"] == "archived" and original["id"] not in files:
                orphans.add(article.id)
            elif row is None or (row["synced"] != article.mark and row["status"] != "archived"):
                families.check(Kin.of(article), f"{self._kb}, {article.id}")
        for article in files.values():
            mark, row = article.mark, there.get(article.id)
            if article.id in orphans:
                if row is None or row["synced"] != mark:
                    plan.conflicts.append(f"{article.id}: its file is not taken in, since {article.translation_of!r}, "
                                          "which it translates, is archived; bring that back, or remove the file")
                continue
            if row is None:
                plan.changes.append(Change(article.id, 1, article))
            elif row["synced"] == mark:
                continue
            elif row["status"] == "archived":
                plan.conflicts.append(
                    f"{article.id}: its file is there, but the entry is archived and stays so; a sync settles it"
                )
                continue
            elif row["mark"] == mark:
                if row["live"] not in (None, row["version"]) and article.valid_from > day:
                    plan.waiting.append(article.id)
                    continue
                if row["live"] != row["version"]:
                    plan.changes.append(Change(article.id, row["version"]))
                    plan.taken[row["nr"]] = (row["version"], mark)
            elif row["mark"] == row["synced"] or (row["withdrawn"] and not row["synced"]):
                change = Change(article.id, row["version"] + 1, article)
                if row["live"] is not None and article.valid_from > day:
                    plan.waiting.append(article.id)
                    plan.coming.append(change)
                else:
                    plan.changes.append(change)
            else:
                plan.conflicts.append(f"{article.id}: the file and the entry have both been changed; the entry stands")
                continue
            plan.marks[article.id] = mark
        taken = [change.article for change in (*plan.changes, *plan.coming) if change.article is not None]
        names = pictures.named(taken)
        kept = pictures.there(connection, names)
        fresh = [pictures.of_stranger(*strangers[name]) for name in names if name in strangers and name not in kept]
        found, lacking = pictures.beside(self._kb, taken, {*kept, *strangers})
        plan.pictures = [*fresh, *found]
        plan.conflicts += [pictures.lacking(name, where) for name, where in lacking.items()]
        for row in rows:
            if row["synced"] and row["id"] not in files and row["live"] is not None:
                if row["mark"] == row["synced"] and row["status"] != "archived":
                    plan.changes.append(Change(row["id"], None))
                elif row["status"] != "archived":
                    plan.conflicts.append(f"{row['id']}: its file is gone, and the entry has been changed; it stands")
        return plan

    def live(self) -> list[Entry]:
        """What anybody may be shown today."""
        query = (
            sa.select(versions.c.body)
            .join(articles, sa.and_(articles.c.nr == versions.c.article, articles.c.live == versions.c.number))
            .order_by(articles.c.nr)
        )
        day = today()
        with reading(self._engine) as connection:
            found = [Article.restore(json.loads(body)) for body in connection.execute(query).scalars()]
        entries = joined([article.entry for article in found if article.is_valid(day)])
        return [entry for entry in entries if entry.is_for(verified=False)]

    def state(self) -> tuple[int, str]:
        """Changes whenever :meth:`live` may."""
        query = sa.select(sa.func.max(publications.c.seq)).where(publications.c.state == "done")
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0), today()

    def pending(self) -> dict[str, Any]:
        """``{"pending": […], "ready": n, "total": n}``: articles whose newest version is not live, which is what
        a publish could change. Those ready come first. The list is cut, the counts are of all."""
        columns = [
            articles.c[name]
            for name in (
                "id",
                "question",
                "status",
                "category",
                "live",
                "version",
                "updated",
                "updated_by",
                "audience",
                "valid_from",
                "valid_until",
            )
        ]
        ready = sa.case((articles.c.status.in_(("review", "archived")), 1), else_=0)
        differs = sa.or_(
            sa.and_(articles.c.status == "archived", articles.c.live.isnot(None)),
            sa.and_(
                articles.c.status != "archived",
                sa.or_(articles.c.live.is_(None), articles.c.live != articles.c.version),
            ),
        )
        newest = (ready.desc(), articles.c.updated.desc(), articles.c.nr.desc())
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(columns).where(differs).order_by(*newest).limit(_LISTED)).mappings()
            told = [dict(row) for row in rows]
            counted = sa.select(sa.func.count(), sa.func.sum(ready)).select_from(articles).where(differs)
            total, many = connection.execute(counted).one()
        for row in told:
            row["change"] = "withdrawn" if row["status"] == "archived" else "new" if row["live"] is None else "changed"
        return {"pending": told, "ready": int(many or 0), "total": int(total)}

    # From begun to done

    def begin(self, plan: Plan, mark: str, by: str, kind: str, override: str = "") -> int:
        """Writes down what is about to become live; returns the publication's number. What comes from files is written
        down when it is: after a death in between the folder tells it again. From now on no version of the plan is
        written over (:meth:`Library.save`). Raises Overtaken where one has been since the plan was made."""
        told = json.dumps([[change.id, change.version] for change in plan.changes if change.article is None])
        with writing(self._engine) as connection:
            self._check_taken(connection, plan.taken)
            done = connection.execute(
                publications.insert().values(
                    at=plan.at,
                    by=by,
                    kind=kind,
                    state="begun",
                    mark=mark,
                    snapshot=self._place(make=True),
                    override=override,
                    plan=told,
                    report="{}",
                )
            )
            return int(done.inserted_primary_key[0])

    def _check_taken(self, connection: Any, taken: Mapping[int, tuple[int, str]]) -> None:
        for start in range(0, len(taken), _ROWS):
            some = dict(sorted(taken.items())[start : start + _ROWS])
            # A save that is under way is waited for, and a later one sees the publication.
            rows = sa.select(articles.c.nr, articles.c.id).where(articles.c.nr.in_(some)).order_by(articles.c.nr)
            names = {nr: name for nr, name in connection.execute(rows.with_for_update())}
            said = sa.select(versions.c.article, versions.c.number, versions.c.mark)
            found = connection.execute(said.where(versions.c.article.in_(some)))
            there = {(nr, number): mark for nr, number, mark in found}
            for nr, (number, mark) in some.items():
                if there.get((nr, number)) != mark:
                    raise Overtaken(names.get(nr, "an entry"))

    def finish(self, seq: int, snapshot: str, plan: Plan, report: dict[str, Any] | None = None) -> None:
        """Settles what has become live with `snapshot`."""
        with writing(self._engine) as connection:
            tables.alone(connection)
            self._finish(connection, seq, snapshot, plan, report or {})

    def _finish(self, connection: Any, seq: int, snapshot: str, plan: Plan, report: dict[str, Any]) -> None:
        pictures.keep(connection, plan.pictures, FOLDER)
        changes = self._write_files(connection, plan)
        self._write_coming(connection, plan)
        if plan.marks and not _is_off(connection):
            change_mark = (
                articles.update().where(articles.c.id == sa.bindparam("of")).values(synced=sa.bindparam("mark"))
            )
            connection.execute(change_mark, [{"of": name, "mark": mark} for name, mark in plan.marks.items()])
        for some in _in_steps([name for name, version in changes if version is None]):
            # Nobody has archived them: their files are gone. One that comes back is taken in again.
            withdrawn = articles.c.id.in_(some), articles.c.status != "archived"
            # Nor does a version of that file that waited for its day come by itself.
            of_file = sa.exists().where(_NEWEST, versions.c.mark == articles.c.synced)
            status = sa.case((sa.and_(articles.c.status == "review", of_file), "draft"), else_=articles.c.status)
            connection.execute(articles.update().where(*withdrawn).values(synced="", status=status))
        self._set_live(connection, seq, changes)
        told = {"plan": json.dumps(changes), "report": json.dumps(tables.lasting(report))}
        settled = connection.execute(
            publications.update()
            .where(publications.c.seq == seq)
            .values(state="done", snapshot=snapshot, **told)
        )
        if not settled.rowcount:
            raise Unwritten(seq, snapshot)

    def _write_files(self, connection: Any, plan: Plan) -> list[tuple[str, int | None]]:
        """Writes the versions that come from files; returns all changes as they became.

        Measuring takes its time, and what somebody did to an article or to all of them meanwhile holds: it stays the
        newest version, and where an import took the folder's place, what the folder has besides is withdrawn next.
        """
        library = Library(self._engine)
        now = time.time()
        changes = [(change.id, change.version) for change in plan.changes]
        files = {change.id: change for change in plan.changes if change.article is not None}
        there = _heads_of(connection, files)
        fresh = [change.article for name, change in files.items() if change.article is not None and name not in there]
        library._insert(connection, fresh, FOLDER, "from its file", now, lambda done, total: None)
        if fresh and _is_off(connection):
            for some in _in_steps([one.id for one in fresh]):
                connection.execute(articles.update().where(articles.c.id.in_(some)).values(status="archived"))
        for place, change in enumerate(plan.changes):
            if change.article is None or change.id not in there:
                continue
            row = there[change.id]
            if row["mark"] == change.article.mark:  # another home has just taken in the same
                changes[place] = (change.id, row["version"])
                continue
            nr, number = row["nr"], row["version"] + 1
            changes[place] = (change.id, number)
            newest = None if number == change.version else library._version(connection, nr, row["version"])
            library._write_version(connection, nr, number, change.article, FOLDER, now, "from its file")
            values = {"version": number, "revision": articles.c.revision + 1}
            if newest is None:
                values |= tables.row_of(change.article, updated=now, updated_by=FOLDER)
            else:
                values["version"] = number + 1
                note = f"version {row['version']}, written while a publish was at work"
                library._write_version(connection, nr, number + 1, newest, row["updated_by"], now, note)
            connection.execute(articles.update().where(articles.c.nr == nr).values(values))
        library._follow(connection, list(files))
        return changes

    def _write_coming(self, connection: Any, plan: Plan) -> None:
        """Writes the versions from files whose day has not come, ready for it. Where somebody has changed the article
        since it was planned, its file is left for the next look to compare."""
        library, now = Library(self._engine), plan.at  # of before their day, also where measuring went on past midnight
        there = _heads_of(connection, [change.id for change in plan.coming])
        for change in plan.coming:
            row = there.get(change.id)
            number = row["version"] + 1 if row else 1
            if change.article is None or row is None or number != change.version or _is_off(connection):
                plan.marks.pop(change.id, None)
                continue
            library._write_version(connection, row["nr"], number, change.article, FOLDER, now, "from its file")
            values = tables.row_of(change.article, version=number, revision=articles.c.revision + 1, status="review",
                                   updated=now, updated_by=FOLDER)
            connection.execute(articles.update().where(articles.c.nr == row["nr"]).values(values))
        library._follow(connection, [change.id for change in plan.coming])

    def _set_live(
        self, connection: Any, seq: int, changes: Sequence[tuple[str, int | None]], again: bool = False
    ) -> None:
        """Notes which versions are live from the publication `seq` on. What is archived stays it, to be withdrawn next,
        unless it is made live `again`."""
        for start in range(0, len(changes), _ROWS):
            some = changes[start : start + _ROWS]
            rows = {
                row["id"]: row
                for row in connection.execute(
                    sa.select(articles.c.id, articles.c.nr, articles.c.version, articles.c.status).where(
                        articles.c.id.in_([name for name, _ in some])
                    )
                ).mappings()
            }
            nrs = [row["nr"] for row in rows.values()]
            connection.execute(
                lives.update().where(lives.c.article.in_(nrs), lives.c.until.is_(None)).values(until=seq)
            )
            begun = [
                {"article": rows[name]["nr"], "since": seq, "version": version, "until": None}
                for name, version in some
                if version is not None and name in rows
            ]
            if begun:
                connection.execute(lives.insert(), begun)
            settled = []
            for name, version in some:
                if (row := rows.get(name)) is None:
                    continue
                status = row["status"]
                if version is not None and row["version"] == version:
                    status = "published" if again or status != "archived" else status
                elif status == "published":
                    status = "draft"
                settled.append({"of": row["nr"], "live": version, "status": status})
            if settled:
                values = {"live": sa.bindparam("live"), "status": sa.bindparam("status")}
                change = articles.update().where(articles.c.nr == sa.bindparam("of")).values(values)
                connection.execute(change, settled)

    def drop(self, seq: int) -> None:
        """Forgets a publication that has not become live."""
        with writing(self._engine) as connection:
            connection.execute(publications.delete().where(publications.c.seq == seq, publications.c.state == "begun"))

    def begun(self) -> int:
        """How many publications of this home are under way, or were when something died."""
        query = sa.select(sa.func.count()).select_from(publications).where(self._begun_here())
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0)

    def recover(self, mark: str, snapshot: str) -> str:
        """After a death between the snapshot and the ledger: settles the publication whose snapshot serves (`mark` is
        the mark of the current one) and drops those that came to nothing. Returns in words what was done."""
        with writing(self._engine) as connection:
            tables.alone(connection)
            rows = (
                connection.execute(
                    publications.select().where(self._begun_here()).order_by(publications.c.seq.desc())
                )
                .mappings()
                .all()
            )
            said = ""
            for row in rows:
                used = connection.execute(
                    sa.select(publications.c.seq).where(publications.c.snapshot == snapshot)
                ).first()
                if row["mark"] == mark and not used:
                    changes = [Change(name, version) for name, version in json.loads(row["plan"])]
                    if row["kind"] != "set-up":
                        self._finish(connection, row["seq"], snapshot, Plan(changes=changes), {})
                        said = f"publication {row['seq']} was live but not written down; it is now"
                        continue
                connection.execute(publications.delete().where(publications.c.seq == row["seq"]))
            return said

    def _begun_here(self) -> Any:
        """Those of this home that are begun, and those of others that have come to nothing long since."""
        here = publications.c.snapshot.in_(("", self._place()))
        return sa.and_(publications.c.state == "begun", sa.or_(here, publications.c.at < time.time() - _LONGEST))

    def _place(self, make: bool = False) -> str:
        """Which home this is among those of one database; nothing before its first publication. Only who holds the
        set-up's lock makes it."""
        if self._home is None:
            return ""
        file = self._home / "place"
        name = file.read_text() if file.exists() else ""
        if make and not name:
            file.write_text(name := secrets.token_hex(8))
        return name

    # The way back

    def history(self, limit: int = 50) -> list[dict[str, Any]]:
        """Publications, newest first, without their reports' details."""
        query = (
            publications.select().where(publications.c.state == "done").order_by(publications.c.seq.desc()).limit(limit)
        )
        with reading(self._engine) as connection:
            return [
                {
                    "seq": row["seq"],
                    "at": row["at"],
                    "by": row["by"],
                    "kind": row["kind"],
                    "snapshot": row["snapshot"],
                    "override": row["override"],
                    "changes": len(json.loads(row["plan"])),
                    "report": json.loads(row["report"]).get("counts"),
                }
                for row in connection.execute(query).mappings()
            ]

    def snapshots(self) -> set[str]:
        """The names of all snapshots that have ever been live."""
        query = sa.select(publications.c.snapshot.distinct()).where(publications.c.state == "done")
        with reading(self._engine) as connection:
            return set(connection.execute(query).scalars())

    def report(self, seq: int) -> dict[str, Any] | None:
        with reading(self._engine) as connection:
            row = connection.execute(publications.select().where(publications.c.seq == seq)).mappings().first()
            if row is None:
                return None
            return {
                "seq": seq,
                "at": row["at"],
                "by": row["by"],
                "kind": row["kind"],
                "override": row["override"],
                "snapshot": row["snapshot"],
                "changes": json.loads(row["plan"])[:500],
                "report": json.loads(row["report"]),
            }

    def roll_back(self, snapshot: str, by: str) -> int | None:
        """Makes live what was live with `snapshot`; drafts stay as they are. Returns the number of this publication, or
        None where the ledger does not know the snapshot."""
        with writing(self._engine) as connection:
            tables.alone(connection)
            then = connection.execute(
                sa.select(sa.func.min(publications.c.seq)).where(
                    publications.c.snapshot == snapshot, publications.c.state == "done"
                )
            ).scalar()
            if then is None:
                return None
            query = sa.select(lives.c.article, lives.c.version)
            past = dict(
                connection.execute(
                    query.where(lives.c.since <= then, sa.or_(lives.c.until.is_(None), lives.c.until > then))
                ).all()
            )
            present = dict(connection.execute(query.where(lives.c.until.is_(None))).all())
            nrs = [nr for nr in {*past, *present} if past.get(nr) != present.get(nr)]
            names: dict[int, str] = {}
            for start in range(0, len(nrs), _ROWS):
                names |= dict(
                    connection.execute(
                        sa.select(articles.c.nr, articles.c.id).where(articles.c.nr.in_(nrs[start : start + _ROWS]))
                    ).all()
                )
            changes = [(names[nr], past.get(nr)) for nr in nrs if nr in names]
            seq = int(
                connection.execute(
                    publications.insert().values(
                        at=time.time(),
                        by=by,
                        kind="rollback",
                        state="done",
                        mark="",
                        snapshot=snapshot,
                        override="",
                        plan=json.dumps(changes),
                        report="{}",
                    )
                ).inserted_primary_key[0]
            )
            self._set_live(connection, seq, changes, again=True)
            return seq

    def due(self, serving: str | None = None) -> tuple[bool, list[str]]:
        """Whether other articles hold today than on the day of the snapshot that is `serving`, or of the newest, and
        which ones that were made ready before their day are to go live because it has come."""
        now = today()
        done = publications.c.state == "done"
        newest = sa.select(publications.c.snapshot).where(done).order_by(publications.c.seq.desc()).limit(1)
        # Who goes back serves what was made then.
        serves = publications.c.snapshot == (serving or newest.scalar_subquery())
        made = sa.select(sa.func.min(publications.c.at)).where(done, serves)
        with reading(self._engine) as connection:
            at = connection.execute(made).scalar()
            if at is None:
                return False, []
            last = time.strftime("%Y-%m-%d", time.gmtime(at))
            live = (
                sa.select(versions.c.body)
                .join(articles, sa.and_(articles.c.nr == versions.c.article, articles.c.live == versions.c.number))
                # What stands in a text is escaped in JSON, so this is only ever the fields themselves.
                .where(versions.c.body.notlike('%"valid_from": "", "valid_until": ""%'))
            )
            dated = [Article.restore(json.loads(body)) for body in connection.execute(live).scalars()]
            ready = (
                sa.select(articles.c.id, articles.c.valid_from, articles.c.updated)
                .where(articles.c.status == "review", articles.c.valid_from != "", articles.c.valid_from <= now)
                # What is live as it stands has had its day.
                .where(sa.or_(articles.c.live.is_(None), articles.c.live != articles.c.version))
                .order_by(articles.c.nr)
            )
            # Who makes ready what is valid already has not asked for a day.
            came = [
                row["id"]
                for row in connection.execute(ready).mappings()
                if time.strftime("%Y-%m-%d", time.gmtime(row["updated"])) < row["valid_from"]
            ]
        return last < now and any(article.is_valid(last) != article.is_valid(now) for article in dated), came


def _rows(*more: Any) -> Any:
    """Every article with what says whether it goes live, and `more` columns."""
    names = ("id", "nr", "version", "live", "status", "valid_from")
    return sa.select(*(articles.c[name] for name in names), *more)


def _chosen(connection: Any, ids: Collection[str] | None) -> list[Any]:
    """The articles `ids`, or where that is None, those that are ready; by nr."""
    rows = _rows(versions.c.mark).join(versions, _NEWEST)
    if ids is None:
        leaving = sa.and_(articles.c.status == "archived", articles.c.live.isnot(None))
        queries = [rows.where(sa.or_(articles.c.status == "review", leaving))]
    else:
        queries = [rows.where(articles.c.id.in_(some)) for some in _in_steps(ids)]
    found = [row for query in queries for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda row: int(row["nr"]))


def _is_off(connection: Any) -> bool:
    """Whether an import has taken the folder's place."""
    return bool(connection.execute(sa.select(notes.c.value).where(notes.c.name == "folder")).scalar() == "off")


def _heads_of(connection: Any, ids: Collection[str]) -> dict[str, Any]:
    """The newest version of each of these articles that is there, and who wrote it."""
    query = sa.select(articles.c.id, articles.c.nr, articles.c.version, articles.c.updated_by, versions.c.mark)
    query = query.join(versions, _NEWEST)
    found = [connection.execute(query.where(articles.c.id.in_(some))).mappings() for some in _in_steps(ids)]
    return {row["id"]: row for rows in found for row in rows}


def _places(connection: Any, ids: Collection[str]) -> dict[str, int]:
    """The nr of each of these articles that is there."""
    found: dict[str, int] = {}
    for some in _in_steps(ids):
        found |= dict(connection.execute(sa.select(articles.c.id, articles.c.nr).where(articles.c.id.in_(some))).all())
    return found


def _in_steps(ids: Collection[str]) -> list[list[str]]:
    every = list(ids)
    return [every[start : start + _ROWS] for start in range(0, len(every), _ROWS)]


def half_gone(known: Collection[str], files: Collection[str]) -> int:
    """How many entries that are `known` to have a file have none among `files`, where these are too many to be meant: a
    checkout that is under way, or another folder. Else 0."""
    gone = sum(name not in files for name in known)
    return gone if gone > max(10, len(known) / 2) or not files else 0


def read_folder(kb: Path, strangers: dict[str, tuple[Path, str]] | None = None) -> list[Article]:
    """The articles of the Markdown folder, by id, with pictures beside their files as ours; `strangers` has the file
    of each such by its name, and where it is named. Raises BadEntry naming the file."""
    beside: dict[str, tuple[Path, str]] = {} if strangers is None else strangers

    def named(file: Path, where: str) -> str:
        name = pictures.called(file, where)
        beside[name] = (file, where)
        return name

    return [
        illustrated(Article.of_file(told, str(path)), Origin(str(path), path, kb.absolute()), named)
        for told, path in folder.records(kb)
    ]


def publications_of(settings: Settings) -> Publications:
    """The ledger of this installation, its tables made or brought up to date."""
    engine = open_database(settings.database)
    Library(engine).prepare()
    return Publications(engine, settings.kb, settings.home)


def planned(ledger: Publications, ready: bool = False) -> Plan:
    """What a set-up would make live: what is live, with the changes of the folder; with all that is ready where `ready`
    says so, and where nothing at all is live yet. A file that is none keeps nobody from being served: what is live
    stays, and the file is told as a conflict. Raises BadEntry for one where nothing is live."""
    try:
        plan = ledger.plan(None if ready else ())
    except BadEntry as error:
        plan = ledger.plan(None if ready else (), with_folder=False)
        if not plan.entries:
            raise
        plan.conflicts.append(f"{error}; nothing of the folder is taken in until then, and what is live stays")
        return plan
    if not plan.entries and not ready:
        plan = ledger.plan(None)
    return plan
