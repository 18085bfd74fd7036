"""Directions of entries: what they learn, and where there is nothing to learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from kb_index import directions, snapshot
from kb_index.encoder import Encoder, Vectors
from kb_index.entry import Entry
from kb_index.part import PHRASING
from kb_index.retriever import Retriever, units


def neighbours(number: int, seed: int) -> tuple[Vectors, npt.NDArray[np.int64]]:
    """Vectors of two entries that share nearly all, of unlike spread: their centres do not part them well."""
    rng = np.random.default_rng(seed)
    owner = np.arange(number) % 2
    made = np.concatenate([np.full((number, 1), 3.0), 4 * rng.normal(size=(number, 1)), rng.normal(size=(number, 6))],
                          axis=1)
    made[:, 2] = np.where(owner == 0, -0.8, 0.8) + 0.2 * rng.normal(size=number)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32), owner


def test_directions_part_neighbours_better_than_centres() -> None:
    vectors, owner = neighbours(40, 0)
    unseen, wanted = neighbours(400, 1)
    found = directions.train(vectors, owner, 2)
    assert found is not None and found.shape == (2, vectors.shape[1])
    centres = np.stack([vectors[owner == one].mean(axis=0) for one in (0, 1)])

    def right(of: Vectors) -> float:
        return float(np.mean((unseen @ of.T).argmax(axis=1) == wanted))

    assert right(found) > max(0.9, right(centres))


def test_the_same_input_gives_the_same_directions() -> None:
    vectors, owner = neighbours(40, 0)
    assert np.array_equal(directions.train(vectors, owner, 2), directions.train(vectors, owner, 2))  # type: ignore[arg-type]


def test_there_are_none_without_phrasings_or_where_training_would_take_long() -> None:
    assert not directions.learnable(4, 2) and directions.learnable(6, 2) and not directions.learnable(30_000, 1000)


def test_a_snapshot_keeps_them_and_the_retriever_goes_by_them(tmp_path: Path, encoder: Encoder) -> None:
    entries = [
        Entry("cancel", "Cancel an order", "Press Cancel.", "orders", ("stop my order", "I do not want it any more")),
        Entry("late", "Where is a late order", "Follow the link.", "orders", ("my order is late", "it has not come")),
    ]
    texts = [unit for entry in entries for unit in units(entry)]
    kinds = np.array([kind for kind, _ in texts], dtype=np.uint8)
    starts = np.cumsum([0] + [len(units(entry)) for entry in entries]).astype(np.int64)
    vectors, owner = encoder.encode([text for _, text in texts]), np.repeat([0, 1], np.diff(starts))
    trained = directions.train(vectors[kinds <= PHRASING], owner[kinds <= PHRASING], 2)
    assert trained is not None
    question = encoder.encode(["is it coming"])
    leads = []
    for number, given in enumerate((None, trained)):
        built = snapshot.Snapshot.build(entries, vectors, kinds, starts, {}, encoder.name, given)
        name = snapshot.write(tmp_path, built, str(number))
        loaded = snapshot.load(tmp_path, name)
        assert loaded.directions is None if given is None else np.array_equal(loaded.directions, given)  # type: ignore[arg-type]
        [found] = Retriever(loaded).search(["is it coming"], question)
        assert found[0].entry == "late"
        leads.append(found[0].score - found[1].score)
    assert leads[1] > leads[0]


def test_what_a_second_encoder_sees_can_decide(tmp_path: Path, encoder: Encoder) -> None:
    entries = [Entry("one", "Where is it", "Here.", "orders"), Entry("two", "Where is that", "There.", "orders")]
    texts = [unit for entry in entries for unit in units(entry)]
    vectors, kinds = encoder.encode([text for _, text in texts]), np.array([kind for kind, _ in texts], dtype=np.uint8)
    starts = np.cumsum([0] + [len(units(entry)) for entry in entries]).astype(np.int64)
    second = np.eye(2, 3, dtype=np.float32)
    built = snapshot.Snapshot.build(
        entries, vectors, kinds, starts, {}, encoder.name, second=second, second_encoder="the other"
    )
    loaded = snapshot.load(tmp_path, snapshot.write(tmp_path, built, "0"))
    assert loaded.second is not None and np.array_equal(loaded.second, second) and loaded.second_encoder == "the other"
    for row, wanted in enumerate(("one", "two")):
        [found] = Retriever(loaded).search(["where"], encoder.encode(["where"]), second=second[row:row + 1])
        assert found[0].entry == wanted
