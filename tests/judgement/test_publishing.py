"""From a folder of entries to a published snapshot, and how a running process gets it."""

from __future__ import annotations

import importlib
import json
import logging
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.judgement import assembly, drafting, phrases, publishing
from bot.judgement.asking import Asker
from bot.judgement.bars import PEOPLE, calibrate, questions
from bot.judgement.judge import Judge, classified
from bot.judgement.knowledge import Knowledge
from bot.judgement.replay import judge_of
from bot.judgement.reranking import name as reranker_name
from bot.judgement.reranking import shared
from bot.judgement.router import Bars, decide
from bot.judgement.tasks import TASKS
from bot.settings import ROOT, Settings
from kb_index import snapshot
from kb_index.encoder import Encoder, load_encoder
from kb_index.errors import BadEntry, BadSnapshot


@pytest.fixture(scope="module")
def small(product: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home of our own with the trained parts of the real one, and a knowledge base of one category."""
    home = tmp_path_factory.mktemp("small")
    for name in ("encoder", "reranker", "judgement"):
        (home / name).symlink_to(product.home / name)
    (home / "cache").mkdir()
    # Without the vectors of the training phrases each publish here would take half a minute.
    shutil.copy(product.cache / "vectors.db", home / "cache")
    shutil.copytree(ROOT / "data" / "kb" / "membership", home / "kb" / "membership")
    return replace(product, home=home, kb=home / "kb")


@pytest.fixture(scope="module")
def published(small: Settings) -> str:
    return publishing.publish(small)


def test_a_small_knowledge_base_is_published_with_bars_that_fit_its_size(small: Settings, published: str) -> None:
    assert snapshot.current_name(small.index) == published and publishing.is_current(small)
    loaded = snapshot.load_current(small.index)
    assert len(loaded.entries) == len(list(small.kb.rglob("*.md")))
    assert loaded.encoder == load_encoder(small.encoder).name
    assert set(loaded.calibration) == {
        "answer", "confidence", "offer", "people", "people_though_sure", "scope", "search", "asked", "languages",
        "foreign"
    }
    assert loaded.calibration["answer"]["alpha"] == small.alpha
    # Some fifty questions cannot show that at most 5 % of the answers are wrong, so nothing is answered outright.
    assert loaded.calibration["answer"]["value"] == "never"
    assert loaded.calibration["people"]["bound"] <= small.beta
    assert published in publishing.describe(small)


def test_the_bot_judges_by_what_was_published(small: Settings, published: str) -> None:
    judge = Judge(load_encoder(small.encoder), assembly.load(small), snapshot.load_current(small.index))
    wifi, points = judge.judge(["my blender smokes", "when do my points run out"])
    assert wifi.decision == "handoff" and points.decision in ("clarify", "handoff")
    assert points.candidates[0].entry == "membership-points-expiry"


def test_what_the_first_look_is_unsure_of_is_looked_at_again(small: Settings, published: str) -> None:
    judge = judge_of(small)
    live = judge.retriever.snapshot
    assert live.larger_encoder == load_encoder(small.larger_encoder).name
    asked = [test for entry in live.entries for test in entry.tests] + [live.entries[0].question]
    told = judge.read(asked)
    first = Judge(judge.encoder, judge.classifier, live).read(asked)
    assert not any(one.candidates[0].again for one in first)
    # Those that are sure by their first look, or stand there word for word, are not looked at.
    assert [one.candidates[0].again for one in told] == [shared(small).wants(one.said, one.candidates) for one in first]
    assert any(one.candidates[0].again for one in told) and told[-1] == first[-1]
    # Who does without it has another index, and a process without it refuses this one.
    without = replace(small, reranker=False)
    assert not publishing.is_current(without) and shared(without) is None
    knowledge = Knowledge(small.index)
    knowledge.larger_encoder = reranker_name(without)
    with pytest.raises(BadSnapshot, match=r"made with the reranker all-mpnet-base-v2-.*, and this process has none"):
        knowledge.current()
    with pytest.raises(BadSnapshot, match=f"{published} was made by another version, or with other models"):
        publishing.roll_back(without, published)
    assert publishing.roll_back(small, published) == published


def test_a_large_knowledge_base_is_not_looked_at_again(
    small: Settings, published: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, cache = snapshot.load(small.index, published), publishing.cache_of(small)
    asked = [test for entry in live.entries for test in entry.tests]
    try:
        monkeypatch.setattr(drafting, "_LOOKED_AT_AGAIN", len(live.kinds))
        looked_at = drafting.assembled(live.entries, cache)
        monkeypatch.setattr(drafting, "_LOOKED_AT_AGAIN", len(live.kinds) - 1)
        # Grown beyond the bound, nothing of what was made before for a second look is kept.
        for draft in (drafting.assembled(live.entries, cache), drafting.assembled(live.entries, cache, like=live)):
            assert looked_at.larger_encoder and not draft.larger_encoder
            assert not any(one.again for found in Asker(cache).at(draft).search(asked) for one in found)
        assert any(one.again for found in Asker(cache).at(looked_at).search(asked) for one in found)
    finally:
        cache.close()


def test_only_a_change_makes_a_publish_due(small: Settings, published: str) -> None:
    assert publishing.is_current(small)
    assert not publishing.is_current(replace(small, alpha=0.1))
    entry = next(small.kb.rglob("*.md"))
    kept = entry.read_text()
    entry.write_text(kept.replace("tests:", "tests:\n  - one question more"))
    assert not publishing.is_current(small)
    entry.write_text(kept)
    assert publishing.is_current(small)


def test_a_way_back_holds_until_the_knowledge_base_changes(small: Settings, published: str, tmp_path: Path) -> None:
    ours = replace(small, kb=tmp_path / "kb")
    shutil.copytree(small.kb, ours.kb)
    changed = next(ours.kb.rglob("membership-points.md"))
    changed.write_text(changed.read_text().replace("points", "crowns"))
    worse = publishing.publish(ours)
    publishing.roll_back(ours, published)
    assert snapshot.current_name(ours.index) == published != worse
    assert publishing.is_current(ours), "the next start would publish the rejected state again"
    changed.write_text(changed.read_text().replace("crowns", "points"))
    changed.write_text(changed.read_text() + "\nAsk us for more.\n")
    assert not publishing.is_current(ours)
    with pytest.raises(BadSnapshot, match="nothing"):
        publishing.roll_back(ours, "nothing")
    assert snapshot.current_name(ours.index) == published


def test_a_bad_entry_stops_a_publish_and_leaves_the_old_state(small: Settings, published: str, tmp_path: Path) -> None:
    bad = replace(small, kb=tmp_path, database_url=f"sqlite:///{tmp_path / 'new.db'}")  # nothing of it is live
    (tmp_path / "x.md").write_text("---\nquestion: a: b\n---\nc")
    with pytest.raises(BadEntry, match=r"x\.md:2:12"):
        publishing.publish(bad)
    assert snapshot.current_name(small.index) == published


def test_a_folder_that_is_empty_all_of_a_sudden_takes_nothing_away(small: Settings, published: str, tmp_path: Path) -> None:
    plan = publishing.planned(publishing.publications_of(replace(small, kb=tmp_path)))
    assert len(plan.entries) == len(snapshot.load(small.index, published).entries) and not plan.changes
    assert plan.conflicts and str(tmp_path) in plan.conflicts[0]


def test_a_running_process_serves_what_is_published_next(small: Settings, published: str, encoder: Encoder) -> None:
    knowledge = Knowledge(small.index)
    before = knowledge.current()
    assert before.snapshot.name == published and knowledge.current() is before
    entry = small.kb / "membership" / "new.md"
    entry.write_text("---\nquestion: Is there a badge?\n---\nYes.\n")
    newer = publishing.publish(small)
    entry.unlink()
    assert "new" in knowledge.current().snapshot.position and knowledge.current().snapshot.name == newer
    snapshot.make_current(small.index, published)
    assert knowledge.current().snapshot.name == published


def test_a_damaged_new_snapshot_leaves_the_old_one_serving(
    small: Settings, published: str, caplog: pytest.LogCaptureFixture
) -> None:
    knowledge = Knowledge(small.index)
    before = knowledge.current()
    newer = copy_of(small, published)
    (small.index / newer / "ground" / "vectors.npy").write_bytes(b"x")
    with caplog.at_level(logging.ERROR):
        snapshot.make_current(small.index, newer)
        assert knowledge.current().snapshot.name == before.snapshot.name
    assert newer in caplog.text
    shutil.rmtree(small.index / newer)
    snapshot.make_current(small.index, published)


def test_a_snapshot_of_another_encoder_is_refused(
    small: Settings, published: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Its vectors mean nothing to this process; a new dimension would even crash it."""
    knowledge = Knowledge(small.index)
    knowledge.encoder = load_encoder(small.encoder).name
    assert knowledge.current().snapshot.name == published
    newer = copy_of(small, published)
    path = small.index / newer / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "encoder": "another"}))
    snapshot.make_current(small.index, newer)
    with caplog.at_level(logging.ERROR):
        assert knowledge.current().snapshot.name == published
    assert "restart it, or publish again" in caplog.text
    fresh = Knowledge(small.index)
    fresh.encoder = knowledge.encoder
    with pytest.raises(BadSnapshot, match="another"):
        fresh.current()
    with pytest.raises(BadSnapshot, match="made with the encoder another"):
        judge_of(small)
    shutil.rmtree(small.index / newer)
    snapshot.make_current(small.index, published)


def copy_of(small: Settings, name: str) -> str:
    newer = f"99{name[2:]}"
    shutil.copytree(small.index / name, small.index / newer)
    return newer


def test_nothing_published_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSnapshot, match="nothing is published"):
        Knowledge(tmp_path).current()


def test_the_sample_shop_has_bars_that_let_it_answer(product: Settings) -> None:
    told = snapshot.load_current(product.index).calibration
    answer, people = told["answer"], told["people"]
    assert answer["bound"] <= product.alpha and answer["answered"] >= 79 and answer["coverage"] > 0.3
    assert people["bound"] <= product.beta and 0 < people["value"] <= 0.6
    assert told["asked"]["answerable"] > 700


def test_bars_made_of_one_half_of_the_questions_keep_their_promise_on_the_other(
    product: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decided as the bot does. In few rounds and of some phrases, so that it takes seconds; check_promise.py asks all."""
    some = phrases.read(phrases.FOLDER)[::8]
    monkeypatch.setattr(phrases, "read", lambda folder: some)
    monkeypatch.setattr(publishing, "held_out", lambda *_: [])
    cache = publishing.cache_of(product)
    try:
        asked = publishing.ask_all(product, snapshot.load_current(product.index), cache)
    finally:
        cache.close()
    dice = random.Random(1)
    answered, wrong, missed = [], [], []
    for _ in range(12):
        dice.shuffle(asked)
        ours, fresh = asked[::2], asked[1::2]
        bars = Bars.parse(calibrate(ours, product.alpha, product.beta))
        mixed = [(one, decide(one.reading, bars, tasks=TASKS)) for one in questions(fresh)[1]]
        answers = [one.accepts(told.entry) for one, told in mixed if told.decision == "answer"]
        needing = [decide(one.reading, bars, tasks=TASKS).decision for one in fresh if one.route in PEOPLE]
        answered.append(len(answers))
        wrong.append(answers.count(False) / max(1, len(answers)))
        missed.append(sum(decision in ("answer", "task", "chat") for decision in needing) / len(needing))
    # A half is a sample: by chance some lie above what is promised, but not many, nor does the mean.
    assert sum(answered) > 500
    assert sum(share > product.alpha for share in wrong) <= 3 and sum(wrong) / len(wrong) < product.alpha, wrong
    assert sum(share > product.beta for share in missed) <= 3 and sum(missed) / len(missed) < product.beta, missed
    # The tool counts alike, with more rounds than a test has time for.
    monkeypatch.syspath_prepend(ROOT / "tools")
    told = importlib.import_module("check_promise").recalibrations(asked, 2, product.alpha, product.beta, None, "two")
    assert told.shape == (2, 5) and told[:, 2].max() < 2 * product.beta


def test_what_sets_the_bars_is_what_the_bot_finds(product: Settings) -> None:
    live, classifier = snapshot.load_current(product.index), assembly.load(product)
    assert live.second is not None and live.second_encoder == classifier.encoder.name
    asked = [test for entry in live.entries for test in entry.tests][::40]
    # Slips, and "drier" and "kindle", which are words of the shop's that look like some: one encoder gets them mended.
    asked += ["cancle my order", "whre is my parcel?", "can i retrun a drier", "is the drier kindle incl or excl"]
    judge = Judge(load_encoder(product.encoder), classifier, live, reranker=shared(product))
    cache = publishing.cache_of(product)
    try:
        found = publishing.ask(classified(asked, classifier), [""] * len(asked), [""] * len(asked), Asker(cache).at(live))
    finally:
        cache.close()
    assert [one.reading.candidates for one in found] == [one.candidates for one in judge.read(asked)]
