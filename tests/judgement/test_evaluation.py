"""The evaluation: figures that can be counted by hand, and a page that needs nothing but itself."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.cli import parser
from bot.commands import evaluate
from bot.judgement.bars import Asked
from bot.judgement.confidence import SIGNS, Confidence
from bot.judgement.evaluation import Evaluation, Told, measured, read_file
from bot.judgement.evaluation import evaluate as measure
from bot.judgement.evaluation_page import page
from bot.judgement.judgement import Reading
from bot.judgement.labelled import BadLabels
from bot.settings import Settings
from kb_index.retriever import Candidate

#: Confidence is the sigmoid of the nearest entry's score; 0 is 0.5.
_PLAIN = Confidence([1.0] + [0.0] * (len(SIGNS) - 1), 0.0).as_dict()
_PUBLISHED: Any = SimpleNamespace(name="state", position={"a": 0, "b": 1}, calibration={
    "confidence": _PLAIN, "search": {"value": 0.5},
    **{name: {"value": value} for name, value in
       {"answer": 0.5, "offer": 0.2, "people": 0.5, "people_though_sure": 0.5, "scope": 0.5}.items()},
})


def asked(text: str, entry: str, score: float, first: str, route: str = "service", **routes: float) -> Asked:
    found = [Candidate(first, score, 0.5, 1.0), Candidate("other", score - 0.1, 0.4, 1.0)]
    return Asked(Reading(text, routes or {"service": 1.0}, "i", 1.0, found), entry, route)


@pytest.fixture(scope="module")
def found() -> Evaluation:
    messages = [
        asked("right and sure", "a", 3, "a"), asked("wrong and sure <b>", "a", 2, "b"),
        asked("right, not sure", "a", -1, "a"), asked("for nobody", "", -3, "a", "out_of_scope", out_of_scope=1.0),
        asked("a fault", "", 1, "a", "support", support=0.9, service=0.1),
        asked("a missed fault", "", 1, "a", "support", support=0.1, service=0.9),
    ]
    told = [Told(one.reading.text, one.route, one.entry) for one in messages]
    return measured(messages, _PUBLISHED, 0.05, told)


def test_the_figures_are_those_that_can_be_counted(found: Evaluation) -> None:
    figures = {name: of for name, _, of in found.table}
    assert figures["right entry first"].startswith("2 of 3")
    assert figures["answered by itself"].startswith("2 of 3")
    assert figures["wrong among its answers"].startswith("2 of 3")
    assert figures["answered or acted on though it needs people"].startswith("1 of 2")
    assert figures["out of scope, neither answered nor sent to support"].startswith("1 of 1")
    assert figures["route support recognised"].startswith("1 of 2")
    assert found.confusion[found.routes.index("support")][found.routes.index("service")] == 1
    assert [one["text"] for one in found.mistakes] == ["wrong and sure <b>", "a missed fault"]
    assert found.bar == (0.6667, 0.6667) and found.risk[0] == (0.3333, 0.0) and found.risk[-1][0] == 1
    assert sum(number for _, _, number in found.reliability) == 6


def test_where_no_entry_is_right_it_is_told_how_often_none_is_given() -> None:
    messages = [asked("let be", "", -1, "a"), asked("wrongly answered", "", 3, "a")]
    found = measured(messages, _PUBLISHED, 0.05, [Told(one.reading.text, None, "") for one in messages])
    assert ("rightly not answered", "50.0%", "1 of 2 questions without an answer") in found.table
    assert "rightly not answered" in page(found) and found.unknown == []
    assert not measured(messages[:1], _PUBLISHED, 0.05, [Told("let be", None, None)]).table


def test_an_entry_that_is_not_published_is_told() -> None:
    messages = [asked("one", "a", 1, "a"), asked("another", "gone", 1, "a")]
    assert measured(messages, _PUBLISHED, 0.05, [Told("one", None, "a"), Told("another", None, "gone")]).unknown == ["gone"]


def test_the_id_of_a_translation_stands_for_its_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = SimpleNamespace(**vars(_PUBLISHED), families=SimpleNamespace(originals={"a": "a", "b": "a"}))
    there: dict[str, Any] = {
        "snapshot.load_current": published, "publishing.cache_of": SimpleNamespace(close=lambda: None),
        "Memory": SimpleNamespace(read=list), "Asker": SimpleNamespace(at=lambda state: None),
    }
    for name, thing in there.items():
        monkeypatch.setattr(f"bot.judgement.evaluation.{name}", lambda *_, thing=thing: thing)
    monkeypatch.setattr("bot.judgement.publishing.ask", lambda texts, wanted, routes, asker: [
        asked(text, entry, 1, "a", route) for text, entry, route in zip(texts, wanted, routes, strict=True)])
    found = measure(Settings(home=tmp_path), [Told("offen?", None, "b")])
    assert found.table[0] == ("right entry first", "100.0%", "1 of 1 questions with an answer") and found.unknown == []


def test_half_a_percent_of_the_promise_is_told(found: Evaluation) -> None:
    html = page(replace(found, alpha=0.025))
    assert "at most\n2.5% of" in html and "promised: 2.5%" in html


@pytest.mark.parametrize("table", [[], [("right entry first", "–", "0 of 0")]])
def test_the_command_writes_a_page_whatever_was_measured(
    found: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    table: list[tuple[str, str, str]],
) -> None:
    mistakes = [{**one, "text": "half \ud800", "wanted": "gone"} for one in found.mistakes]
    measured = replace(found, table=table, mistakes=mistakes, unknown=["gone"])
    monkeypatch.setattr("bot.judgement.evaluation.evaluate", lambda *_: measured)
    monkeypatch.setattr("bot.setup.set_up", lambda *_: 0)
    args = parser().parse_args(["evaluate", "--html", str(tmp_path / "page.html")])
    assert evaluate.run(args, Settings(home=tmp_path / "home")) == 0
    assert "half ?" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "entries that are not published" in (told := capsys.readouterr()).err and "published state state" in told.out


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_says_in_words_what_it_draws(found: Evaluation) -> None:
    html = page(found)
    tags = _Tags()
    tags.feed(html)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in tags.found} and "url(" not in html
    assert not re.search(r"https?://", html) and "prefers-color-scheme: dark" in html
    drawings = [attributes for tag, attributes in tags.found if tag == "svg"]
    assert len(drawings) == 2 and all(one["role"] == "img" and one["aria-label"] for one in drawings)
    assert html.count("<details>") == 2 and "wrong and sure &lt;b&gt;" in html
    for drawing in re.findall(r"<svg.*?</svg>", html, re.S):
        ElementTree.fromstring(drawing)  # noqa: S314 - our own


@pytest.mark.parametrize(("line", "said"), [
    ("{", r":2:2: no valid JSON"), ("[" * 100_000, ":2:1: no valid JSON"), ('{"text": "x"}', ":2:1: an object"), ('{"text": 1, "route": "service"}', ":2:1: an object"),
    ('{"text": "x", "route": "nowhere"}', ":2:1: route is 'nowhere'"),
])
def test_lines_that_are_no_labelled_messages_are_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"text": "x", "entry": null}\n' + line + "\n")
    with pytest.raises(BadLabels, match=said):
        read_file(path)


def test_a_file_tells_routes_or_entries(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"text": "x", "entry": null}\n{"text": "y", "route": "sales"}\n{"text": "z", "entry": 0}\n')
    assert read_file(path) == [Told("x", None, ""), Told("y", "sales", None), Told("z", None, "0")]
    with pytest.raises(BadLabels, match="cannot be read"):
        read_file(tmp_path / "none")
    path.write_text("\n")
    with pytest.raises(BadLabels, match="no line"):
        read_file(path)
