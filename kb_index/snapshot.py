"""Index snapshots: all that serving needs of one published state, in one folder that never changes once written.

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
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kb_index import nearest
from kb_index.encoder import Vectors
from kb_index.entry import Entry
from kb_index.errors import BadSnapshot
from kb_index.families import Families
from kb_index.lexical import LexicalIndex
from kb_index.markdown import render
from kb_index.serving import current_name as current_name
from kb_index.serving import names as names
from kb_index.serving import raise_alarm

log = logging.getLogger(__name__)

_KEEP = 5
_MEND = "publish again with `frontdesk kb publish`"


class Snapshot:
    """One published state, loaded. Vector i belongs to the entry whose `starts` range holds i.

    `directions` are over these vectors, `second` are over those of another encoder, by the name of `second_encoder`
    (kb_index/directions.py); None where there are none.
    """

    def __init__(
        self, name: str, entries: Sequence[Entry], html: Sequence[str], vectors: Vectors, kinds: npt.NDArray[np.uint8],
        starts: npt.NDArray[np.int64], index: nearest.Index, lexical: LexicalIndex, calibration: Mapping[str, Any],
        encoder: str, directions: Vectors | None = None, second: Vectors | None = None, second_encoder: str = "",
    ) -> None:
        self.name = name
        self.entries = list(entries)
        self.html = list(html)
        self.vectors = vectors
        self.kinds = kinds
        self.starts = starts
        self.index = index
        self.lexical = lexical
        self.calibration = dict(calibration)
        self.encoder = encoder
        self.directions = directions
        self.second = second
        self.second_encoder = second_encoder
        self.owner = np.repeat(np.arange(len(self.entries)), np.diff(starts))
        self.position = {entry.id: i for i, entry in enumerate(self.entries)}
        self.families = Families(self.entries)

    @classmethod
    def build(
        cls, entries: Sequence[Entry], vectors: Vectors, kinds: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64],
        calibration: Mapping[str, Any], encoder: str, directions: Vectors | None = None, html: Sequence[str] = (),
        second: Vectors | None = None, second_encoder: str = "",
    ) -> Snapshot:
        """A state that is not written yet, with its indices; `html` holds what answers look like where that is known,
        and an empty text where it is not."""
        return cls(
            name="draft", entries=entries, html=html or [""] * len(entries), vectors=vectors, kinds=kinds,
            starts=starts, index=nearest.build(vectors), lexical=LexicalIndex.build(entries), calibration=calibration,
            encoder=encoder, directions=directions, second=second, second_encoder=second_encoder,
        )


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
        with (work / "entries.jsonl").open("w", encoding="utf-8") as out:
            for entry, html in zip(built.entries, built.html, strict=True):
                told = {**entry.kept(), "html": html or render(entry.answer)}
                out.write(json.dumps(told, ensure_ascii=False) + "\n")
        np.save(work / "vectors.npy", built.vectors)
        np.save(work / "kinds.npy", built.kinds)
        np.save(work / "starts.npy", built.starts)
        for called, trained in (("directions", built.directions), ("second", built.second)):
            if trained is not None:
                np.save(work / f"{called}.npy", trained)
        nearest.save(built.index, work)
        built.lexical.save(work / "lexical")
        (work / "calibration.json").write_text(json.dumps(built.calibration, indent=1))
        files = {str(f.relative_to(work)): _sum(f) for f in sorted(work.rglob("*")) if f.is_file()}
        manifest = {
            "name": name, "created": time.time(), "encoder": built.encoder, "entries": len(built.entries),
            "mark": mark, "files": files, "second encoder": built.second_encoder,
        }
        (work / "manifest.json").write_text(json.dumps(manifest, indent=1))
        for file in work.rglob("*"):
            if file.is_file():
                _sync(file)
        work.rename(folder / name)
        _sync(folder)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    make_current(folder, name)
    _tidy(folder)
    return name


def make_current(folder: Path, name: str) -> None:
    """Names the snapshot that assistants serve from now on; also the way back to an earlier one."""
    if not (folder / name / "manifest.json").is_file():
        raise BadSnapshot(f"there is no snapshot {name!r} in {folder}; `frontdesk kb snapshots` lists them")
    # A name of its own, since two publishes may end at the same moment.
    handle, temporary = tempfile.mkstemp(prefix=".current-", dir=folder)
    with os.fdopen(handle, "w") as out:
        out.write(name + "\n")
        out.flush()
        os.fsync(out.fileno())
    Path(temporary).replace(folder / "current")
    _sync(folder)


def manifest(folder: Path, name: str) -> dict[str, Any]:
    """Raises BadSnapshot where it cannot be read."""
    try:
        found: dict[str, Any] = json.loads((folder / name / "manifest.json").read_text())
        return found
    except (OSError, ValueError) as error:
        raise BadSnapshot(f"snapshot {name}: its manifest cannot be read ({error}); {_MEND}") from error


def load(folder: Path, name: str) -> Snapshot:
    """Loads one snapshot after checking its sums. Raises BadSnapshot."""
    told = manifest(folder, name)
    here = folder / name
    try:
        for file, wanted in told["files"].items():
            if not (here / file).is_file() or _sum(here / file) != wanted:
                raise BadSnapshot(f"snapshot {name}: {file} does not match its sum; {_MEND}")
        return _loaded(here, name, told["encoder"], told.get("second encoder", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        # Whole by its sums, but of another version of this code, or with a manifest that tells nothing of a file.
        raise BadSnapshot(f"snapshot {name} cannot be read ({type(error).__name__}: {error}); {_MEND}") from error


def _loaded(here: Path, name: str, encoder: str, second_encoder: str) -> Snapshot:
    entries, html = [], []
    with (here / "entries.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            fields = json.loads(line)
            html.append(fields.pop("html"))
            entries.append(Entry.restore(fields))
    vectors = np.load(here / "vectors.npy", mmap_mode="r")
    directions, second = (np.load(file) if file.is_file() else None
                          for file in (here / "directions.npy", here / "second.npy"))
    return Snapshot(
        name=name, entries=entries, html=html, vectors=vectors, kinds=np.load(here / "kinds.npy"),
        starts=np.load(here / "starts.npy"), index=nearest.load(here, vectors),
        lexical=LexicalIndex.load(here / "lexical"),
        calibration=json.loads((here / "calibration.json").read_text()), encoder=encoder,
        directions=directions, second=second, second_encoder=second_encoder,
    )


def load_current(folder: Path) -> Snapshot:
    """The current snapshot, or the newest good one with an alarm in the log. Raises BadSnapshot when none is good."""
    wanted = current_name(folder)
    if wanted is None:
        raise BadSnapshot(f"nothing is published in {folder}; run `frontdesk kb publish`")
    reason = ""
    for name in [wanted, *(n for n in names(folder) if n != wanted)]:
        try:
            snapshot = load(folder, name)
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


def _sync(path: Path) -> None:
    """Has the system write a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


