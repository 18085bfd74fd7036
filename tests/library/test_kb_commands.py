"""`frontdesk kb` on single entries: what it prints for people and for programs, and what it says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli import parser
from bot.commands import entries, kb
from bot.database import open_database
from bot.errors import FrontdeskError
from bot.library.article import Article
from bot.library.importing import read
from bot.library.library import Library
from bot.settings import Settings


class Desk:
    """A home with three entries, and the commands on it."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings, self._capsys = Settings(home=home), capsys
        self.library = Library(open_database(self.settings.database))
        self.library.prepare()
        for name, more in (("hours", {"category": "shop"}), ("offen", {"language": "de", "translation_of": "hours"}),
                           ("fax", {"category": "contact", "status": "draft"})):
            status = more.pop("status", "review")
            self.library.create(self.article(name, **more), "Ada", status)

    @staticmethod
    def article(name: str, **more: Any) -> Article:
        return Article.parse({"id": name, "question": f"What of {name}?", "answer": "From **9** to 5.", **more}, name)

    def edit(self, name: str, by: str = "Ben", **fields: Any) -> None:
        kept = self.library.open(name)
        self.library.save(Article.parse({**kept["fields"], **fields}, name), kept["revision"], by, sitting=False)

    def __call__(self, *arguments: str) -> str:
        assert kb.run(parser().parse_args(["kb", *arguments]), self.settings) == 0
        return self._capsys.readouterr().out

    def told(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.mark.parametrize(("filters", "ids"), [
    ([], {"hours", "offen", "fax"}), (["--status", "draft"], {"fax"}), (["--category", "shop"], {"hours"}),
    (["--language", "de"], {"offen"}), (["--text", "what fax"], {"fax"}), (["--status", "draft", "--text", "hours"], set()),
    (["--status", "changed", "--language", ""], {"hours", "fax"}), (["--look", "untranslated"], {"fax"}),
])
def test_the_list_is_narrowed_by_each_filter(desk: Desk, filters: list[str], ids: set[str]) -> None:
    assert {row["id"] for row in desk.told("list", *filters)} == ids
    lines = desk("list", *filters).splitlines()
    assert {line.split()[0] for line in lines} == ids if ids else lines == ["No entry is like that."]


def test_a_long_list_is_whole_and_an_empty_one_says_what_to_do(desk: Desk, tmp_path: Path) -> None:
    desk.library.take([desk.article(f"n{number}") for number in range(1203)], "Ada", "", only=True)
    assert len({row["id"] for row in desk.told("list")}) == 1206
    assert len(desk("list", "--status", "review").splitlines()) == 1203
    assert "more words find fewer" in desk("list", "--text", "what")
    desk.settings = Settings(home=tmp_path / "new")
    assert "frontdesk kb import" in desk("list") and desk.told("list") == []


def test_what_is_listed_is_a_line_each_and_no_command_to_a_terminal(desk: Desk) -> None:
    desk.edit("hours", question="Open\n\x1b[2Jnow?")
    assert desk("list", "--category", "shop").splitlines()[0].endswith("Open [2Jnow?")


def test_what_is_shown_is_a_file_that_can_be_imported(desk: Desk, tmp_path: Path) -> None:
    desk.edit("hours", answer="From 8 to 5.", owner="Ada: the boss")
    for arguments, number, answer in (([], 2, "From 8 to 5."), (["--version", "1"], 1, "From **9** to 5.")):
        shown = desk("show", "hours", *arguments)
        assert f"# version {number} of 2, " in shown and "the entry is review, none is live" in shown
        (tmp_path / "other.md").write_text(shown)
        assert read([tmp_path / "other.md"]).articles == [desk.library.version("hours", number)]
        assert desk.told("show", "hours", *arguments)["fields"]["answer"] == answer
    assert desk.told("show", "hours") == desk.library.open("hours")


def test_history_says_who_and_when_and_what_two_versions_differ_in(desk: Desk) -> None:
    desk.edit("hours", answer="From **8** to 5.", phrasings=["when open"])
    newest, first = desk("history", "hours").splitlines()
    assert newest.split()[0] == "2" and newest.endswith("Ben") and first.split()[0] == "1" and first.endswith("Ada")
    assert desk("history", "hours", "--diff", "1", "2") == (
        "answer: From **[-9-][+8+]** to 5.\nphrasings: [+when open+]\n")
    assert desk("history", "hours", "--diff", "2", "2") == "Versions 2 and 2 say the same.\n"
    assert [one["field"] for one in desk.told("history", "hours", "--diff", "2", "1")] == ["answer", "phrasings"]
    assert [(one["number"], one["by"]) for one in desk.told("history", "hours")] == [(2, "Ben"), (1, "Ada")]


def test_an_old_version_comes_back_as_the_newest_also_from_the_archive(desk: Desk) -> None:
    desk.edit("hours", answer="Never.")
    assert "as version 3; `frontdesk kb publish hours`" in desk("restore", "hours", "1")
    kept = desk.library.open("hours")
    assert kept["fields"]["answer"] == "From **9** to 5." and kept["updated_by"] == "the command line"
    assert desk("archive", "hours", "fax", "hours").startswith("2 archived; `frontdesk kb publish`")
    assert {row["id"] for row in desk.told("list", "--status", "archived")} == {"hours", "fax"}
    assert desk("archive", "fax") == "Nothing to do: archived already.\n"
    desk("restore", "hours", "3")  # the very text that it has
    assert desk.library.open("hours")["status"] == "draft"


def test_a_slip_among_very_many_is_told_at_once_and_not_after_seconds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "_COMPARED", 2)
    with pytest.raises(FrontdeskError, match=r"^there is no entry 'hour'; `frontdesk kb list` shows all"):
        desk("show", "hour")


@pytest.mark.parametrize(("arguments", "said"), [
    (["show", "hour"], "there is no entry 'hour'; did you mean 'hours'? `frontdesk kb list` shows all"),
    (["history", "###"], "there is no entry '###'; `frontdesk kb list` shows all"),
    (["archive", "hours", "fix"], "there is no entry 'fix'; did you mean 'fax'?"),
    (["restore", "fax", "7"], "'fax' has no version 7; `frontdesk kb history fax` lists them"),
    (["show", "fax", "--version", "0"], "'fax' has no version 0"), (["history", "fax", "--diff", "1", "2"], "'fax' has no version 2"),
    (["list", "--status", "ready"], "--status 'ready' is not known; draft, review, published, archived, changed are"),
])
def test_what_cannot_be_names_the_id_and_the_mend_and_changes_nothing(desk: Desk, arguments: list[str], said: str) -> None:
    before = desk.told("list")
    with pytest.raises(FrontdeskError) as refused:
        desk(*arguments)
    assert str(refused.value).startswith(said) and desk.told("list") == before


def test_an_import_without_ids_replaces_no_entry_that_answers_another_question(desk: Desk, tmp_path: Path) -> None:
    desk.library.create(desk.article("parcels", question="Where do I see my parcels?"), "Ada", "review")
    desk.library.change(["parcels"], "Ada", status="archived")
    desk.library.create(desk.article("what-of-hours", question="What of HOURS?"), "Ada", "review")
    file = tmp_path / "faq.csv"
    for answer, told in (("Soon.", "1 new entries, 1 changed, 0 as they were"), ("Now.", "0 new entries, 2 changed, 0 as they were")):
        file.write_text(f"question,answer\nParcels?,{answer}\nWhat of hours?,{answer}\n")
        assert told in desk("import", "--add", str(file))
    kept = {name: desk.library.open(name)["fields"] for name in ("parcels", "parcels-2", "what-of-hours")}
    assert [one["question"] for one in kept.values()] == ["Where do I see my parcels?", "Parcels?", "What of hours?"]
    assert [one["answer"] for one in kept.values()] == ["From **9** to 5.", "Now.", "Now."]
