"""Remembers vectors by model and text, so that only what changed is ever embedded again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from kb_index.encoder import Encoder, Vectors
from kb_index.errors import BadCache

T = TypeVar("T")

_CHUNK = 256
#: Keys that are looked up in one query; SQLite takes no more than a thousand in its oldest form.
_KEYS = 500
#: Seconds to wait for another process that writes.
_PATIENCE = 30.0


class VectorCache:
    """Vectors of one encoder in an SQLite file; several processes may use it at once. `second` has those of the encoder
    that sees questions a second time, and `larger` those of the reranker's, if there are such. A damaged file is set
    aside, and all is embedded again. Raises BadCache where the file cannot be used."""

    def __init__(self, encoder: Encoder, path: Path, second: Encoder | None = None,
                 larger: Encoder | None = None) -> None:
        self.encoder = encoder
        self.second = None if second is None else VectorCache(second, path)
        self.larger = None if larger is None else VectorCache(larger, path)
        self._path = path
        self._open: sqlite3.Connection | None = None
        self._inode = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._trying(self._db)

    def encode(self, texts: Sequence[str], progress: Callable[[int, int], None] = lambda done, total: None) -> Vectors:
        """As :meth:`Encoder.encode`; `progress` is told how many of the missing texts are done."""
        rows: dict[bytes, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(self._key(text), []).append(row)
        keys = list(rows)
        vectors = np.zeros((len(texts), self.encoder.dimensions), dtype=np.float32)
        for start in range(0, len(keys), _KEYS):
            some = keys[start : start + _KEYS]
            for key, vector in self._trying(partial(self._kept, some)):
                vectors[rows.pop(key)] = np.frombuffer(vector, dtype=np.float32)
        todo = list(rows.items())
        for start in range(0, len(todo), _CHUNK):
            chunk = todo[start : start + _CHUNK]
            made = self.encoder.encode([texts[same[0]] for _, same in chunk])
            self._keep([key for key, _ in chunk], made)
            for (_, same), vector in zip(chunk, made, strict=True):
                vectors[same] = vector
            progress(min(start + _CHUNK, len(todo)), len(todo))
        return vectors

    def remember(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Puts vectors that are known already beside those that were made here."""
        self._keep([self._key(text) for text in texts], vectors)

    def _kept(self, keys: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        marks = ",".join("?" * len(keys))  # nothing but question marks
        return self._db().execute(f"select key, vector from vectors where key in ({marks})", keys).fetchall()  # noqa: S608

    def _keep(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        told = [(key, vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)]

        def write() -> None:
            with self._db() as db:
                db.executemany("insert or ignore into vectors values (?, ?)", told)

        self._trying(write)

    def _db(self) -> sqlite3.Connection:
        if self._open is None:
            # The reranker's is asked by the threads of a search, by one at a time.
            self._open = sqlite3.connect(self._path, timeout=_PATIENCE, check_same_thread=False)
            self._inode = self._path.stat().st_ino
            # Only quicker; refused at once where another process opens the file at the same time.
            with suppress(sqlite3.OperationalError):
                self._open.execute("pragma journal_mode=wal")
            self._open.execute("create table if not exists vectors (key blob primary key, vector blob) without rowid")
        return self._open

    def _trying(self, act: Callable[[], T]) -> T:
        """What `act` gives, which asks the database; where that is damaged, what it gives with one that is empty."""
        try:
            try:
                return act()
            except sqlite3.DatabaseError as error:
                if type(error) is not sqlite3.DatabaseError:  # the kinds that come of it say nothing of damage
                    raise
                self._set_aside()
                return act()
        except sqlite3.Error as error:
            raise BadCache(f"{self._path}: the vectors that were kept cannot be used ({error}); see that the disk has "
                           "room and the file can be written, or remove it: it is made anew") from error

    def _set_aside(self) -> None:
        opened, self._inode = self._inode, 0
        self._close()
        if not self._path.exists() or self._path.stat().st_ino != opened:
            return  # another who has it open has set it aside already
        self._path.replace(self._path.with_name(f"{self._path.name}.damaged"))
        for ending in ("-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self.encoder.name}\0{text}".encode("utf-8", "replace"), digest_size=16).digest()

    def close(self) -> None:
        for other in (self.second, self.larger):
            if other is not None:
                other.close()
        self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
