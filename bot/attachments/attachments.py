"""Attachments: a row in SQL and a file beside the database, under a random name.

A file is uploaded first and carried by a message afterwards. The message claims it before it is written to the log, so
that no message ever names a file that is gone; one that nobody claimed is removed after a day.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.attachments import kinds, pictures
from bot.attachments.errors import NoSuchAttachment, NotTaken
from bot.attachments.scan import Scanner
from bot.database import migrate, reading, writing

#: Files that one message may carry, and that the customer of one conversation may send in all.
MOST_OF_A_MESSAGE = 5
MOST_OF_A_CUSTOMER = 100
#: Seconds that an upload may wait for its message.
UNCLAIMED_SECONDS = 86_400.0
_SWEPT = 200

_metadata = sa.MetaData()
_attachments = sa.Table(
    "attachment", _metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("conversation", sa.String(64), nullable=False, index=True),
    # customer or agent, and which agent
    sa.Column("sender", sa.String(16), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("width", sa.Integer, nullable=True),
    sa.Column("height", sa.Integer, nullable=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
    # The message that claims it, by its sender's id, and where that stands in the log, once that is known.
    sa.Column("message", sa.String(64), nullable=False),
    sa.Column("seq", sa.Integer, nullable=True),
)


@dataclass(frozen=True)
class Attachment:
    """One file, as it is kept."""

    id: str
    conversation: str
    sender: str
    by: str
    name: str
    type: str
    size: int
    width: int | None
    height: int | None
    at: float
    message: str
    seq: int | None

    def shown(self) -> dict[str, Any]:
        """What a record and an answer say about it."""
        size = {"width": self.width, "height": self.height} if self.width else {}
        return {"id": self.id, "name": self.name, "type": self.type, "size": self.size, **size}


class Attachments:
    """Takes, gives and removes attachments. All methods block and raise DatabaseUnavailable and OSError."""

    def __init__(self, engine: Any, folder: Path = Path(), scanner: Scanner | None = None) -> None:
        self._engine = engine
        self._folder = folder
        self._scanner = scanner or Scanner(None)

    def prepare(self) -> None:
        """Makes the table, or brings it up to date."""
        migrate(self._engine, "attachments", [_metadata.create_all])

    def add(self, conversation: str, sender: str, by: str, raw_name: str, data: bytes) -> Attachment:
        """Takes a file in: checked, made anew where it is a picture, scanned. Raises NotTaken and its kinds."""
        name = kinds.tidy_name(raw_name)
        kind = kinds.agreed(name, data)
        width = height = None
        if kind.startswith("image/"):
            data, width, height = pictures.anew(name, data, kind)
        if sender == "customer" and self._count(conversation) >= MOST_OF_A_CUSTOMER:
            raise NotTaken(f"This conversation has {MOST_OF_A_CUSTOMER} files already; more cannot be sent here.")
        made = Attachment(secrets.token_urlsafe(16), conversation, sender, by, name, kind, len(data), width, height,
                          time.time(), "", None)
        # The row first: it leads the sweep to whatever a process that dies on the way leaves on disk.
        with writing(self._engine) as connection:
            connection.execute(_attachments.insert().values(**vars(made)))
        try:
            scratch = _scratch(self.path(made.id))
            scratch.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with scratch.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._scanner.check(scratch, name)
            scratch.replace(self.path(made.id))
        except BaseException:
            self.remove([made.id])
            raise
        return made

    def claim(self, ids: Sequence[str], conversation: str, sender: str, message: str) -> list[Attachment]:
        """The attachments that `message` is to carry, which no other message can have from now on; the same message
        may claim again. Raises NoSuchAttachment and claims none where one is not this sender's to give."""
        free = sa.and_(_attachments.c.id.in_(ids), _attachments.c.conversation == conversation,
                       _attachments.c.sender == sender, _attachments.c.message.in_(("", message)))
        with writing(self._engine) as connection:
            rows = connection.execute(_attachments.select().where(free).with_for_update()).mappings()
            found = {row["id"]: Attachment(**row) for row in rows}
            if missing := [name for name in ids if name not in found]:
                raise NoSuchAttachment(f"There is no attachment {missing[0][:40]!r} for this message; add it again.")
            connection.execute(_attachments.update().where(free).values(message=message))
        return [found[name] for name in ids]

    def settle(self, ids: Sequence[str], seq: int) -> None:
        """Notes where the message that carries them stands."""
        with writing(self._engine) as connection:
            connection.execute(_attachments.update().where(_attachments.c.id.in_(ids)).values(seq=seq))

    def find(self, name: str) -> Attachment | None:
        with reading(self._engine) as connection:
            row = connection.execute(_attachments.select().where(_attachments.c.id == name)).mappings().first()
        return Attachment(**row) if row else None

    def unsettled(self, before: float) -> list[Attachment]:
        """Uploads older than `before` that no message is known to carry."""
        old = sa.and_(_attachments.c.at < before, _attachments.c.seq.is_(None))
        with reading(self._engine) as connection:
            rows = connection.execute(_attachments.select().where(old).limit(_SWEPT)).mappings()
            return [Attachment(**row) for row in rows]

    def remove(self, ids: Sequence[str]) -> None:
        """The rows first: a file without a row is found by nobody, a row without a file would be."""
        with writing(self._engine) as connection:
            connection.execute(_attachments.delete().where(_attachments.c.id.in_(ids)))
        for name in ids:
            for path in (self.path(name), _scratch(self.path(name))):
                path.unlink(missing_ok=True)

    def drop(self, conversation: str) -> int:
        """Removes all of a conversation that is erased; returns how many. Here the files come first: a row that is left
        over by a kill leads whoever goes on to its file."""
        with reading(self._engine) as connection:
            mine = sa.select(_attachments.c.id).where(_attachments.c.conversation == conversation)
            ids = list(connection.execute(mine).scalars())
        for name in ids:
            self.path(name).unlink(missing_ok=True)
        self.remove(ids)
        return len(ids)

    def path(self, name: str) -> Path:
        """Where the file lies. Only for an id of ours."""
        return self._folder / name[:2] / name

    def _count(self, conversation: str) -> int:
        mine = sa.and_(_attachments.c.conversation == conversation, _attachments.c.sender == "customer")
        with reading(self._engine) as connection:
            return int(connection.execute(sa.select(sa.func.count()).where(mine)).scalar() or 0)


def _scratch(path: Path) -> Path:
    """Where a file lies until it is whole and scanned."""
    return path.with_name(path.name + ".part")
