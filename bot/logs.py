"""Log files that do not grow without end, and which lines of them a person at the terminal should see."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

#: Bytes of one file and how many older ones are kept beside it (``desk.log.1`` is the newest of them).
LARGEST = 5_000_000
OLDER = 3

_LEVEL = re.compile(r"\b(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL)\b")
_LOUD = ("WARNING", "ERROR", "CRITICAL")
#: The level stands near the start of a line; further on the word is part of what somebody wrote.
_HEAD = 80


class LogFile:
    """The log of one child, by lines. A full disk loses log lines, never the child."""

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        self.path = path
        self.largest = largest
        path.parent.mkdir(parents=True, exist_ok=True)
        self._size = path.stat().st_size if path.exists() else 0

    def write(self, line: str) -> None:
        raw = line.encode(errors="replace") + b"\n"
        try:
            if self._size and self._size + len(raw) > self.largest:
                self._rotate()
            with self.path.open("ab") as file:
                file.write(raw)
            self._size += len(raw)
        except OSError:
            pass

    def _rotate(self) -> None:
        _rotate(self.path)
        self._size = 0


def opened(path: Path) -> BinaryIO:
    """A log that a process of its own writes to by itself, to append to. It is rotated here, before there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST:
        _rotate(path)
    return path.open("ab")


def _rotate(path: Path) -> None:
    for number in range(OLDER, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        newer = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
        if newer.exists():
            newer.replace(older)


class Loudness:
    """Tells line by line whether one is a warning or worse; a traceback belongs to the line before it."""

    def __init__(self) -> None:
        self._loud = False

    def __call__(self, line: str) -> bool:
        if line.startswith("Traceback "):
            self._loud = True
        elif not line.startswith((" ", "\t")) and (found := _LEVEL.search(line[:_HEAD])):
            self._loud = found.group() in _LOUD
        elif not line.strip():
            return False
        return self._loud
