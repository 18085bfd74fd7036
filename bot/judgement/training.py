"""Trains the classifier from ``data/nlu``, and once more per fold so that its own phrases can be judged honestly."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.judgement.classifier import Classifier
from bot.judgement.judge import parts
from bot.judgement.phrases import Phrase, read
from bot.settings import ROOT, Settings
from kb_index.cache import VectorCache
from kb_index.encoder import load_encoder

FOLDS = 5
Progress = Callable[[int, int], None]
PHRASES = ROOT / "data" / "nlu"


def folder(settings: Settings) -> Path:
    return settings.home / "judgement"


def fingerprint(settings: Settings) -> str:
    """Changes with the phrases, the encoder and the code that turns one into the other."""
    sums = hashlib.sha256()
    here = Path(__file__).parent
    ours = [here / f"{name}.py" for name in ("classifier", "wording", "segments", "training")]
    for path in [*sorted(PHRASES.rglob("*.yml")), *ours]:
        sums.update(path.read_bytes())
    encoder = settings.encoder / "encoder.json"
    sums.update(encoder.read_bytes() if encoder.is_file() else b"")
    return sums.hexdigest()[:16]


def is_current(settings: Settings) -> bool:
    try:
        return bool(json.loads((folder(settings) / "trained.json").read_text())["fingerprint"] == fingerprint(settings))
    except (OSError, ValueError, KeyError):
        return False


def train(settings: Settings, progress: Progress = lambda done, total: None) -> None:
    """Writes the classifier and its fold twins below ``FRONTDESK_HOME``, whole or not at all."""
    phrases = read(PHRASES)
    encoder = load_encoder(settings.encoder, 2)
    cache = VectorCache(encoder, settings.cache / "vectors.db")
    # Sentences within phrases are embedded too, so that judging by fold later finds them in the cache.
    texts = [part for phrase in phrases for part in parts(phrase.text)]
    firsts = np.cumsum([0] + [len(parts(phrase.text)) for phrase in phrases[:-1]])
    wholes = [texts[first] for first in firsts]
    vectors = cache.encode(texts, lambda done, total: progress(done, total + (FOLDS + 1) * 100))[firsts]
    cache.close()
    intents = [phrase.intent for phrase in phrases]
    routes = {phrase.intent: phrase.route for phrase in phrases}
    fold = folds(phrases)
    for left in settings.home.glob(".judgement-*"):
        # What a killed training left behind; set-up sees to it that there is only one.
        shutil.rmtree(left, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=".judgement-", dir=settings.home))
    try:
        Classifier.fit(wholes, vectors, intents, routes, encoder.name).save(scratch / "all")
        for k in range(FOLDS):
            kept = fold != k
            others = [intent for intent, keep in zip(intents, kept, strict=True) if keep]
            seen = [text for text, keep in zip(wholes, kept, strict=True) if keep]
            twin = Classifier.fit(seen, vectors[kept], others, routes, encoder.name)
            twin.save(scratch / f"fold-{k}")
            progress(len(texts) + (k + 2) * 100, len(texts) + (FOLDS + 1) * 100)
        told = {"fingerprint": fingerprint(settings), "phrases": len(phrases)}
        (scratch / "trained.json").write_text(json.dumps(told))
        shutil.rmtree(folder(settings), ignore_errors=True)
        scratch.rename(folder(settings))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def folds(phrases: Sequence[Phrase]) -> npt.NDArray[np.int64]:
    """The fold of each phrase: whole groups (kind and source) stay together, so that a phrase is judged by a model
    that has seen neither its kind of product nor its way of writing. Greedy, largest groups first."""
    sizes: dict[str, int] = {}
    for phrase in phrases:
        sizes[phrase.group] = sizes.get(phrase.group, 0) + 1
    load = [0] * FOLDS
    where: dict[str, int] = {}
    for group in sorted(sizes, key=lambda name: (-sizes[name], name)):
        where[group] = int(np.argmin(load))
        load[where[group]] += sizes[group]
    return np.array([where[phrase.group] for phrase in phrases])


def load(settings: Settings) -> Classifier:
    return Classifier.load(folder(settings) / "all")


def load_twins(settings: Settings) -> list[Classifier]:
    return [Classifier.load(folder(settings) / f"fold-{k}") for k in range(FOLDS)]
