"""Assembles the classifier at set-up: base model and adapter -> ONNX files beside the head, and the phrases as
these see them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from bot.judgement import adapter, language, phrases, spelling
from bot.judgement.classifier import Classifier, Head, Probabilities
from bot.judgement.judge import parts
from bot.judgement.neighbours import Neighbours
from bot.judgement.phrases import Phrase
from bot.judgement.plainly import plainly
from bot.settings import Settings
from kb_index import nearest
from kb_index.encoder import Encoder, load_encoder
from kb_index.export import export, fingerprint, source_model

Progress = Callable[[int, int], None]
#: In so many batches the phrases are read.
_BATCHES = 20


def folder(settings: Settings) -> Path:
    return settings.home / "judgement"


def mark(settings: Settings) -> str:
    """Changes with all that a judgement depends on besides the knowledge base and the bars."""
    sums = hashlib.sha256(fingerprint(source_model()).encode())
    here = Path(__file__).parent
    ours = [here / f"{name}.py" for name in ("adapter", "assembly", "classifier", "segments", "judge", "spelling",
                                       "language", "neighbours")]
    for path in [*sorted(adapter.FOLDER.glob("*.npz")), *sorted(adapter.FOLDER.glob("*.json")), *ours,
                 Path(nearest.__file__)]:
        sums.update(path.read_bytes())
    return sums.hexdigest()[:16]


def is_current(settings: Settings) -> bool:
    try:
        told = json.loads((folder(settings) / "assembled.json").read_text(encoding="utf-8"))
        return bool(told["mark"] == mark(settings))
    except (OSError, ValueError, KeyError):
        return False


def assemble(settings: Settings, progress: Progress = lambda done, total: None) -> None:
    """Writes the classifier below ``FRONTDESK_HOME``, whole or not at all. Loads torch, so it runs apart."""
    from sentence_transformers import SentenceTransformer

    corpus = phrases.read(phrases.FOLDER)
    model = SentenceTransformer(str(source_model()), device="cpu")
    adapter.merge(model, adapter.load_pairs())
    begun = 0

    def stage(_: str) -> None:
        nonlocal begun
        begun += 1
        progress(min(begun, 5), 5 + _BATCHES)

    with tempfile.TemporaryDirectory(prefix=".judgement-", dir=settings.home) as scratch:
        source, made = Path(scratch) / "judgement" / "model", Path(scratch) / "made"
        model.save(str(source), create_model_card=False)
        # Of a fixed sample, int8 and the original are compared.
        export(source, made, [phrase.text for phrase in corpus[:: max(1, len(corpus) // 300)]], stage)
        for name in ("head.npz", "head.json"):
            shutil.copy(adapter.FOLDER / name, made / name)
        for name, told in (("words", spelling.words(phrase.text for phrase in corpus)),
                           ("language", language.words(phrase.text for phrase in corpus))):
            (made / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
        _remember(made, corpus, lambda done: progress(5 + done, 5 + _BATCHES))
        (made / "assembled.json").write_text(json.dumps({"mark": mark(settings)}), encoding="utf-8")
        shutil.rmtree(folder(settings), ignore_errors=True)
        made.rename(folder(settings))


def _remember(made: Path, corpus: Sequence[Phrase], progress: Callable[[int], None]) -> None:
    """Writes the phrases as the assembled encoder sees them."""
    encoder, head = Encoder(made, threads=os.cpu_count() or 1), Head.load(made)
    texts = [parts(phrase.text)[0] for phrase in corpus]
    size, read = -(-len(texts) // _BATCHES), []
    for batch in range(_BATCHES):
        read.append(encoder.encode(texts[batch * size : (batch + 1) * size]))
        progress(batch + 1)
    columns = [head.intents.index(phrase.intent) for phrase in corpus]
    Neighbours.build(np.concatenate(read), columns, len(head.intents)).save(made)


def load(settings: Settings, threads: int = 1) -> Classifier:
    """The assembled classifier. It expects other languages where the encoder that finds entries is for them. Raises
    ModelMissing."""
    classifier = Classifier.load(folder(settings), threads)
    classifier.expects_others = not load_encoder(settings.encoder, threads).speaks_as(classifier.encoder)
    return classifier


@lru_cache(maxsize=2)
def shared(settings: Settings) -> Classifier:
    """One per process: its weights are as large as the encoder's."""
    return load(settings)


def unseen() -> tuple[dict[str, Probabilities], dict[str, Probabilities]]:
    """For each training phrase, what a model that never saw its group says of its parts, shape (parts, intents); and
    the same of what the phrase says plainly, where names stand in it. Phrases that came later than the training are not
    there, and so do not count where bars are computed."""
    with np.load(adapter.FOLDER / "unseen.npz") as arrays:
        keys, ends, rows = arrays["texts"], arrays["ends"], arrays["rows"]
    found: dict[str, Probabilities] = {}
    start = 0
    for key, end in zip(keys, ends, strict=True):
        wide = rows[start:end].astype(np.float64)
        found[str(key)] = wide / wide.sum(axis=1, keepdims=True)
        start = int(end)
    whole: dict[str, Probabilities] = {}
    plain: dict[str, Probabilities] = {}
    for phrase in phrases.read(phrases.FOLDER):
        for told, text, kept in ((whole, phrase.text, found.get(adapter.digest(phrase.text))),
                                 (plain, plainly(phrase.text), found.get(adapter.digest(phrase.text, plainly=True)))):
            if kept is not None and len(kept) == len(parts(text)):
                told[phrase.text] = kept
    return whole, plain
