"""The published knowledge as one process sees it: reloaded by itself when a new snapshot is made current."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.judgement.router import Bars
from kb_index import serving, snapshot
from kb_index.errors import BadSnapshot
from kb_index.retriever import Retriever

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """One snapshot with what is derived from it."""

    snapshot: snapshot.Snapshot
    retriever: Retriever
    bars: Bars


class Knowledge:
    """Keeps the current snapshot loaded. Looking whether it changed is one `stat`, cheap enough for every turn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: The encoder that questions are embedded with here; a snapshot made with another one is refused.
        self.encoder: str | None = None
        #: That of the reranker; a snapshot for another one is refused, one for none is not.
        self.larger_encoder: str | None = None
        self._seen: tuple[int, int] | None = None
        self._published: Published | None = None

    @staticmethod
    @lru_cache(maxsize=4)
    def shared(folder: Path) -> Knowledge:
        """One per process and folder, so that matcher, router and actions always speak of the same snapshot."""
        return Knowledge(folder)

    def current(self) -> Published:
        """The published snapshot; a damaged new one leaves the old one serving. Raises BadSnapshot at the first call
        when there is none."""
        seen = self._mark()
        if self._published is None or seen != self._seen:
            try:
                # At the start the newest good one is better than none; later, what is served is a better second choice.
                loaded = (snapshot.load_current(self.folder) if self._published is None
                          else snapshot.load(self.folder, snapshot.current_name(self.folder) or "",
                                             self._published.snapshot))
                if self.encoder is not None and loaded.encoder != self.encoder:
                    raise BadSnapshot(
                        f"snapshot {loaded.name} was made with the encoder {loaded.encoder}, and this process runs "
                        f"with {self.encoder}; restart it, or publish again with `frontdesk kb publish`"
                    )
                if self.larger_encoder is not None and loaded.larger_encoder not in ("", self.larger_encoder):
                    raise BadSnapshot(
                        f"snapshot {loaded.name} was made with the reranker {loaded.larger_encoder}, and this process "
                        f"has {self.larger_encoder or 'none'}; restart it, or publish again with `frontdesk kb publish`"
                    )
                if self._published is None or loaded.name != self._published.snapshot.name:
                    self._published = Published(loaded, Retriever(loaded), Bars.parse(loaded.calibration))
                    log.info("serving snapshot %s with %d entries", loaded.name, len(loaded.entries))
            except (BadSnapshot, ValueError, KeyError) as error:
                if self._published is None:
                    raise
                log.exception("the new snapshot cannot be used; the old one stays")
                wanted = snapshot.current_name(self.folder) or ""
                serving.raise_alarm(self.folder, wanted, self._published.snapshot.name, str(error))
            self._seen = seen
        return self._published

    def _mark(self) -> tuple[int, int] | None:
        try:
            told = (self.folder / "current").stat()
        except FileNotFoundError:
            return None
        return told.st_mtime_ns, told.st_ino
