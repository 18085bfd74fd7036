"""Pictures in answers. Each is kept under a name made of what is in it and how large it is, and never changes or goes:
any version of an entry, and any snapshot, may show it."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.attachments import kinds, pictures
from bot.attachments.errors import NotTaken
from bot.database import reading, writing
from bot.library import tables
from kb_index.markdown import PICTURES


@dataclass(frozen=True)
class Picture:
    """`name` is that of its address, such as ``0f3c…-640x480.png``."""

    name: str
    type: str
    content: bytes

    @property
    def address(self) -> str:
        """As it stands in the Markdown of an answer."""
        return f"{PICTURES}{self.name}"


class Pictures:
    """All of one library. Raises DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def add(self, name: str, data: bytes, by: str) -> Picture:
        """A picture made anew from a file called `name`, so that nothing but its pixels is shown to the world. The same
        one twice is one. Raises NotTaken, NotWhatItSays, as attachments do."""
        name = kinds.tidy_name(name)
        kind = kinds.agreed(name, data)
        if not kind.startswith("image/"):
            raise NotTaken(f"{name} is no picture; PNG, JPEG, GIF and WebP are.")
        content, width, height = pictures.anew(name, data, kind)
        mark = hashlib.sha256(content).hexdigest()[:32]
        made = Picture(f"{mark}-{width}x{height}.{kind.partition('/')[2]}", kind, content)
        kept = tables.pictures
        with writing(self._engine) as connection:
            if connection.execute(sa.select(kept.c.name).where(kept.c.name == made.name)).first() is None:
                connection.execute(kept.insert().values(
                    name=made.name, type=kind, content=base64.b64encode(content).decode(), at=time.time(), by=by))
        return made

    def find(self, name: str) -> Picture | None:
        kept = tables.pictures
        with reading(self._engine) as connection:
            row = connection.execute(kept.select().where(kept.c.name == name[:80])).mappings().first()
        return Picture(row["name"], row["type"], base64.b64decode(row["content"])) if row else None
