"""A part of an index: entries with all that a search needs of them. Written once, it never changes, so that snapshots
which differ in a few entries share the rest of their files, and who has a part loaded need not load it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kb_index import nearest
from kb_index.encoder import Vectors
from kb_index.entry import Entry
from kb_index.lexical import Columns
from kb_index.markdown import render

#: What a vector stands for: what is asked (question, phrasing), or what is said (question and answer together, a
#: passage of the answer alone).
QUESTION, PHRASING, PASSAGE, WHOLE = 0, 1, 2, 3


class Part:
    """Vector i belongs to the entry whose `starts` range holds i; `kinds` says what each stands for, and `html` what
    each entry's answer looks like. An `exact` part is searched without codes however large it is. `larger` has the same
    texts as the reranker's encoder sees them, where there are any."""

    def __init__(
        self, entries: Sequence[Entry], html: Sequence[str], vectors: Vectors, kinds: npt.NDArray[np.uint8],
        starts: npt.NDArray[np.int64], exact: bool = False, larger: Vectors | None = None,
    ) -> None:
        self.entries = entries
        self.html = html
        self.vectors = vectors
        self.kinds = kinds
        self.starts = starts
        self.larger = larger
        self._exact = exact
        self._index: nearest.Index | None = None
        self._columns: Columns | None = None
        #: Where it lies, with the sum of each file and what a look at it says; nowhere before it is written.
        self.folder: Path | None = None
        self.sums: Mapping[str, str] = {}
        self.stamps: Mapping[str, tuple[int, ...]] = {}

    @classmethod
    def rendered(
        cls, entries: Sequence[Entry], vectors: Vectors, kinds: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64],
        larger: Vectors | None = None,
    ) -> Part:
        """One whose answers nobody has looked at yet."""
        return cls(entries, [render(entry.answer) for entry in entries], vectors, kinds, starts, larger=larger)

    @classmethod
    def joined(cls, parts: Sequence[Part], chosen: npt.NDArray[np.int64], exact: bool = False) -> Part:
        """A new part of the entries `chosen`, counted through all `parts`, in that order."""
        entries = [entry for part in parts for entry in part.entries]
        html = [told for part in parts for told in part.html]
        begins, counts = ranges(parts)
        rows = spread(begins[chosen], counts[chosen])
        starts = np.cumsum([0, *counts[chosen]]).astype(np.int64)
        kinds = np.concatenate([part.kinds for part in parts])[rows]
        places = chosen.tolist()
        return cls([entries[i] for i in places], [html[i] for i in places],
                   vectors_at([part.vectors for part in parts], rows), kinds, starts, exact, larger_at(parts, rows))

    @property
    def index(self) -> nearest.Index:
        """For vectors; built when it is needed first."""
        if self._index is None:
            self._index = nearest.Exact(self.vectors) if self._exact else nearest.build(self.vectors)
        return self._index

    @property
    def columns(self) -> Columns:
        """For words; built when they are needed first."""
        if self._columns is None:
            self._columns = Columns.build(self.entries)
        return self._columns

    @cached_property
    def lengths(self) -> npt.NDArray[np.float32]:
        """Of each entry, the length of the sum of the vectors that stand for what is asked."""
        return self._lengths(self.vectors)

    @cached_property
    def larger_lengths(self) -> npt.NDArray[np.float32]:
        """The same of the `larger` ones."""
        return self._lengths(self.larger) if self.larger is not None else np.empty(0, np.float32)

    def _lengths(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        lengths = np.empty(len(self.entries), dtype=np.float32)
        # Some hundred entries at a time: a copy of all vectors of a large knowledge base would not be small.
        for begin in range(0, len(lengths), 512):
            starts = self.starts[begin : begin + 513]
            rows = slice(int(starts[0]), int(starts[-1]))
            asked = np.asarray(vectors[rows]) * (self.kinds[rows] <= PHRASING)[:, None]
            sums = np.add.reduceat(asked, starts[:-1] - starts[0])
            lengths[begin : begin + 512] = np.maximum(np.linalg.norm(sums, axis=1), 1e-6)
        return lengths

    def lies(self, folder: Path, sums: Mapping[str, str]) -> None:
        """Notes where it lies."""
        self.folder, self.sums, self.stamps = folder, sums, stamps(folder, sums)

    def save(self, folder: Path) -> None:
        """Writes it into a new folder."""
        folder.mkdir()
        with (folder / "entries.jsonl").open("w", encoding="utf-8") as out:
            for entry, html in zip(self.entries, self.html, strict=True):
                out.write(json.dumps({**entry.kept(), "html": html}, ensure_ascii=False) + "\n")
        np.save(folder / "vectors.npy", self.vectors)
        if self.larger is not None:
            np.save(folder / "larger.npy", self.larger)
        np.save(folder / "kinds.npy", self.kinds)
        np.save(folder / "starts.npy", self.starts)
        nearest.save(self.index, folder)
        self.columns.save(folder)

    @classmethod
    def load(cls, folder: Path, sums: Mapping[str, str]) -> Part:
        entries, html = [], []
        with (folder / "entries.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                fields = json.loads(line)
                html.append(fields.pop("html"))
                entries.append(Entry.restore(fields))
        vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        more = folder / "larger.npy"
        larger = np.load(more, mmap_mode="r") if more.is_file() else None
        part = cls(entries, html, vectors, np.load(folder / "kinds.npy"), np.load(folder / "starts.npy"), larger=larger)
        part._index, part._columns = nearest.load(folder, vectors), Columns.load(folder)
        part.lies(folder, sums)
        return part


def nothing(dimensions: int) -> Part:
    """A part without entries."""
    return Part([], [], np.empty((0, dimensions), np.float32), np.empty(0, np.uint8), np.zeros(1, np.int64))


def stamps(folder: Path, files: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """What changes with each file that is not the same, or was written to. Raises OSError where one is missing."""
    looks = ((file, (folder / file).stat()) for file in files)
    return {file: (look.st_dev, look.st_ino, look.st_size, look.st_mtime_ns) for file, look in looks}


def ranges(parts: Sequence[Part]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the vectors of each entry begin, and how many they are; entries and vectors counted through all parts."""
    before = np.cumsum([0, *(len(part.vectors) for part in parts)])
    begins = np.concatenate([part.starts[:-1] + first for part, first in zip(parts, before, strict=False)])
    return begins, np.concatenate([np.diff(part.starts) for part in parts])


def spread(begins: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """All rows of some ranges, one range after the other."""
    ends = np.cumsum(counts)
    rows: npt.NDArray[np.int64] = np.repeat(begins - ends + counts, counts) + np.arange(int(counts.sum()))
    return rows


def vectors_at(arrays: Sequence[Vectors], rows: npt.NDArray[np.int64]) -> Vectors:
    """These vectors, counted through the arrays of all parts."""
    found = np.empty((len(rows), arrays[0].shape[1]), dtype=np.float32)
    first = 0
    for array in arrays:
        here = (rows >= first) & (rows < first + len(array))
        if here.all():
            return np.asarray(np.asarray(array)[rows - first])
        found[here] = np.asarray(array)[rows[here] - first]
        first += len(array)
    return found


def larger_at(parts: Sequence[Part], rows: npt.NDArray[np.int64]) -> Vectors | None:
    """The same vectors as the reranker's encoder sees them; None where a part has none of its own."""
    filled = [part for part in parts if len(part.vectors)]
    if not filled or any(part.larger is None for part in filled):
        return None
    # Parts without vectors take no rows, so leaving them out moves none.
    return vectors_at([part.larger for part in filled if part.larger is not None], rows)
