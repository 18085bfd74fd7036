"""The Markdown folder as the editor sees it: what would be done, decisions, and that none is made on an outdated view."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli import parser
from bot.commands import kb
from bot.database import open_database
from bot.errors import Busy
from bot.library.article import Article
from bot.library.library import Library
from bot.library.sync import CannotSync, Outdated, alone
from bot.settings import ROOT, Settings, as_environ
from bot.workshop.folder import compare_folder, settle_folder, sync_folder

TEXT = "---\nquestion: When are you open?\n---\nFrom 9 to 5.\n"


class Place:
    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home, kb=home / "kb")
        self.library = Library(open_database(self.settings.database))
        self.library.prepare()

    def write(self, name: str, text: str = TEXT) -> Path:
        path = self.settings.kb / "company" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def edit(self, name: str, status: str = "review", **fields: Any) -> None:
        kept = self.library.open(name)
        self.library.save(Article.parse({**kept["fields"], **fields}, name), kept["revision"], "Ada", status, sitting=False)

    def sync(self) -> dict[str, Any]:
        return sync_folder(self.settings, compare_folder(self.settings)["digest"], "Edith")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_comes_in_and_goes_out_is_shown_before_anything_is_done(place: Place) -> None:
    first = compare_folder(place.settings)
    assert (first["there"], first["last"], first["steps"], first["refused"]) == (False, None, [], "")
    place.write("hours.md")
    place.library.create(Article.parse({"id": "fax", "question": "Have you a fax?", "answer": "No."}, "x"), "Ada", "review")
    place.library.create(Article.parse({"id": "maybe", "question": "Maybe?", "answer": "No."}, "x"), "Ada")
    shown = compare_folder(place.settings)
    assert [(one["id"], one["kind"], one["editor"], one["folder"]) for one in shown["steps"]] == [
        ("fax", "new", False, True), ("hours", "new", True, False)]
    assert shown["drafts"] == ["maybe"] and place.library.page()["total"] == 2
    after = sync_folder(place.settings, shown["digest"], "Edith")
    assert after["steps"] == after["passed"] == [] and after["last"]["by"] == "Edith"
    place.library.change(["fax"], "Ada", status="archived")
    [step] = compare_folder(place.settings)["steps"]
    assert (step["id"], step["question"], step["kind"], step["folder"]) == ("fax", "Have you a fax?", "gone", True)


@pytest.mark.parametrize("side", ["editor", "folder"])
def test_a_sync_of_another_state_than_was_looked_at_is_refused(place: Place, side: str) -> None:
    path = place.write("hours.md")
    place.sync()
    path.write_text(TEXT.replace("9 to 5", "10 to 5"))
    shown = compare_folder(place.settings)
    if side == "folder":
        path.write_text(TEXT.replace("9 to 5", "11 to 5"))
    else:
        place.library.create(Article.parse({"id": "fax", "question": "Have you a fax?", "answer": "No."}, "x"), "Ada", "review")
    with pytest.raises(Outdated, match="since you looked; nothing was done"):
        sync_folder(place.settings, shown["digest"], "Edith")
    assert place.library.open("hours")["fields"]["answer"] == "From 9 to 5."


def test_two_syncs_at_once_do_not_both_write(place: Place) -> None:
    place.library.create(Article.parse({"id": "fax", "question": "Have you a fax?", "answer": "No."}, "x"), "Ada", "review")
    command = parser().parse_args(["kb", "sync"])
    with alone(place.settings):
        for sync in (place.sync, lambda: settle_folder(place.settings, "fax", "editor", ""), lambda: kb.run(command, place.settings)):
            with pytest.raises(Busy, match=rf"a sync is at work already \(process {os.getpid()}\)"):
                sync()
        assert [one["id"] for one in compare_folder(place.settings)["steps"]] == ["fax"]
    assert place.sync()["steps"] == []


def test_a_conflict_shows_what_each_side_has_changed(place: Place) -> None:
    path = place.write("hours.md")
    place.sync()
    path.write_text(TEXT.replace("9 to 5", "10 to 5"))
    place.edit("hours", answer="From 8 to 5.")
    [conflict] = place.sync()["conflicts"]
    for side, number in (("editor", "8"), ("folder", "10")):
        [told] = conflict[side]
        assert told["field"] == "answer" and ["-", "9"] in told["parts"] and ["+", number] in told["parts"]
    assert conflict["file"]["answer"] == "From 10 to 5."
    after = settle_folder(place.settings, "hours", "editor", conflict["seen"])
    assert after["conflicts"] == [] and "8 to 5" in path.read_text()
    with pytest.raises(CannotSync, match="no conflict on 'hours'"):
        settle_folder(place.settings, "hours", "folder", conflict["seen"])
    with pytest.raises(CannotSync, match="is no side"):
        settle_folder(place.settings, "hours", "both", conflict["seen"])


def test_without_a_sync_before_the_two_are_compared_with_each_other(place: Place) -> None:
    place.write("hours.md")
    place.library.create(Article.parse({"id": "hours", "question": "When are you open?", "answer": "From 8 to 5.", "category": "company"}, "x"), "Ada", "review")
    [conflict] = compare_folder(place.settings)["conflicts"]
    assert conflict["editor"] == [{"field": "answer", "parts": [["=", "From "], ["=", "8"], ["=", " to 5."]]}]
    assert conflict["folder"][0]["parts"] == [["=", "From "], ["-", "8"], ["+", "9"], ["=", " to 5."]]


def test_a_draft_is_shown_and_what_is_gone_is_none(place: Place) -> None:
    one, two, three = (place.write(f"{name}.md") for name in ("one", "two", "three"))
    place.sync()
    for path in (one, three):
        path.write_text(TEXT.replace("9 to 5", "10 to 5"))
    two.unlink()
    place.edit("one", "draft", answer="Perhaps.")
    place.edit("two", answer="Never.")
    place.library.change(["three"], "Ada", status="archived")
    told = {conflict["id"]: conflict for conflict in compare_folder(place.settings)["conflicts"]}
    assert told["one"]["drafted"] and not told["one"]["keeps"] and ["+", "Perhaps"] in told["one"]["editor"][0]["parts"]
    assert told["two"]["folder"] is None and told["two"]["editor"] and told["three"]["editor"] is None
    settle_folder(place.settings, "two", "folder", told["two"]["seen"])
    settle_folder(place.settings, "three", "editor", told["three"]["seen"])
    assert place.library.open("two")["status"] == "archived" and not three.exists()


def test_a_folder_that_cannot_be_read_is_told_by_the_file_in_it(place: Place) -> None:
    place.write("hours.md", "---\nquestion: \"x\n---\nA\n")
    assert compare_folder(place.settings)["refused"].startswith("company/hours.md:2")


def test_a_large_sync_leaves_the_workshop_to_others_and_a_kill_leaves_both_sides_whole(place: Place) -> None:
    files = [place.write(f"hours-{number}.md") for number in range(200)]
    digest = compare_folder(place.settings)["digest"]
    read, write = os.pipe()
    process = subprocess.Popen([sys.executable, "-m", "bot.workshop", str(write)], cwd=ROOT, stdin=subprocess.PIPE, text=True,
                               pass_fds=[write], env={**os.environ, **as_environ(place.settings)})
    os.close(write)
    assert process.stdin is not None
    with process, process.stdin as requests, os.fdopen(read) as answers:
        print(json.dumps({"id": 1, "call": "sync_folder", "args": {"digest": digest, "by": "Edith"}}), file=requests, flush=True)
        assert {**json.loads(answers.readline()), "done": 0} == {"id": 1, "done": 0, "of": 200}
        print(json.dumps({"id": 2, "call": "no such", "args": {}}), file=requests, flush=True)
        told: dict[str, Any] = {"id": 1}
        while told["id"] == 1:
            told = json.loads(answers.readline())
            assert ("result" not in told and "error" not in told) or told["id"] == 2, "the other waited until it was done"
        assert told["error"]["code"] == "internal"
        process.kill()
    left = compare_folder(place.settings)
    assert 0 < left["undecided"] + len(left["steps"]) + left["more"] < 200 and left["conflicts"] == []
    assert left["comes"] == len(left["steps"]) + left["more"] and left["goes"] == 0
    after = place.sync()
    assert (after["steps"], after["conflicts"], after["passed"]) == ([], [], [])
    assert {one.id for one in place.library.all()} == {path.stem for path in files}
    assert all(path.read_text() == TEXT for path in files)
