"""The outbox: mails in SQL until they are sent. A mail's key makes it go once, however often it is put in.

A mail is put in within a turn and sent by a desk afterwards, so that no turn waits for a mail server and no mail is
lost with one. The process that sends a mail takes it under a lease; should it die in between, the mail is sent again
with the same Message-ID.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from bot.database import has_come, insert_new, migrate, open_database, reading, writing
from bot.mail.letter import Attachment, compose, message_id
from bot.settings import Settings

#: Seconds that a process has for sending a mail before another one tries. A slow server takes 15 for each answer.
_LEASE = 300.0
#: Seconds before the next attempt at a mail that was not taken; after the last of them it is given up.
RETRIES = (5.0, 30.0, 120.0, 600.0, 3600.0, 4 * 3600.0, 12 * 3600.0)
#: How long it is known that a mail went, and to whom. Longer than any key can come again.
KEPT_SECONDS = 60 * 86400.0

_metadata = sa.MetaData()
_mails = sa.Table(
    "outbox", _metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("put_at", sa.Float, nullable=False),
    # waiting, sent, refused (by the server, for good) or given_up (after the last try, or when it is over)
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("recipient", sa.String(320), nullable=False),
    # The whole mail; emptied when it is sent, since codes and links stand in it.
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    # When what it says is over, as with a code that counts for minutes; none for most.
    sa.Column("good_until", sa.Float, nullable=True),
)


def _add_good_until(connection: Any) -> None:
    """The second step: outboxes of before knew no mail that is over."""
    if "good_until" not in {column["name"] for column in sa.inspect(connection).get_columns("outbox")}:
        connection.exec_driver_sql("ALTER TABLE outbox ADD COLUMN good_until FLOAT")


@dataclass(frozen=True)
class Waiting:
    """A mail that is to be sent now; `tries` counts this one."""

    key: str
    to: str
    body: bytes
    tries: int


class Outbox:
    """Puts mails in and takes them out. All methods block; :meth:`send` does not. Raises DatabaseUnavailable."""

    def __init__(self, engine: Any, sender: str) -> None:
        self._engine = engine
        self._sender = sender
        self._prepared = False

    @classmethod
    def open(cls, settings: Settings) -> Outbox:
        """The outbox of these settings. Its table is made where it is missing, when it is first used."""
        return cls(open_database(settings.database), settings.mail_from)

    def prepare(self) -> None:
        """Makes the table where it is missing."""
        if not self._prepared:
            migrate(self._engine, "outbox", [_metadata.create_all, _add_good_until])
            self._prepared = True

    async def send(
        self, to: str, template: str, values: Mapping[str, str], *, key: str, attachments: tuple[Attachment, ...] = (),
        good_for: float | None = None,
    ) -> bool:
        """Writes a mail and puts it in; False where one with this key was put in before. One that is `good_for` some
        seconds goes before others, and is given up where it cannot be sent in time. Raises BadMail."""
        return await asyncio.to_thread(self.put, to, template, values, key, attachments, good_for)

    def put(
        self, to: str, template: str, values: Mapping[str, str], key: str, attachments: tuple[Attachment, ...] = (),
        good_for: float | None = None,
    ) -> bool:
        now = time.time()
        mail = compose(to, template, values, self._sender, attachments)
        mail["Message-ID"] = message_id(key, self._sender)
        mail["Date"] = datetime.fromtimestamp(now, timezone.utc)
        row = {"key": key, "put_at": now, "state": "waiting", "due": 0.0, "tries": 0,
               "recipient": mail["To"].addresses[0].addr_spec, "body": mail.as_bytes(), "said": "",
               "good_until": None if good_for is None else now + good_for}
        self.prepare()
        with writing(self._engine) as connection:
            return bool(connection.execute(insert_new(self._engine, _mails, [row])).rowcount)

    def take(self) -> Waiting | None:
        """The next mail that is due, for this process alone for as long as the lease lasts."""
        now = time.time()
        due = (sa.select(_mails).where(_mails.c.state == "waiting", has_come(_mails.c.due, now, RETRIES[-1]))
               .order_by(_mails.c.good_until.is_(None), _mails.c.put_at).limit(1).with_for_update(skip_locked=True))
        self.prepare()
        with writing(self._engine) as connection:
            connection.execute(_mails.update().where(_mails.c.state == "waiting", _mails.c.good_until <= now)
                               .values(state="given_up", body=b""))
            row = connection.execute(due).mappings().first()
            if row is None:
                return None
            connection.execute(_mails.update().where(_mails.c.key == row["key"])
                               .values(due=now + _LEASE, tries=row["tries"] + 1))
        return Waiting(row["key"], row["recipient"], bytes(row["body"]), row["tries"] + 1)

    def sent(self, mail: Waiting) -> None:
        """It went, whoever else has it by now."""
        self._set(_mails.c.key == mail.key, state="sent", body=b"", said="")

    def failed(self, mail: Waiting, said: str, for_good: bool = False) -> str:
        """Notes why a mail was not taken; returns what becomes of it: ``waiting``, ``refused`` or ``given_up``. Nothing
        becomes of it here where whoever has it by now decides."""
        # Who was slower than the lease has no say any more.
        mine = sa.and_(_mails.c.key == mail.key, _mails.c.state == "waiting", _mails.c.tries == mail.tries)
        if for_good or mail.tries > len(RETRIES):
            state = "refused" if for_good else "given_up"
            return state if self._set(mine, state=state, body=b"", said=said) else ""
        return "waiting" if self._set(mine, due=time.time() + RETRIES[mail.tries - 1], said=said) else ""

    def forget(self, before: float) -> int:
        """Removes mails that were put in before then, but none that waits; returns how many."""
        old = sa.and_(_mails.c.state != "waiting", _mails.c.put_at < before)
        self.prepare()
        with writing(self._engine) as connection:
            return int(connection.execute(_mails.delete().where(old)).rowcount)

    def of(self, named: str) -> list[str]:
        """Keys of the mails of a conversation, whose id stands in them, or to an address."""
        mine = sa.or_(_mails.c.key.contains(named, autoescape=True), sa.func.lower(_mails.c.recipient) == named.lower())
        self.prepare()
        with reading(self._engine) as connection:
            return list(connection.execute(sa.select(_mails.c.key).where(mine)).scalars())

    def lost(self, kind: str) -> list[tuple[str, str]]:
        """Keys and recipients of the mails that will never go, of those whose keys begin with this word."""
        query = sa.select(_mails.c.key, _mails.c.recipient).where(
            _mails.c.state.in_(("refused", "given_up")), _mails.c.key.startswith(f"{kind}:", autoescape=True))
        self.prepare()
        with reading(self._engine) as connection:
            return [(key, to) for key, to in connection.execute(query)]

    def drop(self, names: Sequence[str]) -> None:
        """Removes these mails, by their keys, also those that wait."""
        with writing(self._engine) as connection:
            connection.execute(_mails.delete().where(_mails.c.key.in_(names)))

    def counts(self) -> dict[str, int]:
        """How many mails are in each state."""
        query = sa.select(_mails.c.state, sa.func.count()).group_by(_mails.c.state)
        self.prepare()
        with reading(self._engine) as connection:
            return {state: count for state, count in connection.execute(query)}

    def _set(self, which: Any, **values: Any) -> int:
        with writing(self._engine) as connection:
            return int(connection.execute(_mails.update().where(which).values(**values)).rowcount)
