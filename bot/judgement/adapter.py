"""The adapter: what training adds to the encoder's upper layers, small enough to be shipped beside the phrases.

``data/judgement`` holds it (`adapter.npz`), the head, and what models that never saw a phrase's group said of it
(`unseen.npz`), which is what the bars are computed with. Training them takes twenty minutes, so it is a
command of its own (`frontdesk tune`), and its result is kept in the repository like the phrases themselves.

Each weight gets a product of two narrow matrices added.
Source: E. Hu et al., "LoRA: low-rank adaptation of large language models" (ICLR 2022).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.judgement.classifier import Head, Probabilities
from bot.judgement.phrases import Phrase
from bot.settings import ROOT

FOLDER = ROOT / "data" / "judgement"
#: For each weight the two narrow matrices, shapes (outputs, rank) and (rank, inputs).
Pairs = Mapping[str, tuple[npt.NDArray[np.float16], npt.NDArray[np.float16]]]


def phrases_mark(phrases: Sequence[Phrase]) -> str:
    """Changes with any phrase, its intent, its route or its group."""
    sums = hashlib.sha256()
    for phrase in phrases:
        sums.update(f"{phrase.text}\0{phrase.intent}\0{phrase.route}\0{phrase.group}\0".encode())
    return sums.hexdigest()[:16]


def about(folder: Path = FOLDER) -> dict[str, Any]:
    """What training wrote of itself: the phrases' mark, their number, and how well unseen groups are told apart."""
    told: dict[str, Any] = json.loads((folder / "tuned.json").read_text(encoding="utf-8"))
    return told


def is_tuned_on(corpus: Sequence[Phrase], folder: Path = FOLDER) -> bool:
    """Whether these are the phrases that the adapter was trained on."""
    return bool(about(folder)["mark"] == phrases_mark(corpus))


def digest(text: str, plainly: bool = False) -> str:
    """Names a phrase in ``unseen.npz``, or what is left of it without the names in it: of each phrase by itself, since
    others may say the same then and were read by another model."""
    named = f"plainly\0{text}" if plainly else text
    return hashlib.blake2b(named.encode("utf-8", "replace"), digest_size=8).hexdigest()


def save(
    folder: Path, pairs: Pairs, head: Head, unseen: Mapping[str, Probabilities], told: Mapping[str, Any],
) -> None:
    """Writes all of it. `unseen` goes by :func:`digest` and has a row per part of each text: shape (parts, intents)."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "adapter.npz", **{f"{name}:{side}": matrix for name, pair in pairs.items()
                                        for side, matrix in zip(("left", "right"), pair, strict=True)})
    head.save(folder)
    np.savez_compressed(
        folder / "unseen.npz", texts=np.array(list(unseen)),
        ends=np.cumsum([len(rows) for rows in unseen.values()]),
        rows=np.concatenate(list(unseen.values())).astype(np.float16),
    )
    (folder / "tuned.json").write_text(json.dumps(dict(told), indent=1) + "\n", encoding="utf-8")


def merge(model: Any, pairs: Pairs) -> None:
    """Adds the products to the weights of a sentence-transformers model. Raises ValueError where it is of another
    shape."""
    import torch

    named = dict(model[0].auto_model.named_parameters())
    with torch.no_grad():
        for name, (left, right) in pairs.items():
            if name not in named or tuple(named[name].shape) != (left.shape[0], right.shape[1]):
                raise ValueError(f"the adapter does not fit this model: {name} is missing or of another shape")
            named[name] += torch.from_numpy(left.astype(np.float32) @ right.astype(np.float32))


def load_pairs(folder: Path = FOLDER) -> Pairs:
    """The pairs by the name of the weight that their product is added to."""
    with np.load(folder / "adapter.npz") as arrays:
        return {name.removesuffix(":left"): (arrays[name], arrays[name.removesuffix("left") + "right"])
                for name in arrays.files if name.endswith(":left")}
