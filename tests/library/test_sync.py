"""The Markdown folder and the library in step, both ways: nothing lost, nothing twice, conflicts shown."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from bot.database import open_database
from bot.library import written
from bot.library.article import Article
from bot.library.library import Library
from bot.library.publications import Publications, read_folder
from bot.library.sync import CannotSync, Outdated, Plan, Sync
from kb_index import folder
from kb_index.errors import BadEntry

FILE = """---
# Ask Ada before you touch this one.
question: When are you open?
team: stores        # for our own reports
phrasings:
  - opening hours
  - "open on sunday: yes or no"
---
From 9 to 5.
"""


class Both:
    """A library and a folder."""

    def __init__(self, place: Path) -> None:
        self.engine = open_database(f"sqlite:///{place / 'kb.db'}")
        self.library = Library(self.engine)
        self.library.prepare()
        self.kb = place / "kb"

    def write(self, name: str, text: str = FILE) -> Path:
        path = self.kb / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def edit(self, name: str, status: str = "review", **fields: Any) -> None:
        kept = self.library.open(name)
        self.library.save(Article.parse({**kept["fields"], **fields}, name), kept["revision"], "Ada", status, sitting=False)

    def sync(self, take: str = "", *only: str) -> list[str]:
        """The conflicts that are left."""
        sync = Sync(self.engine, self.kb)
        made = sync.plan(take, only)
        assert sync.run(made) == {}
        return [one.id for one in made.conflicts]

    def same(self) -> bool:
        return {one.id: one for one in read_folder(self.kb)} == {one.id: one for one in self.library.all()}


@pytest.fixture
def both(tmp_path: Path) -> Both:
    return Both(tmp_path)


def test_each_side_gets_what_the_other_has_and_a_file_keeps_its_looks(both: Both) -> None:
    path = both.write("company/hours.md")
    assert both.sync() == [] and both.library.open("hours")["status"] == "review" and path.read_text() == FILE
    both.edit("hours", answer="From 8 to 5.")
    both.library.create(Article.parse({"id": "fax", "question": "Have you a fax?", "answer": "No.", "category": "company"}, "x"), "Ada", "review")
    assert both.sync() == [] and both.same()
    assert path.read_text() == FILE.replace("9 to 5", "8 to 5")
    assert (both.kb / "company" / "fax.md").read_text() == "---\nquestion: Have you a fax?\n---\nNo.\n"
    both.edit("hours", phrasings=["opening hours", "yes"])
    assert both.sync() == [] and both.same()
    assert path.read_text() == FILE.replace("9 to 5", "8 to 5").replace('"open on sunday: yes or no"', '"yes"')
    seen = {file: file.stat().st_mtime_ns for file in both.kb.rglob("*.md")}
    assert both.sync() == [] and {file: file.stat().st_mtime_ns for file in both.kb.rglob("*.md")} == seen


def test_what_is_gone_on_one_side_goes_on_the_other(both: Both) -> None:
    first, second = both.write("a/one.md"), both.write("a/two.md")
    both.sync()
    first.unlink()
    both.library.change(["two"], "Ada", status="archived")
    assert both.sync() == [] and both.library.open("one")["status"] == "archived" and not second.exists()
    both.write("a/three.md")
    assert both.sync() == []
    assert [one.id for one in both.library.all()] == ["three"]


@pytest.mark.parametrize("side", ["editor", "folder"])
def test_a_translation_goes_and_comes_back_with_its_original(both: Both, side: str) -> None:
    path = both.write("company/hours.md")
    german = both.write("company/offen.md", FILE.replace("team: stores", "language: de\ntranslation_of: hours"))
    both.sync()
    if side == "editor":
        both.library.change(["hours"], "Ada", status="archived")
    else:
        path.unlink()
        both.sync()
    assert both.sync() == [] and both.same() and not path.exists() and not german.exists()
    if side == "editor":
        both.library.change(["hours"], "Ada", status="review")
    else:
        both.write("company/hours.md")
        both.sync()
    assert both.sync() == [] and both.same() and path.exists() and german.exists()
    assert both.sync() == [] and both.library.open("offen")["status"] == "review"


def test_the_translation_of_a_draft_waits_with_it(both: Both) -> None:
    for name, more, status in (("hours", {}, "draft"), ("offen", {"language": "de", "translation_of": "hours"}, "review")):
        both.library.create(Article.parse({"id": name, "question": "Q?", "answer": "a", **more}, name), "Ada", status)
    assert both.sync() == [] and not list(both.kb.rglob("*.md")), "a folder with a translation of nothing"
    assert Sync(both.engine, both.kb).plan().drafts == ["hours", "offen"]


def test_changes_of_different_fields_are_merged_and_lists_as_sets(both: Both) -> None:
    path = both.write("company/hours.md")
    both.sync()
    path.write_text(FILE.replace("  - opening hours\n", "  - opening hours\n  - till when\n"))
    both.edit("hours", answer="From 8 to 5.", phrasings=["open on sunday: yes or no", "early"], owner="Ada")
    assert both.sync() == [] and both.same()
    fields = both.library.open("hours")["fields"]
    assert fields["answer"] == "From 8 to 5." and fields["owner"] == "Ada"
    assert sorted(fields["phrasings"]) == ["early", "open on sunday: yes or no", "till when"]
    assert "# Ask Ada" in path.read_text() and "team: stores" in path.read_text()


@pytest.mark.parametrize("side", ["folder", "editor"])
def test_a_conflict_changes_nothing_until_somebody_chooses(both: Both, side: str) -> None:
    path = both.write("company/hours.md")
    both.sync()
    path.write_text(FILE.replace("9 to 5", "10 to 5"))
    both.edit("hours", answer="Never.")
    before = path.read_text()
    assert both.sync() == ["hours"] and path.read_text() == before and both.library.open("hours")["fields"]["answer"] == "Never."
    assert both.sync(side, "hours") == [] and both.same()
    assert both.library.open("hours")["fields"]["answer"] == ("From 10 to 5." if side == "folder" else "Never.")
    assert both.sync() == []


def test_a_draft_stays_in_the_editor_and_is_not_run_over(both: Both) -> None:
    path = both.write("company/hours.md")
    both.sync()
    plan = Publications(both.engine).plan()
    ledger = Publications(both.engine)
    ledger.finish(ledger.begin(plan, "m", "Ada", "publish"), "s1", plan)
    both.edit("hours", status="draft", answer="Perhaps never.")
    assert both.sync() == [] and path.read_text() == FILE
    path.write_text(FILE.replace("9 to 5", "10 to 5"))
    assert both.sync() == ["hours"] and both.library.open("hours")["fields"]["answer"] == "Perhaps never."


def test_another_category_moves_the_file(both: Both) -> None:
    path = both.write("company/hours.md")
    both.sync()
    both.edit("hours", category="shops")
    assert both.sync() == [] and not path.exists() and both.same()
    assert (both.kb / "shops" / "hours.md").read_text() == FILE
    (both.kb / "shops").rename(both.kb / "stores")
    assert both.sync() == [] and both.library.open("hours")["fields"]["category"] == "stores"


def test_following_the_folder_at_a_publish_and_syncing_do_not_undo_each_other(both: Both) -> None:
    path = both.write("company/hours.md")
    ledger = Publications(both.engine, both.kb)
    plan = ledger.plan()
    ledger.finish(ledger.begin(plan, "m", "Ada", "publish"), "s1", plan)
    both.edit("hours", answer="From 8 to 5.")
    assert both.sync() == [] and "8 to 5" in path.read_text()
    plan = ledger.plan()
    assert [(one.id, one.article) for one in plan.changes] == [("hours", None)] and plan.conflicts == []


def test_a_file_that_comes_back_is_not_removed_by_the_next_sync(both: Both) -> None:
    path = both.write("company/hours.md")
    both.write("company/fax.md")
    ledger = Publications(both.engine, both.kb)

    def publish() -> Any:
        plan = ledger.plan()
        ledger.finish(ledger.begin(plan, "m", "Ada", "publish"), "s", plan)
        return plan

    publish()
    path.unlink()
    assert both.sync() == [] and both.library.open("hours")["status"] == "archived"
    both.write("company/hours.md")
    plan = publish()
    assert plan.conflicts == ["hours: its file is there, but the entry is archived and stays so; a sync settles it"]
    assert both.sync() == [] and path.exists() and both.library.open("hours")["status"] == "review"
    publish()
    path.unlink()
    publish()  # nobody has archived it: it is withdrawn
    assert Sync(both.engine, both.kb).plan().drafts == [], "what was deleted is called a draft that waits"
    both.write("company/hours.md")
    assert both.sync() == [] and path.exists() and both.library.open("hours")["status"] == "review"
    assert both.library.open("hours")["version"] == 1 and publish().conflicts == []


def test_folders_that_are_none_of_ours_are_refused(both: Both, tmp_path: Path) -> None:
    both.write("company/hours.md")
    both.sync()
    with pytest.raises(CannotSync, match="FRONTDESK_KB"):
        Sync(both.engine, tmp_path / "nothing").plan()
    outside = tmp_path / "outside.md"
    outside.write_text(FILE)
    (both.kb / "company" / "out.md").symlink_to(outside)
    with pytest.raises(BadEntry, match="leads out"):
        Sync(both.engine, both.kb).plan()
    (both.kb / "company" / "out.md").unlink()
    (tmp_path / "far").mkdir()
    (both.kb / "fax").symlink_to(tmp_path / "far")
    with pytest.raises(BadEntry, match="not followed"):
        Sync(both.engine, both.kb).plan()
    (both.kb / "fax").unlink()
    both.library.take([Article.parse({"id": "x", "question": "X?", "answer": "y"}, "x")], "Ada", "imported", only=True)
    with pytest.raises(CannotSync, match="import took the place"):
        Sync(both.engine, both.kb).plan()


def test_what_changes_between_look_and_act_is_left_alone(both: Both) -> None:
    first, second = both.write("a/one.md"), both.write("a/two.md")
    both.sync()
    first.write_text(FILE.replace("9 to 5", "10 to 5"))
    both.edit("two", answer="Never.")
    sync = Sync(both.engine, both.kb)
    made = sync.plan()
    both.edit("one", answer="Later.")
    second.write_text(FILE.replace("9 to 5", "11 to 5"))
    assert set(sync.run(made)) == {"one", "two"}
    assert both.library.open("one")["fields"]["answer"] == "Later." and "11 to 5" in second.read_text()
    assert both.sync() == ["one", "two"]


def test_half_an_empty_folder_is_taken_for_a_mistake(both: Both) -> None:
    paths = [both.write(f"a/e{number}.md") for number in range(20)]
    both.sync()
    for path in paths[:11]:
        path.unlink()
    with pytest.raises(CannotSync, match="11 of 20 files are gone"):
        both.sync()
    assert both.sync("folder") == [] and len(both.library.all()) == 9


def test_an_entry_that_is_only_a_draft_keeps_its_file(both: Both) -> None:
    path = both.write("a/one.md")
    both.sync()
    both.edit("one", status="draft", answer="Perhaps.")
    path.write_text(FILE.replace("9 to 5", "10 to 5"))
    assert both.sync("editor") == ["one"] and "10 to 5" in path.read_text()


def test_one_bad_entry_stops_no_other(both: Both) -> None:
    both.write("a/one.md", FILE.replace("team: stores", "translation_of: nothing\nlanguage: de"))
    both.write("a/two.md")
    sync = Sync(both.engine, both.kb)
    assert list(sync.run(sync.plan())) == ["one"]
    assert [one.id for one in both.library.all()] == ["two"]


def test_line_ends_and_what_is_not_ours_stay(both: Both) -> None:
    path = both.write("a/one.md")
    path.write_bytes(FILE.replace("\n", "\r\n").encode())
    both.write(".github/CONTRIBUTING.md", "no entry")
    both.sync()
    both.edit("one", owner="Ada")
    assert both.sync() == [] and both.same()
    kept = path.read_bytes()
    assert kept.count(b"\r\n") == kept.count(b"\n") == FILE.count("\n") + 1
    path.write_text(FILE.replace("From 9 to 5.", "<<<<<<< HEAD\nFrom 9.\n=======\nFrom 8.\n>>>>>>> theirs"))
    with pytest.raises(BadEntry, match="git left its marks"):
        both.sync()


def test_ids_stay_in_the_folder(both: Both) -> None:
    both.library.create(Article.parse({"id": "../../evil", "question": "X?", "answer": "y", "category": "../up"}, "x"), "Ada", "review")
    both.library.create(Article.parse({"id": "README", "question": "R?", "answer": "y"}, "x"), "Ada", "review")
    assert both.sync() == [] and both.same()
    assert all(path.is_relative_to(both.kb) for path in both.kb.parent.rglob("*.md"))


@pytest.mark.parametrize("value", ["yes", "1.0", "a: b", "# x", "null", "2026-12-24", "'", '"', "- x", "[x", "{a}", "  x", "é☃", "a\nb", "a\x85b", "~", "0x1F", "1e3", "!x", "&x", "*x", "%x", "@x", "`x`"])
def test_every_value_is_read_as_it_was(tmp_path: Path, value: str) -> None:
    for name in ("question", "phrasings", "owner"):
        given = [value] if name == "phrasings" else value
        try:
            article = Article.parse({"id": "hours", "category": "company", "question": "q", "answer": "a", name: given}, "x")
        except BadEntry:
            continue
        path = tmp_path / "company" / "hours.md"
        path.parent.mkdir(exist_ok=True)
        for before in ("", FILE):
            path.write_text(written.markdown(article, path, before), newline="")
            told = folder.fields(path)
            assert Article.parse({k: v for k, v in told.items() if k != "team"}, "x") == article, (name, before)


def disputed(both: Both) -> tuple[Path, Plan]:
    path = both.write("a/one.md")
    both.write("a/two.md")
    both.sync()
    path.write_text(FILE.replace("9 to 5", "10 to 5"))
    both.edit("one", answer="Never.")
    both.edit("two", answer="Later.")
    return path, Sync(both.engine, both.kb).plan()


@pytest.mark.parametrize("side", ["folder", "editor"])
def test_one_conflict_is_settled_and_nothing_else_is_done(both: Both, side: str) -> None:
    path, made = disputed(both)
    [conflict] = made.conflicts
    Sync(both.engine, both.kb).settle("one", side, conflict.seen)
    said = "From 10 to 5." if side == "folder" else "Never."
    assert both.library.open("one")["fields"]["answer"] == said and said in path.read_text()
    left = Sync(both.engine, both.kb).plan()
    assert [step.id for step in left.steps] == ["two"] and left.conflicts == []
    with pytest.raises(Outdated, match="no conflict on 'one'"):
        Sync(both.engine, both.kb).settle("one", side, conflict.seen)


@pytest.mark.parametrize("side", ["folder", "editor"])
@pytest.mark.parametrize("who", ["folder", "editor", "nobody, but it was synced"])
def test_a_decision_on_what_is_no_more_is_refused(both: Both, side: str, who: str) -> None:
    path, made = disputed(both)
    [conflict] = made.conflicts
    if who == "folder":
        path.write_text(FILE.replace("9 to 5", "11 to 5"))
    elif who == "editor":
        both.edit("one", answer="Sometimes.")
    else:
        both.sync("folder", "one")
        path.write_text(FILE)
        both.edit("one", answer="Never.")
    before = path.read_text(), both.library.open("one"), made.digest
    with pytest.raises(Outdated, match="one: somebody has changed"):
        Sync(both.engine, both.kb).settle("one", side, conflict.seen)
    assert (path.read_text(), both.library.open("one")) == before[:2]
    assert Sync(both.engine, both.kb).plan().digest != made.digest


def test_a_decision_names_a_conflict_that_there_is(both: Both) -> None:
    path, _ = disputed(both)
    for name, said in (("two", "no conflict on 'two'"), ("three", "no entry 'three'")):
        with pytest.raises(CannotSync, match=said):
            both.sync("folder", "one", name)
    assert both.library.open("one")["fields"]["answer"] == "Never." and "10 to 5" in path.read_text()


def test_a_draft_is_not_taken_for_what_the_editor_says(both: Both) -> None:
    path = both.write("a/one.md")
    both.sync()
    both.edit("one", status="draft", answer="Perhaps.")
    path.write_text(FILE.replace("9 to 5", "10 to 5"))
    [conflict] = Sync(both.engine, both.kb).plan().conflicts
    with pytest.raises(CannotSync, match="make it ready first"):
        Sync(both.engine, both.kb).settle("one", "editor", conflict.seen)
    Sync(both.engine, both.kb).settle("one", "folder", conflict.seen)
    assert both.same() and [both.library.version("one", one["number"]).entry.answer for one in both.library.versions("one")] == ["From 10 to 5.", "Perhaps.", "From 9 to 5."]


def test_a_decision_on_one_entry_archives_no_others_whose_files_are_gone(both: Both) -> None:
    disputed(both)
    more = [both.write(f"a/e{number}.md") for number in range(20)]
    both.sync()
    for one in more:
        one.unlink()
    with pytest.raises(CannotSync, match="20 of 22 files are gone"):
        both.sync("folder", "one")
    assert len(both.library.all()) == 22


def test_the_last_sync_is_noted_with_who_did_it(both: Both, tmp_path: Path) -> None:
    both.write("a/one.md")
    sync = Sync(both.engine, both.kb)
    assert sync.last() is None
    sync.run(sync.plan(), "Ada")
    told = sync.last()
    assert told is not None and told["by"] == "Ada" and told["folder"] == str(both.kb)


# What a kill leaves behind

def halfway(place: Path) -> None:
    """A library and a folder with every kind of change on either side."""
    both, picture = Both(place), io.BytesIO()
    for name in ("changed", "edited", "moved", "gone", "archived", "merged", "split"):
        both.write(f"a/{name}.md")
    both.sync()
    Image.new("RGB", (40, 30)).save(picture, "PNG")
    both.write("a/changed.md", FILE.replace("9 to 5", "10 to 5"))
    both.edit("edited", answer="Edited.")
    both.edit("moved", answer="Moved.", category="b")
    (both.kb / "a" / "gone.md").unlink()
    both.library.change(["archived"], "Ada", status="archived")
    both.write("a/merged.md", FILE.replace("9 to 5", "11 to 5"))
    both.edit("merged", owner="Ada")
    both.write("a/split.md", FILE.replace("9 to 5", "12 to 5"))
    both.edit("split", answer="Split.")
    both.write("a/fresh.md", FILE.replace("From 9 to 5.", "See ![a cup](img/cup.png)."))
    (both.kb / "a" / "img").mkdir()
    (both.kb / "a" / "img" / "cup.png").write_bytes(picture.getvalue())
    both.library.create(Article.parse({"id": "new", "question": "N?", "answer": "n", "category": "c"}, "x"), "Ada", "review")
    both.engine.dispose()


def stands(both: Both) -> tuple[dict[str, bytes], dict[str, Any]]:
    """All files, and all entries with every version that they ever had."""
    files = {str(path.relative_to(both.kb)): path.read_bytes() for path in both.kb.rglob("*") if path.is_file()}
    entries = both.library.page(limit=100)["entries"]
    return files, {one["id"]: (one["status"], [both.library.version(one["id"], version["number"]) for version in both.library.versions(one["id"])]) for one in entries}


def killed_before(place: Path, left: int) -> bool:
    """Syncs in a process of its own that ends, as by a kill, before it changes the file system or commits to the database
    for the time after `left`; whether it did."""
    if (child := os.fork()) == 0:
        with contextlib.suppress(BaseException):
            both = Both(place)

            def tick(*_: Any) -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    os._exit(9)

            def hear(event: str, args: tuple[Any, ...]) -> None:
                writes = event == "open" and str(args[0]).startswith(str(both.kb)) and args[1] and args[1][0] in "wax"
                if writes and not str(args[0]).endswith(".part"):
                    os._exit(1)  # a kill would leave half of it
                if writes or event in ("os.rename", "os.remove", "os.mkdir"):
                    tick()

            sync = Sync(both.engine, both.kb)
            made = sync.plan()
            sys.addaudithook(hear)
            sa.event.listen(both.engine, "commit", tick)
            sync.run(made)
            os._exit(0)
        os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9), status
    return status == 9


def test_a_kill_between_any_two_operations_loses_nothing(tmp_path: Path) -> None:
    halfway(tmp_path / "start")
    shutil.copytree(tmp_path / "start", tmp_path / "whole")
    whole = Both(tmp_path / "whole")
    assert whole.sync() == ["split"]
    for moment in itertools.count():
        place = shutil.copytree(tmp_path / "start", tmp_path / f"killed-{moment}")
        if not killed_before(place, moment):
            break
        both = Both(place)
        for path in both.kb.rglob("*.md"):  # each is whole, the old one or the new one
            assert Article.of_file(folder.fields(path), str(path)), (moment, path)
        assert both.sync() == ["split"] and stands(both) == stands(whole), moment
        assert Sync(both.engine, both.kb).plan().steps == []
        both.engine.dispose()
    assert moment > 30


def test_after_an_import_an_empty_folder_comes_in_step_also_after_a_kill(tmp_path: Path) -> None:
    start = Both(tmp_path / "start")
    for name in ("hours", "fax", "gone"):
        start.write(f"company/{name}.md")
    start.sync()
    start.library.take([one for one in start.library.all() if one.id != "gone"], "Ada", "imported", only=True)
    with pytest.raises(CannotSync, match="set FRONTDESK_KB to an empty folder"):
        start.sync()
    shutil.rmtree(start.kb)
    start.engine.dispose()
    for moment in itertools.count():
        place = shutil.copytree(tmp_path / "start", tmp_path / f"killed-{moment}")
        if not killed_before(place, moment):
            break
        both = Both(place)
        assert both.sync() == [] and both.same(), moment
        assert {path.stem for path in both.kb.rglob("*.md")} == {"hours", "fax"}
        assert Publications(both.engine, both.kb).plan().conflicts == [], "the folder is followed again"
        both.engine.dispose()
    assert moment > 5


class Killed(BaseException):
    pass


@pytest.mark.parametrize("seed", range(6))
def test_random_edits_on_both_sides_and_a_kill_between_any_two_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng, both = random.Random(seed), Both(tmp_path)
    for number in range(8):
        both.write(f"c{number % 3}/e{number}.md")
    both.sync()
    really = {name: getattr(Sync, name) for name in ("_to_library", "_to_folder", "_note")}
    for cycle in range(12):
        texts: list[tuple[str, str]] = []
        gone: set[str] = set()
        for _ in range(rng.randint(1, 6)):
            mark = f"w{cycle}-{rng.randrange(10**6)}"
            paths = sorted(both.kb.rglob("*.md"))
            entries = both.library.all()
            kind = rng.choice(["file", "file", "entry", "entry", "new file", "new entry", "no file", "no entry", "move"])
            if kind == "file" and paths:
                path = rng.choice(paths)
                if "phrasings:\n" in path.read_text():
                    texts.append((path.stem, mark))
                    path.write_text(path.read_text().replace("phrasings:\n", f"phrasings:\n  - {mark}\n"))
            elif kind == "entry" and entries:
                one = rng.choice(entries)
                texts.append((one.id, mark))
                both.edit(one.id, tests=[*one.entry.tests, mark])
            elif kind == "new file":
                both.write(f"c1/n{mark}.md")
            elif kind == "new entry":
                both.library.create(Article.parse({"id": f"m{mark}", "question": "X?", "answer": "y", "category": "c2"}, "x"), "Ada", "review")
            elif kind == "no file" and len(paths) > 4:
                gone.add((path := rng.choice(paths)).stem)
                path.unlink()
            elif kind == "no entry" and len(entries) > 4:
                gone.add(name := rng.choice(entries).id)
                both.library.change([name], "Ada", status="archived")
            elif kind == "move" and entries:
                both.edit(rng.choice(entries).id, category=f"c{rng.randrange(3)}")
        left = rng.randrange(8)

        def dying(name: str) -> Any:
            def step(self: Sync, *args: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    raise Killed
                return really[name](self, *args)
            return step

        for name in really:
            monkeypatch.setattr(Sync, name, dying(name))
        with contextlib.suppress(Killed):
            both.sync()
        for name, method in really.items():
            monkeypatch.setattr(Sync, name, method)
        for name in both.sync():
            # What is left is gone on one side and changed on the other.
            both.sync(rng.choice(["folder", "editor"]), name)
        assert both.same() and both.sync() == [] and Sync(both.engine, both.kb).plan().steps == []
        for name, mark in texts:
            there = {one.id: one for one in both.library.all()}
            # Who chooses a side loses what only the other had.
            assert name in gone or mark in [*there[name].entry.phrasings, *there[name].entry.tests], (name, mark)
