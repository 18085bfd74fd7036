"""The real encoder: a text's vector is its own, whatever company or length it comes with."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from bot.settings import ROOT, Settings
from kb_index import export, folder
from kb_index.cache import VectorCache
from kb_index.encoder import HALVES, MAX_PIECES, Encoder
from kb_index.errors import BadCache, ModelMissing

ODD = ["", " ", "0", "?", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467 help", "مرحبا أين طلبي",
       "订单在哪里", "a" * 5000, "word " * 3000, "half \ud83d character", "nul \x00 and bell \x07",
       "<script>alert(1)</script>", "/restart"]


def test_a_text_has_the_same_vector_alone_and_in_a_batch(encoder: Encoder, product: Settings) -> None:
    entries = folder.read(ROOT / "data" / "kb")
    texts = [text for entry in entries for text in entry.phrasings][::40] + ODD
    alone = np.vstack([encoder.encode([text]) for text in texts])
    together = encoder.encode(texts)
    threaded = Encoder(product.encoder, threads=2).encode(texts[::-1])[::-1]
    assert np.abs(alone - together).max() < 1e-3
    assert np.abs(alone - threaded).max() < 1e-3


def test_every_text_becomes_a_unit_vector(encoder: Encoder) -> None:
    vectors = encoder.encode(ODD)
    assert vectors.shape == (len(ODD), encoder.dimensions) and vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-3


def test_no_text_is_no_vector(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_long_text_is_read_up_to_its_limit(encoder: Encoder) -> None:
    start = "where is my parcel " * MAX_PIECES
    vectors = encoder.encode([start + "kettle", start + "sofa", "kettle " + start])
    assert np.array_equal(vectors[0], vectors[1]) and not np.array_equal(vectors[0], vectors[2])


def test_likeness_is_nearness(encoder: Encoder) -> None:
    asked, same, other = encoder.encode(["where is my parcel", "has my package been shipped", "your shop is closed"])
    assert asked @ same > asked @ other + 0.1


@pytest.mark.parametrize("missing", ["encoder.json", "tokenizer.json", *HALVES])
@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_an_unusable_encoder_says_what_to_run(tmp_path: Path, product: Settings, missing: str, how: str) -> None:
    shutil.copytree(product.encoder, tmp_path / "encoder")
    file = tmp_path / "encoder" / missing
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(b"{}")
    with pytest.raises(ModelMissing, match="frontdesk setup"):
        Encoder(tmp_path / "encoder")


def test_the_lower_half_is_one_for_both_encoders_and_run_once_a_text(product: Settings) -> None:
    entries, intents = Encoder(product.encoder), Encoder(product.home / "judgement")
    assert entries._lower is intents._lower and entries._upper is not intents._upper
    before = entries._lower.lately.cache_info().misses
    one, other = entries.encode(["where is my umbrella"]), intents.encode(["where is my umbrella"])
    assert entries._lower.lately.cache_info().misses == before + 1
    assert not np.allclose(one, other)
    for other_text in range(40):  # until it has forgotten the text
        entries.encode([f"number {other_text}"])
    assert np.array_equal(intents.encode(["where is my umbrella"]), other)


class Counting(Encoder):
    """Notes what it was asked to embed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[str] = []

    def encode(self, texts):  # type: ignore[no-untyped-def]
        self.asked += texts
        return super().encode(texts)


def test_the_cache_embeds_only_what_it_lacks_and_each_once(tmp_path: Path, product: Settings) -> None:
    encoder = Counting(product.encoder)
    first = VectorCache(encoder, tmp_path / "deep" / "vectors.db")
    told: list[tuple[int, int]] = []
    wanted = first.encode(["a", "b", "a"], lambda done, of: told.append((done, of)))
    first.close()
    assert encoder.asked == ["a", "b"] and told == [(2, 2)]
    second = VectorCache(encoder, tmp_path / "deep" / "vectors.db")
    vectors = second.encode(["b", "c", "a", "half \ud83d"])
    second.close()
    assert encoder.asked == ["a", "b", "c", "half \ud83d"]
    assert np.array_equal(vectors[[2, 0, 2]], wanted)
    assert np.array_equal(vectors[1], Encoder(product.encoder).encode(["c"])[0])


def test_vectors_of_another_model_are_not_taken_from_the_cache(tmp_path: Path, product: Settings) -> None:
    shutil.copytree(product.encoder, tmp_path / "other")
    info = json.loads((tmp_path / "other" / "encoder.json").read_text())
    (tmp_path / "other" / "encoder.json").write_text(json.dumps({**info, "name": "another"}))
    for encoder in (Counting(product.encoder), Counting(tmp_path / "other")):
        cache = VectorCache(encoder, tmp_path / "vectors.db")
        cache.encode(["a"])
        cache.close()
        assert encoder.asked == ["a"]


@pytest.mark.parametrize("begins", [0, 4096])
def test_a_damaged_cache_is_set_aside_and_begun_anew(tmp_path: Path, product: Settings, begins: int) -> None:
    encoder, path = Counting(product.encoder), tmp_path / "vectors.db"
    texts = [f"number {number}" for number in range(20)]
    for damage in (False, True, False):
        if damage:
            whole = path.read_bytes()
            path.write_bytes(whole[:begins] + b"x" * (len(whole) - begins))
        cache = VectorCache(encoder, path)
        cache.encode(texts)
        cache.close()
    assert encoder.asked == texts * 2 and (tmp_path / "vectors.db.damaged").is_file()


def test_a_cache_that_cannot_be_used_is_named(
    tmp_path: Path, product: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(BadCache, match=r"folder\.db: the vectors that were kept cannot be used"):
        VectorCache(Encoder(product.encoder), tmp_path / "folder.db")
    # Whoever reads it at that moment keeps nobody from opening it.
    monkeypatch.setattr("kb_index.cache._PATIENCE", 0.1)
    with sqlite3.connect(tmp_path / "vectors.db", isolation_level=None) as other:
        other.execute("create table vectors (key blob primary key, vector blob) without rowid")
        other.execute("begin")
        other.execute("select * from vectors").fetchall()
        VectorCache(Encoder(product.encoder), tmp_path / "vectors.db").close()
        other.execute("rollback")
    other.close()


def test_the_export_agrees_with_the_original_model(product: Settings) -> None:
    about = json.loads((product.encoder / "encoder.json").read_text())
    assert about["agreement"] >= export.AGREEMENT == 0.99
    assert export.is_current(product.encoder, export.source_model())


def test_a_model_of_the_same_size_is_another_model(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"one")
    before = export.fingerprint(tmp_path)
    (tmp_path / "weights").write_bytes(b"two")
    assert export.fingerprint(tmp_path) != before


def test_a_folder_that_is_no_model_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="FRONTDESK_MODEL"):
        export.source_model(tmp_path)
