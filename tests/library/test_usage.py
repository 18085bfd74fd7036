"""How entries fare with customers, counted from logs and from the archive."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversations.record import message
from bot.conversations.state import State
from bot.database import open_database
from bot.library.article import Article
from bot.library.library import Library
from bot.library.usage import Usage, count
from bot.reports.archive import Archive
from bot.settings import Settings


def given(entry: str) -> dict[str, Any]:
    return message("bot", "So.", evidence={"entry": entry, "version": "v1"})


def vote(of: int, entry: str, helpful: bool) -> dict[str, Any]:
    return {"kind": "internal", "from": "customer", "event": "helpful", "of": of, "entry": entry, "helpful": helpful}


HANDOFF = {"kind": "event", "from": "system", "event": "handoff"}


def test_a_handoff_counts_against_the_answer_before_it_and_the_newest_vote_counts() -> None:
    logs = [("c1", given("a")), ("c1", given("b")), ("c1", HANDOFF), ("c2", given("a")), ("c2", vote(1, "a", True)),
            ("c2", vote(1, "a", False)), ("c3", vote(7, "b", True)), ("c4", HANDOFF),
            ("c2", message("bot", "Which?", evidence={"entry": "a"}))]
    assert count(logs) == {"a": Usage(2, 0, 0, 1), "b": Usage(1, 1, 1, 0)}


@pytest.fixture
def library(settings: Settings) -> Library:
    library = Library(open_database(settings.database))
    library.prepare()
    Archive(open_database(settings.database)).prepare()
    return library


def ids(library: Library, look: str) -> list[str]:
    return [row["id"] for row in library.page(filters={"look": look})["entries"]]


def test_the_list_shows_what_the_archive_tells(library: Library, settings: Settings) -> None:
    assert library.count_usage() == 0
    for name in ("good", "bad", "never"):
        library.create(Article.parse({"id": name, "question": f"{name}?", "answer": "So."}, name), "Ada")
    archive = Archive(open_database(settings.database))
    for number in range(3):
        said = [given("good"), vote(1, "good", True), given("bad"), vote(3, "bad", False), HANDOFF]
        records = [{**record, "seq": seq, "at": 1.0} for seq, record in enumerate(said, 1)]
        archive.copy(State(id=f"c{number}", owner="closed", epoch=1, seq=len(records), created=1.0, updated=2.0), None, records)
    assert library.count_usage() == 2
    assert library.count_usage() == 0, "what has not changed was written again"
    row = library.open("bad")
    assert (row["asked"], row["handed"], row["helped"], row["unhelped"]) == (3, 3, 0, 3)
    assert ids(library, "low") == ["bad"] and ids(library, "handed") == ["bad"]
