from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kb_index import nearest
from kb_index.encoder import Vectors


def crowd(number: int, seed: int = 0) -> Vectors:
    """Unit vectors in clusters, as texts on some hundred matters are."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(300, 48))[rng.integers(0, 300, number)] + 0.7 * rng.normal(size=(number, 48))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_few_vectors_are_searched_exactly_and_in_order() -> None:
    vectors = crowd(500)
    index = nearest.build(vectors)
    found = index.search(vectors[:20], 7)
    scores, rows = found.scores, found.rows
    wanted = np.argsort(-(vectors[:20] @ vectors.T), axis=1)[:, :7]
    assert isinstance(index, nearest.Exact) and (rows == wanted).all() and (np.diff(scores, axis=1) <= 0).all()


def test_among_many_vectors_codes_propose_nearly_all_of_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "EXACT_UP_TO", 5000)
    vectors, unseen = np.split(crowd(20_200), [20_000])
    index = nearest.build(vectors)
    assert isinstance(index, nearest.Coded)
    found = index.search(unseen, 10).rows
    wanted = nearest.Exact(vectors).search(unseen, 10).rows
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found.tolist(), wanted.tolist(), strict=True)]) > 0.97


def test_more_are_proposed_where_few_do_not_have_the_nearest_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, unseen = np.split(crowd(2100), [2000])
    wanted = nearest.Exact(vectors).search(unseen, 10).rows

    def found() -> float:
        rows = nearest.Coded.build(vectors).search(unseen, 10).rows
        return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows.tolist(), wanted.tolist(), strict=True)]))

    monkeypatch.setattr(nearest, "RECALL", 0.0)
    few = found()
    monkeypatch.setattr(nearest, "RECALL", 1.1)
    assert few < found()


def test_very_many_lie_in_cells_of_which_few_are_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, unseen = np.split(crowd(20_200), [20_000])
    wanted = nearest.Exact(vectors).search(unseen, 10).rows
    whole = nearest.build(vectors).search(unseen, 10).rows
    monkeypatch.setattr(nearest, "CELLS_FROM", 10_000)
    index = nearest.build(vectors)
    assert isinstance(index, nearest.Coded) and 1 <= index._index.nprobe < index._index.nlist / 2
    found = index.search(unseen, 10).rows

    def recall(rows: nearest.Rows) -> float:
        return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows.tolist(), wanted.tolist(), strict=True)]))

    assert recall(found) > recall(whole) - 0.01
    alone = np.vstack([index.search(one[None], 10).rows for one in unseen])
    assert (alone == found).all(), "company changes what is found"


def test_where_all_near_cells_are_dead_others_are_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "CELLS_FROM", 10_000)
    vectors, questions = np.split(crowd(20_010), [20_000])
    index = nearest.build(vectors)
    live = np.zeros(20_000, dtype=bool)
    live[::2000] = True
    found = index.search(questions, 20, live)
    for rows, scores, question in zip(found.rows, found.scores, questions, strict=True):
        assert set(rows[:10].tolist()) == set(np.flatnonzero(live).tolist()) and (rows[10:] == -1).all()
        assert np.allclose(scores[:10], np.sort(vectors[live] @ question)[::-1])


@pytest.mark.parametrize(("limit", "cells"), [(100, 10_000), (10_000, 10_000), (100, 200)])
def test_what_is_loaded_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, cells: int
) -> None:
    monkeypatch.setattr(nearest, "EXACT_UP_TO", limit)
    monkeypatch.setattr(nearest, "CELLS_FROM", cells)
    np.save(tmp_path / "vectors.npy", crowd(4000))
    vectors = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    built = nearest.build(vectors)
    nearest.save(built, tmp_path)
    loaded = nearest.load(tmp_path, vectors)
    assert type(loaded) is type(built)
    one, other = built.search(crowd(50, 3), 10), loaded.search(crowd(50, 3), 10)
    assert np.allclose(one.scores, other.scores) and (one.rows == other.rows).all()


def test_fewer_vectors_than_asked_for_leave_gaps() -> None:
    assert (nearest.build(crowd(3)).search(crowd(1), 5).rows[0] >= 0).sum() == 3


@pytest.mark.parametrize("cells", [10_000, 5_000])
def test_what_was_proposed_before_leads_to_the_same_whatever_is_live(
    monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    monkeypatch.setattr(nearest, "CELLS_FROM", cells)
    vectors, questions = np.split(crowd(8_040), [8_000])
    index = nearest.build(vectors)
    assert isinstance(index, nearest.Coded)
    known = index.search(questions, 10).proposed
    sought = []
    searching = index._proposed
    monkeypatch.setattr(index, "_proposed", lambda some, *how: sought.append(len(some)) or searching(some, *how))
    rng = np.random.default_rng(4)
    for share, rounds in ((0.0, [3]), (0.05, [3]), (0.9, None)):
        live = rng.random(8_000) >= share
        fresh = index.search(questions, 10, live)
        sought.clear()
        some = known.copy()
        some[:3] = -1  # these were never asked
        again = index.search(questions, 10, live, some)
        assert (again.rows == fresh.rows).all() and (again.scores == fresh.scores).all()
        assert (again.proposed == known).all() and (again.say == fresh.say).all()
        assert sought == rounds if rounds else sought[0] == 3 and (again.say == -1).any(), "more was sought than was new"
        # What had no say may come and go.
        if share == 0.05:
            for i in range(len(questions)):
                other = rng.random(8_000) >= 0.3
                other[known[i, : fresh.say[i]]] = live[known[i, : fresh.say[i]]]
                assert (index.search(questions[i : i + 1], 10, other).rows == fresh.rows[i]).all()
