"""What commands write: files whole or not at all, links followed, pipes and devices left in their place."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli import parser
from bot.commands import evaluate, lines
from bot.errors import FrontdeskError
from bot.library import exporting
from bot.library.article import Article
from bot.output import check
from bot.settings import Settings

ROWS = [{"qid": 1, "text": "größer"}, {"qid": "\ud800", "text": "x"}]


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    def broken() -> Iterator[dict[str, Any]]:
        yield ROWS[0]
        assert not out.exists()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lines.write(broken(), out)
    assert list(tmp_path.iterdir()) == []
    lines.write(ROWS, out)
    assert [json.loads(line) for line in out.read_text().splitlines()] == ROWS and "größer" in out.read_text()
    assert list(tmp_path.iterdir()) == [out]


def test_two_at_once_each_write_a_whole_file(tmp_path: Path) -> None:
    out = tmp_path / ("n" * 249 + ".jsonl")

    def slow() -> Iterator[dict[str, Any]]:
        yield ROWS[0]
        lines.write([{"qid": 2}], out)
        yield ROWS[0]

    lines.write(slow(), out)
    assert [json.loads(line) for line in out.read_text().splitlines()] == [ROWS[0], ROWS[0]]
    assert list(tmp_path.iterdir()) == [out]


def test_half_a_character_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    lines.write(ROWS, None)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ROWS


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed(tmp_path: Path, there: bool) -> None:
    target, link = tmp_path / "deep" / "out.csv", tmp_path / "link.csv"
    target.parent.mkdir()
    if there:
        target.write_text("old")
    link.symlink_to(target)
    exporting.write([Article.parse({"id": "a", "question": "a?", "answer": "b"}, "here")], link)
    assert link.is_symlink() and target.read_text().startswith("id,question")
    lines.write(ROWS[:1], link)
    assert link.is_symlink() and json.loads(target.read_text()) == ROWS[0]


def test_a_pipe_and_a_device_stay_what_they_are(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    lines.write(ROWS[:1], pipe)
    reader.join(10)
    assert json.loads(read[0]) == ROWS[0] and pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]
    null = tmp_path / "null"
    null.symlink_to("/dev/null")
    lines.write(ROWS, null)
    assert null.is_symlink() and Path("/dev/null").is_char_device()


def test_where_no_file_can_be_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(FrontdeskError, match=r"no/out\.jsonl: there is no folder .*no; make it first"):
        lines.write(({"qid": 1 / 0} for _ in range(1)), tmp_path / "no" / "out.jsonl")
    with pytest.raises(FrontdeskError, match="is a folder"):
        check(tmp_path)
    with pytest.raises(FrontdeskError, match=r"no/x\.csv: there is no folder"):
        exporting.write([], tmp_path / "no" / "x.csv")
    with pytest.raises(FrontdeskError, match=r"no/x\.html: there is no folder"):
        evaluate.run(parser().parse_args(["evaluate", "--html", str(tmp_path / "no" / "x.html")]), Settings(home=tmp_path / "home"))
    assert not (tmp_path / "home").exists()
