"""What two write at the same moment: neither loses a word of the other's; in SQLite and in Postgres."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import database
from bot.database import DatabaseUnavailable, open_database, reading, writing
from bot.library import tables
from bot.library.article import Article
from bot.library.errors import Edited, Taken
from bot.library.library import Library
from bot.library.publications import Publications
from kb_index.entry import Entry
from kb_index.errors import BadEntry

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
from servers import DATABASES, database_url


@pytest.fixture(scope="module", params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with database_url(request.param, tmp_path_factory.mktemp("library")) as found:
        yield found


@pytest.fixture
def engine(url: str) -> Iterator[Any]:
    engine = open_database(url)
    Library(engine).prepare()
    with writing(engine) as connection:
        for table in (*tables.metadata.sorted_tables, sa.table("kb_words")):
            connection.execute(table.delete())
    yield engine
    engine.dispose()


@pytest.fixture
def library(engine: Any) -> Library:
    return Library(engine)


@pytest.fixture
def followed(engine: Any, tmp_path: Path) -> Publications:
    """A ledger that follows a folder of one entry."""
    (tmp_path / "company").mkdir()
    return Publications(engine, write(tmp_path, "From 9 to 5."))


def write(kb: Path, answer: str) -> Path:
    (kb / "company" / "hours.md").write_text(f"---\nquestion: When are you open?\n---\n{answer}\n")
    return kb


def article(answer: str, name: str = "hours") -> Article:
    return Article(Entry(name, "When are you open?", answer, "company"))


def german(name: str) -> Article:
    return Article.parse({"id": name, "question": "Wann sind Sie offen?", "answer": "Von 9 bis 5.", "category": "company",
                          "language": "de", "translation_of": "hours"}, name)


@contextmanager
def meanwhile(engine: Any, before: str, work: Callable[[], object]) -> Iterator[list[object]]:
    """Has another do `work` right before the first statement of the block that begins so, or where they have to wait, as
    soon as they may. Afterwards the list has what they got, or the error that they were told."""
    told: list[object] = []

    def attempt() -> None:
        try:
            told.append(work())
        except Exception as error:
            told.append(error)

    other = threading.Thread(target=attempt)

    def look(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if other.ident is None and statement.startswith(before):
            other.start()
            other.join(0.7)

    sa.event.listen(engine, "before_cursor_execute", look)
    try:
        yield told
    finally:
        sa.event.remove(engine, "before_cursor_execute", look)
    assert other.ident is not None, f"there was no {before}"
    other.join()


def publish(ledger: Publications, snapshot: str) -> None:
    plan = ledger.plan()
    ledger.finish(ledger.begin(plan, snapshot, "Ada", "publish"), snapshot, plan)


def told_by(library: Library) -> list[tuple[str, str]]:
    """Who wrote each version, oldest first, and what it says."""
    return [(one["by"], library.version("hours", one["number"]).entry.answer) for one in library.versions("hours")][::-1]


def test_a_save_during_an_import_is_not_lost(engine: Any, library: Library) -> None:
    now = library.create(article("From 9 to 5."), "Ada")
    with meanwhile(engine, "DELETE FROM kb_version", lambda: library.save(article("Ada's"), now["revision"], "Ada")) as told:
        library.take([article("Imported.")], "Ben", "imported", only=False)
    assert isinstance(told[0], Edited) and told[0].now["fields"]["answer"] == "Imported."
    assert told_by(library) == [("Ada", "From 9 to 5."), ("Ben", "Imported.")]


def test_an_import_of_what_another_just_makes_is_taken(engine: Any, library: Library) -> None:
    with meanwhile(engine, "INSERT INTO kb_article", lambda: library.create(article("Ada's"), "Ada")) as told:
        library.take([article("Imported.")], "Ben", "imported", only=False)
    assert isinstance(told[0], Taken) and told_by(library) == [("Ben", "Imported.")]


def test_one_of_two_makes_the_translation_into_a_language(engine: Any, library: Library) -> None:
    """Whether it is made by hand or comes with an import."""
    library.create(article("From 9 to 5."), "Ada")
    with meanwhile(engine, "INSERT INTO kb_article", lambda: library.create(german("hours-de"), "Ada")) as told:
        library.create(german("stunden"), "Ben")
    assert isinstance(told[0], BadEntry)
    library.change(["stunden"], "Ben", status="archived")
    with meanwhile(engine, "INSERT INTO kb_article", lambda: library.create(german("zeiten"), "Ada")) as told:
        library.take([german("hours-de")], "Ben", "imported", only=False)
    assert isinstance(told[0], BadEntry)
    assert [one["id"] for one in library.open("hours")["translations"]] == ["hours-de"]


def test_a_save_at_the_end_of_a_publish_is_not_lost(engine: Any, library: Library, followed: Publications, tmp_path: Path) -> None:
    publish(followed, "s1")
    write(tmp_path, "From 8 to 5.")
    now = library.open("hours")
    with meanwhile(engine, "DELETE FROM kb_version", lambda: library.save(article("Ada's"), now["revision"], "Ada")) as told:
        publish(followed, "s2")
    assert isinstance(told[0], Edited) and told[0].now["fields"]["answer"] == "From 8 to 5."
    assert [answer for _, answer in told_by(library)] == ["From 9 to 5.", "From 8 to 5."]


@pytest.mark.parametrize("back", [False, True])
def test_a_draft_begun_as_a_publish_or_a_way_back_ends_is_not_called_published(
    engine: Any, library: Library, back: bool
) -> None:
    ledger = Publications(engine)
    library.create(article("From 9 to 5."), "Ada", "review")
    if back:
        publish(ledger, "s1")
        library.change(["hours"], "Ada", status="archived")
        publish(ledger, "s2")
        library.change(["hours"], "Ada", status="draft")
    now = library.open("hours")
    with meanwhile(engine, "UPDATE kb_live", lambda: library.save(article("Ada's"), now["revision"], "Ada", note="begun")) as told:
        ledger.roll_back("s1", "Ben") if back else publish(ledger, "s1")
    assert not isinstance(told[0], Exception), told
    now = library.open("hours")
    assert (now["live"], now["version"], now["status"]) == (1, 2, "draft")


def test_two_imports_wait_for_each_other_and_not_in_a_circle(engine: Any, library: Library) -> None:
    many = [article("Old.", f"e{number}") for number in range(20)]
    library.take(many, "Ada", "imported", only=False)
    mine, yours = ([article(by, one.id) for one in some] for by, some in (("Ben", many), ("Bea", many[::-1])))
    with meanwhile(engine, "UPDATE kb_article", lambda: library.take(yours, "Bea", "imported", only=False)) as told:
        library.take(mine, "Ben", "imported", only=False)
    assert told == [{"new": 0, "changed": 20, "same": 0, "archived": 0}]
    assert {one.entry.answer for one in library.all()} == {"Bea"}


def test_who_has_given_up_waits_no_longer_in_the_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if url.startswith("sqlite"):
        pytest.skip("nobody waits in a file")
    monkeypatch.setattr(database, "_PATIENCE", 0.3)
    monkeypatch.setattr(database, "_SILENCE", 1.0)
    engine = open_database(url)
    library = Library(engine)
    library.prepare()
    with writing(engine) as connection:
        tables.alone(connection)
        with pytest.raises(DatabaseUnavailable, match="lock timeout"):
            library.create(article("Ada's"), "Ada")
    with reading(engine) as connection:
        waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        assert connection.execute(waiting).scalar() == 0
    engine.dispose()
