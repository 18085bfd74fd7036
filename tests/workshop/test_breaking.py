"""What breaks in the middle of a publish: the process, the disk, the snapshot itself. What was live stays live."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bot.errors import Busy
from bot.judgement import publishing, settling
from bot.judgement.knowledge import Knowledge
from bot.library.article import Article
from bot.library.library import Library
from bot.library.publications import Publications, publications_of
from bot.lockfile import LockFile
from bot.settings import ROOT, Settings, as_environ
from bot.workshop import __main__ as process
from bot.workshop.bench import Bench
from bot.workshop.errors import Occupied
from kb_index import serving, snapshot
from kb_index.errors import BadSnapshot

pytestmark = pytest.mark.timeout(400)

#: A publish of its own process that says when it has come to a place, and stays there until it is killed.
_PUBLISH = """
import time
from bot.judgement import publishing
from bot.library.publications import Publications
from bot.settings import read
from bot.workshop.bench import Bench
from kb_index import serving, snapshot

phrases = publishing.phrases.read(publishing.phrases.FOLDER)[::50]
publishing.phrases.read = lambda folder: phrases

def hang(*args, **named):
    print("there", flush=True)
    time.sleep(300)

{where} = hang
Bench(read()).publish(None, "Ada", override="a test")
"""


def edit(library: Library, answer: str) -> None:
    kept = library.open("how-to-return")
    library.save(Article.parse({**kept["fields"], "answer": answer}, "how-to-return"), kept["revision"], "Ada", status="review")


def serves(home: Settings) -> str:
    live = snapshot.load_current(home.index)
    return live.entries[live.position["how-to-return"]].answer


@pytest.mark.parametrize(("where", "lives"), [("snapshot.make_current", False), ("Publications.finish", True)])
def test_a_publish_killed_in_the_middle_is_dropped_or_finished(home: Settings, library: Library, where: str, lives: bool) -> None:
    before, old = snapshot.current_name(home.index), serves(home)
    edit(library, "By post.")
    environ = {**os.environ, **as_environ(home), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", _PUBLISH.format(where=where)], stdout=subprocess.PIPE, text=True, env=environ, cwd=ROOT) as child:
        assert child.stdout is not None and child.stdout.readline() == "there\n"
        with pytest.raises(Occupied, match=f"process {child.pid}"):
            Bench.publish(_unloaded(home), None, "Bea")
        with pytest.raises(Occupied, match=f"process {child.pid}"):
            Bench.roll_back(_unloaded(home), str(before), "Bea")
        with pytest.raises(Busy, match=f"process {child.pid}"):
            publishing.roll_back(home, str(before))
        child.send_signal(signal.SIGKILL)
    ledger = publications_of(home)
    assert ledger.begun() == 1 and not settling.is_current(home)
    assert (snapshot.current_name(home.index) != before) is lives and serves(home) == ("By post." if lives else old)
    settling.settle(home)  # the first thing that the next start does
    assert ledger.begun() == 0 and settling.is_current(home)
    kept = library.open("how-to-return")
    assert (kept["published"] or {})["answer"] == serves(home) == ("By post." if lives else old)
    assert kept["status"] == ("published" if lives else "review")
    assert ledger.history()[0]["snapshot"] == snapshot.current_name(home.index)


def interrupted(*args: Any, **named: Any) -> None:
    raise KeyboardInterrupt


def test_a_way_back_first_settles_what_died(
    home: Settings, bench: Bench, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or what that publish made live could never be gone back to."""
    before = str(snapshot.current_name(home.index))
    edit(library, "By post.")
    with monkeypatch.context() as patch:
        patch.setattr(Publications, "finish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bench.publish(None, "Ada", override="a test")
    newer, ledger = str(snapshot.current_name(home.index)), publications_of(home)
    publishing.roll_back(home, before)
    assert ledger.begun() == 0 and [one["kind"] for one in ledger.history()][:2] == ["rollback", "publish"]
    assert serves(home) != "By post." and library.open("how-to-return")["published"]["answer"] == serves(home)
    publishing.roll_back(home, newer)
    assert serves(home) == "By post." == library.open("how-to-return")["published"]["answer"]


def test_a_publish_interrupted_while_it_clears_away_is_written_down(
    home: Settings, bench: Bench, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(library, "By post.")
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_tidy", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bench.publish(None, "Ada", override="a test")
    ledger = publications_of(home)
    assert serves(home) == "By post." and ledger.begun() == 0 and settling.is_current(home)
    assert ledger.history()[0]["snapshot"] == snapshot.current_name(home.index)
    assert library.open("how-to-return")["status"] == "published"


def _unloaded(home: Settings) -> Bench:
    """A bench that has loaded nothing: enough to be told that another publish is at work."""
    bench = Bench.__new__(Bench)
    bench._settings = home
    return bench


def test_a_publish_during_a_publish_is_refused(home: Settings, bench: Bench, library: Library) -> None:
    edit(library, "By post.")
    before = snapshot.current_name(home.index)
    with LockFile(home.home / "setup.lock", ""), pytest.raises(Occupied, match="is at work"):
        bench.publish(None, "Ada")
    assert snapshot.current_name(home.index) == before and publications_of(home).begun() == 0
    bench.publish(None, "Ada", override="a test")
    assert serves(home) == "By post."


def short(work: Callable[..., Any], bytes_: int) -> Callable[..., Any]:
    """`work` on a disk that takes no file of more than so many bytes: the kernel refuses, as it does on a full one."""
    def run(*args: Any, **named: Any) -> Any:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
        try:
            return work(*args, **named)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    return run


@pytest.mark.parametrize("bytes_", [0, 30_000, 200_000])
def test_a_disk_that_is_full_halfway_leaves_what_was_live(
    home: Settings, bench: Bench, library: Library, monkeypatch: pytest.MonkeyPatch, bytes_: int
) -> None:
    before, there = snapshot.current_name(home.index), sorted(one.name for one in home.index.iterdir())
    edit(library, "By post.")
    bench.check()
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "write", short(snapshot.write, bytes_))
        with pytest.raises(OSError) as caught:
            bench.publish(None, "Ada", override="a test")
    told = process._told(caught.value, "publish")
    assert told["code"] == "refused" and "The disk is full" in told["message"]
    assert snapshot.current_name(home.index) == before and serves(home) != "By post."
    assert sorted(one.name for one in home.index.iterdir()) == there, "half a snapshot was left lying"
    assert publications_of(home).begun() == 0
    bench.publish(None, "Ada", override="a test")
    assert serves(home) == "By post."


def test_a_damaged_snapshot_is_refused_and_an_alarm_raised(home: Settings, bench: Bench, library: Library, caplog: pytest.LogCaptureFixture) -> None:
    good = snapshot.current_name(home.index)
    edit(library, "By post.")
    bad = bench.publish(None, "Ada", override="a test")["snapshot"]
    served = Knowledge(home.index)
    assert served.current().snapshot.name == bad and serving.alarm(home.index) is None
    vectors = home.index / bad / "ground" / "vectors.npy"
    whole = vectors.read_bytes()
    vectors.write_bytes(whole[:-5] + bytes(5))
    with caplog.at_level(logging.ERROR):
        assert Knowledge(home.index).current().snapshot.name == good, "an assistant that starts took a damaged snapshot"
    assert "does not match its sum" in caplog.text
    alarm = serving.alarm(home.index)
    assert alarm is not None and (alarm["snapshot"], alarm["serving"]) == (bad, good) and "vectors.npy" in alarm["error"]
    # Going back settles it, and so does a publish; a running assistant keeps what it has.
    publishing.roll_back(home, str(good))
    assert serving.alarm(home.index) is None and served.current().snapshot.name == good
    with pytest.raises(BadSnapshot, match="does not match its sum"):
        publishing.roll_back(home, bad)
    snapshot.make_current(home.index, bad)
    assert served.current().snapshot.name == good
    told = serving.alarm(home.index)
    assert told is not None and told["serving"] == good
    bench.publish(None, "Ada", override="a test")
    assert serving.alarm(home.index) is None and json.loads((home.index / "alarm.json").read_text())["snapshot"] == bad
