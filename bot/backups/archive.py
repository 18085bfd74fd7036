"""The file: a zip of JSON lines and plain files, closed by a manifest with a checksum of everything in it.

A backup that ends early has no manifest, one that was changed has sums that do not fit: either is refused as a whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from bot.errors import FrontdeskError

FORMAT = 1
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20

#: Called with how much is done, of how much.
Progress = Callable[[int, int], None]


class BadBackup(FrontdeskError):
    """A file that is no backup, or not a whole one, or one of another version."""


class Writer:
    """Writes members one after the other to an open file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sums: dict[str, str] = {}
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def lines(self, name: str, rows: Iterable[Any]) -> int:
        """A member of JSON lines; returns how many."""
        count = 0
        with _Summed(self._zip, name) as member:
            for row in rows:
                line = json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
                member.write(line.encode("utf-8", "surrogatepass"))
                count += 1
        self._sums[name] = member.sum
        return count

    def files(self, sources: Mapping[str, Path]) -> int:
        """Members of files that belong together: all or, where one of them is gone, none; returns how many."""
        with ExitStack() as opened:
            try:
                # All of them first: what is removed after that can still be read to its end.
                files = {name: opened.enter_context(source.open("rb")) for name, source in sources.items()}
            except FileNotFoundError:
                return 0
            for name, file in files.items():
                with _Summed(self._zip, name) as member:
                    while chunk := file.read(_CHUNK):
                        member.write(chunk)
                self._sums[name] = member.sum
            return len(files)

    def finish(self, about: dict[str, Any]) -> None:
        """Adds the manifest and brings everything to disk."""
        manifest = {"format": FORMAT, **about, "sha256": self._sums}
        self._zip.writestr(_MANIFEST, json.dumps(manifest, indent=1))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def abandon(self) -> None:
        # It would write its end, for which there may be no room either.
        with suppress(OSError):
            self._zip.close()


class _Summed:
    """A member that is written and summed at once."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._file: IO[bytes] = archive.open(name, "w", force_zip64=True)
        self._sha = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._sha.update(data)
        self._file.write(data)

    @property
    def sum(self) -> str:
        return self._sha.hexdigest()

    def __enter__(self) -> _Summed:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class Reader:
    """Reads a backup. Raises BadBackup from wherever something is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            manifest = json.loads(self._zip.read(_MANIFEST))
        except FileNotFoundError:
            raise BadBackup(f"there is no file {path}") from None
        except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError) as error:
            raise BadBackup(f"{path} is no backup of Frontdesk, or not a whole one ({error}); take another") from None
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or "sha256" not in manifest:
            raise BadBackup(f"{path} is of format {manifest.get('format') if isinstance(manifest, dict) else None!r}; "
                            f"this Frontdesk reads format {FORMAT}: restore it with the version that made it")
        self.about: dict[str, Any] = manifest
        self._sums: dict[str, str] = manifest["sha256"]

    def names(self, below: str = "") -> list[str]:
        return sorted(name for name in self._sums if name.startswith(below))

    def verify(self, progress: Progress) -> None:
        """Reads everything once and compares it with the sums."""
        inside = {info.filename for info in self._zip.infolist()} - {_MANIFEST}
        if inside != set(self._sums):
            raise BadBackup(f"{self.path} does not hold what its manifest says: {sorted(inside ^ set(self._sums))[:3]}")
        for number, (name, wanted) in enumerate(self._sums.items()):
            sha = hashlib.sha256()
            for chunk in self._chunks(name):
                sha.update(chunk)
            if sha.hexdigest() != wanted:
                raise BadBackup(f"{self.path} is damaged: {name} is not what was written; take another backup")
            progress(number + 1, len(self._sums))

    def lines(self, name: str) -> Iterator[Any]:
        rest = b""
        for chunk in self._chunks(name):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield json.loads(line.decode("utf-8", "surrogatepass"))

    def is_same(self, name: str, path: Path) -> bool:
        """Whether a file is a member as it was."""
        return hashlib.sha256(path.read_bytes()).hexdigest() == self._sums.get(name)

    def extract(self, name: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for chunk in self._chunks(name):
                file.write(chunk)

    def close(self) -> None:
        self._zip.close()

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            with self._zip.open(name) as member:
                while chunk := member.read(_CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError) as error:
            raise BadBackup(f"{self.path} is damaged at {name} ({error}); take another backup") from None
