"""What is not asked anew is what a new search would find, whatever is edited."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from crowd import WordSums, edited, entry, sentence

from bot.judgement.asking import Asker
from bot.judgement.publishing import assembled
from kb_index import nearest, snapshot
from kb_index.cache import VectorCache
from kb_index.entry import Entry


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    cache = VectorCache(WordSums(), tmp_path / "vectors.db")  # type: ignore[arg-type]
    yield cache
    cache.close()


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A knowledge base of some thousand vectors counts as large."""
    monkeypatch.setattr(nearest, "EXACT_UP_TO", 1000)
    monkeypatch.setattr(snapshot, "SMALL", 1000)


@pytest.mark.parametrize("blind", [False, True])
def test_what_is_kept_is_what_a_new_search_finds(tmp_path: Path, blind: bool) -> None:
    cache, rng = VectorCache(WordSums(blind), tmp_path / "of-these.db"), random.Random(3)  # type: ignore[arg-type]
    entries: list[Entry] = [entry(f"e{i}", rng) for i in range(1000)]
    entries += [entry(f"t{i}", rng, language="de", translation_of=f"e{i}") for i in range(500)]
    live = assembled(entries, cache)
    asker, other = Asker(cache), Asker(cache, 6)
    texts = [sentence(rng, 2) for _ in range(150)] + [one.question for one in rng.sample(entries, 50)]
    fresh = 0
    for round_ in range(12):
        draft = entries
        for number in range(rng.choice([1, 1, 1, 5])):
            draft = edited(draft, rng, f"n{round_}-{number}")
        state = assembled(draft, cache, like=live)
        assert state.ground is live.ground, "it was laid anew, so that all is asked anew"
        before = asker.made
        ours, theirs = asker.at(state), Asker(cache).at(state)
        assert ours.search(texts) == theirs.search(texts)
        assert other.at(state).search(texts[:20]) == Asker(cache, 6).at(state).search(texts[:20])
        fresh += asker.made - before if round_ else 0
        if rng.random() < 0.6:
            entries, live = draft, state  # published; else the editor throws it away
    cache.close()
    assert 0 < fresh < 0.75 * 11 * len(texts), "nothing was spared, or nothing was asked anew"


def test_a_few_edits_lead_where_a_new_index_leads(cache: VectorCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compared with every vector, so that codes of other vectors make no difference."""
    monkeypatch.setattr(nearest, "EXACT_UP_TO", 10**6)
    rng = random.Random(7)
    entries = [entry(f"e{i}", rng) for i in range(1500)]
    state = assembled(entries, cache)
    texts = [sentence(rng, 2) for _ in range(200)]
    for round_ in range(60):
        entries = edited(entries, rng, f"n{round_}")
        state = assembled(entries, cache, like=state)
    assert state.changed.entries and len(state.ground.vectors) > state.size - len(state.changed.vectors)
    anew = assembled(entries, cache)
    assert state.entries == anew.entries == entries and state.html == anew.html
    assert (state.vectors == anew.vectors).all() and (state.kinds == anew.kinds).all()
    assert Asker(cache).at(state).search(texts) == Asker(cache).at(anew).search(texts)


def test_after_many_edits_the_ground_is_laid_anew(cache: VectorCache) -> None:
    rng = random.Random(8)
    entries = [entry(f"e{i}", rng) for i in range(800)]
    live = assembled(entries, cache)
    again = assembled([entry(one.id, rng) if i % 3 == 0 else one for i, one in enumerate(entries)], cache, like=live)
    assert again.ground is not live.ground and not again.changed.entries and len(again.ground.vectors) == again.size
