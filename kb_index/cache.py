"""Remembers vectors by model and text, so that only what changed is ever embedded again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kb_index.encoder import Encoder, Vectors

_CHUNK = 256


class VectorCache:
    """Vectors of one encoder in an SQLite file; several processes may use it at once."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self.encoder = encoder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=30)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("create table if not exists vectors (key blob primary key, vector blob) without rowid")

    def encode(self, texts: Sequence[str], progress: Callable[[int, int], None] = lambda done, total: None) -> Vectors:
        """As :meth:`Encoder.encode`; `progress` is told how many of the missing texts are done."""
        keys = [self._key(text) for text in texts]
        vectors = np.zeros((len(texts), self.encoder.dimensions), dtype=np.float32)
        missing: dict[bytes, list[int]] = {}
        for row, key in enumerate(keys):
            found = self._db.execute("select vector from vectors where key = ?", (key,)).fetchone()
            if found is None:
                missing.setdefault(key, []).append(row)
            else:
                vectors[row] = np.frombuffer(found[0], dtype=np.float32)
        todo = list(missing.items())
        for start in range(0, len(todo), _CHUNK):
            chunk = todo[start : start + _CHUNK]
            made = self.encoder.encode([texts[rows[0]] for _, rows in chunk])
            with self._db:
                self._db.executemany(
                    "insert or ignore into vectors values (?, ?)",
                    [(key, vector.tobytes()) for (key, _), vector in zip(chunk, made, strict=True)],
                )
            for (_, rows), vector in zip(chunk, made, strict=True):
                vectors[rows] = vector
            progress(min(start + _CHUNK, len(todo)), len(todo))
        return vectors

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self.encoder.name}\0{text}".encode("utf-8", "replace"), digest_size=16).digest()

    def close(self) -> None:
        self._db.close()
