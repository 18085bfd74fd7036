"""The index: one row a message or note, and its words in SQLite's FTS5 or as Postgres' tsvector.

It holds nothing that cannot be made again from the live conversations and the archive. Taking the same records in again
changes nothing, so that several desks may fill it at once, and one that was down fills in what it missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.conversations.record import Record
from bot.database import insert_new, migrate, reading, writing
from bot.erasing.erased import Erased, remaining
from bot.search.words import folded, is_unparted, marked, typed

_ROWS = 200
#: Postgres takes no more than a megabyte into one tsvector.
_LONGEST = 100_000

_metadata = sa.MetaData()
_said = sa.Table(
    "said", _metadata,
    # Grows as things are said, so that the newest are found first without sorting all.
    sa.Column("nr", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("conversation", sa.String(64), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("sender", sa.String(16), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.UniqueConstraint("conversation", "seq"),
    sqlite_autoincrement=True,
)
#: Up to which seq each conversation is in the index.
_upto = sa.Table(
    "said_upto", _metadata,
    sa.Column("conversation", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
)
_archived = sa.table("archived_conversation", sa.column("id"), sa.column("seq"), sa.column("closed"))


@dataclass(frozen=True)
class Hit:
    """One message or note that has all the words, in parts that show where."""

    conversation: str
    seq: int
    at: float
    kind: str
    sender: str
    parts: list[tuple[str, str]]


class Index:
    """Fills and asks the index. All methods block and raise DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"

    def prepare(self) -> None:
        migrate(self._engine, "search", [_make, _part])
        Erased(self._engine).prepare()

    def upto(self, cids: Sequence[str]) -> dict[str, int]:
        """Up to which seq these conversations are in the index; those that are not are missing."""
        query = sa.select(_upto).where(_upto.c.conversation.in_(cids))
        with reading(self._engine) as connection:
            return {row.conversation: row.seq for row in connection.execute(query)}

    def behind(self, limit: int) -> list[str]:
        """Archived conversations that are not in the index with all their records, oldest first."""
        joined = _archived.outerjoin(_upto, _upto.c.conversation == _archived.c.id)
        query = (sa.select(_archived.c.id).select_from(joined).order_by(_archived.c.closed)
                 .where(sa.func.coalesce(_upto.c.seq, 0) < _archived.c.seq).limit(limit))
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def take(self, logs: Mapping[str, Sequence[Record]]) -> None:
        """Takes in what is new of each log: records in order, without a gap, from any seq on that is known here."""
        cids = [cid for cid, records in logs.items() if records]
        for start in range(0, len(cids), _ROWS):
            with writing(self._engine) as connection:
                left = remaining(connection, page := cids[start:start + _ROWS])
                if left:
                    self._take(connection, {cid: logs[cid] for cid in page if cid in left})

    def drop(self, cid: str) -> None:
        """Removes all of a conversation."""
        mine = _said.c.conversation == cid
        with writing(self._engine) as connection:
            if self._sqlite:
                words = sa.table("said_words", sa.column("rowid"))
                connection.execute(words.delete().where(words.c.rowid.in_(sa.select(_said.c.nr).where(mine))))
            connection.execute(_said.delete().where(mine))
            connection.execute(_upto.delete().where(_upto.c.conversation == cid))

    def saying(self, text: str, limit: int = 50) -> list[str]:
        """Conversations in which this was said, letter by letter but for its case."""
        said = sa.func.lower(_said.c.text).contains(text.lower(), autoescape=True)
        query = sa.select(_said.c.conversation).where(said).distinct().limit(limit)
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def find(self, query: str, offset: int = 0, limit: int = 20) -> tuple[list[Hit], bool]:
        """Messages and notes with words that begin like all those of the query, newest first; and whether there are
        more. A query without a word finds nothing."""
        words = typed(query)
        if not words:
            return [], False
        with reading(self._engine) as connection:
            rows = connection.execute(self._query(), {"words": self._matching(words), "most": limit + 1,
                                                      "skip": offset}).all()
        hits = [Hit(row.conversation, row.seq, row.at, row.kind, row.sender, marked(row.text, words))
                for row in rows[:limit]]
        return hits, len(rows) > limit

    def _query(self) -> Any:
        if self._sqlite:
            return sa.text("SELECT said.* FROM said_words JOIN said ON said.nr = said_words.rowid "
                           "WHERE said_words MATCH :words ORDER BY said_words.rowid DESC LIMIT :most OFFSET :skip")
        return sa.text("SELECT conversation, seq, at, kind, sender, text FROM said "
                       "WHERE words @@ CAST(:words AS tsquery) ORDER BY nr DESC LIMIT :most OFFSET :skip")

    def _matching(self, words: Sequence[str]) -> str:
        # Words are letters and digits only by now, so that nothing in them is an operator.
        if self._sqlite:
            return " ".join(f'"{word}"*' for word in words)
        return " & ".join(f"'{word}':*" for word in words)

    def _take(self, connection: Any, logs: Mapping[str, Sequence[Record]]) -> None:
        # Always in one order, so that two desks wait for each other's rows and never both at once.
        connection.execute(insert_new(self._engine, _upto, [{"conversation": cid, "seq": 0} for cid in sorted(logs)]))
        query = sa.select(_upto).where(_upto.c.conversation.in_(logs)).order_by(_upto.c.conversation)
        known = {row.conversation: row.seq for row in connection.execute(query.with_for_update())}
        lines: list[dict[str, Any]] = []
        changed: list[tuple[str, int]] = []
        upto: list[dict[str, Any]] = []
        for cid, records in logs.items():
            fresh = [record for record in records if record["seq"] > known[cid]]
            if not fresh or fresh[0]["seq"] > known[cid] + 1:
                continue  # another desk was faster, or the beginning is missing: then a later call brings all of it
            rows = {record["seq"]: _row(cid, record) for record in fresh if record["kind"] in ("message", "note")}
            for record in fresh:
                of = record.get("of")
                if record.get("event") not in ("edited", "deleted") or not isinstance(of, int):
                    continue
                text = str(record.get("text", "")) if record["event"] == "edited" else ""
                if of in rows:
                    rows[of]["text"] = text
                else:
                    self._change(connection, cid, of, text)
                    changed.append((cid, of))
            lines += [row for row in rows.values() if row["text"]]
            upto.append({"of": cid, "to": fresh[-1]["seq"]})
        for start in range(0, len(lines), _ROWS):
            connection.execute(_said.insert(), lines[start:start + _ROWS])
        self._index(connection, [(row["conversation"], row["seq"]) for row in lines] + changed)
        if upto:
            one = _upto.update().where(_upto.c.conversation == sa.bindparam("of")).values(seq=sa.bindparam("to"))
            connection.execute(one, upto)

    def _change(self, connection: Any, cid: str, seq: int, text: str) -> None:
        """A message of before has another text now, or none."""
        one = sa.and_(_said.c.conversation == cid, _said.c.seq == seq)
        nr = connection.execute(sa.select(_said.c.nr).where(one)).scalar()
        if self._sqlite and nr is not None:
            connection.execute(sa.text("DELETE FROM said_words WHERE rowid = :nr"), {"nr": nr})
        connection.execute(_said.update().where(one).values(text=text) if text else _said.delete().where(one))

    def _index(self, connection: Any, places: Sequence[tuple[str, int]]) -> None:
        for start in range(0, len(places), _ROWS):
            some = sa.tuple_(_said.c.conversation, _said.c.seq).in_(places[start:start + _ROWS])
            found = connection.execute(sa.select(_said.c.nr, _said.c.text).where(some)).all()
            _write_words(connection, {row.nr: row.text for row in found})


def forget_all(connection: Any) -> None:
    """Empties the index, for a database that is filled anew from a backup; it is made again from what is there then."""
    for table in (_said, _upto):
        connection.execute(table.delete())
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("DELETE FROM said_words"))


def _make(connection: Any) -> None:
    _metadata.create_all(connection)
    if connection.dialect.name == "sqlite":
        # The words are folded before they get here. Only whole rows are asked for, so no places are kept.
        connection.exec_driver_sql("CREATE VIRTUAL TABLE said_words USING fts5(words, tokenize='unicode61 "
                                   "remove_diacritics 0', prefix='1 2 3', detail=none)")
    else:
        connection.exec_driver_sql("ALTER TABLE said ADD COLUMN words tsvector")
        connection.exec_driver_sql("CREATE INDEX said_words ON said USING gin (words)")


def _part(connection: Any) -> None:
    """The second step: where no spaces part words, a run of them was one word, found from its beginning only."""
    last = 0
    one = sa.select(_said.c.nr, _said.c.text).order_by(_said.c.nr).limit(_ROWS)
    while rows := connection.execute(one.where(_said.c.nr > last)).all():
        last = rows[-1].nr
        texts = {row.nr: row.text for row in rows if is_unparted(row.text)}
        if connection.dialect.name == "sqlite" and texts:
            connection.execute(sa.text("DELETE FROM said_words WHERE rowid = :nr"), [{"nr": nr} for nr in texts])
        _write_words(connection, texts)


def _write_words(connection: Any, texts: Mapping[int, str]) -> None:
    """Makes what was said findable by its words; in SQLite it must have none yet."""
    words = [{"nr": nr, "words": " ".join(folded(text[:_LONGEST]))} for nr, text in texts.items()]
    if not words:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("INSERT INTO said_words (rowid, words) VALUES (:nr, :words)"), words)
    else:
        connection.execute(sa.text(
            "UPDATE said SET words = array_to_tsvector(array_remove(string_to_array(:words, ' '), '')) "
            "WHERE nr = :nr"), words)


def _row(cid: str, record: Record) -> dict[str, Any]:
    names = [file["name"] for file in record.get("attachments", ())]
    return {"conversation": cid, "seq": record["seq"], "at": record["at"], "kind": record["kind"],
            "sender": record["from"], "text": " ".join([record.get("text", ""), *names]).strip()}
