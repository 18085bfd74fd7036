"""The sentence encoder: all-MiniLM-L6-v2 on ONNX Runtime, from the file that :mod:`kb_index.export` writes.

No torch and no network: loading takes well under a second.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from kb_index.errors import ModelMissing

Vectors = npt.NDArray[np.float32]

#: Word pieces per text. Longer texts are cut: a question's meaning stands in its first sentences.
MAX_PIECES = 128
_BATCH = 32


class Encoder:
    """Turns texts into unit vectors, so that an inner product is the cosine.

    `folder` holds ``model.onnx``, ``tokenizer.json`` and ``encoder.json``. Raises ModelMissing without them.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        try:
            self.info = json.loads((folder / "encoder.json").read_text())
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            model = (folder / "model.onnx").read_bytes()
        except (OSError, ValueError) as error:
            raise ModelMissing(
                f"no usable encoder in {folder} ({error}); run `frontdesk setup` to export it"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_PIECES)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads would take a core from the other processes between two short questions.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @property
    def name(self) -> str:
        """Identifies the model, so that vectors of different models are never mixed."""
        return str(self.info["name"])

    @property
    def dimensions(self) -> int:
        return int(self.info["dimensions"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), dimensions), in the order of `texts`."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        pieces = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        # Texts of like length share a batch: padding costs as much as words.
        order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            vectors[batch] = self._run([pieces[i] for i in batch])
        return vectors

    def _run(self, pieces: Sequence[Sequence[int]]) -> Vectors:
        width = max(len(p) for p in pieces)
        ids = np.zeros((len(pieces), width), dtype=np.int64)
        mask = np.zeros((len(pieces), width), dtype=np.int64)
        for row, one in enumerate(pieces):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        (vectors,) = self._session.run(["vectors"], {"ids": ids, "mask": mask})
        return np.asarray(vectors, dtype=np.float32)


@lru_cache(maxsize=2)
def load_encoder(folder: Path, threads: int = 1) -> Encoder:
    """One encoder per process and folder: its weights are the largest thing an assistant keeps in memory."""
    return Encoder(folder, threads)
