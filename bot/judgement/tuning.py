"""A sentence encoder trained further on labelled texts; torch, so for measuring and set-up only, never while serving.

The loss is the normalised softmax: cross-entropy over scaled cosines between a text's vector and one vector per
intent, which pulls texts of an intent together and the intents apart.
Source: A. Zhai and H.-Y. Wu, "Classification is a strong baseline for deep metric learning" (BMVC 2019).
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

Progress = Callable[[int, int], None]

#: Word pieces per text: what telling intents apart needs, and half the work of the encoder's own limit.
_PIECES = 64
#: Cosines are multiplied by this before the softmax.
_SCALE = 20.0
_RATE = 1.5e-4
#: Few texts are shown more often. So many presentations are enough; more than _MOST rounds learn by heart.
_SHOWN, _LEAST, _MOST = 16_000, 3, 20


def rounds(texts: int) -> int:
    """How often each of so many texts is shown."""
    return min(_MOST, max(_LEAST, math.ceil(_SHOWN / max(1, texts))))


class Tuned:
    """A tuned encoder and the vector of each class; `prototypes` has shape (classes, dimensions), of unit length."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._half = _has_bfloat16()
        self.prototypes: Vectors = np.zeros((0, 0), dtype=np.float32)

    @classmethod
    def fit(
        cls, source: Path, texts: Sequence[str], classes: npt.NDArray[np.int64], seed: int,
        progress: Progress = lambda done, total: None,
    ) -> Tuned:
        """Trains the model in the folder `source` on texts of the classes 0, 1, …. Word vectors stay as they are, so
        that words outside the texts keep their place. Raises ImportError without torch."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("USE_TF", "0")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        stages = SentenceTransformer(str(source), device="cpu")
        model = stages[0].auto_model
        for parameter in model.embeddings.parameters():
            parameter.requires_grad = False
        tuned = cls(model, stages.tokenizer)
        before = tuned.encode(texts)
        means = np.stack([before[classes == c].mean(axis=0) for c in range(int(classes.max()) + 1)])
        ends = torch.nn.Parameter(torch.nn.functional.normalize(torch.tensor(means), dim=1))
        inner = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimiser = torch.optim.AdamW([
            {"params": inner, "lr": _RATE, "weight_decay": 0.01},
            {"params": [ends], "lr": 10 * _RATE, "weight_decay": 0.0},
        ])
        pieces, size, times = tuned._pieces(texts), 32 if len(texts) < 4000 else 64, rounds(len(texts))
        steps = sum(1 for _ in _batches(pieces, size, np.random.default_rng(seed))) * times
        warm = max(1, steps // 10)
        pace = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: (step + 1) / warm if step < warm else max(0.0, (steps - step) / (steps - warm))
        )
        rng, done, wanted = np.random.default_rng(seed), 0, torch.tensor(classes)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model.train()
            for _ in range(times):
                for rows in _batches(pieces, size, rng):
                    vectors = tuned._forward([pieces[row] for row in rows])
                    cosines = vectors @ torch.nn.functional.normalize(ends, dim=1).T
                    loss = torch.nn.functional.cross_entropy(_SCALE * cosines, wanted[rows])
                    optimiser.zero_grad()
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(inner, 1.0)
                    optimiser.step()
                    pace.step()
                    done += 1
                    progress(done, steps)
            model.eval()
        tuned.prototypes = np.asarray(torch.nn.functional.normalize(ends, dim=1).detach().numpy(), dtype=np.float32)
        return tuned

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), dimensions), in the order of `texts`."""
        import torch

        pieces = self._pieces(texts)
        vectors = np.zeros((len(texts), int(self._model.config.hidden_size)), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda row: len(pieces[row]))
        self._model.eval()
        with torch.no_grad():
            for start in range(0, len(order), 64):
                rows = order[start : start + 64]
                vectors[rows] = self._forward([pieces[row] for row in rows]).numpy()
        return vectors

    def scores(self, vectors: Vectors) -> npt.NDArray[np.float64]:
        """Scaled cosines to each class, shape (n, classes), for vectors of :meth:`encode`."""
        return np.asarray(_SCALE * vectors @ self.prototypes.T, dtype=np.float64)

    def _pieces(self, texts: Sequence[str]) -> list[list[int]]:
        # Half of a character pair means nothing, and the tokenizer refuses it.
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        return [list(ids) for ids in self._tokenizer(whole, truncation=True, max_length=_PIECES)["input_ids"]]

    def _forward(self, batch: Sequence[Sequence[int]]) -> Any:
        """The tensor of unit vectors of one batch: mean pooling over the pieces, as the model was trained with."""
        import torch

        longest = max(len(pieces) for pieces in batch)
        ids = torch.tensor([[*pieces, *[0] * (longest - len(pieces))] for pieces in batch])
        mask = torch.tensor([[1] * len(pieces) + [0] * (longest - len(pieces)) for pieces in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half):
            states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask[..., None].float()
        return torch.nn.functional.normalize((states.float() * weights).sum(1) / weights.sum(1), dim=1)


def _batches(
    pieces: Sequence[Sequence[int]], size: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    """Rows of each batch of one round, in random order; a batch has texts of like length, so that little is padding."""
    lengths, shuffled = np.array([len(one) for one in pieces]), rng.permutation(len(pieces))
    found = []
    for start in range(0, len(shuffled), size * 16):
        near = shuffled[start : start + size * 16]
        near = near[np.argsort(lengths[near], kind="stable")]
        found += [near[i : i + size] for i in range(0, len(near), size)]
    for place in rng.permutation(len(found)):
        yield found[place]


def _has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself: three times as fast then, and far slower otherwise."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags
