"""Articles, their versions and who may overwrite what; on SQLite, and on Postgres where it is installed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.database import open_database, writing
from bot.judgement import settling
from bot.library import publications, tables
from bot.library.article import Article
from bot.library.errors import Edited, NoSuchArticle, Overtaken, Taken, Unwritten
from bot.library.library import Library
from bot.library.publications import Publications
from bot.settings import Settings
from kb_index.entry import Entry
from kb_index.errors import BadEntry


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    return open_database(f"sqlite:///{tmp_path / 'kb.db'}")


@pytest.fixture
def library(engine: Any) -> Library:
    library = Library(engine)
    library.prepare()
    return library


@pytest.fixture
def ledger(engine: Any, library: Library) -> Iterator[Publications]:
    yield Publications(engine)


def article(name: str = "hours", question: str = "When are you open?", **more: Any) -> Article:
    entry = Entry(name, question, more.pop("answer", "From 9 to 5."), more.pop("category", "company"), more.pop("phrasings", ()))
    return Article(replace(entry, audience=more.pop("audience", "everyone")), **more)


def publish(ledger: Publications, ids: list[str] | None = None, snapshot: str = "s1", kind: str = "publish") -> list[str]:
    plan = ledger.plan(ids)
    ledger.finish(ledger.begin(plan, "mark-" + snapshot, "Ada", kind), snapshot, plan)
    return [entry.id for entry in plan.entries]


def test_two_editors_at_once_overwrite_nothing(library: Library) -> None:
    kept = library.create(article(), "Ada")
    with pytest.raises(Taken, match="'hours'"):
        library.create(article(), "Ben")
    library.save(article(answer="From 8 to 5."), kept["revision"], "Ada")
    with pytest.raises(Edited) as caught:
        library.save(article(answer="Never."), kept["revision"], "Ben")
    assert caught.value.now["fields"]["answer"] == "From 8 to 5." and caught.value.now["updated_by"] == "Ada"
    library.save(article(answer="Never."), caught.value.now["revision"], "Ben")
    assert [(v["by"], v["number"]) for v in library.versions("hours")] == [("Ben", 3), ("Ada", 2), ("Ada", 1)]
    assert library.version("hours", 2).entry.answer == "From 8 to 5."


def test_one_sitting_is_one_version_but_never_over_somebody_elses_or_a_live_one(library: Library, ledger: Publications) -> None:
    now = library.create(article(), "Ada")
    for number in range(4):
        now = library.save(article(answer=f"{number}"), now["revision"], "Ada")
    assert now["version"] == 2 and now["revision"] == 5
    now = library.save(article(answer="Ben's"), now["revision"], "Ben")
    now = library.save(article(answer="Ada's"), now["revision"], "Ada", status="review")
    assert now["version"] == 4
    publish(ledger)
    now = library.save(article(answer="after"), library.open("hours")["revision"], "Ada")
    assert now["version"] == 5 and now["status"] == "draft" and now["published"]["answer"] == "Ada's"
    again = library.save(article(answer="after"), now["revision"], "Ada")
    assert again["version"] == 5, "a save without a change made a version"
    back = library.restore("hours", 2, again["revision"], "Ada")
    assert back["version"] == 6 and back["fields"]["answer"] == "3"


def test_what_undoes_all_that_a_sitting_changed_is_live_again_as_it_stands(library: Library, ledger: Publications) -> None:
    now = library.create(article(), "Ada", status="review")
    publish(ledger)
    now = library.save(article(answer="From 8."), library.open("hours")["revision"], "Ada")
    assert (now["version"], now["status"]) == (2, "draft")
    now = library.save(article(), now["revision"], "Ada")
    assert (now["version"], now["status"], now["live"]) == (1, "published", 1)
    assert [v["number"] for v in library.versions("hours")] == [1] and ledger.pending() == {"pending": [], "ready": 0, "total": 0}
    now = library.save(article(answer="From 7."), now["revision"], "Ada")
    assert (now["version"], now["status"]) == (2, "draft")
    back = library.save(article(), now["revision"], "Ben")
    assert (back["version"], back["status"]) == (3, "draft"), "another one's words were taken away"
    assert [r["id"] for r in library.page(search="From 7")["entries"]] == []


@pytest.mark.parametrize("again", [None, "draft", "review"])
def test_what_is_live_as_it_stands_waits_for_no_publish(
    library: Library, ledger: Publications, monkeypatch: pytest.MonkeyPatch, again: str | None
) -> None:
    """Also where it had been made ready before its words were taken back, and where it is archived and brought back."""
    monkeypatch.setattr(publications, "today", lambda: "2999-02-01")
    offer = article("offer", valid_from="2999-02-01")
    library.create(offer, "Ada", status="review")
    publish(ledger)
    now = library.save(replace(offer, owner="Ada"), library.open("offer")["revision"], "Ada", status="review")
    assert (now["version"], now["status"]) == (2, "review") and ledger.due()[1] == ["offer"]
    now = library.save(offer, now["revision"], "Ada", status=again)
    assert (now["version"], now["status"]) == (1, "published") and ledger.due()[1] == []
    now = library.save(offer, now["revision"], "Ada", status="archived")
    assert library.save(offer, now["revision"], "Ada", status="draft")["status"] == "published"


def test_a_day_brings_nothing_that_is_live_already(library: Library, ledger: Publications, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publications, "today", lambda: "2999-02-01")
    library.create(article("offer", valid_from="2999-02-01"), "Ada", status="review")
    publish(ledger)
    with library._engine.begin() as connection:  # as an earlier version could leave it
        connection.exec_driver_sql("UPDATE kb_article SET status = 'review'")
    assert ledger.due()[1] == []


def test_what_a_publish_has_read_is_not_written_over(library: Library, ledger: Publications) -> None:
    library.create(article(), "Ada", status="review")
    now = library.save(article(answer="From 8."), library.open("hours")["revision"], "Ada")
    plan = ledger.plan()
    now = library.save(article(answer="From 7."), now["revision"], "Ada")
    with pytest.raises(Overtaken, match="hours was changed while the publish began"):
        ledger.begin(plan, "mark", "Ada", "publish")
    assert ledger.begun() == 0
    plan = ledger.plan()
    seq = ledger.begin(plan, "mark", "Ada", "publish")
    now = library.save(article(answer="From 6."), now["revision"], "Ada")
    ledger.finish(seq, "s1", plan)
    now = library.open("hours")
    assert (now["live"], now["version"], now["published"]["answer"]) == (2, 3, "From 7.")
    assert [e.answer for e in ledger.plan(()).entries] == ["From 7."]


def test_what_is_live_and_every_way_back(library: Library, ledger: Publications) -> None:
    for name in ("hours", "returns", "login"):
        library.create(article(name, f"{name}?"), "Ada", status="review")
    assert publish(ledger) == ["hours", "returns", "login"]
    assert ledger.pending() == {"pending": [], "ready": 0, "total": 0}
    now = library.open("returns")
    library.save(article("returns", "returns?", answer="new"), now["revision"], "Ada")
    library.change(["login"], "Ada", status="archived")
    assert {row["id"]: row["change"] for row in ledger.pending()["pending"]} == {"returns": "changed", "login": "withdrawn"}
    assert [e.answer for e in ledger.plan(()).entries] == ["From 9 to 5."] * 3, "a draft is live"
    assert publish(ledger, ["returns", "login"], "s2") == ["hours", "returns"]
    assert library.open("login")["live"] is None
    seq = ledger.roll_back("s1", "Ben")
    assert seq and [e.answer for e in ledger.plan(()).entries] == ["From 9 to 5."] * 3
    assert library.open("returns")["fields"]["answer"] == "new", "the way back lost a draft"
    ledger.roll_back("s2", "Ben")
    assert [(e.id, e.answer) for e in ledger.plan(()).entries] == [("hours", "From 9 to 5."), ("returns", "new")]
    assert [p["kind"] for p in ledger.history()] == ["rollback", "rollback", "publish", "publish"]
    assert ledger.roll_back("never", "Ben") is None


def test_what_is_ready_is_listed_before_any_draft_and_all_is_counted(library: Library, ledger: Publications) -> None:
    library.take([article(f"old-{n}") for n in range(600)], "Ada", "imported", only=False)
    publish(ledger)
    library.take([article(f"new-{n}") for n in range(500)], "Ada", "imported", only=True)
    library.take([article(f"draft-{n}") for n in range(300)], "Ada", "imported", only=False)
    library.change([f"draft-{n}" for n in range(300)], "Ada", status="draft")
    told = ledger.pending()
    assert (len(told["pending"]), told["ready"], told["total"]) == (1000, 1100, 1400)
    assert {row["status"] for row in told["pending"]} == {"review", "archived"}
    publish(ledger, snapshot="s2")
    told = ledger.pending()
    assert (len(told["pending"]), told["ready"], told["total"]) == (300, 0, 300)


def test_a_death_in_the_middle_is_settled_by_what_serves(library: Library, ledger: Publications) -> None:
    library.create(article(), "Ada", status="review")
    plan = ledger.plan()
    ledger.begin(plan, "lost", "Ada", "publish")
    ledger.begin(plan, "serves", "Ada", "publish")
    assert library.open("hours")["live"] is None and ledger.begun() == 2
    assert "written down" in "".join(ledger.recover("serves", "s9").split("not "))
    assert library.open("hours")["live"] == 1 and ledger.begun() == 0
    assert [(p["snapshot"]) for p in ledger.history()] == ["s9"]


def test_what_another_home_has_begun_is_its_own_to_settle(
    engine: Any, library: Library, tmp_path: Path, on: Callable[[str], None]
) -> None:
    """Machines with one database, each with a home and a lock of its own."""
    for home in (tmp_path / "here", tmp_path / "there"):
        home.mkdir()
    here, there = Publications(engine, home=tmp_path / "here"), Publications(engine, home=tmp_path / "there")
    library.create(article(), "Ada", status="review")
    on("2999-03-03")
    plan = here.plan()
    seq = here.begin(plan, "mark", "Ada", "publish")
    there.drop(there.begin(plan, "mark", "Ben", "publish"))
    assert (here.begun(), there.begun()) == (1, 0) and not there.recover("mark", "s1")
    here.finish(seq, "s2", plan)
    assert [one["snapshot"] for one in there.history()] == ["s2"]
    lost = here.begin(plan, "mark", "Ada", "publish")
    on("2999-03-05")
    # Who began it may never come back.
    assert there.begun() == 1 and not there.recover("another mark", "s3") and there.begun() == here.begun() == 0
    with pytest.raises(Unwritten, match="publish again"):
        here.finish(lost, "s4", plan)
    assert here.snapshots() == {"s2"} and library.open("hours")["live"] == 1
    assert Publications(engine, home=tmp_path / "here")._place() == here._place() != there._place() != ""


def test_two_homes_take_in_the_same_files_at_once(engine: Any, library: Library, tmp_path: Path) -> None:
    file = tmp_path / "kb" / "hours.md"
    file.parent.mkdir()
    here, there = Publications(engine, file.parent), Publications(engine, file.parent)
    for version, answer in enumerate(("From 9.", "From 8."), 1):
        file.write_text(f"---\nquestion: When are you open?\n---\n{answer}\n")
        plans = here.plan(()), there.plan(())
        for ledger, plan in zip((here, there), plans, strict=True):
            ledger.finish(ledger.begin(plan, "mark", "", "set-up"), f"s{version}", plan)
        now = library.open("hours")
        assert (now["version"], now["live"], now["status"]) == (version, version, "published")


def test_the_folder_is_followed_until_both_have_changed(engine: Any, library: Library, tmp_path: Path) -> None:
    kb = tmp_path / "kb"
    (kb / "company").mkdir(parents=True)
    file = kb / "company" / "hours.md"
    file.write_text("---\nquestion: When are you open?\naudience: everyone\n---\nFrom 9 to 5.\n")
    (kb / "company" / "gone.md").write_text("---\nquestion: Gone?\n---\nYes.\n")
    ledger = Publications(engine, kb)
    assert sorted(publish(ledger, [], kind="set-up")) == ["gone", "hours"]
    assert ledger.plan(()).changes == [] and library.open("hours")["status"] == "published"
    file.write_text(file.read_text().replace("9", "8"))
    (kb / "company" / "gone.md").unlink()
    assert publish(ledger, [], "s2", "set-up") == ["hours"]
    assert library.open("hours")["published"]["answer"] == "From 8 to 5."
    now = library.open("hours")
    library.save(article(answer="Ask Ada."), now["revision"], "Ada")
    assert ledger.plan(()).changes == [], "an editor's change was undone by an unchanged file"
    file.write_text(file.read_text().replace("8", "7"))
    plan = ledger.plan(())
    assert plan.changes == [] and "hours" in plan.conflicts[0]
    file.write_text("---\nquestion: When are you open?\n---\nAsk Ada.\n")
    assert ledger.plan(()).conflicts == []


@pytest.fixture
def followed(engine: Any, tmp_path: Path) -> Publications:
    """A ledger that follows a folder of two entries, nothing of it published."""
    kb = tmp_path / "kb" / "company"
    kb.mkdir(parents=True)
    for name in ("hours", "fax"):
        (kb / f"{name}.md").write_text(f"---\nquestion: What of {name}?\n---\nFrom 9 to 5.\n")
    return Publications(engine, kb.parent)


@pytest.mark.parametrize("before", [False, True])
def test_an_import_during_a_publish_wins(library: Library, followed: Publications, before: bool) -> None:
    """Also where the folder was live `before`, and both change the same entry."""
    if before:
        publish(followed, [], "s1", "set-up")
        file = followed._kb / "company" / "hours.md"  # type: ignore[operator]
        file.write_text(file.read_text().replace("9", "8"))
        kept = library.open("fax")
        library.save(article("fax", answer="By fax."), kept["revision"], "Ada", status="review")
    plan = followed.plan()
    seq = followed.begin(plan, "mark", "Ada", "publish")
    library.take([article("hours", answer="Imported."), article("teeth")], "Ben", "imported", only=True)
    followed.finish(seq, "s2", plan)
    with library._engine.begin() as connection:
        assert not connection.exec_driver_sql("SELECT id FROM kb_article WHERE synced != ''").all(), "in step with what was left"
    assert {entry.id for entry in followed.plan(()).entries} == {"hours", "fax"}, "the ledger says what serves"
    assert {entry.id: entry.answer for entry in followed.plan().entries} == {"hours": "Imported.", "teeth": "From 9 to 5."}
    publish(followed, snapshot="s3")
    assert {entry.id for entry in followed.plan().entries} == {"hours", "teeth"} and followed.plan().changes == []
    assert library.open("hours")["published"]["answer"] == "Imported." and library.open("fax")["status"] == "archived"
    followed.roll_back("s2", "Ada")
    assert {entry.id: entry.answer for entry in followed.plan(()).entries} == {entry.id: entry.answer for entry in plan.entries}


def test_an_editors_save_during_a_publish_stays(library: Library, followed: Publications) -> None:
    publish(followed, [], "s1", "set-up")
    file = followed._kb / "company" / "hours.md"  # type: ignore[operator]
    file.write_text(file.read_text().replace("9", "8"))
    plan = followed.plan(())
    seq = followed.begin(plan, "mark", "Ada", "publish")
    library.save(article(answer="Ada's"), library.open("hours")["revision"], "Ada")
    followed.finish(seq, "s2", plan)
    now = library.open("hours")
    assert (now["fields"]["answer"], now["published"]["answer"], now["status"]) == ("Ada's", "From 8 to 5.", "draft")


def test_a_death_before_files_were_written_down_leaves_them_to_the_folder(library: Library, followed: Publications) -> None:
    publish(followed, [], "s1", "set-up")
    file = followed._kb / "company" / "hours.md"  # type: ignore[operator]
    file.write_text(file.read_text().replace("9", "8"))
    plan = followed.plan()
    followed.begin(plan, "serves", "Ada", "publish")
    followed.recover("serves", "s2")
    again = followed.plan()
    assert (again.entries, again.changes) == (plan.entries, plan.changes)


@pytest.mark.parametrize("died", [False, True])
@pytest.mark.parametrize("returns", ["as it was", "changed", "after an edit"])
def test_a_file_that_was_away_for_a_publish_is_live_again(library: Library, followed: Publications, returns: str, died: bool) -> None:
    publish(followed, [], "s1", "set-up")
    file = followed._kb / "company" / "fax.md"  # type: ignore[operator]
    text = file.read_text()
    file.unlink()
    if died:
        followed.begin(followed.plan(()), "serves", "Ada", "publish")
        followed.recover("serves", "s2")
    else:
        publish(followed, [], "s2", "set-up")
    now = library.open("fax")
    assert (now["live"], now["status"]) == (None, "draft") and followed.plan(()).changes == []
    if returns == "after an edit":
        library.save(article("fax", answer="By fax."), now["revision"], "Ada")
    file.write_text(text.replace("9", "8") if returns == "changed" else text)
    if returns == "after an edit":
        assert followed.plan(()).changes == [] and followed.plan(()).conflicts[0].startswith("fax: the file and the entry")
        return
    assert publish(followed, [], "s3", "set-up") == ["fax", "hours"]
    number = 1 + (returns == "changed")
    now = library.open("fax")
    assert (now["live"], now["version"], now["status"]) == (number, number, "published")
    assert (again := followed.plan(())).changes == [] and again.marks == {}
    followed.roll_back("s2", "Ada")
    assert followed.plan(()).changes == [], "the folder undid the way back"


def test_a_file_of_a_later_day_takes_nothing_away_before_it(
    library: Library, followed: Publications, on: Callable[[str], None]
) -> None:
    file = followed._kb / "company" / "hours.md"  # type: ignore[operator]
    now = file.read_text()
    on("2999-03-01")
    publish(followed, [], "s1", "set-up")
    file.write_text(now.replace("question", "valid_from: 2999-03-04\nquestion").replace("9 to", "8 to"))
    plan = followed.plan(())
    assert (plan.changes, plan.waiting, [entry.id for entry in plan.entries]) == ([], ["hours"], ["fax", "hours"])
    publish(followed, [], "s2", "set-up")
    kept = library.open("hours")
    assert (kept["live"], kept["version"], kept["status"], followed.due()) == (1, 2, "review", (False, []))
    plan = followed.plan()
    assert (plan.changes, plan.waiting, plan.marks) == ([], ["hours"], {})
    on("2999-03-04")
    assert followed.due() == (False, ["hours"]) and followed.plan(["hours"]).entries[1].answer == "From 8 to 5."
    on("2999-03-03")
    file.unlink()
    assert publish(followed, [], "s3", "set-up") == ["fax"]
    on("2999-03-04")
    assert followed.due() == (False, []), "a file that is gone comes back on its day"


def test_what_an_editor_writes_while_a_file_is_taken_in_for_a_later_day_stays(library: Library, followed: Publications) -> None:
    publish(followed, [], "s1", "set-up")
    file = followed._kb / "company" / "hours.md"  # type: ignore[operator]
    file.write_text(file.read_text().replace("question", "valid_from: 2999-03-04\nquestion"))
    plan = followed.plan(())
    seq = followed.begin(plan, "mark", "Ada", "publish")
    library.save(article(answer="Ada's"), library.open("hours")["revision"], "Ada")
    followed.finish(seq, "s2", plan)
    now = library.open("hours")
    assert (now["fields"]["answer"], now["published"]["answer"], now["status"]) == ("Ada's", "From 9 to 5.", "draft")
    assert followed.plan(()).conflicts[0].startswith("hours: the file and the entry have both been changed")


def test_what_is_live_stays_where_half_the_files_are_gone(
    library: Library, followed: Publications, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kb = tmp_path / "kb"
    for number in range(18):
        (kb / "company" / f"e{number}.md").write_text(f"---\nquestion: What of {number}?\n---\nThis.\n")
    publish(followed, [], "s1", "set-up")
    for number in range(11):
        (kb / "company" / f"e{number}.md").unlink()
    (kb / "company" / "new.md").write_text("---\nquestion: New?\n---\nYes.\n")
    for lost in ("11 of 20", "20 of 20", "20 of 20"):
        plan = followed.plan()
        assert (plan.changes, plan.marks, len(plan.entries)) == ([], {}, 20)
        assert plan.conflicts[0].startswith(f"{lost} files are gone from {kb}, ")
        settings = Settings(home=tmp_path, kb=kb, database_url=f"sqlite:///{tmp_path / 'kb.db'}")
        caplog.clear()
        assert settling.is_current(settings) and f"{lost} files are gone" in caplog.text
        for path in (kb / "company").glob("*.md"):
            path.unlink()
        if lost == "20 of 20" and kb.exists():
            shutil.rmtree(kb)


def test_a_broken_file_keeps_no_start_from_serving_what_is_live(
    library: Library, followed: Publications, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = followed._kb / "company" / "new.md"  # type: ignore[operator]
    broken.write_text("---\nquestion: New?\nvalid_until: 2026-02-30\n---\nYes.\n")
    with pytest.raises(BadEntry, match=r"new\.md:3"):
        publications.planned(followed)
    broken.rename(tmp_path / "new.md")
    publish(followed, [], "s1", "set-up")
    (tmp_path / "new.md").rename(broken)
    plan = publications.planned(followed)
    assert (plan.changes, plan.marks, [entry.id for entry in plan.entries]) == ([], {}, ["fax", "hours"])
    settings = Settings(home=tmp_path, kb=tmp_path / "kb", database_url=f"sqlite:///{tmp_path / 'kb.db'}")
    assert settling.is_current(settings) and "new.md:3" in caplog.text
    with pytest.raises(BadEntry, match=r"new\.md:3"):
        followed.plan()  # who publishes is told


def test_only_what_is_of_today_goes_out(library: Library, ledger: Publications) -> None:
    for name, more in {"all": {}, "staff": {"audience": "agents"}, "known": {"audience": "verified"},
                       "soon": {"valid_from": "2030-01-02"}, "over": {"valid_until": "2029-12-31"}}.items():
        library.create(article(name, f"{name}?", **more), "Ada", status="review")
    assert [e.id for e in ledger.plan(None, "2030-01-01").entries] == ["all", "staff", "known"]
    assert [e.id for e in ledger.plan(None, "2030-01-02").entries] == ["all", "staff", "known", "soon"]
    assert [e.id for e in ledger.plan(None, "2029-12-31").entries] == ["all", "staff", "known", "over"]


def test_a_day_brings_what_was_ready_for_it_and_takes_what_is_over(
    library: Library, ledger: Publications, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on(day: str) -> tuple[bool, list[str]]:
        monkeypatch.setattr(publications, "today", lambda: day)
        return ledger.due()

    library.create(article("always", "Always?"), "Ada", status="review")
    library.create(article("offer", "Offer?", valid_until="2999-03-01"), "Ada", status="review")
    assert publish(ledger) == ["always", "offer"] and on("2999-03-01") == (False, [])
    assert on("2999-03-02") == (True, [])
    # The newest version says otherwise, but what is live is what is over.
    library.save(article("offer", "Offer?"), library.open("offer")["revision"], "Ada")
    assert on("2999-03-02") == (True, [])
    kept = library.open("always")
    library.save(article("always", "Always?", answer="From 8 to 5.", valid_from="2999-02-01"), kept["revision"], "Ada", status="review")
    plan = ledger.plan(None, "2999-01-31")
    assert plan.changes == [] and plan.waiting == ["always"] and plan.entries[0].answer == "From 9 to 5."
    assert on("2999-01-31") == (False, []) and on("2999-02-01") == (False, ["always"])
    assert ledger.plan(["always"], "2999-02-01").entries[0].answer == "From 8 to 5."
    # Made ready when it held already: nobody has asked for a day.
    library.create(article("new", "New?", valid_from="2020-01-01"), "Ada", status="review")
    assert on("2999-02-01") == (False, ["always"])


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the ledger's clock to noon of a day."""
    def on(day: str) -> None:
        noon = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
        clock = SimpleNamespace(time=lambda: noon, strftime=time.strftime, gmtime=time.gmtime)
        monkeypatch.setattr(publications, "time", clock)
        monkeypatch.setattr(publications, "today", lambda: day)
    return on


def test_going_back_past_a_day_brings_what_it_took_only_until_the_calendar_looks(
    library: Library, ledger: Publications, on: Callable[[str], None]
) -> None:
    for name, more in {"always": {}, "offer": {"valid_until": "2999-03-03"}, "soon": {"valid_from": "2999-03-04"}}.items():
        library.create(article(name, f"{name}?", **more), "Ada", status="review")
    on("2999-03-02")
    assert publish(ledger, snapshot="tuesday") == ["always", "offer"]
    on("2999-03-04")
    assert ledger.due()[0] and publish(ledger, [], "thursday", "schedule") == ["always", "soon"]
    on("2999-03-05")
    assert not ledger.due()[0]
    ledger.roll_back("tuesday", "Ada")
    assert ledger.due()[0], "an offer that is over is given for ever, and what holds is not"
    publish(ledger, [], "friday", "schedule")
    assert not ledger.due()[0]
    ledger.roll_back("thursday", "Ada")
    assert not ledger.due()[0], "nothing came or went since"


def test_a_publish_that_measures_over_midnight_is_of_the_day_on_which_it_looked(
    library: Library, ledger: Publications, on: Callable[[str], None]
) -> None:
    library.create(article("offer", "Offer?", valid_until="2999-03-03"), "Ada", status="review")
    on("2999-03-03")
    plan = ledger.plan()
    on("2999-03-04")
    ledger.finish(ledger.begin(plan, "mark", "", "set-up"), "s1", plan)
    assert ledger.due()[0]


def test_lists_find_by_words_and_filters(library: Library) -> None:
    library.take([article(f"e{n}", f"Question {n} about parcels?", category="a" if n % 2 else "b", phrasings=("my Größe",))
                  for n in range(60)], "Ada", "imported", only=False)
    assert library.page(limit=10)["total"] == 60 and len(library.page(limit=10, offset=55)["entries"]) == 5
    assert library.page("parc", {"category": "a"})["total"] == 30
    assert library.page("question 17")["entries"][0]["id"] == "e17"
    assert library.page("grosse")["total"] in (0, 60) and library.page("größe")["total"] == 60
    assert library.page('"; drop table kb_article; --')["total"] == 0
    assert library.page("* OR NEAR(")["total"] == 0
    assert library.facets()["category"] == {"a": 30, "b": 30}
    assert library.page(filters={"look": "unused"})["total"] == 0
    library.change(["e1", "e2"], "Ben", owner="Ben", category="c")
    assert library.page(filters={"owner": "Ben", "category": "c"})["total"] == 2
    assert library.page("parcels", {"category": "c"})["total"] == 2


def test_an_export_has_of_a_draft_only_what_is_live(library: Library, ledger: Publications) -> None:
    library.create(article(), "Ada", "review")
    publish(ledger)
    library.save(article(answer="TODO ask legal"), library.open("hours")["revision"], "Ada")
    library.create(article("fax"), "Ada")
    library.create(article("teeth"), "Ada", "review")
    assert [(one.id, one.entry.answer[:6]) for one in library.all(drafts=False)] == [("hours", "From 9"), ("teeth", "From 9")]
    assert [(one.id, one.entry.answer[:4]) for one in library.all()] == [("hours", "TODO"), ("fax", "From"), ("teeth", "From")]


def test_words_that_no_spaces_part_are_found(engine: Any, library: Library) -> None:
    library.create(article("zh", question="如何退货？", answer="您可以在30天内退货。"), "Ada")
    library.create(article("th", question="คืนสินค้าได้ไหม"), "Ada")
    for search, ids in (("退货", ["zh"]), ("30", ["zh"]), ("天内", ["zh"]), ("货退", []), ("สินค้า", ["th"])):
        assert [one["id"] for one in library.page(search)["entries"]] == ids, search
    with writing(engine) as connection:
        connection.exec_driver_sql("DELETE FROM kb_words")
        connection.exec_driver_sql("UPDATE schema_version SET version = 7 WHERE part = 'library'")
    library.prepare()
    assert [one["id"] for one in library.page("退货")["entries"]] == ["zh"]


def test_what_customers_asked_goes_from_reports_of_before(engine: Any, library: Library, ledger: Publications) -> None:
    library.create(article("a", "a?"), "Ada", "review")
    publish(ledger)
    [seq] = [one["seq"] for one in ledger.history()]
    told = {"lost": [{"text": "as a test", "source": "test"}, {"text": "as asked", "source": "real"}],
            "changed": [{"text": "as kept", "source": "judged"}], "counts": {"lost": 2, "changed": 1}}
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version = 8 WHERE part = 'library'")
        connection.execute(tables.publications.update().values(report=json.dumps(told)))
    library.prepare()
    kept = ledger.report(seq)
    assert kept and kept["report"] == {**told, "lost": told["lost"][:1], "changed": []}


def test_an_import_is_taken_whole_and_says_what_it_did(library: Library, ledger: Publications) -> None:
    assert library.take([article("a", "a?"), article("b", "b?")], "Ada", "imported", only=False)["new"] == 2
    publish(ledger)
    told = library.take([article("a", "a?"), article("c", "c?")], "Ada", "imported", only=True)
    assert told == {"new": 1, "changed": 0, "same": 1, "archived": 1}
    assert [e.id for e in ledger.plan().entries] == ["a", "c"] and library.note("folder") == "off"
    assert [e.id for e in ledger.plan(()).entries] == ["a", "b"], "an import went live by itself"

    def broken() -> Iterator[Article]:
        yield article("d", "d?")
        raise BadEntry("x")

    with pytest.raises(BadEntry):
        library.take(broken(), "Ada", "imported", only=False)
    with pytest.raises(NoSuchArticle):
        library.open("d")


def test_what_was_imported_before_there_was_a_library_is_live(engine: Any) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE kb_entries (id text, position int, version text, body text)"))
        connection.execute(sa.text("INSERT INTO kb_entries VALUES ('a', 0, 'v', :body)"),
                           {"body": '{"id": "a", "question": "a?", "answer": "b", "phrasings": ["c"]}'})
    library = Library(engine)
    library.prepare()
    library.prepare()
    assert library.open("a")["status"] == "published" and library.note("folder") == "off"
    assert [e.phrasings for e in Publications(engine).plan(()).entries] == [("c",)]


@pytest.mark.parametrize(("field", "value", "told"), [
    ("audience", "friends", "one of everyone"), ("valid_from", "tomorrow", "write it as"), ("language", "englisch!", "language tag"),
    ("owner", "a\nb", "one line"), ("colour", "red", "no field 'colour'"), ("question", "", "question is empty"),
])
def test_fields_that_cannot_be(field: str, value: str, told: str) -> None:
    with pytest.raises(BadEntry, match=told):
        Article.parse({**article().fields(), field: value}, "here")
    assert Article.parse(article().fields(), "here") == article()
    assert replace(article(), owner="x").mark != article().mark


def test_comments(library: Library) -> None:
    library.create(article(), "Ada")
    library.comment("hours", "Is this still so?", "Ben")
    [comment] = library.comments("hours")
    assert library.open("hours")["comments"] == 1
    library.settle_comment("hours", comment["id"], True)
    assert library.open("hours")["comments"] == 0 and library.comments("hours")[0]["done"]
    with pytest.raises(NoSuchArticle):
        library.settle_comment("hours", 99, True)
