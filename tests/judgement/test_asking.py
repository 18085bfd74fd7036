"""What is not asked anew is what a new search would find, whatever is edited."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crowd import WordSums, edited, entry, sentence

from bot.judgement.asking import Asker
from bot.judgement.drafting import assembled
from bot.judgement.notes import Notes
from bot.settings import read
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


@pytest.mark.parametrize(("blind", "larger"), [(False, None), (True, None), (False, WordSums(salt=" again"))])
def test_what_is_kept_is_what_a_new_search_finds(tmp_path: Path, blind: bool, larger: WordSums | None) -> None:
    rng = random.Random(3)
    cache = VectorCache(WordSums(blind), tmp_path / "of-these.db", larger=larger)  # type: ignore[arg-type]
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
        assert (found := ours.search(texts)) == theirs.search(texts)
        assert any(one[0].again for one in found if one) is (larger is not None)
        assert other.at(state).search(texts[:20]) == Asker(cache, 6).at(state).search(texts[:20])
        fresh += asker.made - before if round_ else 0
        if rng.random() < 0.6:
            entries, live = draft, state  # published; else the editor throws it away
    cache.close()
    assert 0 < fresh < 0.75 * 11 * len(texts), "nothing was spared, or nothing was asked anew"


def test_what_nobody_asks_any_more_is_not_noted(cache: VectorCache) -> None:
    rng = random.Random(13)
    entries = [entry(f"e{i}", rng) for i in range(1000)]
    texts = [sentence(rng, 2) for _ in range(20)]
    live = assembled(entries, cache)
    asker = Asker(cache)
    asker.at(live).search(texts)
    draft = assembled(edited(entries, rng, "n"), cache, like=live)
    asker.at(draft).search(texts[:10])
    assert {text for text, _ in asker.holding(draft)} == set(texts[:10])


def test_a_new_process_goes_on_from_notes(tmp_path: Path) -> None:
    """Each round is a process of its own: it has what is on the disk and nothing else. Some publish, some only look."""
    rng = random.Random(11)
    settings = read({"FRONTDESK_HOME": str(tmp_path)})
    entries = [entry(f"e{i}", rng) for i in range(1000)]
    entries += [entry(f"t{i}", rng, language="de", translation_of=f"e{i}") for i in range(200)]
    texts = [sentence(rng, 2) for _ in range(150)] + [one.question for one in rng.sample(entries, 50)]
    made = []
    for round_ in range(10):
        cache = VectorCache(WordSums(), settings.cache / "vectors.db")  # type: ignore[arg-type]
        live = snapshot.load_current(settings.index) if round_ else None
        asker, notes = Asker(cache), Notes(settings)
        if live is not None and round_ != 5:  # one process knows nothing of notes
            told = notes.read(live, cache)
            assert told is not None
            asker.resume(told[0], told[1]["draft"])
        draft = edited(entries, rng, f"n{round_}")
        state = assembled(draft, cache, like=live)
        assert asker.at(state).search(texts) == Asker(cache).at(state).search(texts)
        made.append(asker.made)
        if round_ in (0, 2, 3, 5, 7):
            entries, live = draft, state
            live.name = snapshot.write(settings.index, state, "")
        if round_ not in (3, 7) and live is not None:  # killed before that; the notes are of the one before
            assert notes.write(live.name, {"draft": asker.holding(live)})
        cache.close()
    assert made[0] == made[5] == len(texts)
    assert 0 < sum(made) - 2 * len(texts) < 0.75 * 8 * len(texts), "nothing was spared, or nothing was asked anew"


def test_notes_that_are_damaged_or_of_something_else_are_none(
    cache: VectorCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(12)
    settings = read({"FRONTDESK_HOME": str(tmp_path)})
    entries = [entry(f"e{i}", rng) for i in range(1000)]
    state = assembled(entries, cache)
    state.name = snapshot.write(settings.index, state, "")
    asker = Asker(cache).at(state)
    texts = [sentence(rng, 2) for _ in range(20)]
    asker.search(texts)
    file = settings.cache / "asked"
    file.parent.mkdir(exist_ok=True)
    assert Notes(settings).write(state.name, {"draft": asker.holding(state)})
    whole = file.read_bytes()

    def found() -> object:
        told = Notes(settings).read(state, cache)
        return told and {text: one.candidates for (text, _), one in told[1]["draft"].items()}

    assert found() == dict(zip(texts, asker.search(texts), strict=True))
    for at in [0, 40, 120, *(rng.randrange(len(whole)) for _ in range(30))]:
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert found() is None, f"a bit of byte {at} was turned"
    for left in (b"", whole[:50], whole[: len(whole) // 2], b"../../etc\n\n"):
        file.write_bytes(left)
        assert found() is None
    file.write_bytes(whole)
    with monkeypatch.context() as patch:
        patch.setattr("bot.judgement.notes._LIBRARIES", ("numpy",))
        assert found() is None, "what other libraries found was taken"
    # Another knowledge base under the same name.
    other = assembled([entry(f"o{i}", rng) for i in range(1000)], cache)
    second = snapshot.write(settings.index, other, "")
    told = json.loads((settings.index / second / "manifest.json").read_text())
    (settings.index / state.name / "manifest.json").write_text(json.dumps({**told, "name": state.name}))
    assert found() is None
    # One of a ground that is no longer that of what is live.
    assert Notes(settings).write(second, {"draft": Asker(cache).at(other).holding(other)})
    assert Notes(settings).read(replace_ground(entries, cache), cache) is None


def replace_ground(entries: list[Entry], cache: VectorCache) -> snapshot.Snapshot:
    return assembled([replace(one, question=f"{one.question} now") for one in entries], cache)


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
