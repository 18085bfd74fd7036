"""Snapshots: whole or not at all, the last good one serves, the swap is one rename."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shelf import ENTRIES, write

from bot.settings import ROOT, Settings
from kb_index import snapshot
from kb_index.encoder import Encoder
from kb_index.entry import Entry
from kb_index.errors import BadSnapshot
from kb_index.part import Part
from kb_index.retriever import Retriever, units


def test_what_was_written_is_what_is_loaded(tmp_path: Path, encoder: Encoder) -> None:
    name = write(tmp_path, encoder, answer={"value": 0.5})
    loaded = snapshot.load_current(tmp_path)
    assert (loaded.name, loaded.encoder, loaded.calibration) == (name, encoder.name, {"answer": {"value": 0.5}})
    assert loaded.entries == ENTRIES and loaded.position == {"hours": 0, "returns": 1, "password": 2}
    assert loaded.html[0] == "<p>Every day from <strong>9 to 5</strong>.</p>"
    assert loaded.owner.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert np.allclose(loaded.vectors[0], encoder.encode(["When are you open?"])[0])
    told = snapshot.manifest(tmp_path, name)
    assert told["entries"] == 3 and told["mark"] == "m" and len(told["files"]) >= 7


@pytest.mark.parametrize("file", ["ground/entries.jsonl", "ground/vectors.npy", "ground/kinds.npy", "ground/starts.npy",
                                  "ground/columns.npy", "order.npy", "calibration.json", "manifest.json"])
@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_snapshot_falls_back_on_the_last_good_one(
    tmp_path: Path, encoder: Encoder, caplog: pytest.LogCaptureFixture, file: str, how: str
) -> None:
    good = write(tmp_path, encoder, ENTRIES[:2], mark="good")
    bad = write(tmp_path, encoder, mark="bad")
    damage(tmp_path / bad / file, how)
    with caplog.at_level(logging.ERROR):
        assert snapshot.load_current(tmp_path).name == good
    assert bad in caplog.text and f"serving the older snapshot {good}" in caplog.text


def edited(before: snapshot.Snapshot, encoder: Encoder, **fields: Any) -> snapshot.Snapshot:
    """The state after an edit of the first entry, which counts as a small one."""
    entry = replace(before.entries[0], **fields)
    texts = units(entry)
    fresh = Part.rendered([entry], encoder.encode([text for _, text in texts]),
                          np.array([kind for kind, _ in texts], np.uint8), np.array([0, len(texts)]))
    first = sum(len(part.entries) for part in before.parts)
    return before.became(fresh, np.array([first, *before.order[1:]]), most=10)


def test_an_edit_shares_all_other_files_and_who_has_them_reads_only_what_is_new(
    tmp_path: Path, encoder: Encoder
) -> None:
    held = snapshot.load(tmp_path, write(tmp_path, encoder))
    name = snapshot.write(tmp_path, edited(held, encoder, answer="At **noon**."), "edit")
    ours, theirs = tmp_path / name / "ground", tmp_path / held.name / "ground"
    assert {file.name for file in ours.iterdir()} == {file.name for file in theirs.iterdir()}
    assert all((theirs / file.name).samefile(file) for file in ours.iterdir())
    for loaded in (snapshot.load(tmp_path, name, held), snapshot.load(tmp_path, name)):
        assert loaded.html[0] == "<p>At <strong>noon</strong>.</p>" and loaded.entries[1:] == held.entries[1:]
        assert loaded.size == held.size and loaded.owner.tolist() == [-1] * 5 + [1] * 5 + [2] * 5 + [0] * 5
    assert snapshot.load(tmp_path, name, held).ground is held.ground
    again = snapshot.write(tmp_path, edited(snapshot.load(tmp_path, name, held), encoder, answer="At one."), "again")
    third = snapshot.load(tmp_path, again, held)
    assert [entry.answer for entry in third.changed.entries] == ["At one."] and third.ground is held.ground
    # The folder that it was loaded from is cleared away, and the newest is linked to in its place.
    shutil.rmtree(tmp_path / held.name)
    assert snapshot.load(tmp_path, snapshot.write(tmp_path, third, "later")).entries == third.entries


@pytest.mark.parametrize("file", ["ground/vectors.npy", "changed/entries.jsonl", "changed/vectors.npy", "order.npy"])
@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_what_was_damaged_since_is_not_served_to_who_has_loaded_it(
    tmp_path: Path, encoder: Encoder, file: str, how: str
) -> None:
    held = snapshot.load(tmp_path, write(tmp_path, encoder))
    built = edited(held, encoder, answer="At noon.")
    name = snapshot.write(tmp_path, built, "edit")
    damage(tmp_path / name / file, how)
    for like in (held, built, None):
        with pytest.raises(BadSnapshot, match=file.rpartition("/")[2]):
            snapshot.load(tmp_path, name, like)


def test_where_files_cannot_be_linked_they_are_written(tmp_path: Path, encoder: Encoder) -> None:
    held = snapshot.load(tmp_path, write(tmp_path, encoder))
    shutil.rmtree(tmp_path / held.name)
    name = snapshot.write(tmp_path, edited(held, encoder, answer="At noon."), "edit")
    assert snapshot.load(tmp_path, name).entries[1:] == held.entries[1:]


def damage(path: Path, how: str) -> None:
    raw = bytearray(path.read_bytes())
    if how == "flipped":
        raw[len(raw) // 2] ^= 0xFF
        path.write_bytes(raw)
    elif how == "cut":
        path.write_bytes(raw[: len(raw) // 2])
    else:
        path.unlink()


def test_a_snapshot_of_another_version_of_the_code_is_no_reason_to_crash(tmp_path: Path, encoder: Encoder) -> None:
    good = write(tmp_path, encoder, mark="good")
    for i, told in enumerate(("[]", "{}", '{"files": {}, "encoder": "x"}')):
        newer = tmp_path / f"99999999-000000-00000{i}"
        newer.mkdir()
        (newer / "manifest.json").write_text(told)
        snapshot.make_current(tmp_path, newer.name)
        assert snapshot.load_current(tmp_path).name == good


def test_when_none_is_whole_that_is_said(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(BadSnapshot, match="nothing is published"):
        snapshot.load_current(tmp_path)
    damage(tmp_path / write(tmp_path, encoder) / "ground" / "vectors.npy", "cut")
    with pytest.raises(BadSnapshot, match=r"no snapshot .* is whole; publish again"):
        snapshot.load_current(tmp_path)


def test_back_to_an_earlier_snapshot_and_forward_again(tmp_path: Path, encoder: Encoder) -> None:
    old, new = write(tmp_path, encoder, ENTRIES[:1]), write(tmp_path, encoder)
    snapshot.make_current(tmp_path, old)
    assert len(snapshot.load_current(tmp_path).entries) == 1
    snapshot.make_current(tmp_path, new)
    assert len(snapshot.load_current(tmp_path).entries) == 3
    with pytest.raises(BadSnapshot, match="there is no snapshot 'nope'"):
        snapshot.make_current(tmp_path, "nope")
    assert snapshot.current_name(tmp_path) == new


def test_old_snapshots_go_and_the_current_one_stays(tmp_path: Path, encoder: Encoder) -> None:
    first = write(tmp_path, encoder, ENTRIES[:1])
    (tmp_path / ".writing-left").mkdir()
    (tmp_path / ".current-left").touch()
    (tmp_path / ".writing-busy").mkdir()
    for left in (".writing-left", ".current-left"):
        os.utime(tmp_path / left, (0, time.time() - 7200))
    names = [write(tmp_path, encoder, ENTRIES[:1]) for _ in range(6)]
    assert not (tmp_path / first).exists() and len(snapshot.names(tmp_path)) == 6
    snapshot.make_current(tmp_path, names[0])
    newest = write(tmp_path, encoder, ENTRIES[:1])
    assert snapshot.current_name(tmp_path) == newest and len(snapshot.names(tmp_path)) == 6
    assert [p.name for p in tmp_path.glob(".*")] == [".writing-busy"]


def test_a_reader_sees_the_old_state_or_the_new_one_and_nothing_between(tmp_path: Path, encoder: Encoder) -> None:
    write(tmp_path, encoder, ENTRIES[:1])
    stop = threading.Event()
    seen: set[int] = set()
    failed: list[BaseException] = []

    def keep_reading() -> None:
        while not stop.is_set():
            try:
                seen.add(len(snapshot.load_current(tmp_path).entries))
            except BaseException as error:
                failed.append(error)

    reader = threading.Thread(target=keep_reading)
    reader.start()
    for round_ in range(4):
        write(tmp_path, encoder, ENTRIES[: 1 + 2 * (round_ % 2)])
    stop.set()
    reader.join()
    assert failed == [] and seen <= {1, 3}


_PUBLISH = """
import sys, time
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from shelf import write
from kb_index import snapshot
from kb_index.encoder import Encoder

def hang(*args):
    print("there", flush=True)
    time.sleep(60)

snapshot.{where} = hang
write(Path({folder!r}), Encoder(Path({encoder!r})))
"""


@pytest.mark.parametrize("where", ["_write_part", "_sync", "make_current"])
def test_killed_in_the_middle_the_old_one_lives(
    tmp_path: Path, encoder: Encoder, product: Settings, where: str
) -> None:
    old = write(tmp_path, encoder, ENTRIES[:1])
    code = _PUBLISH.format(root=str(ROOT), tests=str(Path(__file__).parent), where=where, folder=str(tmp_path),
                           encoder=str(product.encoder))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as publish:
        assert publish.stdout is not None and publish.stdout.readline() == "there\n"
        publish.send_signal(signal.SIGKILL)
    assert snapshot.current_name(tmp_path) == old and snapshot.load_current(tmp_path).name == old
    # And a publish after it is not disturbed by what was left.
    assert snapshot.load_current(tmp_path).name == old != write(tmp_path, encoder) == snapshot.current_name(tmp_path)


def test_a_publish_that_fails_leaves_nothing(tmp_path: Path, encoder: Encoder) -> None:
    old = write(tmp_path, encoder, ENTRIES[:1])
    with pytest.raises(TypeError):
        write(tmp_path, encoder, mark="m", answer=object())
    assert [p.name for p in tmp_path.iterdir() if p.name != "current"] == [old]


def test_the_right_entry_is_found_by_meaning_and_by_word(tmp_path: Path, encoder: Encoder) -> None:
    write(tmp_path, encoder)
    retriever = Retriever(snapshot.load_current(tmp_path))
    asked = ["what time do you close", "i want my money back for this", "label", "sign-in trouble", "", "\U0001f600"]
    found = retriever.search(asked, encoder.encode(asked))
    assert [candidates[0].entry for candidates in found[:4]] == ["hours", "returns", "returns", "password"]
    for candidates in found:
        scores = [candidate.score for candidate in candidates]
        assert len(candidates) == 3 and scores == sorted(scores, reverse=True)
    assert found[2][0].lexical > 0 == found[2][1].lexical
    assert [len(c) for c in retriever.search(asked, encoder.encode(asked), top=1)] == [1] * len(asked)


def test_an_entrys_own_wording_scores_near_one(tmp_path: Path, encoder: Encoder) -> None:
    write(tmp_path, encoder)
    retriever = Retriever(snapshot.load_current(tmp_path))
    (found,) = retriever.search(["opening times"], encoder.encode(["opening times"]))
    assert found[0].entry == "hours" and found[0].nearest == pytest.approx(1, abs=1e-4) and 0.6 < found[0].score <= 1


def test_an_entry_without_passages_can_be_found(tmp_path: Path, encoder: Encoder) -> None:
    write(tmp_path, encoder, [Entry("a", "When are you open?", "\U0001f600"), Entry("b", "Where is it?", "**")])
    retriever = Retriever(snapshot.load_current(tmp_path))
    (found,) = retriever.search(["opening hours"], encoder.encode(["opening hours"]))
    assert found[0].entry == "a"


def test_the_manifest_is_plain_json(tmp_path: Path, encoder: Encoder) -> None:
    told = json.loads((tmp_path / write(tmp_path, encoder) / "manifest.json").read_text())
    assert set(told) == {"name", "created", "encoder", "second encoder", "larger encoder", "entries", "mark", "files"}
