"""How well the texts of one file are told apart after learning another."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.apart import Progress
from bot.judgement.intents import REFUSED, Told, tell_apart
from bot.judgement.labelled import OUT_OF_SCOPE, Labelled, called, sample
from bot.judgement.member import Texts
from bot.settings import Settings
from kb_index.cache import VectorCache
from kb_index.encoder import load_encoder
from kb_index.export import source_model


def report(
    settings: Settings, train: Sequence[Labelled], asked: Sequence[Labelled], shots: int | None = None, seed: int = 0,
    tuning: bool = True, progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Trains on `train` (or `shots` of each label), which has two intents or more, and measures on `asked`. Raises
    ModelMissing."""
    begun = time.perf_counter()
    learnt = train if shots is None else sample(train, shots, seed)
    intents = {one.label for one in learnt} - {OUT_OF_SCOPE}
    names = called(learnt)
    known = [*learnt, *names]
    encoder = load_encoder(settings.encoder, os.cpu_count() or 1)
    larger = load_encoder(settings.larger_encoder, os.cpu_count() or 1) if tuning and settings.reranker else None
    if larger is not None and not encoder.speaks_as(larger):
        larger = None
    # Shares of the whole time, as they were on two cores.
    read_by = 0.7 if not tuning else 0.1 if larger is None else 0.05
    read_by_larger = 0.25 if larger is not None else 0.0

    def told(begin: float, share: float) -> Progress:
        return lambda done, total: progress(round(1000 * (begin + share * done / max(1, total))), 1000)

    texts = [one.text for one in (*known, *asked)]
    cache = VectorCache(encoder, settings.cache / "vectors.db", larger=larger)
    try:
        vectors = cache.encode(texts, told(0, read_by))
        seen = cache.larger.encode(texts, told(read_by, read_by_larger)) if cache.larger is not None else None
    finally:
        cache.close()
    both = Texts(texts, vectors, seen)
    first = np.arange(len(texts)) < len(known)
    done_so_far = read_by + read_by_larger
    found = tell_apart(
        both.where(first), [one.label for one in known], both.where(~first),
        source_model(settings.model) if tuning else None, seed, len(names), told(done_so_far, 1 - done_so_far),
    )
    return {
        **measure(asked, found),
        "refused_in_scope_wanted": REFUSED,
        "tuned": tuning,
        "sizes": {
            "train": len(learnt), "train_out_of_scope": sum(one.label == OUT_OF_SCOPE for one in learnt),
            "held_out": found.held_out, "intents": len(intents),
            "test": len(asked), "test_out_of_scope": sum(one.label == OUT_OF_SCOPE for one in asked),
            "test_unknown_intent": sum(one.label not in {*intents, OUT_OF_SCOPE} for one in asked),
        },
        "shots": shots, "seed": seed, "encoder": encoder.name,
        "larger_encoder": larger.name if larger is not None else None,
        "seconds": round(time.perf_counter() - begun, 1),
    }


def measure(asked: Sequence[Labelled], found: Told) -> dict[str, float | None]:
    """The figures; None where the test has nothing to tell them from, or no threshold could be set.

    Accuracy in scope lets nothing be refused; at the threshold, a refused text in scope counts as wrong. For the areas,
    out of scope is the positive class.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    outside = np.array([one.label == OUT_OF_SCOPE for one in asked])
    right = np.array([one.label == label for one, label in zip(asked, found.labels, strict=True)])
    both = bool(outside.any() and not outside.all())
    refused = None if found.threshold is None else found.distance > found.threshold
    return {
        "accuracy_in_scope": _share(right[~outside]),
        "out_of_scope_auroc": round(float(roc_auc_score(outside, found.distance)), 5) if both else None,
        "out_of_scope_aupr": round(float(average_precision_score(outside, found.distance)), 5) if both else None,
        "out_of_scope_recall": None if refused is None else _share(refused[outside]),
        "in_scope_accuracy_at_threshold": None if refused is None else _share((right & ~refused)[~outside]),
        "in_scope_refused": None if refused is None else _share(refused[~outside]),
        "threshold": None if found.threshold is None else round(found.threshold, 5),
    }


def _share(which: npt.NDArray[np.bool_]) -> float | None:
    return round(float(which.mean()), 5) if len(which) else None
