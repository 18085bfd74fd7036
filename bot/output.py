"""Files that commands write: a file whole or not at all, and a pipe or a device as it comes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from bot.errors import FrontdeskError


def check(path: Path) -> None:
    """Raises FrontdeskError where no file can be at `path`; to be asked before work that takes its time."""
    if path.is_dir():
        raise FrontdeskError(f"{path}: is a folder; name a file in it")
    if not _is_stream(path) and not (folder := path.resolve().parent).is_dir():
        raise FrontdeskError(f"{path}: there is no folder {folder}; make it first")


@contextmanager
def whole(path: Path, binary: bool = False, private: bool = False) -> Iterator[IO[Any]]:
    """What is written becomes the file at `path` in the end, or the file that a link there leads to; a `private` one is
    only its owner's to read. Raises FrontdeskError."""
    check(path)
    target = path if _is_stream(path) else path.resolve()
    # Two commands may write to one place, and each its own whole file; the name is short, whatever the target's is.
    scratch = target if _is_stream(path) else target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        try:
            if scratch != target:
                scratch.touch(0o600 if private else 0o666, exist_ok=False)
            out = scratch.open("wb") if binary else scratch.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise FrontdeskError(f"{path}: cannot be written ({error.strerror})") from None
        with out:
            yield out
        if scratch != target:
            scratch.replace(target)
    finally:
        if scratch != target:
            with suppress(OSError):
                scratch.unlink()


def _is_stream(path: Path) -> bool:
    """Whether a pipe, a socket or a device is there, whose place no file may take."""
    return path.exists() and not path.is_file()
