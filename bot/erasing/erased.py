"""The conversations that are being erased, and those that were a moment ago: nobody writes anything of them down again.

An id stands here before the first thing is taken out, and is `done` when the last is. So whoever is killed in between,
the next to look goes on; and an archiver that had read the conversation before comes too late with its copy.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from bot.database import insert_new, migrate, reading, writing

#: Far longer than anybody has a conversation in hand.
KEPT_SECONDS = 86400.0
#: Any fixed number: the name of the lock under which Postgres has ids put onto the list.
_LOCK = 7_305_002
_ROWS = 200

_metadata = sa.MetaData()
_erased = sa.Table(
    "erased_conversation", _metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
)


class Erased:
    """The list. All methods block and raise DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def prepare(self) -> None:
        """Makes the table where it is missing."""
        migrate(self._engine, "erasing", [_metadata.create_all])

    def begin(self, cids: Sequence[str]) -> None:
        """These are to be erased. Whoever writes of them has come to an end by then, or will not begin."""
        with writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            for start in range(0, len(cids), _ROWS):
                rows = [{"id": cid, "at": time.time(), "done": False} for cid in cids[start:start + _ROWS]]
                connection.execute(insert_new(self._engine, _erased, rows))
                again = _erased.c.id.in_([row["id"] for row in rows])
                connection.execute(_erased.update().where(again).values(done=False))

    def begun(self) -> list[str]:
        """Those of which something may be left."""
        query = sa.select(_erased.c.id).where(_erased.c.done.is_(False)).order_by(_erased.c.at, _erased.c.id)
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def done(self, cid: str) -> None:
        """Nothing is left of it."""
        with writing(self._engine) as connection:
            connection.execute(_erased.update().where(_erased.c.id == cid).values(done=True))

    def spare(self, cid: str) -> None:
        """It is not erased after all."""
        with writing(self._engine) as connection:
            connection.execute(_erased.delete().where(_erased.c.id == cid))

    def forget(self, before: float) -> None:
        """Takes those from the list that were done long ago."""
        with writing(self._engine) as connection:
            connection.execute(_erased.delete().where(_erased.c.done.is_(True), _erased.c.at < before))


def remaining(connection: Any, cids: Collection[str]) -> set[str]:
    """Those of which something may be written down in this transaction: none of them is erased before it ends."""
    if connection.dialect.name == "postgresql":
        # In SQLite only one writes at a time anyhow.
        connection.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})
    return set(cids) - set(connection.execute(sa.select(_erased.c.id).where(_erased.c.id.in_(cids))).scalars())
