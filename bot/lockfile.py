"""A lock that one process of a machine holds at a time and that ends with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bot.errors import Busy


class LockFile:
    """An exclusive lock on a file that holds its owner's process id.

    The kernel drops the lock with the process, so that no stale file ever has to be judged::

        with LockFile(home / "setup.lock", "another set-up of {home} is at work (process {pid}); wait for it"):
            ...

    Raises Busy with the given text, in which ``{pid}`` is the holder's process id.
    """

    def __init__(self, path: Path, busy: str) -> None:
        self.path = path
        self.busy = busy
        self._fd: int | None = None

    def __enter__(self) -> LockFile:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not inheritable (Python's default), or a child that outlives us would keep the lock.
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            raise Busy(self.busy.replace("{pid}", str(holder(self.path) or "unknown"))) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._fd is not None:
            # Emptied, not removed: removing would let two processes lock two files of one name.
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None


def holder(path: Path) -> int | None:
    """The process that holds the lock on `path` now, or None."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(fd, 20, 0).decode(errors="replace").strip()
        return int(text) if text.isdigit() else 0
    else:
        return None
    finally:
        os.close(fd)
