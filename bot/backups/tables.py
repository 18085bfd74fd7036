"""The SQL tables out of one database and into another, SQLite or Postgres, as rows of plain values.

The tables themselves are made by the product, so a backup holds no schema; it says which version of it it is of.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from bot.backups.archive import BadBackup
from bot.database import available, open_database, writing
from bot.search.index import Index, forget_all

#: Made anew from what it is made of: the words that articles are found by.
_DERIVED = "kb_words"
#: The search index, which the desk makes again from the conversations.
_SEARCH = "said"
#: Left behind by an older version, whose rows were taken over.
_OBSOLETE = ("kb_entries",)
VERSIONS = "schema_version"
_ROWS = 500


def prepare(engine: Any) -> None:
    """Makes every table of the product, or brings it up to date. Raises DatabaseUnavailable."""
    from bot.attachments.attachments import Attachments
    from bot.desk.integrations import Integrations
    from bot.desk.staff import Staff
    from bot.library.library import Library
    from bot.mail.outbox import Outbox
    from bot.reports.archive import Archive
    from bot.reports.customers import Customers
    from bot.roster.roster import Roster
    from bot.webhooks.hooks import Hooks

    for part in (Staff(engine), Archive(engine), Library(engine), Outbox(engine, ""), Attachments(engine),
                 Index(engine), Customers(engine), Roster(engine), Integrations(engine), Hooks(engine)):
        part.prepare()


def tables(connection: Any) -> list[Any]:
    """The tables that hold what cannot be made again."""
    metadata = sa.MetaData()
    names = [name for name in sa.inspect(connection).get_table_names()
             if not name.startswith((_DERIVED, _SEARCH, "sqlite_")) and name not in _OBSOLETE]
    metadata.reflect(connection, only=names)
    return [metadata.tables[name] for name in sorted(names)]


class Source:
    """A database as it was at one moment."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.tables = tables(connection)

    def versions(self) -> dict[str, int]:
        [table] = [table for table in self.tables if table.name == VERSIONS]
        return {row.part: row.version for row in self._connection.execute(table.select())}

    def count(self, table: Any) -> int:
        return int(self._connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)

    def rows(self, table: Any) -> Iterator[list[Any]]:
        """Each row as a list of plain values, in the order of the columns; the first "row" is the columns' names."""
        yield [column.name for column in table.columns]
        keys = list(table.primary_key.columns) or list(table.columns)
        found = self._connection.execution_options(stream_results=True).execute(table.select().order_by(*keys))
        for row in found:
            yield [_plain(value) for value in row]


@contextmanager
def source(url: str) -> Iterator[Source]:
    """All of the database at one moment, however long it takes to read. Raises DatabaseUnavailable."""
    engine = open_database(url)
    try:
        prepare(engine)
        with available(), engine.connect() as plain:
            options = {"reading": True}
            if engine.dialect.name == "postgresql":
                options = {"isolation_level": "REPEATABLE READ"}  # type: ignore[dict-item]
            yield Source(plain.execution_options(**options))
    finally:
        engine.dispose()


class Target:
    """An empty database, made ready, that is filled in one transaction."""

    def __init__(self, url: str) -> None:
        self.engine = open_database(url)
        prepare(self.engine)

    def holds_something(self) -> bool:
        with available(), self.engine.connect() as connection:
            return any(connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
                       for table in tables(connection) if table.name not in (VERSIONS, "kb_note"))

    def versions(self) -> dict[str, int]:
        with available(), self.engine.connect() as connection:
            return Source(connection).versions()

    def fill(self, members: dict[str, Iterator[list[Any]]], begun: Callable[[], None]) -> None:
        """Puts the rows in, whole or not at all; `begun` is called when the first thing is about to change for good.
        Raises BadBackup for a table or column that is not known here."""
        with writing(self.engine) as connection:
            known = {table.name: table for table in tables(connection)}
            for name in known:
                if name != VERSIONS:
                    connection.execute(known[name].delete())
            for name, rows in members.items():
                if name == VERSIONS:
                    continue
                if name not in known:
                    raise BadBackup(f"the backup has a table {name!r} that this version does not know; restore it with "
                                    "the version that made it")
                self._insert(connection, known[name], rows)
            _find_by_words(connection)
            forget_all(connection)
            begun()

    def _insert(self, connection: Any, table: Any, rows: Iterator[list[Any]]) -> None:
        columns = next(rows)
        if unknown := set(columns) - set(table.columns.keys()):
            raise BadBackup(f"the backup has columns of {table.name} that this version does not know: "
                            f"{sorted(unknown)}")
        waiting: list[dict[str, Any]] = []
        for row in rows:
            waiting.append(dict(zip(columns, map(_restored, row), strict=True)))
            if len(waiting) == _ROWS:
                connection.execute(table.insert(), waiting)
                waiting = []
        if waiting:
            connection.execute(table.insert(), waiting)
        if connection.dialect.name == "postgresql":
            _count_on(connection, table)

    def close(self) -> None:
        self.engine.dispose()


def _count_on(connection: Any, table: Any) -> None:
    """Postgres gives out numbers from a counter of its own, which has not seen the numbers that came with the rows."""
    for column in table.primary_key.columns:
        sequence = connection.execute(sa.text("SELECT pg_get_serial_sequence(:table, :column)"),
                                      {"table": table.name, "column": column.name}).scalar()
        if sequence:
            highest = connection.execute(sa.select(sa.func.max(column))).scalar()
            if highest is not None:
                connection.execute(sa.text("SELECT setval(:sequence, :highest)"),
                                   {"sequence": sequence, "highest": highest})


def _find_by_words(connection: Any) -> None:
    import json

    from bot.library.article import Article
    from bot.library.tables import articles, index_words, versions

    connection.execute(sa.text(f"DELETE FROM {_DERIVED}"))  # noqa: S608 - a name of our own
    newest = sa.and_(versions.c.article == articles.c.nr, versions.c.number == articles.c.version)
    found = connection.execute(sa.select(articles.c.nr, versions.c.body).join_from(articles, versions, newest))
    words = [(row.nr, Article.restore(json.loads(row.body)).words()) for row in found]
    for start in range(0, len(words), _ROWS):
        index_words(connection, words[start:start + _ROWS], new=True)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (bytes, memoryview)):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    raise TypeError(f"a value of type {type(value).__name__} in the database cannot be backed up")


def _restored(value: Any) -> Any:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value
