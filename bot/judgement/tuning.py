"""A sentence encoder trained further on labelled texts; torch, so for measuring only, never while serving.

The loss is the normalised softmax: cross-entropy over scaled cosines between a text's vector and one vector per
class, which pulls texts of a class together and the classes apart.
Source: A. Zhai and H.-Y. Wu, "Classification is a strong baseline for deep metric learning" (BMVC 2019).

Only the upper layers learn. The lower ones tell words apart, which a few thousand texts cannot teach better; what they
say of a text is computed once, so that a round takes half the time.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kb_index.encoder import Vectors

#: Told after each batch how many are done, of how many.
Progress = Callable[[int, int], None]

#: Word pieces per text: what telling intents apart needs, and half the work of the encoder's own limit.
_PIECES = 64
#: Upper layers that learn, of the encoder's six.
_LEARNING = 3
#: Cosines are multiplied by this before the softmax.
_SCALE = 20.0
_RATE = 2e-4
#: Few texts are shown more often: so many presentations, but in no fewer and no more rounds than these.
_SHOWN, _LEAST, _MOST = 8_000, 4, 10
_READ_AT_ONCE = 128


def rounds(texts: int) -> int:
    """How often each of so many texts is shown."""
    return min(_MOST, max(_LEAST, math.ceil(_SHOWN / max(1, texts))))


class Tuned:
    """A tuned encoder and the vector of each class; `prototypes` has shape (classes, dimensions), of unit length."""

    def __init__(self, source: Path) -> None:
        """Loads the model in the folder `source`, for one thread. Raises ImportError without torch."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("USE_TF", "0")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        # Several threads wait for each other at every layer: beside other work that takes a hundred times as long.
        torch.set_num_threads(1)
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        stages = SentenceTransformer(str(source), device="cpu")
        self._tokenizer = stages.tokenizer
        self._words = stages[0].auto_model.embeddings.eval()
        layers = stages[0].auto_model.encoder.layer
        self._lower = layers[: max(0, len(layers) - _LEARNING)].eval()
        self._upper = layers[max(0, len(layers) - _LEARNING) :].eval()
        self._half = _has_bfloat16()
        self.prototypes: Vectors = np.zeros((0, 0), dtype=np.float32)

    @classmethod
    def fit(
        cls, source: Path, texts: Sequence[str], classes: npt.NDArray[np.int64], seed: int,
        progress: Progress = lambda done, total: None,
    ) -> Tuned:
        """Trains the model in the folder `source` on texts of the classes 0, 1, …, each of which has a text."""
        import torch
        from torch.nn.functional import cross_entropy, normalize

        tuned = cls(source)
        states = tuned._states(texts)
        before = tuned._encode(states)
        means = np.stack([before[classes == c].mean(axis=0) for c in range(int(classes.max()) + 1)])
        ends = torch.nn.Parameter(normalize(torch.tensor(means), dim=1))
        inner = list(tuned._upper.parameters())
        optimiser = torch.optim.AdamW([
            {"params": inner, "lr": _RATE, "weight_decay": 0.01},
            {"params": [ends], "lr": 10 * _RATE, "weight_decay": 0.0},
        ])
        lengths = np.array([len(one) for one in states])
        size, times = 32 if len(texts) < 4000 else 64, rounds(len(texts))
        steps = sum(1 for _ in _batches(lengths, size, np.random.default_rng(seed))) * times
        warm = max(1, steps // 10)
        pace = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: (step + 1) / warm if step < warm else max(0.0, (steps - step) / (steps - warm))
        )
        rng, done, wanted = np.random.default_rng(seed), 0, torch.tensor(classes)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            tuned._upper.train()
            for _ in range(times):
                for rows in _batches(lengths, size, rng):
                    cosines = tuned._finish([states[row] for row in rows]) @ normalize(ends, dim=1).T
                    loss = cross_entropy(_SCALE * cosines, wanted[rows])
                    optimiser.zero_grad()
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(inner, 1.0)
                    optimiser.step()
                    pace.step()
                    done += 1
                    progress(done, steps)
            tuned._upper.eval()
        tuned.prototypes = np.asarray(normalize(ends, dim=1).detach().numpy(), dtype=np.float32)
        return tuned

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), dimensions), in the order of `texts`."""
        return self._encode(self._states(texts))

    def scores(self, vectors: Vectors) -> npt.NDArray[np.float64]:
        """Scaled cosines to each class, shape (n, classes), for vectors of :meth:`encode`."""
        return np.asarray(_SCALE * vectors @ self.prototypes.T, dtype=np.float64)

    def _states(self, texts: Sequence[str]) -> list[Any]:
        """What the lower layers make of each text: a tensor of shape (pieces, dimensions)."""
        import torch

        # Half of a character pair means nothing, and the tokenizer refuses it.
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        pieces = self._tokenizer(whole, truncation=True, max_length=_PIECES)["input_ids"] if whole else []
        states: list[Any] = [None] * len(pieces)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half):
            for rows in _by_length([len(one) for one in pieces]):
                ids, mask = _padded([torch.tensor(pieces[row]) for row in rows])
                for row, state in zip(rows, _through(self._lower, self._words(input_ids=ids), mask), strict=True):
                    states[row] = state[: len(pieces[row])].clone()
        return states

    def _encode(self, states: Sequence[Any]) -> Vectors:
        import torch

        vectors = np.zeros((len(states), self._words.word_embeddings.embedding_dim), dtype=np.float32)
        with torch.no_grad():
            for rows in _by_length([len(one) for one in states]):
                vectors[rows] = self._finish([states[row] for row in rows]).numpy()
        return vectors

    def _finish(self, states: Sequence[Any]) -> Any:
        """The tensor of unit vectors of one batch: the upper layers, then the mean over the pieces, as the model was
        trained with."""
        import torch

        batch, mask = _padded(states)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half):
            batch = _through(self._upper, batch, mask)
        weights = mask[..., None].float()
        return torch.nn.functional.normalize((batch.float() * weights).sum(1) / weights.sum(1), dim=1)


def _padded(rows: Sequence[Any]) -> tuple[Any, Any]:
    """Tensors of unlike length as one, and where it holds something."""
    import torch

    lengths = torch.tensor([len(row) for row in rows])
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True), torch.arange(lengths.max()) < lengths[:, None]


def _through(layers: Any, batch: Any, mask: Any) -> Any:
    import torch

    unseen = torch.where(mask, 0.0, -1e9)[:, None, None, :]
    for layer in layers:
        batch = layer(batch, attention_mask=unseen)
    return batch


def _by_length(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows of each batch, like lengths together."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for start in range(0, len(order), _READ_AT_ONCE):
        yield order[start : start + _READ_AT_ONCE]


def _batches(
    lengths: npt.NDArray[np.int64], size: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    """Rows of each batch of one round, in random order; a batch has texts of like length, so that little is padding."""
    shuffled, found = rng.permutation(len(lengths)), []
    for start in range(0, len(shuffled), size * 16):
        near = shuffled[start : start + size * 16]
        near = near[np.argsort(lengths[near], kind="stable")]
        found += [near[i : i + size] for i in range(0, len(near), size)]
    for place in rng.permutation(len(found)):
        yield found[place]


def _has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself: twice as fast then, and far slower otherwise."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags
