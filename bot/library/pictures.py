"""Pictures in answers. Each is kept under a name made of what is in it and how large it is, and never changes or goes:
any version of an entry, and any snapshot, may show it.

Out of the library they go as files of these names in a folder ``pictures``, and come back as they are, so that answers
name what they named.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.attachments import kinds, pictures
from bot.attachments.bare import is_bare
from bot.attachments.errors import NotTaken, NotWhatItSays
from bot.database import insert_new, reading, writing
from bot.library import tables
from bot.library.article import Article
from kb_index.errors import BadEntry
from kb_index.markdown import NAME, PICTURES, own_pictures

#: The folder of pictures beside files of entries.
FOLDER = "pictures"
#: Bytes of a picture that is new: a file as a camera makes it.
LARGEST_NEW = 10_000_000
#: Bytes of a picture that comes back: of one with as many pixels as are taken, what was made anew is smaller.
_LARGEST = 60_000_000
_ROWS = 500


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

    def write(self, beside: Path) -> None:
        """Puts it as a file into the folder of pictures there, if it is not in it yet."""
        target = beside / FOLDER / self.name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            scratch = target.with_name(f".{self.name}.part")
            scratch.write_bytes(self.content)
            scratch.replace(target)


class Pictures:
    """All of one library. Raises DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def add(self, name: str, data: bytes, by: str) -> Picture:
        """A picture made anew from a file called `name`, so that nothing but its pixels is shown to the world. The same
        one twice is one. Raises NotTaken, NotWhatItSays, as attachments do."""
        made = anew(name, data)
        with writing(self._engine) as connection:
            keep(connection, [made], by)
        return made

    def of(self, articles: Iterable[Article]) -> Iterator[Picture]:
        """The pictures of these articles, as far as they are there, one after the other: they are large."""
        for name in named(articles):
            if (found := self.find(name)) is not None:
                yield found

    def there(self, names: Collection[str]) -> set[str]:
        """Those of the names under which there is a picture."""
        with reading(self._engine) as connection:
            return there(connection, names)

    def find(self, name: str) -> Picture | None:
        kept = tables.pictures
        with reading(self._engine) as connection:
            row = connection.execute(kept.select().where(kept.c.name == name[:80])).mappings().first()
        return Picture(row["name"], row["type"], base64.b64decode(row["content"])) if row else None


def anew(name: str, data: bytes) -> Picture:
    """A picture made from a file called `name`. Raises NotTaken, NotWhatItSays."""
    name = kinds.tidy_name(name)
    kind = kinds.agreed(name, data)
    if not kind.startswith("image/"):
        raise NotTaken(f"{name} is no picture; PNG, JPEG, GIF and WebP are.")
    content, width, height = pictures.anew(name, data, kind)
    return Picture(_name(content, width, height, kind), kind, content)


def keep(connection: Any, found: Iterable[Picture], by: str) -> None:
    """Writes down those pictures that are not there yet; another who does the same at this moment is no matter."""
    given = {one.name: one for one in found}
    for name in sorted(given.keys() - there(connection, given.keys())):
        content = base64.b64encode(given[name].content).decode()
        row = {"name": name, "type": given[name].type, "content": content, "at": time.time(), "by": by}
        connection.execute(insert_new(connection, tables.pictures, [row]))


def there(connection: Any, names: Collection[str]) -> set[str]:
    """Those of the names under which there is a picture."""
    kept, wanted, found = tables.pictures.c.name, sorted(names), set()
    for start in range(0, len(wanted), _ROWS):
        found |= set(connection.execute(sa.select(kept).where(kept.in_(wanted[start : start + _ROWS]))).scalars())
    return found


def named(articles: Iterable[Article]) -> dict[str, str]:
    """The names of all pictures in the answers of these articles, each with the id of the first that has it."""
    found: dict[str, str] = {}
    for article in articles:
        for name in own_pictures(article.entry.answer):
            found.setdefault(name, article.id)
    return found


def lacking(name: str, where: str) -> str:
    """The warning that a picture is nowhere."""
    return (f"{where}: names the picture {name}, which is not there; put it into the folder {FOLDER}, or another in "
            "with the editor")


def place(name: str, near: Iterable[Path]) -> Path | None:
    """The file of the picture of that name, in the first of the folders `near` whose folder of pictures has it."""
    return next((file for one in near if (file := one / FOLDER / name).is_file()), None)


def beside(folder: Path, articles: Iterable[Article], known: Collection[str]) -> tuple[list[Picture], dict[str, str]]:
    """Of the pictures of articles from the Markdown folder those that are not `known`, from its folder of pictures; and
    those that are not in it either, each with the id of an article that has it. Raises BadEntry."""
    found, gone = [], {}
    for name, where in named(articles).items():
        if name in known:
            continue
        if (file := place(name, [folder])) is None:
            gone[name] = where
        else:
            found.append(of_file(file, f"{folder}, {where}"))
    return found, gone


def of_stranger(path: Path, where: str) -> Picture:
    """A picture from a file of any name, made anew. Raises BadEntry that begins with `where`."""
    try:
        if (size := path.stat().st_size) > LARGEST_NEW:
            raise NotTaken(f"{path.name} has {_mb(size)}; {_mb(LARGEST_NEW)} are the most")
        return anew(path.name, path.read_bytes())
    except NotTaken as error:
        raise BadEntry(f"{where}: {error}") from None
    except OSError as error:
        raise BadEntry(f"{where}: {path.name} cannot be read ({error.strerror})") from None


def called(path: Path, where: str) -> str:
    """The name of the picture that :func:`of_stranger` makes, which is made but once of a file as it is."""
    try:
        look = path.stat()
    except OSError:
        return of_stranger(path, where).name  # which says what is wrong
    return _called(path, where, (look.st_ino, look.st_size, look.st_mtime_ns))


@lru_cache(10_000)
def _called(path: Path, where: str, look: tuple[int, ...]) -> str:
    return of_stranger(path, where).name


def of_file(path: Path, where: str) -> Picture:
    """A picture that has been in a library before, from its file, as it is. Raises BadEntry that begins with `where`
    for one that has not: it is no picture, too large, holds more than a picture, or was changed since."""
    name = path.name
    hit = NAME.fullmatch(name)
    try:
        if hit is None or (size := path.stat().st_size) > _LARGEST:
            raise NotTaken(f"{name} has {_mb(size)}; {_mb(_LARGEST)} are the most" if hit else
                           f"{name} is not named as pictures of answers are")
        data = path.read_bytes()
        kind = kinds.agreed(name, data)
        if _name(data, *pictures.size(name, data, kind), kind) != name:
            raise NotWhatItSays(f"{name} is not what was once put in under this name; take it from the export again, "
                                "or put the picture in with the editor")
        if not is_bare(data, kind):
            raise NotWhatItSays(f"{name} holds more than a picture; put it in with the editor, which leaves out the "
                                "rest")
    except NotTaken as error:
        raise BadEntry(f"{where}: {error}") from None
    except OSError as error:
        raise BadEntry(f"{where}: {name} cannot be read ({error.strerror})") from None
    return Picture(name, kind, data)


def _mb(size: int) -> str:
    return f"{round(size / 1_000_000, 1):g} MB"


def _name(content: bytes, width: int, height: int, kind: str) -> str:
    return f"{hashlib.sha256(content).hexdigest()[:32]}-{width}x{height}.{kind.partition('/')[2]}"
