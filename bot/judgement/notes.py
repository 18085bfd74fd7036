"""Notes on disk of what questions found, so that a new process need not ask everything of a large knowledge base anew.

They are of one snapshot, by one version of this code. One sum stands for that and for the notes themselves: where it is
another, they are as good as not there, and everything is asked. Nothing else is lost with them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bot.judgement import asking, confidence, drafting, reranking
from bot.judgement.asking import Found, Key
from bot.settings import Settings
from kb_index import lexical, snapshot
from kb_index.cache import VectorCache
from kb_index.errors import BadSnapshot
from kb_index.export import exported
from kb_index.retriever import Candidate
from kb_index.snapshot import Snapshot

log = logging.getLogger(__name__)
#: What was found, by the purpose it was asked for.
_Notes = Mapping[str, Mapping[Key, Found]]
#: Libraries that have a say in what is found.
_LIBRARIES = ("bm25s", "faiss-cpu", "numpy")


class Notes:
    """One file: the name of the snapshot in a line, the sum in a line, then arrays."""

    def __init__(self, settings: Settings) -> None:
        self._index = settings.index
        self._settings = settings
        self._file = settings.cache / "asked"

    def write(self, name: str, found: _Notes) -> bool:
        """Puts what was found in the snapshot `name` in the place of older notes; says whether that could be done."""
        try:
            payload = _packed(found)
            head = f"{name}\n{self._sum(name, payload)}\n".encode()
            self._tidy()
            handle, scratch = tempfile.mkstemp(prefix=".asked-", dir=self._file.parent)
            try:
                # The system may write it when it likes: what a power cut leaves half written has another sum.
                with os.fdopen(handle, "wb") as out:
                    out.write(head)
                    out.write(payload)
                Path(scratch).replace(self._file)
            except BaseException:
                Path(scratch).unlink(missing_ok=True)
                raise
        except (OSError, BadSnapshot) as error:
            log.warning("what was asked is not noted, so the next process asks everything: %s", error)
            return False
        return True

    def read(self, live: Snapshot, cache: VectorCache) -> tuple[Snapshot, dict[str, dict[Key, Found]]] | None:
        """The snapshot that the notes are of, with what was found in it; None where there are none, or none of use
        beside what is `live`."""
        try:
            with self._file.open("rb") as file:
                name, sum_ = (file.readline(200).decode("ascii", "replace").strip() for _ in range(2))
                payload = file.read()
            if name not in snapshot.names(self._index) or sum_ != self._sum(name, payload):
                return None
            state = live if live.name == name else snapshot.load(self._index, name, live)
        except (OSError, BadSnapshot):
            return None
        return (state, _unpacked(payload, cache)) if state.ground is live.ground else None

    def _sum(self, name: str, payload: bytes) -> str:
        files = snapshot.manifest(self._index, name).get("files")
        sums = hashlib.sha256(f"{self._code} {json.dumps(files, sort_keys=True)}".encode())
        sums.update(payload)
        return sums.hexdigest()

    @cached_property
    def _code(self) -> str:
        """Changes with all but the snapshot and the questions that has a say in what is found."""
        sums = hashlib.sha256(f"{exported(self._settings.encoder)} {reranking.name(self._settings)}".encode())
        sums.update(" ".join(version(library) for library in _LIBRARIES).encode())
        ours = [Path(module.__file__ or "") for module in (asking, confidence, drafting, reranking)]
        for source in [Path(__file__), *ours, *sorted(Path(snapshot.__file__).parent.glob("*.py"))]:
            sums.update(source.read_bytes())
        return sums.hexdigest()

    def _tidy(self) -> None:
        """Clears away what a killed process left; an hour old, so that it is nobody's who is at work."""
        for left in self._file.parent.glob(".asked-*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > 3600:
                    left.unlink()


def _packed(found: _Notes) -> bytes:
    arrays: dict[str, Any] = {}
    told = []
    for purpose, kept in found.items():
        rows = [
            [*key, [[c.entry, c.score, c.nearest, c.lexical, c.language, c.same, c.again] for c in one.candidates]]
            for key, one in kept.items()
        ]
        told.append([purpose, rows])
        arrays |= {
            f"{purpose} least": np.array([one.least for one in kept.values()]),
            f"{purpose} tenth": np.array([one.tenth for one in kept.values()]),
            f"{purpose} say": np.array([one.say for one in kept.values()], dtype=np.int64),
            f"{purpose} sizes": np.array([len(one.proposed) for one in kept.values()], dtype=np.int64),
            f"{purpose} proposed": np.concatenate([np.empty(0, np.int32), *(one.proposed for one in kept.values())]),
        }
    arrays["told"] = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def _unpacked(payload: bytes, cache: VectorCache) -> dict[str, dict[Key, Found]]:
    found: dict[str, dict[Key, Found]] = {}
    with np.load(io.BytesIO(payload)) as arrays:
        for purpose, rows in json.loads(arrays["told"].tobytes()):
            least, tenth, say, sizes, proposed = (
                arrays[f"{purpose} {name}"] for name in ("least", "tenth", "say", "sizes", "proposed"))
            # The vectors of questions are remembered elsewhere.
            vectors = cache.encode([row[0] for row in rows])
            ends = np.cumsum(sizes)
            found[purpose] = {
                (text, said): Found(
                    _candidates(told), vectors[i], float(least[i]), proposed[ends[i] - sizes[i] : ends[i]], int(say[i]),
                    Counter(lexical.tokens(text)), float(tenth[i]),
                )
                for i, (text, said, told) in enumerate(rows)
            }
    return found


def _candidates(told: Sequence[Sequence[Any]]) -> list[Candidate]:
    return [Candidate(*one) for one in told]
