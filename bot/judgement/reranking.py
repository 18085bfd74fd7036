"""The second look: a larger encoder reads the questions of which the first is not sure.

It is six times as slow, so it is asked only where that may change what is said: where the first entry is neither
hopeless nor all but sure by the confidence that is shipped. That needs nothing of the knowledge base's own, so the
questions from which a publish computes the confidence and the bars have been looked at as the live ones will be.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import lru_cache

from bot.judgement.confidence import Confidence
from bot.judgement.judgement import Reading
from bot.settings import Settings
from kb_index.cache import VectorCache
from kb_index.encoder import Encoder, Vectors, load_encoder
from kb_index.errors import ModelMissing
from kb_index.export import exported
from kb_index.retriever import Candidate

log = logging.getLogger(__name__)

#: A question is looked at again where the confidence is at least the first and below the second.
LEAST, SURE = 0.05, 0.95
_FIRST = Confidence.standard()


class Reranker:
    """Reads questions with `encoder`, which may be a cache; one at a time, whichever thread asks."""

    def __init__(self, encoder: Encoder | VectorCache) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()

    def wants(self, text: str, candidates: Sequence[Candidate]) -> bool:
        # A single word says what it is about, and not what is asked of it.
        if not candidates or candidates[0].same or len(text.split()) < 2:
            return False
        return bool(LEAST <= _FIRST.of(Reading(text, {}, "", 0.0, candidates)) < SURE)

    def encode(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            return self._encoder.encode(texts)


class AsIfHidden(Reranker):
    """Looks again where it would if the first candidate was not there: for questions of which that is taken out."""

    def wants(self, text: str, candidates: Sequence[Candidate]) -> bool:
        return super().wants(text, candidates[1:])


class _Later(Reranker):
    """Loads the encoder when a question wants it first: a fresh assistant is ready sooner, and smaller until then."""

    def __init__(self, settings: Settings, threads: int) -> None:
        self._folder, self._threads, self._name = settings.larger_encoder, threads, name(settings)
        self._lock = threading.Lock()
        #: Whether it can be used, once that is known.
        self._usable: bool | None = None

    def wants(self, text: str, candidates: Sequence[Candidate]) -> bool:
        return super().wants(text, candidates) and self._loaded()

    def encode(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            return load_encoder(self._folder, self._threads).encode(texts)

    def _loaded(self) -> bool:
        """Loads it where that was not tried yet. A turn must not fail where another set-up has taken it away or put
        another model there since this process began."""
        with self._lock:
            if self._usable is None:
                try:
                    self._usable = load_encoder(self._folder, self._threads).name == self._name
                except ModelMissing as error:
                    log.warning("%s", error)
                    self._usable = False
                if not self._usable:
                    log.error("%s has changed since this process began, so nothing is looked at again; restart it",
                              self._folder)
            return self._usable


@lru_cache(maxsize=2)
def shared(settings: Settings, threads: int = 1) -> Reranker | None:
    """One per process; None where the operator does without. `threads` as for the encoder."""
    return _Later(settings, threads) if settings.reranker else None


def name(settings: Settings) -> str:
    """What a snapshot calls its encoder; empty where the operator does without."""
    return exported(settings.larger_encoder) if settings.reranker else ""
