"""The operator's scan program (FRONTDESK_SCAN_COMMAND): asked about each file before anybody else gets to see it."""

from __future__ import annotations

import logging
import shlex
import subprocess
from pathlib import Path

from bot.attachments.errors import NotScanned, Refused

log = logging.getLogger(__name__)

_PATIENCE = 30.0
_CLEAN, _FOUND = 0, 1


class Scanner:
    """Runs the program with the file's path as its last argument: 0 means clean, 1 refused. Without one, all is."""

    def __init__(self, command: str | None, patience: float = _PATIENCE) -> None:
        self._command = shlex.split(command or "")
        self._patience = patience

    def check(self, path: Path, name: str) -> None:
        """Raises Refused; NotScanned where there is no verdict, however that came. Blocks."""
        if not self._command:
            return
        try:
            ended = subprocess.run([*self._command, str(path)], stdin=subprocess.DEVNULL, capture_output=True,
                                   timeout=self._patience, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            log.error("the scan program gave no verdict: %s", type(error).__name__)
            raise NotScanned("Files cannot be taken at the moment; please try again a little later.") from error
        if ended.returncode == _FOUND:
            log.warning("the scan program refused a file")
            raise Refused(f"{name} was refused: the security check found something in it.")
        if ended.returncode != _CLEAN:
            log.error("the scan program ended with status %d", ended.returncode)
            raise NotScanned("Files cannot be taken at the moment; please try again a little later.")
