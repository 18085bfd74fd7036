"""The sentence encoder: all-MiniLM-L6-v2 on ONNX Runtime, from the files that :mod:`kb_index.export` writes.

No torch and no network: loading takes well under a second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from kb_index.errors import ModelMissing

Vectors = npt.NDArray[np.float32]

#: Word pieces per text. Longer texts are cut: a question's meaning stands in its first sentences.
MAX_PIECES = 128
#: The model's two files.
HALVES = ("lower.onnx", "upper.onnx")
#: Texts of which the lower half's work is kept: more than one message is read in, and a chunk of many questions.
LATELY = 64
#: Part of the words that models of one language have in common: those with BERT's own pieces have nearly all.
_MOST_WORDS = 0.9


class Half:
    """A part of the model: a function of one array. `run` remembers nothing; `lately` does for some texts, since a text
    that the classifier reads is often looked up right afterwards."""

    def __init__(self, content: bytes) -> None:
        self._session = onnxruntime.InferenceSession(content, _options(), providers=["CPUExecutionProvider"])
        self._takes = self._session.get_inputs()[0].name
        self.lately = lru_cache(LATELY)(lambda pieces: self.run(np.array([pieces], dtype=np.int64)))

    def run(self, given: npt.NDArray[Any]) -> Vectors:
        (made,) = self._session.run(None, {self._takes: given})
        return np.asarray(made, dtype=np.float32)


#: Lower halves by what they are made of: two encoders that differ in their upper half only have one together.
_lower: WeakValueDictionary[bytes, Half] = WeakValueDictionary()


def _shared(content: bytes) -> Half:
    digest = hashlib.blake2b(content).digest()
    half = _lower.get(digest)
    if half is None:
        half = _lower[digest] = Half(content)
    return half


class Encoder:
    """Turns texts into unit vectors, so that an inner product is the cosine.

    `folder` holds ``lower.onnx``, ``upper.onnx``, ``tokenizer.json`` and ``encoder.json``. Raises ModelMissing without
    them. `threads` is how many texts are encoded at once.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        try:
            info = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
            self._name, self._dimensions = str(info["name"]), int(info["dimensions"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            lower, upper = ((folder / name).read_bytes() for name in HALVES)
            self._lower, self._upper = _shared(lower), Half(upper)
        except Exception as error:  # both libraries raise classes of their own, some of them plain Exception
            raise ModelMissing(
                f"no usable encoder in {folder} ({error}); run `frontdesk setup` to export it"
            ) from error
        self._tokenizer.no_padding()
        # A model may have fewer places than that.
        self._tokenizer.enable_truncation(int(info.get("pieces", MAX_PIECES)))
        self._threads = threads

    @property
    def name(self) -> str:
        """Identifies the model, so that vectors of different models are never mixed."""
        return self._name

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def speaks_as(self, other: Encoder) -> bool:
        """Whether it knows the words that `other` knows, so that both are for one language: models for other
        languages, or for many, have other pieces."""
        known = other.words()
        return len(known & self.words()) > _MOST_WORDS * len(known)

    def words(self) -> set[str]:
        """The words that are one piece to it."""
        return {piece for piece in self._tokenizer.get_vocab() if piece.isalpha()}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), dimensions), in the order of `texts`.

        Each text goes through the model alone. The int8 model scales its activations over a whole batch, so that
        company would change a vector (by a cosine of up to 0.06), and a bar measured on batches would not hold for the
        single questions that customers ask. A batch is hardly faster on a CPU.
        """
        # Half of a character pair means nothing, and the tokenizer refuses it.
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        pieces = [encoding.ids for encoding in self._tokenizer.encode_batch(whole)]
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if self._threads == 1 or len(pieces) < 2:
            for row, one in enumerate(pieces):
                vectors[row] = self._run(one)
            return vectors
        with ThreadPoolExecutor(self._threads) as pool:
            for row, vector in enumerate(pool.map(self._run, pieces)):
                vectors[row] = vector
        return vectors

    def occluded(self, words: Sequence[str], places: Sequence[int]) -> Vectors:
        """The text that `words` make, whole and then with the word at each of `places` masked, shape (1 + len(places),
        dimensions). It is one batch, so that its rows, which share one scale, can be compared with each other; with
        nothing else. Words are masked half-way up, where a masked piece has the state that it has when it stands alone:
        the lower half reads the text once and not once for each of them."""
        encoding = self._tokenizer.encode(" ".join(words).encode("utf-8", "replace").decode())
        ends = np.cumsum([len(word) + 1 for word in words])
        # Which word each piece is of; the marks at both ends, whose spans are empty, are of none.
        of = np.array([np.searchsorted(ends, start, side="right") if end > start else -1
                       for start, end in encoding.offsets])
        states = np.tile(self._lower.lately(tuple(encoding.ids)), (1 + len(places), 1, 1))
        begins, *_, ends_with = self._tokenizer.encode("").ids
        alone = self._lower.lately((begins, self._tokenizer.token_to_id("[MASK]"), ends_with))[0, 1]
        states[1:][of == np.array(places)[:, None]] = alone
        return self._upper.run(states)

    def _run(self, pieces: Sequence[int]) -> Vectors:
        one: Vectors = self._upper.run(self._lower.lately(tuple(pieces)))[0]
        return one


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Spinning threads would take a core from the other processes between two short questions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


@lru_cache(maxsize=4)
def load_encoder(folder: Path, threads: int = 1) -> Encoder:
    """One encoder per process and folder: its weights are the largest thing an assistant keeps in memory."""
    return Encoder(folder, threads)
