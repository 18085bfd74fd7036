"""Index snapshots: all that serving needs of one published state, in one folder that never changes once written.

Most of a large knowledge base's is shared with the snapshot before: files that have not changed are links to its files.

A snapshot is written beside the others, summed, and only then named in the file ``current`` by one atomic rename. So
a reader sees the old state or the new one, and a crash in between leaves the old one live.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from kb_index import nearest
from kb_index.encoder import Vectors
from kb_index.entry import Entry
from kb_index.errors import BadSnapshot
from kb_index.families import Families
from kb_index.lexical import LexicalIndex
from kb_index.part import Part, larger_at, nothing, ranges, spread, stamps, vectors_at
from kb_index.serving import current_name as current_name
from kb_index.serving import names as names
from kb_index.serving import raise_alarm

log = logging.getLogger(__name__)

#: The folders of the ground and of what has changed since.
_PARTS = ("ground", "changed")
#: So much of all vectors may have changed, and so many: every search compares with each of them.
_SHARE, _MOST = 0.2, 10_000
#: With so few vectors a ground is laid anew at each change: it takes no time, and a damaged file is no other
#: snapshot's.
SMALL = nearest.EXACT_UP_TO
_KEEP = 5
_Any = TypeVar("_Any")
_MEND = "publish again with `frontdesk kb publish`"


class Snapshot:
    """One published state, loaded: a part that is its `ground`, and a small one with what has `changed` since that was
    laid. `order` has the entries that are live, counted through both parts; vectors are counted so too.

    `directions` are over these vectors, `second` are over those of another encoder, by the name of `second_encoder`
    (kb_index/directions.py); None where there are none. `larger_encoder` is the name of the reranker's encoder, whose
    vectors of the same texts the parts have; empty where nothing is looked at again.
    """

    def __init__(
        self, name: str, ground: Part, changed: Part, order: npt.NDArray[np.int64], calibration: Mapping[str, Any],
        encoder: str, directions: Vectors | None = None, second: Vectors | None = None, second_encoder: str = "",
        larger_encoder: str = "",
    ) -> None:
        self.name = name
        self.parts = (ground, changed)
        self.order = order
        self.calibration = dict(calibration)
        self.encoder = encoder
        self.directions = directions
        self.second = second
        self.second_encoder = second_encoder
        self.larger_encoder = larger_encoder
        places = order.tolist()
        self.entries: list[Entry] = _picked([part.entries for part in self.parts], places)
        self.html: list[str] = _picked([part.html for part in self.parts], places)
        self.position = {entry.id: i for i, entry in enumerate(self.entries)}
        self.families = Families(self.entries)
        self.lexical = LexicalIndex([part.columns for part in self.parts], order)
        begins, counts = ranges(self.parts)
        #: Where the vectors of the entry at each position begin, and how many they are.
        self.begins, self.counts = begins[order], counts[order]
        #: How many vectors are live.
        self.size = int(self.counts.sum())
        #: The position of each vector's entry; -1 where that is not live any more.
        self.owner = np.full(sum(len(part.vectors) for part in self.parts), -1, dtype=np.int64)
        self.owner[spread(self.begins, self.counts)] = np.repeat(np.arange(len(order)), self.counts)
        self._kinds = np.concatenate([part.kinds for part in self.parts])
        live = self.owner[: len(ground.vectors)] >= 0
        #: Which vectors of the ground are live; None where all are.
        self._live = None if live.all() else live

    @classmethod
    def nothing(cls, encoder: str, dimensions: int) -> Snapshot:
        """The state from which the first one comes."""
        return cls("draft", nothing(dimensions), nothing(dimensions), np.arange(0), {}, encoder)

    @classmethod
    def build(
        cls, entries: Sequence[Entry], vectors: Vectors, kinds: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64],
        calibration: Mapping[str, Any], encoder: str, directions: Vectors | None = None,
        second: Vectors | None = None, second_encoder: str = "",
    ) -> Snapshot:
        """A state of new entries, not written yet."""
        made = cls.nothing(encoder, vectors.shape[1]).became(
            Part.rendered(entries, vectors, kinds, starts), np.arange(len(entries)))
        made.calibration, made.directions = dict(calibration), directions
        made.second, made.second_encoder = second, second_encoder
        return made

    def became(self, fresh: Part, order: npt.NDArray[np.int64], most: int | None = None) -> Snapshot:
        """What comes of this state, not written yet, where the entries of `order` are live, counted through its parts
        and, behind them, `fresh`. What is not of the ground is joined to one part; where more than `most` vectors have
        come or gone, all are joined and become the ground. How many may by itself: see `SMALL`."""
        parts, first = [*self.parts, fresh], len(self.ground.entries)
        counts = ranges(parts)[1][order]
        moved = order >= first
        came, gone = int(counts[moved].sum()), len(self.ground.vectors) - int(counts[~moved].sum())
        if most is None:
            most = min(int(_SHARE * counts.sum()), _MOST) if counts.sum() > SMALL else 0
        if max(came, gone) > most:
            ground, changed, order = Part.joined(parts, order), nothing(fresh.vectors.shape[1]), np.arange(len(order))
            return Snapshot("draft", ground, changed, order, {}, self.encoder, larger_encoder=self.larger_encoder)
        changed = Part.joined(parts, order[moved], exact=True)
        order = order.copy()
        order[moved] = first + np.arange(int(moved.sum()))
        return Snapshot("draft", self.ground, changed, order, {}, self.encoder, larger_encoder=self.larger_encoder)

    @property
    def ground(self) -> Part:
        return self.parts[0]

    @property
    def changed(self) -> Part:
        return self.parts[1]

    def nearest(self, questions: Vectors, k: int, known: nearest.Rows | None = None) -> nearest.Found:
        """The `k` nearest live vectors to each question. `known` is what was proposed for them of the same ground."""
        found = self.ground.index.search(questions, k, self._live, known)
        if not len(self.changed.vectors):
            return found
        # What has changed is live: of what changed twice only the last is kept.
        new = self.changed.index.search(questions, min(k, len(self.changed.vectors)))
        scores = np.hstack([found.scores, new.scores])
        rows = np.hstack([found.rows, np.where(new.rows < 0, -1, new.rows + len(self.ground.vectors))])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return nearest.Found(np.take_along_axis(scores, best, 1), np.take_along_axis(rows, best, 1), found.proposed,
                             found.say)

    def vectors_at(self, rows: npt.NDArray[np.int64]) -> Vectors:
        return vectors_at([part.vectors for part in self.parts], rows)

    def larger_at(self, rows: npt.NDArray[np.int64]) -> Vectors | None:
        """The same as the reranker's encoder sees them; None where it does not."""
        return larger_at(self.parts, rows) if self.larger_encoder else None

    def kinds_at(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        return self._kinds[rows]

    @cached_property
    def lengths(self) -> npt.NDArray[np.float32]:
        """Of each entry, the length of the sum of the vectors that stand for what is asked."""
        return np.concatenate([part.lengths for part in self.parts])[self.order]

    @cached_property
    def larger_lengths(self) -> npt.NDArray[np.float32]:
        """The same of the reranker's."""
        return np.concatenate([part.larger_lengths for part in self.parts])[self.order]

    # In the order of the entries, as for a part

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.counts)])

    @property
    def vectors(self) -> Vectors:
        return self.vectors_at(spread(self.begins, self.counts))

    @property
    def kinds(self) -> npt.NDArray[np.uint8]:
        return self.kinds_at(spread(self.begins, self.counts))


def _picked(parts: Sequence[Sequence[_Any]], places: Sequence[int]) -> list[_Any]:
    pool = [one for part in parts for one in part]
    return [pool[i] for i in places]


def write(folder: Path, built: Snapshot, mark: str) -> str:
    """Writes a snapshot below `folder`, makes it the current one and returns its name.

    `mark` says what it was built from, so that a later set-up can tell whether anything changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unique = hashlib.sha256(f"{mark}{time.time_ns()}".encode()).hexdigest()[:8]
    # Names sort by their time.
    name = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S-%f}-{unique}"
    work = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    try:
        sums: dict[str, str] = {}
        for label, part in zip(_PARTS, built.parts, strict=True):
            kept = _write_part(work / label, part)
            sums |= {f"{label}/{file}": told for file, told in kept.items()}
        np.save(work / "order.npy", built.order.astype(np.int32))
        for called, trained in (("directions", built.directions), ("second", built.second)):
            if trained is not None:
                np.save(work / f"{called}.npy", trained)
        (work / "calibration.json").write_text(json.dumps(built.calibration, indent=1))
        files = {file.name: _summed(file) for file in sorted(work.iterdir()) if file.is_file()} | sums
        manifest = {
            "name": name, "created": time.time(), "encoder": built.encoder, "entries": len(built.entries),
            "mark": mark, "files": files, "second encoder": built.second_encoder,
            "larger encoder": built.larger_encoder,
        }
        (work / "manifest.json").write_text(json.dumps(manifest, indent=1))
        for path in (work / "manifest.json", *(work / label for label in _PARTS), work):
            _sync(path)
        work.rename(folder / name)
        _sync(folder)
        for label, part in zip(_PARTS, built.parts, strict=True):
            part.lies(folder / name / label, _below(label, sums))
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    make_current(folder, name)
    _tidy(folder)
    return name


def _write_part(folder: Path, part: Part) -> dict[str, str]:
    """Writes a part, or links what is written already; returns the sum of each file."""
    if part.folder is not None:
        try:
            folder.mkdir()
            for file in part.sums:
                os.link(part.folder / file, folder / file)
            return dict(part.sums)
        except OSError:  # it was cleared away, or the disk knows no links
            shutil.rmtree(folder, ignore_errors=True)
    part.save(folder)
    return {file.name: _summed(file) for file in sorted(folder.iterdir())}


def make_current(folder: Path, name: str) -> None:
    """Names the snapshot that assistants serve from now on; also the way back to an earlier one. Raises BadSnapshot
    where it is not there."""
    name = known(folder, name)
    # A name of its own, since two publishes may end at the same moment.
    handle, temporary = tempfile.mkstemp(prefix=".current-", dir=folder)
    with os.fdopen(handle, "w") as out:
        out.write(name + "\n")
        out.flush()
        os.fsync(out.fileno())
    Path(temporary).replace(folder / "current")
    _sync(folder)


def known(folder: Path, name: str) -> str:
    """The plain name of the snapshot that somebody has named. Raises BadSnapshot where it is not there, also for a path
    to one."""
    plain = name.rstrip("/")
    if plain not in names(folder):
        raise BadSnapshot(f"there is no snapshot {name!r} in {folder}; `frontdesk kb snapshots` lists them")
    return plain


def manifest(folder: Path, name: str) -> dict[str, Any]:
    """Raises BadSnapshot where it cannot be read."""
    try:
        found: dict[str, Any] = json.loads((folder / name / "manifest.json").read_text())
        return found
    except (OSError, ValueError) as error:
        raise BadSnapshot(f"snapshot {name}: its manifest cannot be read ({error}); {_MEND}") from error


def load(folder: Path, name: str, like: Snapshot | None = None) -> Snapshot:
    """Loads one snapshot after checking its sums. A part whose files `like` was
    loaded from is taken from there. Raises BadSnapshot."""
    told = manifest(folder, name)
    here = folder / name
    try:
        ground, changed = (_part(here / label, name, _below(label, told["files"]), like) for label in _PARTS)
        _check(here, name, {file: one for file, one in told["files"].items() if "/" not in file})
        directions, second = (np.load(file) if file.is_file() else None
                              for file in (here / "directions.npy", here / "second.npy"))
        return Snapshot(
            name, ground, changed, np.load(here / "order.npy").astype(np.int64),
            json.loads((here / "calibration.json").read_text()), told["encoder"], directions, second,
            told.get("second encoder", ""), told.get("larger encoder", ""),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, IndexError) as error:
        # Whole by its sums, but of another version of this code, or with a manifest that tells nothing of a file.
        raise BadSnapshot(f"snapshot {name} cannot be read ({type(error).__name__}: {error}); {_MEND}") from error


def _part(here: Path, name: str, sums: Mapping[str, str], like: Snapshot | None) -> Part:
    for part in like.parts if like else ():
        if part.sums == sums and part.stamps == stamps(here, sums):
            # Its newest place: what it was loaded from is cleared away at some time.
            part.folder = here
            return part
    _check(here, name, sums)
    return Part.load(here, sums)


def _below(label: str, files: Mapping[str, str]) -> dict[str, str]:
    return {file.partition("/")[2]: told for file, told in files.items() if file.startswith(f"{label}/")}


def _check(here: Path, name: str, sums: Mapping[str, str]) -> None:
    for file, wanted in sums.items():
        if not (here / file).is_file() or _sum(here / file) != wanted:
            raise BadSnapshot(f"snapshot {name}: {file} does not match its sum; {_MEND}")


def is_whole(folder: Path, name: str) -> bool:
    """Whether all files of a snapshot are there, and as they were written."""
    try:
        _check(folder / name, name, manifest(folder, name)["files"])
    except (BadSnapshot, KeyError, OSError):
        return False
    return True


def load_current(folder: Path, like: Snapshot | None = None) -> Snapshot:
    """As :func:`load`, the current snapshot, or the newest good one with an alarm in the log. Raises BadSnapshot when
    none is good."""
    wanted = current_name(folder)
    if wanted is None:
        raise BadSnapshot(f"nothing is published in {folder}; run `frontdesk kb publish`")
    reason = ""
    for name in [wanted, *(n for n in names(folder) if n != wanted)]:
        try:
            snapshot = load(folder, name, like)
        except BadSnapshot as error:
            log.error("%s", error)
            if name == wanted:
                reason = str(error)
            continue
        if name != wanted:
            log.error("serving the older snapshot %s because %s is damaged", name, wanted)
            raise_alarm(folder, wanted, name, reason)
        return snapshot
    raise_alarm(folder, wanted, "", reason)
    raise BadSnapshot(f"no snapshot in {folder} is whole; {_MEND}")


def _tidy(folder: Path) -> None:
    current = current_name(folder)
    for old in [n for n in names(folder) if n != current][_KEEP:]:
        shutil.rmtree(folder / old, ignore_errors=True)
    for left in [*folder.glob(".writing-*"), *folder.glob(".current-*")]:
        # What a killed publish left behind; an hour old, so that no publish under way loses what it writes.
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > 3600:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()


def _sum(path: Path) -> str:
    sums = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            sums.update(chunk)
    return sums.hexdigest()


def _summed(path: Path) -> str:
    """The sum of a file that was written just now, and is on the disk after this."""
    _sync(path)
    return _sum(path)


def _sync(path: Path) -> None:
    """Has the system write a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


