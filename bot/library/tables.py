"""The library's tables, and how they came to be what they are."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.library.article import Article
from bot.search.words import is_unparted, parted
from kb_index.entry import Entry

metadata = sa.MetaData()
#: Where a gate's report lists questions.
_DIFFERENCES = ("gained", "lost", "changed")

#: One row an article: what lists show and filter by. `revision` grows with every save and is what an editor's save is
#: checked against; `version` is the newest version, `live` the published one.
articles = sa.Table(
    "kb_article",
    metadata,
    sa.Column("nr", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(200), nullable=False, unique=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("live", sa.Integer, nullable=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("category", sa.String(80), nullable=False),
    sa.Column("language", sa.String(32), nullable=False),
    sa.Column("translation_of", sa.String(200), nullable=False, default="", server_default=""),
    # What an entry says now (Article.said), and of a translation, what its original said when it was written.
    sa.Column("said", sa.String(16), nullable=False, default="", server_default=""),
    sa.Column("follows", sa.String(16), nullable=False, default="", server_default=""),
    sa.Column("audience", sa.String(16), nullable=False),
    sa.Column("owner", sa.String(100), nullable=False),
    sa.Column("valid_from", sa.String(10), nullable=False),
    sa.Column("valid_until", sa.String(10), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Column("updated_by", sa.String(100), nullable=False),
    # The mark of the file in the Markdown folder when it was last taken in; empty for articles of no file.
    sa.Column("synced", sa.String(16), nullable=False, default=""),
    # How often the bot gave it, and how often a handoff came next: counted from the archive.
    sa.Column("asked", sa.Integer, nullable=False, default=0),
    sa.Column("handed", sa.Integer, nullable=False, default=0),
    # What customers said: newest votes on whether it helped.
    sa.Column("helped", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("unhelped", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Index("kb_article_newest", "updated", "nr"),
    sa.Index("kb_article_status", "status", "updated", "nr"),
    sa.Index("kb_article_category", "category", "updated", "nr"),
    sa.Index("kb_article_asked", "asked", "nr"),
    sa.Index("kb_article_ends", "valid_until"),
    sa.Index("kb_article_translation", "translation_of", "language"),
    sa.Index("kb_article_originals", "translation_of", "updated", "nr"),
    sa.Index("kb_article_language", "language", "updated", "nr"),
    sa.Index("kb_article_owner", "owner", "updated", "nr"),
    sqlite_autoincrement=True,
)
versions = sa.Table(
    "kb_version",
    metadata,
    sa.Column("article", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("by", sa.String(100), nullable=False),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Column("mark", sa.String(16), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
comments = sa.Table(
    "kb_comment",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("article", sa.Integer, nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("by", sa.String(100), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False, default=False),
)
#: Each change of what is live. `state` is ``begun`` until the snapshot serves, then ``done``.
publications = sa.Table(
    "kb_publication",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("by", sa.String(100), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("mark", sa.String(64), nullable=False),
    # While begun, whose it is: the home's own name.
    sa.Column("snapshot", sa.String(80), nullable=False),
    sa.Column("override", sa.Text, nullable=False),
    # JSON: [[id, version or null], …] while begun; afterwards what the gate said (`lasting`).
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("report", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
#: Which version of an article was live from which publication on (`since`) until before which (`until`).
lives = sa.Table(
    "kb_live",
    metadata,
    sa.Column("article", sa.Integer, primary_key=True),
    sa.Column("since", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("until", sa.Integer, nullable=True, index=True),
)
#: Real questions that somebody has judged. An empty `entry` says that no entry answers it.
questions = sa.Table(
    "kb_question",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("entry", sa.String(200), nullable=False, index=True),
    sa.Column("protected", sa.Boolean, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("by", sa.String(100), nullable=False),
)
#: Pictures in answers by the name of their address; `content` is base64, since a backup's rows are plain values.
pictures = sa.Table(
    "kb_picture",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("type", sa.String(20), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("by", sa.String(100), nullable=False),
)
#: ``folder`` = ``off`` where an import has taken the Markdown folder's place.
notes = sa.Table(
    "kb_note",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


def make(connection: Any) -> None:
    """The first step: all tables, and the words of each article for the search."""
    metadata.create_all(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE kb_words USING fts5(words, tokenize='unicode61 remove_diacritics 2', prefix='1 2 3')"
        )
    else:
        connection.exec_driver_sql("CREATE TABLE kb_words (nr integer PRIMARY KEY, words tsvector NOT NULL)")
        connection.exec_driver_sql("CREATE INDEX kb_words_index ON kb_words USING gin (words)")


def take_over(connection: Any) -> None:
    """The second step: what was imported before there was a library stood in a table of its own, and was live."""
    if not sa.inspect(connection).has_table("kb_entries"):
        return
    rows = connection.exec_driver_sql("SELECT body FROM kb_entries ORDER BY position").scalars().all()
    now = time.time()
    for body in rows:
        article = Article(Entry.restore(json.loads(body)))
        row = row_of(
            article,
            revision=1,
            version=1,
            live=1,
            status="published",
            created=now,
            updated=now,
            updated_by="",
            synced="",
        )
        nr = connection.execute(articles.insert().values(row)).inserted_primary_key[0]
        connection.execute(
            versions.insert().values(
                article=nr, number=1, at=now, by="", note="imported", mark=article.mark, body=body_of(article)
            )
        )
        connection.execute(lives.insert().values(article=nr, since=0, version=1, until=None))
        index_words(connection, [(nr, article.words())])
    if rows:
        connection.execute(notes.insert().values(name="folder", value="off"))
    connection.exec_driver_sql("DROP TABLE kb_entries")


def add_votes(connection: Any) -> None:
    """The third step: libraries of before have no columns for votes."""
    there = {column["name"] for column in sa.inspect(connection).get_columns("kb_article")}
    for name in ("helped", "unhelped"):
        if name not in there:
            connection.exec_driver_sql(f"ALTER TABLE kb_article ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0")


def add_translations(connection: Any) -> None:
    """The fourth step: libraries of before knew no translations. What an entry says is written down with its next save,
    or when it gets its first translation."""
    there = {column["name"] for column in sa.inspect(connection).get_columns("kb_article")}
    for name, size in (("translation_of", 200), ("said", 16), ("follows", 16)):
        if name not in there:
            connection.exec_driver_sql(f"ALTER TABLE kb_article ADD COLUMN {name} VARCHAR({size}) NOT NULL DEFAULT ''")
    connection.exec_driver_sql(
        "CREATE INDEX IF NOT EXISTS kb_article_translation ON kb_article (translation_of, language)")


def add_pictures(connection: Any) -> None:
    """The fifth step: libraries of before had no pictures."""
    pictures.create(connection, checkfirst=True)


def add_originals(connection: Any) -> None:
    """The sixth step: the list of what lacks a translation sorted all originals to show the newest."""
    connection.exec_driver_sql(
        "CREATE INDEX IF NOT EXISTS kb_article_originals ON kb_article (translation_of, updated, nr)")


def add_filters(connection: Any) -> None:
    """The seventh step: language and owner were counted and filtered by looking at every article."""
    for name in ("language", "owner"):
        connection.exec_driver_sql(
            f"CREATE INDEX IF NOT EXISTS kb_article_{name} ON kb_article ({name}, updated, nr)")


def part_words(connection: Any) -> None:
    """The eighth step: where no spaces part words, a run of them was one word, found from its beginning only."""
    newest = sa.and_(versions.c.article == articles.c.nr, versions.c.number == articles.c.version)
    query = sa.select(articles.c.nr, versions.c.body).join(versions, newest)
    rows = connection.execute(query.execution_options(yield_per=500))
    bodies = {nr: body for nr, body in rows if is_unparted(body)}
    for nr, body in bodies.items():
        index_words(connection, [(nr, Article.restore(json.loads(body)).words())])


def leave_out_customers(connection: Any) -> None:
    """The ninth step: reports of before kept what customers had asked."""
    query = sa.select(publications.c.seq, publications.c.report).where(publications.c.report != "{}")
    for seq, report in connection.execute(query).all():
        kept = json.dumps(lasting(json.loads(report)))
        connection.execute(publications.update().where(publications.c.seq == seq).values(report=kept))


STEPS = (make, take_over, add_votes, add_translations, add_pictures, add_originals, add_filters, part_words,
         leave_out_customers)


def alone(connection: Any) -> None:
    """Nobody else changes an article until this transaction ends, nor is about to; reading goes on. It comes first in a
    transaction, so that no two wait for each other. In SQLite only one writes at a time anyhow."""
    if connection.dialect.name == "postgresql":
        # The weakest that a save's `with_for_update` waits for.
        connection.exec_driver_sql("LOCK TABLE kb_article IN EXCLUSIVE MODE")


def row_of(article: Article, **more: Any) -> dict[str, Any]:
    """The columns of `articles` that repeat what stands in an article."""
    return {
        "id": article.id,
        "question": article.entry.question,
        "category": article.entry.category,
        "language": article.language,
        "translation_of": article.translation_of,
        "said": article.said,
        "audience": article.audience,
        "owner": article.owner,
        "valid_from": article.valid_from,
        "valid_until": article.valid_until,
        **more,
    }


def lasting(report: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a gate's report. What customers asked is in its counts only: their words would outlive the
    conversations that they are from."""
    return {name: [one for one in told if one.get("source") == "test"] if name in _DIFFERENCES else told
            for name, told in report.items()}


def body_of(article: Article) -> str:
    return json.dumps(article.fields(), ensure_ascii=False)


def index_words(connection: Any, words: Sequence[tuple[int, str]], new: bool = False) -> None:
    """Makes articles (by nr) findable by words, in place of those they were found by; `new` says there are none."""
    # Postgres takes no more than a megabyte into one tsvector.
    rows = [{"nr": nr, "words": parted(text)[:200_000]} for nr, text in words]
    if connection.dialect.name == "sqlite":
        if not new:
            connection.execute(sa.text("DELETE FROM kb_words WHERE rowid = :nr"), rows)
        connection.execute(sa.text("INSERT INTO kb_words (rowid, words) VALUES (:nr, :words)"), rows)
    else:
        insert = (
            "INSERT INTO kb_words VALUES (:nr, to_tsvector('simple', :words)) "
            "ON CONFLICT (nr) DO UPDATE SET words = excluded.words"
        )
        connection.execute(sa.text(insert), rows)


def found(dialect: str, typed: Sequence[str], columns: Sequence[Any], where: Sequence[Any], most: int) -> Any:
    """A query for at most `most` articles that have all the words typed, each perhaps not finished.

    It has no order: that would make it look at all articles that match before it showed one.
    """
    if dialect == "sqlite":
        words = sa.table("kb_words", sa.column("rowid"))
        matches = sa.text("kb_words MATCH :wanted").bindparams(wanted=" ".join(f'"{word}"*' for word in typed))
        if where:
            # Joined, SQLite may walk the articles and look up each among the words, which takes seconds.
            among = articles.c.nr.in_(sa.select(words.c.rowid).where(matches))
            return sa.select(columns).where(among, *where).limit(most)
        joined = words.join(articles, articles.c.nr == words.c.rowid)
        return sa.select(columns).select_from(joined).where(matches).limit(most)
    words = sa.table("kb_words", sa.column("nr"))
    matches = sa.text("words @@ to_tsquery('simple', :wanted)").bindparams(wanted=" & ".join(f"{w}:*" for w in typed))
    joined = words.join(articles, articles.c.nr == words.c.nr)
    return sa.select(columns).select_from(joined).where(matches, *where).limit(most)
