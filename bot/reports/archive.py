"""Closed conversations in SQL: copied there by (conversation, seq), and only then forgotten by the live store.

Copying is idempotent, so a crash between any two steps costs nothing but doing it again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from bot.conversations.amendments import newest_message
from bot.conversations.errors import Missing
from bot.conversations.letters import Letters
from bot.conversations.record import Record
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.database import insert_new, migrate, reading, writing
from bot.erasing.erased import Erased, remaining

#: Conversations that are copied in one go, and rows in one statement.
_PAGE = 200
_ROWS = 100

_metadata = sa.MetaData()
CONVERSATIONS = sa.Table(
    "archived_conversation", _metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("created", sa.Float, nullable=False),
    # When it was last closed, by the live store's clock.
    sa.Column("closed", sa.Float, nullable=False, index=True),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("packet", sa.Text, nullable=True),
    # Whether the live store has forgotten it, or is about to.
    sa.Column("alone", sa.Boolean, nullable=False, default=False, index=True),
)
_records = sa.Table(
    "archived_record", _metadata,
    sa.Column("conversation", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("sender", sa.String(16), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)


class Archive:
    """The archive's two tables. All methods block and raise DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def prepare(self) -> None:
        """Makes the tables, or brings them up to date."""
        migrate(self._engine, "archive", [_metadata.create_all])
        Erased(self._engine).prepare()

    def copy(self, state: State, packet: dict[str, Any] | None, records: Sequence[Record]) -> None:
        """Takes a conversation in, or what is new of it; one that is erased meanwhile stays out."""
        # Who it was stands in the packet, if anywhere: a conversation that opens again opens for nobody in particular.
        kept = json.dumps(asdict(replace(state, customer=None)))
        row = {"created": state.created, "closed": state.updated, "seq": state.seq, "outcome": _outcome(records),
               "state": kept, "packet": json.dumps(packet) if packet else None}
        lines = [{"conversation": state.id, "seq": record["seq"], "at": record["at"], "kind": record["kind"],
                  "sender": record.get("from", ""), "body": json.dumps(record)} for record in records]
        with writing(self._engine) as connection:
            if not remaining(connection, [state.id]):
                return
            connection.execute(insert_new(self._engine, CONVERSATIONS, [{"id": state.id, "alone": False, **row}]))
            # A copy that is behind, of another process, must not undo one that is ahead.
            newer = sa.and_(CONVERSATIONS.c.id == state.id, CONVERSATIONS.c.seq <= state.seq)
            connection.execute(CONVERSATIONS.update().where(newer).values(row))
            for start in range(0, len(lines), _ROWS):
                connection.execute(insert_new(self._engine, _records, lines[start:start + _ROWS]))

    def set_alone(self, cid: str, alone: bool) -> None:
        """Notes whether only the archive has this conversation."""
        with writing(self._engine) as connection:
            connection.execute(CONVERSATIONS.update().where(CONVERSATIONS.c.id == cid).values(alone=alone))

    def drop(self, cid: str) -> None:
        """Removes a conversation with all its records."""
        with writing(self._engine) as connection:
            connection.execute(_records.delete().where(_records.c.conversation == cid))
            connection.execute(CONVERSATIONS.delete().where(CONVERSATIONS.c.id == cid))

    def old(self, before: float, limit: int) -> list[str]:
        """Those that only the archive has and that were closed before then, oldest first."""
        table = CONVERSATIONS.c
        query = sa.select(table.id).where(table.alone.is_(True), table.closed < before).order_by(table.closed)
        with reading(self._engine) as connection:
            return list(connection.execute(query.limit(limit)).scalars())

    def answered_to(self, email: str) -> list[str]:
        """Those whose customer left this address for answers."""
        said = sa.func.lower(CONVERSATIONS.c.state).contains(json.dumps(email.lower()), autoescape=True)
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(CONVERSATIONS.c.state).where(said)).scalars()
            states = [State(**json.loads(raw)) for raw in found]
        return [state.id for state in states if (state.contact or {}).get("email", "").lower() == email.lower()]

    def newest(self) -> float:
        """When the newest conversation here was closed; 0 when there is none."""
        with reading(self._engine) as connection:
            return float(connection.execute(sa.select(sa.func.max(CONVERSATIONS.c.closed))).scalar() or 0.0)

    def count(self) -> int:
        """How many conversations only the archive has."""
        query = sa.select(sa.func.count()).select_from(CONVERSATIONS).where(CONVERSATIONS.c.alone.is_(True))
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0)

    def seq(self, cid: str) -> int:
        """Up to which seq a conversation was copied; 0 when it was not."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(CONVERSATIONS.c.seq).where(CONVERSATIONS.c.id == cid)).scalar()
        return int(found or 0)

    def place(self, cid: str) -> tuple[float, str] | None:
        """Where it stands in the order of :meth:`states`; None where it is not only here."""
        query = sa.select(CONVERSATIONS.c.closed).where(CONVERSATIONS.c.id == cid, CONVERSATIONS.c.alone.is_(True))
        with reading(self._engine) as connection:
            closed = connection.execute(query).scalar()
        return None if closed is None else (float(closed), cid)

    def states(self, limit: int, after: tuple[float, str] | None = None) -> list[State]:
        """Those that only the archive has, newest first; with `after` those that follow on this place."""
        table = CONVERSATIONS.c
        query = sa.select(table.state).where(table.alone.is_(True)).order_by(table.closed.desc(), table.id.desc())
        if after is not None:
            closed, cid = after
            query = query.where(sa.or_(table.closed < closed, sa.and_(table.closed == closed, table.id < cid)))
        query = query.limit(limit)
        with reading(self._engine) as connection:
            return [State(**json.loads(raw)) for raw in connection.execute(query).scalars()]

    def some(self, cids: Sequence[str]) -> list[State]:
        """Those of these conversations that are here."""
        query = sa.select(CONVERSATIONS.c.state).where(CONVERSATIONS.c.id.in_(cids))
        with reading(self._engine) as connection:
            return [State(**json.loads(raw)) for raw in connection.execute(query).scalars()]

    def find(self, cid: str, after: int = 0) -> tuple[State, dict[str, Any] | None, list[Record]] | None:
        """State, packet and the records with a seq greater than `after`; None when it is not here."""
        with reading(self._engine) as connection:
            row = connection.execute(CONVERSATIONS.select().where(CONVERSATIONS.c.id == cid)).mappings().first()
            if row is None:
                return None
            query = (sa.select(_records.c.body).where(_records.c.conversation == cid, _records.c.seq > after)
                     .order_by(_records.c.seq))
            records = [json.loads(body) for body in connection.execute(query).scalars()]
        return State(**json.loads(row["state"])), json.loads(row["packet"]) if row["packet"] else None, records

    def last_messages(self, cids: Sequence[str], within: int = 12) -> dict[str, Record]:
        """The newest message of each that was not taken back, as it was last edited; none where all that were written
        in the newest `within` records up to the last message were taken back."""
        # What edits or takes back a message follows it, so these records hold all that changed the messages among them.
        newest = (sa.select(_records.c.conversation, sa.func.max(_records.c.seq).label("seq"))
                  .where(_records.c.conversation.in_(cids), _records.c.kind == "message")
                  .group_by(_records.c.conversation).subquery())
        query = sa.select(_records.c.conversation, _records.c.body).join(
            newest, sa.and_(_records.c.conversation == newest.c.conversation, _records.c.seq > newest.c.seq - within)
        ).order_by(_records.c.conversation, _records.c.seq)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return {cid: last for cid, of in groupby(rows, key=lambda row: str(row.conversation))
                if (last := newest_message(json.loads(row.body) for row in of))}


async def keep(conversations: Conversations, archive: Archive, keep_days: float) -> int:
    """Copies what was closed since the last time, then lets the live store forget what is older than `keep_days`.

    Returns how many were forgotten. Raises StoreUnavailable and DatabaseUnavailable; a later call goes on.
    """
    now = await conversations.now()
    # A little earlier than the newest: two processes may copy at once, in another order.
    since = max(0.0, await asyncio.to_thread(archive.newest) - 60)
    skip = 0
    while page := await conversations.closed_before(now, _PAGE, after=since, skip=skip):
        for cid in page:
            await _copy(conversations, archive, cid)
        skip += len(page)
    forgotten = skip = 0
    while page := await conversations.closed_before(now - keep_days * 86400, _PAGE, skip=skip):
        for cid in page:
            if await _forget(conversations, archive, cid):
                forgotten += 1
            else:
                skip += 1
    return forgotten


async def _copy(conversations: Conversations, archive: Archive, cid: str) -> int:
    """Copies what is new of one conversation; returns the seq up to which the archive has it, 0 when it is no more."""
    try:
        state = await conversations.state(cid)
    except Missing:
        return 0
    known = await asyncio.to_thread(archive.seq, cid)
    if known < state.seq:
        packet = await conversations.packet(cid)
        records = (await conversations.records(cid))[:state.seq]
        if len(records) < state.seq:
            return 0  # another process copied and dropped it while we read
        await asyncio.to_thread(archive.copy, state, packet, records)
    return state.seq


async def _forget(conversations: Conversations, archive: Archive, cid: str) -> bool:
    seq = await _copy(conversations, archive, cid)
    # Answers are mailed from the live store.
    if seq == 0 or await Letters(conversations).owed(cid):
        return False
    # Said first: a crash in between shows it twice for a moment, which lists sort out; the reverse would hide it.
    await asyncio.to_thread(archive.set_alone, cid, True)
    if await conversations.drop(cid, seq):
        return True
    if await conversations.states([cid]):
        await asyncio.to_thread(archive.set_alone, cid, False)  # it goes on
    return False


def _outcome(records: Sequence[Record]) -> str:
    """How it was last closed: what the agent chose, or ``idle``."""
    closed = [record for record in records if record.get("event") == "closed"]
    return str(closed[-1].get("outcome", "")) if closed else ""
