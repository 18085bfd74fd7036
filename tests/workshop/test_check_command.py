"""`frontdesk kb check` and `publish` of entries by name: what they print, and the status by which a script goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.cli import parser
from bot.commands import kb
from bot.library.article import Article
from bot.library.library import Library
from bot.library.publications import publications_of
from bot.settings import Settings
from kb_index import snapshot
from kb_index.errors import BadSnapshot

pytestmark = pytest.mark.timeout(400)


def run(home: Settings, *arguments: str) -> int:
    return kb.run(parser().parse_args(["kb", *arguments]), home)


def test_a_draft_is_checked_by_name_and_status_1_says_that_the_gate_stops_it(
        home: Settings, library: Library, victim: str, capsys: pytest.CaptureFixture[str]) -> None:
    kept = library.open(victim)
    bad = {**kept["fields"], "question": "How do I brew coffee?", "phrasings": ["espresso"], "answer": "Grind it."}
    library.save(Article.parse(bad, victim), kept["revision"], "Ada", "draft")
    assert run(home, "check") == 0 and "0 entries change" in capsys.readouterr().out
    assert run(home, "check", victim) == run(home, "publish", "--check", victim) == 1
    assert capsys.readouterr().out.count("[stops the publish]") >= 2
    assert run(home, "check", victim, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["stops"] > 0 and [one["id"] for one in told["changes"]] == [victim]

    live = snapshot.current_name(home.index)
    assert run(home, "publish", victim) == 1 and snapshot.current_name(home.index) == live
    assert "--override" in capsys.readouterr().err
    assert run(home, "publish", victim, "--override", "the test means it") == 0
    assert library.open(victim)["status"] == "published" and snapshot.current_name(home.index) != live


def test_a_way_back_is_a_name_that_is_listed(home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = str(snapshot.current_name(home.index))
    shutil.copytree(home.index / live, tmp_path / "other" / "index" / live)
    for wrong in ("nope", "", "/", ".", f"../../other/index/{live}", str(tmp_path / "other" / "index" / live), f"./{live}"):
        with pytest.raises(BadSnapshot, match=r"there is no snapshot '.*`frontdesk kb snapshots` lists them"):
            run(home, "rollback", wrong)
    assert snapshot.current_name(home.index) == live and not (home.index / "pinned.json").exists()
    assert run(home, "rollback", f"{live}/") == 0
    assert capsys.readouterr().out == f"{live} is live\n" and snapshot.current_name(home.index) == live
    assert json.loads((home.index / "pinned.json").read_text())[0] == live
    assert publications_of(home).history()[0]["snapshot"] == live


def test_what_was_never_live_is_no_way_back(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    live = str(snapshot.current_name(home.index))
    cut_off = f"29{live[2:]}"
    shutil.copytree(home.index / live, home.index / cut_off)
    assert run(home, "snapshots") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"  {cut_off}") and first.endswith(", never live: no way back")
    assert second.startswith(f"* {live}") and second.endswith(" entries")
    with pytest.raises(BadSnapshot, match=f"{cut_off} was never live"):
        run(home, "rollback", cut_off)
    assert snapshot.current_name(home.index) == live and not (home.index / "pinned.json").exists()
    assert len(publications_of(home).history()) == 1


def test_a_publish_of_nothing_says_so(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot.names(home.index)
    assert run(home, "publish") == 0 and snapshot.names(home.index) == before
    assert "there is nothing to publish" in capsys.readouterr().out
