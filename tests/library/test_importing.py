"""Imports: what is taken, and that a fault is named by line and column before anything is changed."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import openpyxl.chart
import pytest

from bot.library import importing
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
    assert (second.id, second.question, second.answer) == ("t", "T?", "B.")


@pytest.mark.parametrize("parting", [",", ";", "\t"])
def test_csv_with_any_usual_parting_and_lines_in_cells(tmp_path: Path, parting: str) -> None:
    rows = [["id", "question", "answer", "phrasings"], ["x", "Q?", '"one\ntwo"', "p1|p2"]]
    path = file(tmp_path, "faq.csv", "\ufeff" + "\r\n".join(parting.join(row) for row in rows))
    (entry,) = (one.entry for one in read([path]).articles)
    assert (entry.answer, entry.phrasings) == ("one\ntwo", ("p1", "p2"))


@pytest.mark.parametrize("content", [
    "id;question;answer;notes, if any\nx;Q?;A, B;", "id;question;answer\nx;Q?;A, B", "sep=;\r\nid;question;answer\r\nx;Q?;A, B",
    '"SEP=|"\nid|question|answer\nx|Q?|A, B',
])
def test_what_parts_the_cells_is_told_by_the_names_of_the_columns(tmp_path: Path, content: str) -> None:
    (entry,) = (one.entry for one in read([file(tmp_path, "faq.csv", content)]).articles)
    assert (entry.id, entry.question, entry.answer) == ("x", "Q?", "A, B")
    with pytest.raises(BadEntry, match=r"faq\.csv:\d: there is no column 'question'; the columns are 'frage', 'antwort', 'notiz, kurz'"):
        read([file(tmp_path, "faq.csv", "Frage;Antwort;Notiz, kurz\nQ?;A;n")])
    with pytest.raises(BadEntry, match=r"faq\.csv:3: answer is empty"):
        read([file(tmp_path, "faq.csv", "sep=;\nquestion;answer\nQ?;")])


def test_json_lines_may_be_called_json(tmp_path: Path) -> None:
    path = file(tmp_path, "faq.json", '{"question": "Q?", "answer": "A"}\n{"question": "R?", "answer": "B"}\n')
    assert [one.id for one in read([path]).articles] == ["q", "r"]
    with pytest.raises(BadEntry, match=r"faq\.json:2:\d+: no valid JSON"):
        read([file(tmp_path, "faq.json", '{"question": "Q?", "answer": "A"}\n{"question": "R?" "answer": "B"}\n')])


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
    ("a.jsonl", '{"id":"a","question":"Q"}\n', r"a\.jsonl:1: there is no field 'answer'"),
    ("a.jsonl", '[1]\n', r"a\.jsonl:1: list"),
    ("a.jsonl", "", "there are no entries"),
    ("a.jsonl", b'{"id":"a",\n"question":"caf\xe9"}', r"a\.jsonl:2:\d+: not UTF-8 \(byte 0xe9\)"),
    ("a.jsonl", b'\xef\xbb\xbf{"id":\n"caf\xe9"}', r"a\.jsonl:2:5: not UTF-8 \(byte 0xe9\)"),
    ("a.jsonl", b'\xef\xbb\xbf{"id": "caf\xe9"}', r"a\.jsonl:1:12: not UTF-8 \(byte 0xe9\)"),
    ("a.json", "{}", r"a\.json:1:1: a list"),
    ("a.csv", "id,question\nx,Q?\n", r"a\.csv:2: there is no column 'answer'"),
    ("a.csv", "id,question,answer\nx,Q?,A,too,many\n", r"a\.csv:2: more cells"),
    ("a.csv", "id,question,answer\nx,Q?\n", r"a\.csv:2: answer is empty"),
    ("a.csv", ",,\n\nid,question,answer\nx,Q?,\n", r"a\.csv:4: answer is empty"),
    ("a.csv", 'id,question,answer\nx,"Q?" y,A\n', r"a\.csv:2: no valid CSV"),
])
def test_faults_are_named_by_line_and_column(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    with pytest.raises(BadEntry, match=said):
        read([file(tmp_path, name, content)])


def test_an_answer_of_five_megabytes_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "a.jsonl", json.dumps({"id": "a", "question": "Q", "answer": "x" * 5_000_000}))
    with pytest.raises(BadEntry, match=r"a\.jsonl:1: answer has 5,000,000 characters"):
        read([path])


@pytest.mark.parametrize("place", [".hidden/kb", "a/../kb", "kb"])
def test_where_a_folder_lies_says_nothing_of_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    kb = tmp_path / place
    (tmp_path / "a").mkdir()
    kb.mkdir(parents=True)
    file(kb, "one.md", "---\nquestion: One?\n---\nYes.")
    (kb / ".git").mkdir()
    file(kb / ".git", "two.md", "not ours")
    assert [one.id for one in read([kb]).articles] == ["one"]
    monkeypatch.chdir(kb)
    assert [one.id for one in read([Path("../kb")]).articles] == ["one"]
    monkeypatch.setattr(tempfile, "tempdir", str(kb))
    with zipfile.ZipFile(tmp_path / "kb.zip", "w") as packed:
        packed.write(kb / "one.md", "kb/one.md")
    assert [one.id for one in read([tmp_path / "kb.zip"]).articles] == ["one"]


def test_another_name_counts_only_where_ours_is_not_there(tmp_path: Path) -> None:
    path = file(tmp_path, "a.csv", "question,answer,title,body,key,id\nQ?,A.,page 12,<html>,k,i\n")
    [one] = read([path]).articles
    assert (one.id, one.entry.question, one.entry.answer) == ("i", "Q?", "A.")
    [one] = read([file(tmp_path, "b.csv", "qid,title,content,body\ni,Q?,A.,B.\n")]).articles
    assert (one.id, one.entry.question, one.entry.answer) == ("i", "Q?", "A.")


def test_what_no_entry_has_is_told_once(tmp_path: Path) -> None:
    path = file(tmp_path, "a.csv", "question;answer;Valid until;Phrasing;notes;phrasings;empty;Phrasings\nQ?;A;2026-01-31;x;n;one;;two|three\nR?;B;;x;n;;;four\n")
    found = read([path])
    first, second = found.articles
    assert (first.valid_until, first.entry.phrasings, second.entry.phrasings) == ("2026-01-31", ("one", "two", "three"), ("four",))
    assert found.warnings == ["a.csv: entries have no field 'notes', 'phrasing' (phrasings?); what it says was left out"]
    file(tmp_path, "b.md", "---\nquestion: Q?\nvalid-until: 2026-01-31\ntest: x\nlayout: page\n---\nA")
    found = read([tmp_path / "b.md"])
    assert found.articles[0].valid_until == "2026-01-31"
    assert found.warnings == ["b.md: entries have no field 'test' (tests?); what it says was left out"]


@pytest.mark.parametrize(("cell", "items"), [
    ("[]", ()), ('[ "a", "b" ]', ("a", "b")), ('[\n "a|b",\n "c"\n]', ("a|b", "c")), (' ["a"]', ("a",)), ("[see below]", ("[see below]",)),
    ("[x] a|b", ("[x] a", "b")),
])
def test_a_list_in_a_cell_is_a_list_however_it_is_written(tmp_path: Path, cell: str, items: tuple[str, ...]) -> None:
    quoted = cell.replace('"', '""')
    [one] = read([file(tmp_path, "a.csv", f'question,answer,phrasings\nQ?,A.,"{quoted}"\n')]).articles
    assert one.entry.phrasings == items


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.xlsx"])
def test_what_has_no_id_gets_one_of_its_question(tmp_path: Path, name: str) -> None:
    told: list[dict[str, Any]] = [{"question": "Open now?", "answer": "A"}, {"id": " ", "question": "Open, now?", "answer": "B"},
                                  {"id": "open-now", "question": "Open?", "answer": "C"}]
    path = tmp_path / name
    if name == "a.csv":
        path.write_text("id,question,answer\n" + "".join(f'{one.get("id", "")},"{one["question"]}",{one["answer"]}\n' for one in told))
    elif name == "a.xlsx":
        book = openpyxl.Workbook()
        for row in ([None] * 3, ["id", "question", "answer"], *([one.get("id"), one["question"], one["answer"]] for one in told)):
            book.active.append(row)
        book.save(path)
    else:
        path.write_text(json.dumps(told) if name == "a.json" else "\n".join(map(json.dumps, told)))
    found = {one.entry.answer: one.id for one in read([path]).articles}
    assert found == {"A": "open-now-2", "B": "open-now-3", "C": "open-now"}


@pytest.mark.parametrize(("name", "content"), [
    ("a.jsonl", '{"id": 0, "question": "Q?", "answer": "A"}'), ("a.json", '[{"id": 0, "question": "Q?", "answer": "A"}]'),
    ("a.csv", "id,question,answer\n0,Q?,A\n"), ("a.md", "---\nid: 0\nquestion: Q?\n---\nA"),
])
def test_ids_may_count_from_zero(tmp_path: Path, name: str, content: str) -> None:
    assert [one.id for one in read([file(tmp_path, name, content)]).articles] == ["0"]
    with pytest.raises(BadEntry, match="id: False is no text"):
        read([file(tmp_path, "b.jsonl", '{"id": false, "question": "Q?", "answer": "A"}')])


def test_a_file_whose_id_is_empty_has_its_name(tmp_path: Path) -> None:
    assert read([file(tmp_path, "hours.md", "---\nid:\nquestion: Open?\n---\nYes.")]).articles[0].id == "hours"


def test_json_of_a_sites_programs_is_left_out_with_a_word(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    file(site, "manifest.json", '{"name": "Shop", "icons": []}')
    file(site, "icons.json", '[{"src": "a.png"}]')
    with pytest.raises(BadEntry, match=r"icons\.json, entry 1: there is no field 'question'"):
        read([site])
    file(site, "faq.html", "<details><summary>Do you ship?</summary>Yes.</details>")
    found = read([site])
    assert [one.id for one in found.articles] == ["do-you-ship"]
    assert ["icons.json" in found.warnings[0], "manifest.json" in found.warnings[1], len(found.warnings)] == [True, True, 2]
    with zipfile.ZipFile(tmp_path / "site.zip", "w") as packed:
        for one in site.iterdir():
            packed.write(one, f"site/{one.name}")
    assert read([tmp_path / "site.zip"]).warnings[0].startswith("site.zip/site/icons.json, entry 1: ")
    file(site, "kb.json", '[{"question": "Q?", "answer": "A"}, {"questoin": "Q?"}]')
    with pytest.raises(BadEntry, match=r"kb\.json, entry 2"):
        read([site])
    file(site, "kb.json", '[{"question": "Q?", "answer": "A"},')
    with pytest.raises(BadEntry, match=r"kb\.json:1:\d+: no valid JSON"):
        read([site])


@pytest.mark.parametrize("name", ["x.xlsx", "x.zip", "x.csv", "x.html", "folder", "x.pdf"])
def test_what_is_missing_is_called_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadEntry, match=f"{name}: there is no such file or folder"):
        read([tmp_path / name])


def test_a_workbook_with_a_chart_in_front_and_a_row_without_an_answer(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["question", "answer"])
    book.active.append(["Q?", "A."])
    chart = book.create_chartsheet("Chart", 0)
    chart.add_chart(openpyxl.chart.BarChart())
    book.save(tmp_path / "a.xlsx")
    assert read([tmp_path / "a.xlsx"]).articles[0].id == "q"
    book.worksheets[0].append(["Q2?", None])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(BadEntry, match=r"a\.xlsx, row 3: answer is empty"):
        read([tmp_path / "a.xlsx"])


@pytest.mark.parametrize(("limit", "most", "said"), [
    ("_UNPACKED", 1 << 20, r"holds 2 files of 2 MB in all; 1 MB and .* are the most"),
    ("_MOST_FILES", 1, r"holds 2 files of .*; .* and 1 files are the most"),
])
def test_a_zip_that_unpacks_to_too_much_is_refused_and_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, said: str
) -> None:
    with zipfile.ZipFile(tmp_path / "kb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("one.md", "---\nquestion: Q?\n---\nA.\n")
        packed.writestr("much.txt", bytes(2 << 20))
    assert len(read([tmp_path / "kb.zip"]).articles) == 1
    monkeypatch.setattr(importing, limit, most)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises(BadEntry, match=said):
        read([tmp_path / "kb.zip"])


def test_a_workbook_of_too_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = openpyxl.Workbook()
    for row in (["question", "answer"], ["Q?", "A."]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    monkeypatch.setattr(importing, "_MOST_CELLS", 4)
    assert len(read([tmp_path / "a.xlsx"]).articles) == 1
    monkeypatch.setattr(importing, "_MOST_CELLS", 3)
    with pytest.raises(BadEntry, match=r"a\.xlsx: more than 3 cells; save the rows that hold entries as CSV"):
        read([tmp_path / "a.xlsx"])
