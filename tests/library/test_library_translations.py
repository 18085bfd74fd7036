"""Translations in the library: what can be one, which are out of date, and what goes live with what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.database import open_database
from bot.library.article import Article
from bot.library.library import Library
from bot.library.publications import Publications
from kb_index.errors import BadEntry


def article(name: str, **more: Any) -> Article:
    return Article.parse({"id": name, "question": f"{name}?", "answer": f"{name}.", **more}, name)


def german(name: str = "hours-de", of: str = "hours", **more: Any) -> Article:
    return article(name, **{"language": "de", "translation_of": of, **more})


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(open_database(f"sqlite:///{tmp_path / 'kb.db'}"))
    library.prepare()
    library.create(article("hours"), "Ada")
    return library


def ids(library: Library, look: str) -> list[str]:
    return [row["id"] for row in library.page(filters={"look": look}, sort="oldest")["entries"]]


@pytest.mark.parametrize(("fields", "said"), [
    ({"translation_of": "gone", "language": "de"}, "no such entry"), ({"translation_of": "hours"}, "of no language"),
    ({"translation_of": "x", "language": "de"}, "of itself"), ({"translation_of": "hours-de", "language": "fr"}, "'hours'"),
    ({"translation_of": "hours", "language": "DE"}, "'hours-de'"), ({"translation_of": ["hours"], "language": "fr"}, "no line"),
])
def test_what_cannot_be_a_translation(library: Library, fields: dict[str, Any], said: str) -> None:
    library.create(german(), "Ada")
    with pytest.raises(BadEntry, match=said):
        library.create(article("x", **fields), "Ada")
    with pytest.raises(BadEntry, match=said):
        library.take([article("x", **fields)], "Ada", "", only=False)


def test_an_original_stays_one(library: Library) -> None:
    library.create(german(), "Ada")
    library.create(article("other"), "Ada")
    kept = library.open("hours")
    with pytest.raises(BadEntry, match="has translations itself"):
        library.save(article("hours", language="en", translation_of="other"), kept["revision"], "Ada")
    with pytest.raises(BadEntry, match="'hours-de' is in de too"):
        library.save(article("hours", language="de"), kept["revision"], "Ada")
    library.change(["hours-de"], "Ada", status="archived")
    library.create(german("anew"), "Ada")  # the place of one that is archived is free


def test_one_that_gave_its_place_up_does_not_take_it_back(library: Library) -> None:
    library.create(german(), "Ada")
    library.change(["hours-de"], "Ada", status="archived")
    library.create(german("anew"), "Ada")
    for status in ("review", "draft"):
        with pytest.raises(BadEntry, match="hours-de: 'hours' has a translation in de already, 'anew'"):
            library.change(["hours-de"], "Ada", status=status)
    # Of many, all are changed or none.
    with pytest.raises(BadEntry, match=r"^hours-de: "):
        library.change(["hours", "hours-de"], "Ada", status="review")
    assert library.open("hours")["status"] == "draft"
    library.change(["hours-de"], "Ada", category="shops")
    assert library.open("hours-de")["status"] == "archived"
    library.change(["anew"], "Ada", status="archived")
    assert library.change(["hours-de"], "Ada", status="review") == ["hours-de"]


def test_a_translation_is_out_of_date_until_it_is_written_anew_or_somebody_says_that_it_fits(library: Library) -> None:
    kept = library.create(german(), "Ada")
    assert not kept["outdated"] and kept["original"] == {"id": "hours", "question": "hours?", "language": ""}
    before = library.open("hours")
    assert [(one["id"], one["language"], one["outdated"]) for one in before["translations"]] == [("hours-de", "de", False)]
    now = library.save(article("hours", category="company", phrasings=["open?"]), before["revision"], "Ada")
    assert ids(library, "outdated") == [], "what is not said again has changed"
    now = library.save(article("hours", answer="From 8."), now["revision"], "Ada")
    assert ids(library, "outdated") == ["hours-de"] and now["translations"][0]["outdated"]
    kept = library.save(german(owner="Ben"), kept["revision"], "Ada")
    assert kept["outdated"], "another owner is no new text"
    kept = library.save(german(answer="Ab 8."), kept["revision"], "Ada")
    assert not kept["outdated"] and ids(library, "outdated") == []
    library.save(article("hours", answer="From 9."), now["revision"], "Ada")
    assert library.open("hours-de")["outdated"]
    assert not library.follow("hours-de")["outdated"] and ids(library, "outdated") == []


def test_a_library_of_before_translations_knows_what_its_entries_say_when_they_get_one(library: Library) -> None:
    with library._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE kb_article SET said = ''")
    library.create(german(), "Ada")
    kept = library.open("hours")
    library.save(article("hours", category="company"), kept["revision"], "Ada")
    assert ids(library, "outdated") == []


def test_what_has_no_translation_yet(library: Library) -> None:
    library.create(article("returns"), "Ada")
    assert ids(library, "untranslated") == [] and library.page()["languages"] == []
    library.create(german(), "Ada")
    assert ids(library, "untranslated") == ["returns"] and library.page()["languages"] == ["de"]
    library.create(article("returns-fr", language="fr", translation_of="returns"), "Ada")
    assert ids(library, "untranslated") == ["hours", "returns"] and library.page(search="hours")["languages"] == ["de", "fr"]


def test_an_import_brings_both_in_any_order_and_back(library: Library) -> None:
    told: Sequence[Article] = [german("shut-de", "shut"), article("shut")]
    assert library.take(told, "Ada", "", only=False)["new"] == 2
    assert not library.open("shut-de")["outdated"]
    library.take([article("shut", answer="Never.")], "Ada", "", only=False)
    assert ids(library, "outdated") == ["shut-de"]
    assert {one.id: one.translation_of for one in library.all()}["shut-de"] == "shut"
    with pytest.raises(BadEntry, match="no such entry"):
        library.compare([german("shut-de", "shut")], only=True)  # the original would be archived


def test_a_translation_goes_with_its_original(library: Library) -> None:
    ledger = Publications(library._engine)
    library.create(german(), "Ada")
    library.change(["hours", "hours-de"], "Ada", status="review")
    plan = ledger.plan()
    ledger.finish(ledger.begin(plan, "m", "Ada", "publish"), "s1", plan)
    assert [entry.id for entry in ledger.live()] == ["hours", "hours-de"]
    library.change(["hours"], "Ada", status="archived")
    plan = ledger.plan()
    assert plan.entries == []
    ledger.finish(ledger.begin(plan, "m2", "Ada", "publish"), "s2", plan)
    assert ledger.live() == [], "a translation is live without its original"
    assert library.all() == [], "no import takes a translation of nothing"


def test_nothing_is_ready_whose_original_is_archived(library: Library) -> None:
    kept = library.create(german(), "Ada")
    library.change(["hours"], "Ada", status="archived")
    for make in (lambda: library.change(["hours-de"], "Ada", status="review"),
                 lambda: library.save(german(answer="Ab 8."), kept["revision"], "Ada", "review"),
                 lambda: library.create(german("hours-fr", language="fr"), "Ada", "review")):
        with pytest.raises(BadEntry, match="'hours', which it translates, is archived; bring that back first"):
            make()
    library.save(german(answer="Ab 8."), kept["revision"], "Ada")
    assert library.change(["hours-de", "hours"], "Ada", status="review") == ["hours-de", "hours"]


def test_files_of_a_folder_are_translations_too(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "kb"
    (folder / "c").mkdir(parents=True)
    (folder / "c" / "a.md").write_text("---\nquestion: A?\n---\nOne.")
    (folder / "c" / "a-de.md").write_text("---\nquestion: Ah?\nlanguage: de\ntranslation_of: a\n---\nEins.")
    ledger = Publications(library._engine, folder)

    def publish() -> None:
        plan = ledger.plan(())
        ledger.finish(ledger.begin(plan, "m", "", "set-up"), "s", plan)

    publish()
    assert library.open("a-de")["original"]["id"] == "a" and not library.open("a-de")["outdated"]
    (folder / "c" / "a.md").write_text("---\nquestion: A?\n---\nTwo.")
    publish()
    assert ids(library, "outdated") == ["a-de"]
    (folder / "c" / "a-de.md").write_text("---\nquestion: Ah?\nlanguage: de\ntranslation_of: b\n---\nZwei.")
    with pytest.raises(BadEntry, match="a-de: it is a translation of 'b'"):
        publish()
    (folder / "c" / "a-de.md").write_text("---\nquestion: Ah?\nlanguage: de\ntranslation_of: a\n---\nZwei.")
    (folder / "c" / "a.md").unlink()
    library.change(["a"], "Ada", status="archived")
    [said] = ledger.plan(()).conflicts
    assert said.startswith("a-de: its file is not taken in, since 'a', which it translates, is archived")


def test_marks_of_before_stay_what_they_were() -> None:
    # The folder's files are told from what was published by these.
    assert article("hours").mark == "56c32a5e3f597a80"
