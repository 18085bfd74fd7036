"""Tells apart any labelled texts: two members who judge by meaning, wording and a tuned encoder each.

Usage::

    told = tell_apart(Texts(texts, vectors), labels, Texts(asked, asked_vectors), source_model())
    told.labels, told.distance, told.threshold
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.judgement.labelled import OUT_OF_SCOPE
from bot.judgement.member import Classes, Floats, Lesson, Opinion, Texts, learn
from bot.judgement.tuning import Progress

#: The share of in-scope texts that the threshold may refuse.
REFUSED = 0.05
#: The witness does not learn a tenth of the texts, or as many as _WANTED if that is no more than a quarter; of each
#: label alike, but none of those with fewer texts than _SPARE.
_WANTED, _SPARE = 100, 4
#: Fewer held-out texts than this set no threshold.
_ENOUGH = 20


@dataclass(frozen=True)
class Told:
    """The likeliest intent of each text, never ``oos``, and how far it is from all intents (higher is farther).

    Texts beyond `threshold` are refused; it is None where fewer than 20 texts could be held out to find it. `held_out`
    is how many there were.
    """

    labels: list[str]
    distance: Floats
    threshold: float | None
    held_out: int


def tell_apart(
    known: Texts, labels: Sequence[str], asked: Texts, source: Path | None, seed: int = 0, names: int = 0,
    progress: Progress = lambda done, total: None,
) -> Told:
    """Learns texts and their labels, of which there must be two beside ``oos``, and reads others, at least one.

    The last `names` of the known texts say what labels are called: they are learnt, but nothing is judged by them.

    One member learns all texts; the other, the witness, leaves out some of each label, and how far those are from what
    it has learnt sets the threshold, so that no other data is needed. Both judge.

    `source` is the encoder that they train further, each in a process of its own; None leaves it as it is.
    """
    classes = sorted(set(labels))
    targets = np.array([classes.index(label) for label in labels], dtype=np.int64)
    outside = classes.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in classes else None
    held = _hold_out(targets, len(targets) - names, outside, seed)
    judged = int(held.sum())
    lessons = [
        Lesson(known.where(~held), targets[~held], known.where(held) + asked, outside, source, seed),
        Lesson(known, targets, asked, outside, source, seed + 1),
    ]
    witness, other = in_processes(lessons, progress) if source else [learn(lesson) for lesson in lessons]
    own, enough = witness.signs[:judged], judged >= _ENOUGH
    centre, spread = (own.mean(axis=0), np.maximum(own.std(axis=0), 1e-6)) if enough else (0.0, 1.0)

    def distance(signs: Floats) -> Floats:
        return np.asarray(((signs - centre) / spread).mean(axis=1))

    opinions = [Opinion(witness.scores[judged:], witness.signs[judged:]), other]
    scores = np.mean([one.scores for one in opinions], axis=0)
    return Told(
        [classes[i] for i in scores.argmax(axis=1)],
        np.asarray(np.mean([distance(one.signs) for one in opinions], axis=0)),
        float(np.quantile(distance(own), 1 - REFUSED)) if enough else None, judged,
    )


def _hold_out(targets: Classes, asked: int, outside: int | None, seed: int) -> npt.NDArray[np.bool_]:
    """Marks what the witness is asked instead of learning it, among the first `asked`; nothing that is out of scope."""
    rng, held = np.random.default_rng(seed), np.zeros(len(targets), dtype=bool)
    share = min(0.25, max(0.1, _WANTED / max(1, asked)))
    for target in sorted(set(targets[:asked].tolist()) - {outside}):
        rows = np.flatnonzero(targets[:asked] == target)
        if len(rows) >= _SPARE:
            held[rng.choice(rows, max(1, round(share * len(rows))), replace=False)] = True
    return held


def in_processes(lessons: Sequence[Lesson], progress: Progress) -> list[Opinion]:
    """What comes of each lesson, as many at a time as there are cores. A process has one thread: those of one torch
    wait for each other at every layer, and take fifty times as long where other work has the cores."""
    context = multiprocessing.get_context("spawn")
    shares = context.Array("d", len(lessons))
    workers = min(len(lessons), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, context, _begin, (shares,)) as pool:
        try:
            waiting = [pool.submit(_work, number, lesson) for number, lesson in enumerate(lessons)]
            while wait(waiting, timeout=0.5).not_done:
                progress(round(1000 * float(np.mean(shares[:]))), 1000)
            return [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.kill()
            raise


_shares: Any = None


def _begin(shares: Any) -> None:
    """Makes a process a member: it goes with its parent, on Ctrl-C too, and keeps to one thread."""
    global _shares
    from threadpoolctl import threadpool_limits

    _shares = shares
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    threadpool_limits(1)


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _work(number: int, lesson: Lesson) -> Opinion:
    def progress(done: int, total: int) -> None:
        _shares[number] = done / total

    return learn(lesson, progress)
