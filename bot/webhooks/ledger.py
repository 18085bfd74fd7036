"""Deliveries as the machinery sees them: written from the logs, taken to be sent, settled.

What was written stands in one transaction with how far the log was looked through. So an event is written once, also by
several desks, and none is passed over by a desk that dies.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.conversations.record import Record
from bot.database import has_come, insert_new, reading, writing
from bot.erasing.erased import remaining
from bot.webhooks.delivery import LONGEST, Attempt, Delivery
from bot.webhooks.events import delivery_id, events, payload, told
from bot.webhooks.hook import Hook
from bot.webhooks.tables import deliveries, delivery_of, hook_of, hooks, upto

#: Nothing was taken for so long, and a delivery was given up: the endpoint is switched off. Shorter than all retries of
#: one at their shortest.
FAILING_SECONDS = 20 * 3600.0
#: How long the log of deliveries is kept.
KEPT_SECONDS = 30 * 86400.0
_ROWS = 50
_archived = sa.table("archived_conversation", sa.column("id"), sa.column("seq"), sa.column("closed"))


@dataclass(frozen=True)
class Told:
    """What is known of a conversation besides its log: its summary, and the handoff packet where there is one."""

    summary: Mapping[str, Any]
    packet: Mapping[str, Any] | None = None


class Ledger:
    """All methods block and raise DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    # -- writing -----------------------------------------------------------------------------------------------

    def since(self) -> float | None:
        """What happened before this is told to nobody; None where there is nobody to tell."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(sa.func.min(hooks.c.since)).where(hooks.c.active)).scalar()
        return float(found) if found is not None else None

    def upto(self, cids: Sequence[str]) -> dict[str, int]:
        """Up to which seq these conversations were looked through; those that were not are missing."""
        with reading(self._engine) as connection:
            return {row.conversation: row.seq
                    for row in connection.execute(upto.select().where(upto.c.conversation.in_(cids)))}

    def behind(self, since: float, limit: int) -> list[str]:
        """Archived conversations of after `since` that were not looked through to the end, oldest first."""
        joined = _archived.outerjoin(upto, upto.c.conversation == _archived.c.id)
        late = sa.and_(sa.func.coalesce(upto.c.seq, 0) < _archived.c.seq, _archived.c.closed >= since)
        query = sa.select(_archived.c.id).select_from(joined).where(late).order_by(_archived.c.closed).limit(limit)
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def write(self, logs: Mapping[str, Sequence[Record]], told: Mapping[str, Told]) -> int:
        """Writes deliveries for what is new of each log: records in order, without a gap, from any seq on that is known
        here. Returns how many."""
        with writing(self._engine) as connection:
            active = [hook_of(row) for row in connection.execute(hooks.select().where(hooks.c.active))]
            # In one order on every desk, so that two never wait for each other.
            cids = sorted(remaining(connection, list(logs)))
            return sum(self._write(connection, active, cid, logs[cid], told[cid]) for cid in cids if logs[cid])

    def _write(self, connection: Any, active: Sequence[Hook], cid: str, records: Sequence[Record], about: Told) -> int:
        connection.execute(insert_new(self._engine, upto, [{"conversation": cid, "seq": 0}]))
        known = connection.execute(sa.select(upto.c.seq).where(upto.c.conversation == cid).with_for_update()).scalar()
        fresh = [record for record in records if record["seq"] > known]
        if not fresh or fresh[0]["seq"] > known + 1:
            return 0  # another desk was faster, or the beginning is missing: then a later call brings all of it
        rows = [row for record in fresh for row in _rows(active, cid, record, about)]
        for start in range(0, len(rows), _ROWS):
            connection.execute(insert_new(self._engine, deliveries, rows[start:start + _ROWS]))
        connection.execute(upto.update().where(upto.c.conversation == cid).values(seq=fresh[-1]["seq"]))
        return len(rows)

    # -- sending -----------------------------------------------------------------------------------------------

    def take(self, process: str, seconds: float) -> list[str]:
        """Endpoints with something due that nobody sends to: they are this process's for so many seconds."""
        now = time.time()
        due = sa.exists().where(deliveries.c.hook == hooks.c.id, deliveries.c.state == "waiting",
                                has_come(deliveries.c.due, now, LONGEST))
        free = sa.and_(hooks.c.active, has_come(hooks.c.busy_until, now, seconds))
        with reading(self._engine) as connection:
            found = list(connection.execute(sa.select(hooks.c.id).where(free, due)).scalars())
        if not found:
            return []
        with writing(self._engine) as connection:
            return [hook for hook in found if connection.execute(
                hooks.update().where(hooks.c.id == hook, free).values(busy_by=process, busy_until=now + seconds)
            ).rowcount]

    def page(self, hook: str, process: str, seconds: float, limit: int) -> tuple[Hook, list[Delivery]] | None:
        """What is due of an endpoint that was taken, oldest first; it stays taken for so many seconds more.

        None where it is not this process's any more, or where it was switched off or removed.
        """
        now = time.time()
        mine = sa.and_(hooks.c.id == hook, hooks.c.busy_by == process, hooks.c.active)
        waits = sa.and_(deliveries.c.hook == hook, deliveries.c.state == "waiting",
                        has_come(deliveries.c.due, now, LONGEST))
        due = deliveries.select().where(waits).order_by(deliveries.c.nr).limit(limit)
        with writing(self._engine) as connection:
            if not connection.execute(hooks.update().where(mine).values(busy_until=now + seconds)).rowcount:
                return None
            row = connection.execute(hooks.select().where(hooks.c.id == hook)).first()
            return hook_of(row), [delivery_of(found) for found in connection.execute(due)]

    def free(self, hook: str, process: str) -> None:
        """Nothing more is sent to this endpoint for now."""
        mine = sa.and_(hooks.c.id == hook, hooks.c.busy_by == process)
        with writing(self._engine) as connection:
            connection.execute(hooks.update().where(mine).values(busy_by="", busy_until=0.0))

    def settle(self, hook: str, attempts: Sequence[Attempt]) -> str:
        """Notes how attempts went. Returns why the endpoint was switched off by that, or nothing."""
        if not attempts:
            return ""
        with writing(self._engine) as connection:
            outcomes = [(attempt, attempt.values()) for attempt in attempts]
            for attempt, values in outcomes:
                connection.execute(deliveries.update().where(deliveries.c.nr == attempt.delivery.nr).values(values))
            row = connection.execute(hooks.select().where(hooks.c.id == hook).with_for_update()).first()
            if row is None:
                return ""
            now, taken = attempts[-1].at, any(attempt.taken for attempt in attempts)
            since = None if taken else row.failing_since or now
            gone = any(attempt.code == 410 for attempt in attempts)
            given_up = any(values["state"] == "given_up" for _, values in outcomes)
            why = "It answered 410 Gone." if gone else ""
            if given_up and since is not None and now - since >= FAILING_SECONDS:
                why = f"It has taken nothing for {(now - since) / 3600:.0f} hours."
            values = {"failing_since": since}
            if why and row.active:
                values |= {"active": False, "disabled_at": now, "disabled_why": why,
                           "revision": row.revision + 1}
            connection.execute(hooks.update().where(hooks.c.id == hook).values(values))
            return why if row.active else ""

    def settle_test(self, attempt: Attempt) -> Delivery:
        """Notes how a test went; it is made only once."""
        values = {**attempt.values(), "state": "taken" if attempt.taken else "given_up"}
        one = deliveries.c.nr == attempt.delivery.nr
        with writing(self._engine) as connection:
            connection.execute(deliveries.update().where(one).values(values))
            return delivery_of(connection.execute(deliveries.select().where(one)).one())

    def drop(self, cid: str) -> int:
        """Removes what was told of a conversation, and what waits to be; returns how many deliveries."""
        with writing(self._engine) as connection:
            connection.execute(upto.delete().where(upto.c.conversation == cid))
            return int(connection.execute(deliveries.delete().where(deliveries.c.conversation == cid)).rowcount)

    def forget(self, before: float) -> int:
        """Removes what was taken or given up before then from the log; returns how many."""
        old = sa.and_(deliveries.c.state != "waiting", deliveries.c.at < before)
        with writing(self._engine) as connection:
            return int(connection.execute(deliveries.delete().where(old)).rowcount)


def _rows(active: Sequence[Hook], cid: str, record: Record, about: Told) -> list[dict[str, Any]]:
    rows = []
    for event in events(record):
        listening = [hook for hook in active if event in hook.events and record["at"] >= hook.since]
        if not listening:
            continue
        data: dict[str, Any] = {"conversation": about.summary, "record": told(record)}
        if event == "conversation.handed_over":
            data["packet"] = about.packet
        body = json.dumps(payload(event, record["at"], data), ensure_ascii=False, separators=(",", ":"))
        rows += [{"hook": hook.id, "id": delivery_id(cid, record, event), "event": event, "conversation": cid,
                  "seq": record["seq"], "at": record["at"], "state": "waiting", "due": 0.0, "tries": 0, "said": "",
                  "body": body} for hook in listening]
    return rows
