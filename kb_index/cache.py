"""Remembers vectors by model and text, so that only what changed is ever embedded again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kb_index.encoder import Encoder, Vectors

_CHUNK = 256
#: Keys that are looked up in one query; SQLite takes no more than a thousand in its oldest form.
_KEYS = 500


class VectorCache:
    """Vectors of one encoder in an SQLite file; several processes may use it at once. `second` has those of the encoder
    that sees questions a second time, if there is one."""

    def __init__(self, encoder: Encoder, path: Path, second: Encoder | None = None) -> None:
        self.encoder = encoder
        self.second = None if second is None else VectorCache(second, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=30)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("create table if not exists vectors (key blob primary key, vector blob) without rowid")

    def encode(self, texts: Sequence[str], progress: Callable[[int, int], None] = lambda done, total: None) -> Vectors:
        """As :meth:`Encoder.encode`; `progress` is told how many of the missing texts are done."""
        rows: dict[bytes, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(self._key(text), []).append(row)
        keys = list(rows)
        vectors = np.zeros((len(texts), self.encoder.dimensions), dtype=np.float32)
        for start in range(0, len(keys), _KEYS):
            some = keys[start : start + _KEYS]
            marks = ",".join("?" * len(some))  # nothing but question marks
            for key, vector in self._db.execute(f"select key, vector from vectors where key in ({marks})", some):  # noqa: S608
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

    def _keep(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        with self._db:
            told = ((key, vector.tobytes()) for key, vector in zip(keys, vectors, strict=True))
            self._db.executemany("insert or ignore into vectors values (?, ?)", told)

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self.encoder.name}\0{text}".encode("utf-8", "replace"), digest_size=16).digest()

    def close(self) -> None:
        if self.second is not None:
            self.second.close()
        self._db.close()
