"""The library: the operator's own entries in SQL. While it is empty, the Markdown folder is what is published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from kb_index.entry import Entry

_metadata = sa.MetaData()
_entries = sa.Table(
    "kb_entries", _metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("version", sa.String(12), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)


class Library:
    """Entries in SQLite or Postgres; each change is one transaction."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, future=True)
        _metadata.create_all(self._engine)

    def all(self) -> list[Entry]:
        """The entries in the order in which they were imported."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_entries.c.body).order_by(_entries.c.position)).scalars().all()
        return [_parsed(body) for body in rows]

    def replace(self, entries: Sequence[Entry]) -> None:
        """Makes these the whole library."""
        rows = [{"id": e.id, "position": i, "version": e.version, "body": _body(e)} for i, e in enumerate(entries)]
        with self._engine.begin() as connection:
            connection.execute(_entries.delete())
            if rows:
                connection.execute(_entries.insert(), rows)

    def add(self, entries: Sequence[Entry]) -> tuple[int, int]:
        """Adds new entries and replaces those with the same id; returns how many of each."""
        old = {entry.id: entry for entry in self.all()}
        new = sum(entry.id not in old for entry in entries)
        old.update({entry.id: entry for entry in entries})
        self.replace(list(old.values()))
        return new, len(entries) - new

    def close(self) -> None:
        self._engine.dispose()


def _body(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False)


def _parsed(body: str) -> Entry:
    return Entry.restore(json.loads(body))
