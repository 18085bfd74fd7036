"""The endpoints, as supervisors set them up: each with a revision, so that nobody overwrites unseen changes."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bot.database import migrate, reading, writing
from bot.erasing.erased import Erased
from bot.roster.errors import Edited, InUse, NoSuchItem, SwitchedOff
from bot.webhooks.delivery import Delivery
from bot.webhooks.events import TEST, payload
from bot.webhooks.hook import Hook, parse
from bot.webhooks.signing import new_secret
from bot.webhooks.tables import add_index, deliveries, delivery_of, hook_of, hooks, metadata

MOST = 20
_PAGE = 50
#: A test is sent by whoever asked for it; nobody else takes it meanwhile.
_TEST_SECONDS = 120.0


class Hooks:
    """All methods block and raise DatabaseUnavailable. With `private` an endpoint may be in a private network."""

    def __init__(self, engine: Any, private: bool = False) -> None:
        self._engine = engine
        self._private = private

    def prepare(self) -> None:
        """Makes the tables, or brings them up to date."""
        migrate(self._engine, "webhooks", [metadata.create_all, add_index])
        Erased(self._engine).prepare()

    def all(self) -> list[dict[str, Any]]:
        """All endpoints as docs/api.md shows them, oldest first."""
        count = (sa.select(deliveries.c.hook, sa.func.count()).where(deliveries.c.state == "waiting")
                 .group_by(deliveries.c.hook))
        with reading(self._engine) as connection:
            waiting = {hook: number for hook, number in connection.execute(count)}
            rows = connection.execute(hooks.select().order_by(hooks.c.created, hooks.c.id)).all()
        return [hook_of(row).shown(waiting.get(row.id, 0)) for row in rows]

    def get(self, hook: str) -> Hook:
        """Raises NoSuchItem."""
        with reading(self._engine) as connection:
            return self._find(connection, hook)

    def add(self, sent: Mapping[str, Any], by: str, now: float) -> Hook:
        """Tells of what happens after `now`, by the store's clock. Raises BadItem, and InUse where there are as many as
        there may be."""
        body = parse(sent, self._private)
        made = Hook(secrets.token_hex(8), body["url"], new_secret(), tuple(body["events"]), body["active"], 1, now,
                    by, now)
        with writing(self._engine) as connection:
            if int(connection.execute(sa.select(sa.func.count()).select_from(hooks)).scalar() or 0) >= MOST:
                raise InUse(f"There are {MOST} webhooks already; remove one first.")
            connection.execute(hooks.insert().values(
                id=made.id, url=made.url, secret=made.secret, events=json.dumps(made.events), active=made.active,
                revision=1, created=now, created_by=by, since=now))
        return made

    def save(self, hook: str, revision: int, sent: Mapping[str, Any], by: str, now: float) -> Hook:
        """On top of the `revision` that the sender has seen. Made active again it tells of what happens after `now`.

        Raises Edited, BadItem, NoSuchItem.
        """
        body = parse(sent, self._private)
        with writing(self._engine) as connection:
            before = self._seen(connection, hook, revision)
            values = {**body, "events": json.dumps(body["events"]), "revision": revision + 1}
            if body["active"] and not before.active:
                values |= {"since": now, "failing_since": None, "disabled_at": None, "disabled_why": ""}
            connection.execute(hooks.update().where(hooks.c.id == hook).values(values))
            return self._find(connection, hook)

    def new_secret(self, hook: str) -> str:
        """From now on deliveries are signed with this one. Raises NoSuchItem."""
        made = new_secret()
        with writing(self._engine) as connection:
            self._find(connection, hook)
            connection.execute(hooks.update().where(hooks.c.id == hook).values(secret=made))
        return made

    def remove(self, hook: str, revision: int) -> None:
        """With its log of deliveries. Raises Edited, NoSuchItem."""
        with writing(self._engine) as connection:
            self._seen(connection, hook, revision)
            connection.execute(deliveries.delete().where(deliveries.c.hook == hook))
            connection.execute(hooks.delete().where(hooks.c.id == hook))

    # -- the log of deliveries ---------------------------------------------------------------------------------

    def log(self, hook: str, before: int = 0) -> tuple[list[Delivery], int | None]:
        """Deliveries, newest first, and the cursor of what follows. Raises NoSuchItem."""
        query = deliveries.select().where(deliveries.c.hook == hook).order_by(deliveries.c.nr.desc()).limit(_PAGE + 1)
        if before:
            query = query.where(deliveries.c.nr < before)
        with reading(self._engine) as connection:
            self._find(connection, hook)
            found = [delivery_of(row) for row in connection.execute(query)]
        return found[:_PAGE], found[_PAGE - 1].nr if len(found) > _PAGE else None

    def delivery(self, hook: str, delivery: str) -> Delivery:
        """Raises NoSuchItem."""
        with reading(self._engine) as connection:
            return self._delivery(connection, hook, delivery)

    def again(self, hook: str, delivery: str) -> Delivery:
        """Sends a delivery once more, with the same id and body, from now on as if it were new. Raises NoSuchItem, and
        SwitchedOff where nothing is sent."""
        with writing(self._engine) as connection:
            if not self._find(connection, hook).active:
                raise SwitchedOff("This webhook is off, so nothing is sent to it: switch it on first.")
            found = self._delivery(connection, hook, delivery)
            connection.execute(deliveries.update().where(deliveries.c.nr == found.nr)
                               .values(state="waiting", due=time.time(), tries=0))
            return self._delivery(connection, hook, delivery)

    def test(self, hook: str, by: str, now: float) -> Delivery:
        """A delivery to try the endpoint with, for the caller to send. Raises NoSuchItem."""
        made = f"msg_{secrets.token_hex(12)}_test"
        with writing(self._engine) as connection:
            self._find(connection, hook)
            connection.execute(deliveries.insert().values(
                hook=hook, id=made, event=TEST, conversation="", seq=0, at=now, state="waiting",
                due=time.time() + _TEST_SECONDS, tries=0, said="", body=json.dumps(payload(TEST, now, {"by": by}))))
            return self._delivery(connection, hook, made)

    # ----------------------------------------------------------------------------------------------------------

    def _find(self, connection: Any, hook: str) -> Hook:
        row = connection.execute(hooks.select().where(hooks.c.id == hook)).first()
        if row is None:
            raise NoSuchItem("webhooks", hook)
        return hook_of(row)

    def _seen(self, connection: Any, hook: str, revision: int) -> Hook:
        row = connection.execute(hooks.select().where(hooks.c.id == hook).with_for_update()).first()
        if row is None:
            raise NoSuchItem("webhooks", hook)
        if row.revision != revision:
            raise Edited(hook_of(row).shown())
        return hook_of(row)

    def _delivery(self, connection: Any, hook: str, delivery: str) -> Delivery:
        one = sa.and_(deliveries.c.hook == hook, deliveries.c.id == delivery)
        row = connection.execute(deliveries.select().where(one)).first()
        if row is None:
            raise NoSuchItem("deliveries", delivery)
        return delivery_of(row)
