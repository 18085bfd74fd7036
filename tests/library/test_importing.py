"""Imports: what is taken, and that a fault is named by line and column before anything is changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.library.importing import read
from kb_index.errors import BadEntry


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_json_lines_with_and_without_phrasings(tmp_path: Path) -> None:
    path = file(tmp_path, "faq.jsonl", '{"id": "a/1", "question": "Q?", "answer": "A.", "phrasings": ["q", "Q?"]}\n\n'
                                       '{"title": "T?", "body": "B."}\n')
    first, second = (one.entry for one in read([path]).articles)
    assert (first.id, first.phrasings) == ("a/1", ("q", "Q?"))
    assert (second.id, second.question, second.answer) == ("faq-2", "T?", "B.")


@pytest.mark.parametrize("parting", [",", ";", "\t"])
def test_csv_with_any_usual_parting_and_lines_in_cells(tmp_path: Path, parting: str) -> None:
    rows = [["id", "question", "answer", "phrasings"], ["x", "Q?", '"one\ntwo"', "p1|p2"]]
    path = file(tmp_path, "faq.csv", "\ufeff" + "\r\n".join(parting.join(row) for row in rows))
    (entry,) = (one.entry for one in read([path]).articles)
    assert (entry.answer, entry.phrasings) == ("one\ntwo", ("p1", "p2"))


def test_a_formula_is_text_and_a_person_is_told(tmp_path: Path) -> None:
    found = read([file(tmp_path, "faq.csv", 'id,question,answer\nx,Q?,"=HYPERLINK(""http://x"")"\n')])
    assert found.articles[0].entry.answer.startswith("=HYPERLINK")
    assert "faq.csv:2, column answer" in found.warnings[0]


def test_the_same_question_twice_is_taken_with_a_warning(tmp_path: Path) -> None:
    found = read([file(tmp_path, "faq.jsonl", '{"id":"a","question":"Q?","answer":"1"}\n{"id":"b","question":"q?","answer":"2"}\n')])
    assert len(found.articles) == 2 and "faq.jsonl:2" in found.warnings[0] and "faq.jsonl:1" in found.warnings[0]


@pytest.mark.parametrize(("name", "content", "said"), [
    ("a.jsonl", '{"id":"a","question":"Q","answer":"A"}\n{"id":"b","question":"Q2" "answer":"A"}\n', r"a\.jsonl:2:\d+: no valid JSON"),
    ("a.jsonl", '{"id":"a","question":"Q","answer":"A"}\n{"id":"a","question":"Q2","answer":"A"}\n', r"a\.jsonl:2: the id 'a' .*a\.jsonl:1"),
    ("a.jsonl", '{"id":"a","question":"Q","answer":" "}\n', r"a\.jsonl:1: answer is empty"),
    ("a.jsonl", '{"id":"a","question":"Q"}\n', r"a\.jsonl:1: there is no column 'answer'"),
    ("a.jsonl", '[1]\n', r"a\.jsonl:1: list"),
    ("a.jsonl", "", "there are no entries"),
    ("a.jsonl", b'{"id":"a",\n"question":"caf\xe9"}', r"a\.jsonl:2:\d+: not UTF-8 \(byte 0xe9\)"),
    ("a.json", "{}", r"a\.json:1:1: a list"),
    ("a.csv", "id,question\nx,Q?\n", r"a\.csv:2: there is no column 'answer'"),
    ("a.csv", "id,question,answer\nx,Q?,A,too,many\n", r"a\.csv:2: more cells"),
    ("a.csv", 'id,question,answer\nx,"Q?" y,A\n', r"a\.csv:2: no valid CSV"),
])
def test_faults_are_named_by_line_and_column(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    with pytest.raises(BadEntry, match=said):
        read([file(tmp_path, name, content)])


def test_an_answer_of_five_megabytes_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "a.jsonl", json.dumps({"id": "a", "question": "Q", "answer": "x" * 5_000_000}))
    with pytest.raises(BadEntry, match=r"a\.jsonl:1: answer has 5,000,000 characters"):
        read([path])
