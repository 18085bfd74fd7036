"""The Markdown folder after a restore: as it was. The library knows which files it is in step with, and would take any
others for newer edits of its entries."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from bot.backups import homes
from bot.backups.archive import Reader
from bot.errors import FrontdeskError
from bot.settings import Settings


class Unfit(FrontdeskError):
    """The folder of the settings cannot become what it was."""


class Folder:
    """What is to be done with it; nothing is before :meth:`put_back`."""

    def __init__(self, settings: Settings, reader: Reader, places: dict[str, Path], followed: bool) -> None:
        """`places` has where each member of the backup goes, `followed` whether the library follows the folder. Raises
        Unfit."""
        self._kb, self._reader, self._missing = settings.kb, reader, places
        self._aside = settings.home / f"kb-{time.strftime('%Y%m%d-%H%M%S')}"
        self._wrong: list[Path] = []
        #: Whether files are there that would change. Another Frontdesk may follow them: a new FRONTDESK_HOME has the
        #: same folder.
        self.differs = False
        if self._kb.exists() and not self._kb.is_dir():
            raise Unfit(f"{self._kb} is no folder; set FRONTDESK_KB to the folder for the knowledge base")
        if not (there := homes.files(self._kb)):
            return
        wanted = {at: name for name, at in places.items() if followed and self._is_shown(at)}
        if followed:
            self._wrong = [path for path in there if self._is_shown(path)
                           and not (path in wanted and reader.is_same(wanted[path], path))]
        self._missing = {name: at for at, name in wanted.items() if at in self._wrong or not at.exists()}
        self.differs = bool(self._wrong or self._missing)
        if self.differs and not os.access(self._kb, os.W_OK):
            raise Unfit(f"{self._kb} is not as in the backup, and cannot be written; mend its permissions, or set "
                        "FRONTDESK_KB to a new folder")

    def put_back(self) -> str:
        """Makes it what it was, and says in words what that was. What was there may be newer: it is put aside."""
        for path in self._wrong:
            target = self._aside / path.relative_to(self._kb)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
        for name, at in self._missing.items():
            self._reader.extract(name, at)
        told = f"the knowledge base in {self._kb} is that of the backup" if self._wrong or self._missing else ""
        return f"{told}; {len(self._wrong)} files that differed are in {self._aside} now" if self._wrong else told

    def _is_shown(self, path: Path) -> bool:
        """What is hidden is not the library's, such as git's own."""
        return not any(part.startswith(".") for part in path.relative_to(self._kb).parts)
