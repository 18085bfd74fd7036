"""The library: articles with all their versions in SQL. No save overwrites what its sender has not seen.

Usage::

    library = Library(open_database(settings.database))
    library.prepare()
    kept = library.create(article, "Ada")
    kept = library.save(changed, kept["revision"], "Ada")     # raises Edited when somebody was faster
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from bot.database import migrate, reading, writing
from bot.library import tables, usage
from bot.library.article import STATUSES, Article
from bot.library.errors import Edited, NoSuchArticle, Taken
from bot.library.tables import articles, comments, lives, notes, publications, questions, versions
from bot.library.translations import Families, Kin
from bot.search.words import parted
from kb_index.errors import BadEntry

if TYPE_CHECKING:
    from bot.library.pictures import Picture

#: Saves by one person within so many seconds are one version, unless it is live or was asked for by hand.
_ONE_SITTING = 900.0
#: A search that finds more shows so many: nobody reads further, they type another word.
MOST_FOUND = 1000
#: What lists can look for beside the values of fields: see :meth:`Library.page`.
LOOKS = ("stale", "unused", "handed", "low", "outdated", "untranslated")
#: Days without a change after which an article counts as stale.
STALE_DAYS = 180
_ROWS = 500
_WORD = re.compile(r"[^\W_]+")
_SORTS = {
    "updated": [articles.c.updated.desc(), articles.c.nr.desc()],
    "asked": [articles.c.asked.desc(), articles.c.nr.desc()],
    "oldest": [articles.c.updated, articles.c.nr],
}
#: What picks the translations that count.
_TRANSLATIONS = (articles.c.translation_of > "", articles.c.status != "archived")
_LISTED = [c for c in articles.c if c.name not in ("synced", "created", "said", "follows")]


def today() -> str:
    return datetime.now(timezone.utc).date().isoformat()


class Library:
    """All methods block and raise DatabaseUnavailable; those that name an article raise NoSuchArticle."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def prepare(self) -> None:
        """Makes the tables, or brings them up to date."""
        migrate(self._engine, "library", list(tables.STEPS))

    # Lists

    def page(
        self,
        search: str = "",
        filters: dict[str, str] | None = None,
        sort: str = "updated",
        limit: int = 50,
        offset: int = 0,
    ) -> dict[str, Any]:
        """``{"entries": […], "total": n, "more": bool, "languages": […]}``: `more` says that a search found more than
        are shown, `languages` are those of all translations. Each entry has its family (:meth:`_with_family`).

        `filters` has any of status (also ``changed``: differs from what is live), category, language, audience, owner,
        and ``look`` (``stale``, ``unused``, ``handed``, ``low``: voted of little help, ``outdated``: a translation
        whose original has changed since, ``untranslated``: without a translation in each language that there is).
        """
        where = [condition for name, value in (filters or {}).items() for condition in _conditions(name, value)]
        query = sa.select(_LISTED).order_by(*_SORTS[sort])
        words = _WORD.findall(parted(search, alone=False))[:12]
        with reading(self._engine) as connection:
            if not words:
                total = connection.execute(sa.select(sa.func.count()).select_from(articles).where(*where)).scalar()
                rows = connection.execute(query.where(*where).limit(limit).offset(offset)).mappings().all()
                shown = self._with_family(connection, [dict(row) for row in rows])
                return {"entries": shown, "total": int(total or 0), "more": False, "languages": _languages(connection)}
            query = tables.found(self._engine.dialect.name, words, _LISTED, where, MOST_FOUND + 1)
            rows = connection.execute(query).mappings().all()
            found = [dict(row) for row in rows[:MOST_FOUND]]
            typed = [word.lower() for word in words]
            # Those that have the words in the question come first.
            found.sort(key=lambda row: (-sum(word in row["question"].lower() for word in typed), -row["updated"]))
            shown = self._with_family(connection, found[offset : offset + limit])
            more, languages = len(rows) > MOST_FOUND, _languages(connection)
        return {"entries": shown, "total": len(found), "more": more, "languages": languages}

    def _with_family(self, connection: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows with ``original`` (``{"id", "question", "language"}`` of what a translation translates, else None),
        ``translations`` (of each that is not archived ``{"id", "language", "status", "live", "outdated"}``) and
        ``outdated``: whether it is a translation whose original has changed since."""
        sources = list({row["translation_of"] or row["id"] for row in rows})
        query = articles.select().where(sa.or_(articles.c.translation_of.in_(sources), articles.c.id.in_(sources)))
        kin = connection.execute(query.order_by(articles.c.language)).mappings().all() if sources else []
        originals = {one["id"]: one for one in kin}
        for row in rows:
            original = originals.get(row["translation_of"])
            row["original"] = {name: original[name] for name in ("id", "question", "language")} if original else None
            row["translations"] = [
                {
                    "id": one["id"],
                    "language": one["language"],
                    "status": one["status"],
                    "live": one["live"] is not None,
                    "outdated": _is_outdated(one, originals.get(one["translation_of"])),
                }
                for one in kin
                if one["translation_of"] and one["translation_of"] == (row["translation_of"] or row["id"])
                and (one["status"] != "archived" or one["id"] == row["id"])
            ]
            row["outdated"] = any(one["id"] == row["id"] and one["outdated"] for one in row["translations"])
        return rows

    def facets(self) -> dict[str, Any]:
        """How many articles each status, category, language and owner has."""
        told: dict[str, dict[str, int]] = {}
        with reading(self._engine) as connection:
            # One after the other, since each has an index that holds the answer.
            for name in ("status", "category", "language", "owner"):
                column = articles.c[name]
                query = sa.select(column, sa.func.count()).group_by(column).order_by(column)
                told[name] = {value: count for value, count in connection.execute(query)}
        return told

    # One article

    def open(self, article: str) -> dict[str, Any]:
        """Its row, with ``fields`` as they are in the newest version and ``published`` as they are live (or None)."""
        with reading(self._engine) as connection:
            return self._open(connection, article)

    def create(self, article: Article, by: str, status: str = "draft", note: str = "") -> dict[str, Any]:
        """Raises Taken where the id is in use, BadEntry for a translation that cannot be one."""
        now = time.time()
        row = tables.row_of(
            article, revision=1, version=1, live=None, status=status, created=now, updated=now, updated_by=by, synced=""
        )
        with writing(self._engine) as connection:
            _check_family(connection, article, ready=status == "review")
            try:
                with connection.begin_nested():
                    nr = connection.execute(articles.insert().values(row)).inserted_primary_key[0]
            except sa.exc.IntegrityError:
                raise Taken(f"there is an entry with the id {article.id!r} already; choose another") from None
            self._write_version(connection, nr, 1, article, by, now, note)
            self._follow(connection, [article.id])
            return self._open(connection, article.id)

    def save(
        self, article: Article, revision: int, by: str, status: str | None = None, note: str = "", sitting: bool = True
    ) -> dict[str, Any]:
        """Saves on top of the `revision` that the sender has seen. Raises Edited where it is not the newest, BadEntry
        for a translation that cannot be one. A translation whose text is written anew follows its original again.

        `sitting` lets saves that one person makes in a row become one version. A save that changes nothing adds none,
        and one that undoes all that such a version changed of the live text takes it away again.
        """
        now = time.time()
        with writing(self._engine) as connection:
            row = self._row(connection, article.id, lock=True)
            if row["revision"] != revision:
                raise Edited(self._open(connection, article.id))
            _check_family(connection, article, ready=status == "review")
            last = (
                connection.execute(
                    versions.select().where(versions.c.article == row["nr"], versions.c.number == row["version"])
                )
                .mappings()
                .one()
            )
            number = row["version"]
            if last["mark"] != article.mark:
                same = (
                    sitting
                    and not note
                    and not last["note"]
                    and last["by"] == by
                    and number not in (1, row["live"])
                    and now - last["at"] < _ONE_SITTING
                    and not self._was_live(connection, row["nr"], number)
                    and not _is_becoming_live(connection, article.id, number)
                )
                over_live = same and number - 1 == row["live"]
                if over_live and self._mark(connection, row["nr"], number - 1) == article.mark:
                    self._drop_version(connection, row["nr"], number, article)
                    number -= 1
                else:
                    number += not same
                    self._write_version(connection, row["nr"], number, article, by, last["at"] if same else now, note)
            if status is None:
                status = row["status"]
                if last["mark"] != article.mark and status in ("published", "archived"):
                    status = "draft"
            if number == row["live"] and status in ("draft", "review"):
                status = "published"  # it is live as it stands
            values = tables.row_of(
                article, revision=revision + 1, version=number, status=status, updated=now, updated_by=by
            )
            connection.execute(articles.update().where(articles.c.nr == row["nr"]).values(values))
            if article.said != row["said"] or article.translation_of != row["translation_of"]:
                self._follow(connection, [article.id])
            return self._open(connection, article.id)

    def follow(self, article: str) -> dict[str, Any]:
        """Notes that a translation says what its original says now, without a change of its own."""
        with writing(self._engine) as connection:
            self._row(connection, article, lock=True)
            self._follow(connection, [article])
            return self._open(connection, article)

    def restore(self, article: str, number: int, revision: int, by: str) -> dict[str, Any]:
        """Makes an old version the newest one; nothing in between is lost. Raises Edited."""
        return self.save(self.version(article, number), revision, by, note=f"version {number} restored")

    def change(
        self,
        ids: Sequence[str],
        by: str,
        status: str = "",
        category: str | None = None,
        owner: str | None = None,
        audience: str = "",
        revision: int | None = None,
    ) -> list[str]:
        """Changes many at once, all or none; returns the ids of those that were changed. Each gets a version of its own
        where its content changes. Raises Edited where `revision` is given and not the newest, BadEntry for a
        translation whose place another one has by now."""
        changed = []
        with writing(self._engine) as connection:
            tables.alone(connection)
            for identifier in ids:
                row = self._row(connection, identifier)
                if revision is not None and row["revision"] != revision:
                    raise Edited(self._open(connection, identifier))
                article = self._version(connection, row["nr"], row["version"])
                fields = article.fields()
                fields |= {
                    "category": fields["category"] if category is None else category,
                    "owner": fields["owner"] if owner is None else owner,
                    "audience": audience or fields["audience"],
                }
                new = Article.parse(fields, identifier)
                if status not in ("", "archived"):
                    # One that was archived has given its place up.
                    _check_family(connection, new, ready=status == "review" and new.translation_of not in ids)
                values: dict[str, Any] = tables.row_of(new)
                if new.mark != article.mark:
                    values |= {
                        "version": row["version"] + 1,
                        "status": "draft" if row["status"] == "published" else row["status"],
                    }
                    self._write_version(
                        connection, row["nr"], row["version"] + 1, new, by, time.time(), "changed with others"
                    )
                if status:
                    values["status"] = status
                if status in ("review", "draft") and row["live"] == values.get("version", row["version"]):
                    values["status"] = "published"  # it is live as it stands
                if all(row[name] == value for name, value in values.items()):
                    continue
                values |= {"revision": row["revision"] + 1, "updated": time.time(), "updated_by": by}
                connection.execute(articles.update().where(articles.c.nr == row["nr"]).values(values))
                changed.append(identifier)
        return changed

    # History and comments

    def versions(self, article: str) -> list[dict[str, Any]]:
        """All versions, newest first: number, at, by, note."""
        with reading(self._engine) as connection:
            row = self._row(connection, article)
            query = (
                sa.select(versions.c.number, versions.c.at, versions.c.by, versions.c.note)
                .where(versions.c.article == row["nr"])
                .order_by(versions.c.number.desc())
            )
            once = set(connection.execute(sa.select(lives.c.version).where(lives.c.article == row["nr"])).scalars())
            return [
                {**one, "live": one["number"] == row["live"], "was_live": one["number"] in once}
                for one in connection.execute(query).mappings()
            ]

    def version(self, article: str, number: int) -> Article:
        with reading(self._engine) as connection:
            return self._version(connection, self._row(connection, article)["nr"], number)

    def comments(self, article: str) -> list[dict[str, Any]]:
        with reading(self._engine) as connection:
            nr = self._row(connection, article)["nr"]
            query = comments.select().where(comments.c.article == nr).order_by(comments.c.id)
            return [
                {"id": one["id"], "at": one["at"], "by": one["by"], "text": one["text"], "done": one["done"]}
                for one in connection.execute(query).mappings()
            ]

    def comment(self, article: str, text: str, by: str) -> None:
        with writing(self._engine) as connection:
            nr = self._row(connection, article)["nr"]
            connection.execute(comments.insert().values(article=nr, at=time.time(), by=by, text=text, done=False))

    def settle_comment(self, article: str, comment: int, done: bool) -> None:
        with writing(self._engine) as connection:
            nr = self._row(connection, article)["nr"]
            change = comments.update().where(comments.c.id == comment, comments.c.article == nr).values(done=done)
            if not connection.execute(change).rowcount:
                raise NoSuchArticle(f"there is no comment {comment} on {article!r}")

    # Judged questions

    def questions(self) -> list[dict[str, Any]]:
        with reading(self._engine) as connection:
            return [dict(row) for row in connection.execute(questions.select().order_by(questions.c.id)).mappings()]

    def remember_question(self, text: str, entry: str, protected: bool, by: str) -> None:
        """Keeps a real question with the entry that answers it, or none; a later word on the same text replaces it."""
        with writing(self._engine) as connection:
            connection.execute(questions.delete().where(questions.c.text == text))
            connection.execute(
                questions.insert().values(text=text, entry=entry, protected=protected, at=time.time(), by=by)
            )

    def forget_question(self, question: int) -> None:
        with writing(self._engine) as connection:
            connection.execute(questions.delete().where(questions.c.id == question))

    def count_usage(self) -> int:
        """Counts anew how entries fare with customers (:mod:`bot.library.usage`); returns for how many that changed."""
        return usage.recount(self._engine)

    # All of it

    def all(self, drafts: bool = True) -> list[Article]:
        """The newest version of every article that is not archived, oldest article first. Without `drafts` of one that
        is being written only what is live. A translation whose original is not among them is none."""
        draft = articles.c.status == "draft"
        number = articles.c.version if drafts else sa.case((draft, articles.c.live), else_=articles.c.version)
        query = (
            sa.select(versions.c.body)
            .join(articles, sa.and_(articles.c.nr == versions.c.article, number == versions.c.number))
            .where(articles.c.status != "archived")
            .order_by(articles.c.nr)
        )
        with reading(self._engine) as connection:
            found = [Article.restore(json.loads(body)) for body in connection.execute(query).scalars()]
        ids = {one.id for one in found}
        return [one for one in found if not one.translation_of or one.translation_of in ids]

    def titles(self) -> dict[str, str]:
        """The question of every article by its id, archived ones too."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(articles.c.id, articles.c.question))
            return {name: question for name, question in rows}

    def note(self, name: str) -> str:
        with reading(self._engine) as connection:
            return str(connection.execute(sa.select(notes.c.value).where(notes.c.name == name)).scalar() or "")

    def compare(self, found: Sequence[Article], only: bool) -> dict[str, int]:
        """What :meth:`take` would do, without doing it. Raises BadEntry as it does."""
        told = {"new": 0, "changed": 0, "same": 0, "archived": 0}
        with reading(self._engine) as connection:
            there = {row["id"]: row for row in connection.execute(_heads()).mappings()}
        _check_families(found, there, only)
        for article in found:
            told[_kind(there.get(article.id), article)] += 1
        if only:
            ours = {article.id for article in found}
            told["archived"] = sum(name not in ours and row["status"] != "archived" for name, row in there.items())
        return told

    def take(
        self,
        found: Iterable[Article],
        by: str,
        note: str,
        only: bool,
        progress: Callable[[int, int], None] = lambda done, total: None,
        pictures: Collection[Picture] = (),
    ) -> dict[str, int]:
        """Takes articles and their pictures in, all or none, ready to go live; `only` archives every other article and
        puts the library in the place of the Markdown folder. Returns how many are ``new``, ``changed``, ``same`` and
        ``archived``. Raises BadEntry for a translation that cannot be one."""
        found = list(found)
        told = {"new": 0, "changed": 0, "same": 0, "archived": 0}
        now = time.time()
        with writing(self._engine) as connection:
            tables.alone(connection)
            there = {row["id"]: row for row in connection.execute(_heads()).mappings()}
            _check_families(found, there, only)
            if pictures:
                from bot.library.pictures import keep  # which loads what can decode them

                keep(connection, pictures, by)
            fresh: list[Article] = []
            rewritten: list[str] = []
            for done, article in enumerate(found):
                old: Any = there.get(article.id)
                kind = _kind(old, article)
                told[kind] += 1
                if kind == "new":
                    fresh.append(article)
                elif kind == "changed":
                    number = old["version"] + (old["mark"] != article.mark)
                    if number != old["version"]:
                        self._write_version(connection, old["nr"], number, article, by, now, note)
                    values = tables.row_of(
                        article,
                        version=number,
                        revision=old["revision"] + 1,
                        updated=now,
                        updated_by=by,
                        status="published" if number == old["live"] else "review",
                    )
                    connection.execute(articles.update().where(articles.c.nr == old["nr"]).values(values))
                    if (old["said"], old["translation_of"]) != (article.said, article.translation_of):
                        rewritten.append(article.id)
                if done % 1000 == 0:
                    progress(done, len(found))
            self._insert(connection, fresh, by, note, now, progress)
            self._follow(connection, [one.id for one in fresh if one.translation_of] + rewritten)
            if only:
                ours = {article.id for article in found}
                gone = [row["nr"] for name, row in there.items() if name not in ours and row["status"] != "archived"]
                for start in range(0, len(gone), _ROWS):
                    connection.execute(
                        articles.update()
                        .where(articles.c.nr.in_(gone[start : start + _ROWS]))
                        .values(status="archived", revision=articles.c.revision + 1, updated=now, updated_by=by)
                    )
                told["archived"] = len(gone)
                connection.execute(notes.delete().where(notes.c.name == "folder"))
                connection.execute(notes.insert().values(name="folder", value="off"))
                # Nothing is in step with that folder any more, so that another one can be.
                connection.execute(articles.update().where(articles.c.synced != "").values(synced=""))
        return told

    def _insert(
        self,
        connection: Any,
        fresh: Sequence[Article],
        by: str,
        note: str,
        now: float,
        progress: Callable[[int, int], None],
    ) -> None:
        for start in range(0, len(fresh), _ROWS):
            some = fresh[start : start + _ROWS]
            connection.execute(
                articles.insert(),
                [
                    tables.row_of(
                        one,
                        revision=1,
                        version=1,
                        live=None,
                        status="review",
                        created=now,
                        updated=now,
                        updated_by=by,
                        synced="",
                        asked=0,
                        handed=0,
                        helped=0,
                        unhelped=0,
                    )
                    for one in some
                ],
            )
            ids = [one.id for one in some]
            nrs = {
                name: nr
                for name, nr in connection.execute(
                    sa.select(articles.c.id, articles.c.nr).where(articles.c.id.in_(ids))
                )
            }
            connection.execute(
                versions.insert(),
                [
                    {
                        "article": nrs[one.id],
                        "number": 1,
                        "at": now,
                        "by": by,
                        "note": note,
                        "mark": one.mark,
                        "body": tables.body_of(one),
                    }
                    for one in some
                ],
            )
            tables.index_words(connection, [(nrs[one.id], one.words()) for one in some], new=True)
            progress(start, len(fresh))

    # Parts

    def _follow(self, connection: Any, ids: Sequence[str]) -> None:
        """Notes that those of the articles that are translations say what their originals say now."""
        original = articles.alias("original")
        for start in range(0, len(ids), _ROWS):
            ours = sa.and_(articles.c.id.in_(ids[start : start + _ROWS]), articles.c.translation_of > "")
            old = sa.select(articles.c.nr, articles.c.version).where(
                articles.c.said == "", articles.c.id.in_(sa.select(articles.c.translation_of).where(ours))
            )
            for nr, version in connection.execute(old).all():
                said = self._version(connection, nr, version).said
                connection.execute(articles.update().where(articles.c.nr == nr).values(said=said))
            now = sa.select(original.c.said).where(original.c.id == articles.c.translation_of).scalar_subquery()
            connection.execute(articles.update().where(ours).values(follows=sa.func.coalesce(now, "")))

    def _row(self, connection: Any, article: str, lock: bool = False) -> Any:
        query = articles.select().where(articles.c.id == article)
        row = connection.execute(query.with_for_update() if lock else query).mappings().first()
        if row is None:
            raise NoSuchArticle(f"there is no entry {article[:200]!r}")
        return row

    def _open(self, connection: Any, article: str) -> dict[str, Any]:
        row = self._row(connection, article)
        [told] = self._with_family(connection, [{c.name: row[c.name] for c in _LISTED}])
        told["fields"] = self._version(connection, row["nr"], row["version"]).fields()
        told["published"] = self._version(connection, row["nr"], row["live"]).fields() if row["live"] else None
        told["comments"] = connection.execute(
            sa.select(sa.func.count())
            .select_from(comments)
            .where(comments.c.article == row["nr"], comments.c.done.is_(False))
        ).scalar()
        return told

    def _version(self, connection: Any, nr: int, number: int) -> Article:
        body = connection.execute(
            sa.select(versions.c.body).where(versions.c.article == nr, versions.c.number == number)
        ).scalar()
        if body is None:
            raise NoSuchArticle(f"there is no version {number}")
        return Article.restore(json.loads(body))

    def _mark(self, connection: Any, nr: int, number: int) -> str | None:
        query = sa.select(versions.c.mark).where(versions.c.article == nr, versions.c.number == number)
        return cast("str | None", connection.execute(query).scalar())

    def _was_live(self, connection: Any, nr: int, number: int) -> bool:
        query = sa.select(lives.c.since).where(lives.c.article == nr, lives.c.version == number).limit(1)
        return connection.execute(query).first() is not None

    def _drop_version(self, connection: Any, nr: int, number: int, article: Article) -> None:
        """Takes the newest version away, since nothing of it is left; the `article` is what the one before says."""
        connection.execute(versions.delete().where(versions.c.article == nr, versions.c.number == number))
        tables.index_words(connection, [(nr, article.words())])

    def _write_version(
        self, connection: Any, nr: int, number: int, article: Article, by: str, at: float, note: str
    ) -> None:
        connection.execute(versions.delete().where(versions.c.article == nr, versions.c.number == number))
        connection.execute(
            versions.insert().values(
                article=nr, number=number, at=at, by=by, note=note, mark=article.mark, body=tables.body_of(article)
            )
        )
        tables.index_words(connection, [(nr, article.words())])


def _heads() -> Any:
    """Every article with the mark of its newest version."""
    names = ("id", "nr", "version", "revision", "live", "status", "language", "translation_of", "said")
    columns = [articles.c[name] for name in names]
    newest = sa.and_(articles.c.nr == versions.c.article, articles.c.version == versions.c.number)
    return sa.select(*columns, versions.c.mark).join(versions, newest)


def _is_becoming_live(connection: Any, article: str, number: int) -> bool:
    """Whether a publish is under way that has read this version."""
    plans = connection.execute(sa.select(publications.c.plan).where(publications.c.state == "begun")).scalars()
    return any([article, number] in json.loads(plan) for plan in plans)


def _languages(connection: Any) -> list[str]:
    """The languages of all translations."""
    query = sa.select(articles.c.language.distinct()).where(*_TRANSLATIONS).order_by(articles.c.language)
    return list(connection.execute(query).scalars())


def _is_outdated(translation: Any, original: Any) -> bool:
    return original is not None and original["said"] != translation["follows"]


def _check_family(connection: Any, article: Article, ready: bool = False) -> None:
    """Raises BadEntry where an article cannot stand in the family that it names, and where it is to go live and that
    family's original is archived, without which it does not."""
    # One at a time changes a family, and sees what those before it did.
    original = sa.select(articles.c.nr).where(articles.c.id == article.translation_of)
    connection.execute(original.with_for_update())
    names = [article.id, article.translation_of or article.id]
    near = sa.or_(articles.c.id.in_(names), articles.c.translation_of.in_(names))
    rows = connection.execute(articles.select().where(near, articles.c.id != article.id)).mappings().all()
    if ready and any(row["id"] == article.translation_of and row["status"] == "archived" for row in rows):
        raise BadEntry(f"{article.id}: {article.translation_of!r}, which it translates, is archived; bring that back "
                       "first")
    kin = [Kin(row["id"], row["language"], row["translation_of"]) for row in rows if _counts(row, article)]
    Families([*kin, Kin.of(article)]).check(Kin.of(article), article.id)


def _counts(row: Any, article: Article) -> bool:
    """Whether a row counts in a family: a translation that is archived gives its place up."""
    return bool(row["status"] != "archived" or row["id"] == article.translation_of)


def _check_families(found: Sequence[Article], there: Mapping[str, Any], only: bool) -> None:
    """Raises BadEntry for the first of these articles that cannot stand in its family, once all are taken in."""
    ours = {article.id for article in found}
    kin = [
        Kin(row["id"], row["language"], row["translation_of"])
        for row in there.values()
        if row["id"] not in ours and row["status"] != "archived" and not only
    ]
    families = Families([*kin, *map(Kin.of, found)])
    for article in found:
        families.check(Kin.of(article), article.id)


def _kind(old: Any, article: Article) -> str:
    """What taking an article in means where `old` is the row that is there."""
    if old is None:
        return "new"
    return "same" if old["mark"] == article.mark and old["status"] != "archived" else "changed"


def _conditions(name: str, value: str) -> list[Any]:
    if name == "look":
        if value == "unused":
            return [articles.c.live.isnot(None), articles.c.asked == 0]
        if value == "handed":
            return [articles.c.asked >= 3, 2 * articles.c.handed >= articles.c.asked]
        if value == "low":
            return [articles.c.unhelped >= 2, articles.c.unhelped >= articles.c.helped]
        if value == "outdated":
            original = articles.alias("original")
            moved = sa.select(original.c.nr).where(
                original.c.id == articles.c.translation_of, original.c.said != articles.c.follows
            )
            return [*_TRANSLATIONS, moved.exists()]
        if value == "untranslated":
            other = articles.alias("translation")
            there = (other.c.translation_of > "", other.c.status != "archived")
            spoken = sa.func.count(other.c.language.distinct())
            every = sa.select(spoken).where(*there).scalar_subquery()
            done = sa.select(other.c.translation_of).where(*there).group_by(other.c.translation_of)
            return [
                articles.c.translation_of == "",
                articles.c.status != "archived",
                sa.select(other.c.nr).where(*there).exists(),
                articles.c.id.not_in(done.having(spoken >= every)),
            ]
        return [
            articles.c.status != "archived",
            sa.or_(
                articles.c.updated < time.time() - STALE_DAYS * 86400,
                sa.and_(articles.c.valid_until != "", articles.c.valid_until < today()),
            ),
        ]
    if name == "status" and value == "changed":
        return [
            articles.c.status != "archived",
            sa.or_(articles.c.live.is_(None), articles.c.live != articles.c.version),
        ]
    assert name != "status" or value in STATUSES
    return [articles.c[name] == value]
