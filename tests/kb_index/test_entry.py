"""Entries and the folder that holds them: what is taken, and what is said of what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.library.article import Article
from bot.settings import ROOT
from kb_index import folder, lexical
from kb_index.entry import MAX_ANSWER, MAX_QUESTION, Entry, folded
from kb_index.errors import BadEntry

GOOD: dict[str, Any] = {"id": "a", "question": "Why?", "answer": "Because."}


def test_an_entry_is_read_with_all_its_fields() -> None:
    told = {"category": "c", "phrasings": ["how come", " how come ", ""], "tests": "one\ntwo|three", "related": ["b"]}
    entry = Entry.parse({**GOOD, **told, "task": "track"}, "f.md")
    assert entry == Entry("a", "Why?", "Because.", "c", ("how come",), ("one", "two", "three"), ("b",), "track")


@pytest.mark.parametrize(("change", "told"), [
    ({"question": "  "}, "question is empty"),
    ({"answer": None}, "answer is empty"),
    ({"id": ""}, "id is empty"),
    ({"id": "a\x07b"}, "id 'a\\x07b'"),
    ({"question": "q" * (MAX_QUESTION + 1)}, f"question has {MAX_QUESTION + 1:,} characters"),
    ({"answer": "q" * (MAX_ANSWER + 1)}, f"answer has {MAX_ANSWER + 1:,} characters"),
    ({"phrasings": ["fine", "q" * (MAX_QUESTION + 1)]}, "one of the phrasings has"),
    ({"phrasings": 5}, "phrasings is int; a list of texts is wanted"),
    ({"tests": {"a": "b"}}, "tests is dict"),
    ({"question": ["a"]}, "question: ['a'] is no text"),
])
def test_a_bad_entry_is_refused_by_place_and_name(change: dict[str, Any], told: str) -> None:
    with pytest.raises(BadEntry) as refused:
        Entry.parse({**GOOD, **change}, "faq.csv:12")
    assert str(refused.value).startswith("faq.csv:12: ") and told in str(refused.value)


@pytest.mark.parametrize("item", [True, {"my order": "where is it"}, ["a"]])
def test_what_yaml_makes_of_a_phrase_without_quotes_is_refused_not_guessed(item: object) -> None:
    with pytest.raises(BadEntry, match="put it in quotes"):
        Entry.parse({**GOOD, "phrasings": [item]}, "f.md")


def test_an_empty_line_in_a_list_is_no_phrasing() -> None:
    assert Entry.parse({**GOOD, "phrasings": [None, "0", 12]}, "f.md").phrasings == ("0", "12")


@pytest.mark.parametrize(("text", "words"), [
    ("Don't split_this 24/7, OK?", "don t split_this 24 7 ok"), ("मेरा ऑर्डर कहाँ है?", "मेरा ऑर्डर कहाँ है"),
    ("คืนเงิน ได้ไหม", "คืนเงิน ได้ไหม"), ("Wa\u0308hrung", "währung"), ("\U0001f44d\ufe0f \u2764\ufe0f!", ""), ("\u0301", ""),
])
def test_words_are_whole_in_every_script(text: str, words: str) -> None:
    assert folded(text) == words
    assert lexical.tokens("ग्राहक सेवा") == ["ग्राहक", "सेवा"] and lexical.tokens("u\u0308ber a_b") == ["über", "b"]


def test_half_a_character_is_replaced() -> None:
    assert Entry.parse({**GOOD, "question": "Why \ud83d?"}, "f").question == "Why ??"


def test_line_ends_are_one_kind_and_what_is_stored_stays_as_it_was() -> None:
    told = {**GOOD, "answer": "One.\r\n\r\nTwo.\rThree.", "phrasings": ["a\r\nb"]}
    entry = Entry.parse(told, "f")
    assert (entry.answer, entry.phrasings) == ("One.\n\nTwo.\nThree.", ("a\nb",))
    assert Entry.restore(told).answer == told["answer"]


def test_the_version_changes_with_what_customers_see_and_only_then() -> None:
    entry = Entry.parse(GOOD, "f")
    assert entry.version == Entry.parse({**GOOD, "tests": ["a test"]}, "elsewhere").version
    others = [{"question": "How?"}, {"answer": "So."}, {"phrasings": ["x"]}, {"related": ["x"]}, {"category": "x"}]
    assert len({entry.version, *(Entry.parse({**GOOD, **change}, "f").version for change in others)}) == 6


def test_an_entry_survives_json() -> None:
    import json
    from dataclasses import asdict

    entry = Entry.parse({**GOOD, "phrasings": ["x", "y"]}, "f")
    assert Entry.restore(json.loads(json.dumps(asdict(entry)))) == entry


def put(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_folder_is_read_by_id_with_category_from_its_subfolder(tmp_path: Path) -> None:
    put(tmp_path / "b" / "two.md", "---\nquestion: Two?\n---\nSecond.\n")
    put(tmp_path / "a" / "one.md", "\ufeff---\r\nquestion: One?\r\nphrasings:\r\n  - uno\r\n---\r\nFirst.\r\n")
    put(tmp_path / "a" / "README.md", "not an entry")
    one, two = folder.read(tmp_path)
    assert one == Entry("one", "One?", "First.", "a", ("uno",)) and two == Entry("two", "Two?", "Second.", "b")


@pytest.mark.parametrize(("text", "told"), [
    ("---\nquestion: a\nphrasings:\n  - b\n  - \"c\n---\nx", ":5:5: "),
    ("---\nquestion: 'a\n---\nx", ":2:11: "),
    ("---\nquestion: a: b\n---\nx", ":2:12: "),
    ("---\n\n\nquestion: a: b\n---\nx", ":4:12: "),
    (b"---\nquestion: caf\xe9\n---\nx", "not UTF-8 at byte 17"),
    ("no front matter at all", "question is empty"),
    ("---\nquestion: a\n---\n", "answer is empty"),
    ("---\nquestion: a\nvalid_until: 2026-02-30\n---\nx", ":3:14: '2026-02-30' cannot be (day is out of range for month)"),
    ("---\nquestion: a\nphrasings:\n- x\n- 2026-13-01\n---\nx", ":5:3: '2026-13-01' cannot be (month must"),
    ("---\nquestion: !!timestamp x\n---\nx", ":2:11: 'x' cannot be (it is no timestamp)"),
    ("---\nquestion: a\n---\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n", ": git left its marks of a conflict there"),
    ("---\n<<<<<<< HEAD\nquestion: a\n=======\nquestion: b\n>>>>>>> other\n---\nx", ": git left its marks of a conflict there"),
    ("---\nquestion: a\n5: b\n---\nx", "the key 5 in the front matter is no name"),
    ("---\nquestion: a\n2026-01-01: b\n---\nx", "the key 2026-01-01 in the front matter is no name"),
    ("---\nquestion: a\n? [b]\n: c\n---\nx", "the front matter is no valid YAML"),
])
def test_a_broken_file_is_named_with_the_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    path = put(tmp_path / "c" / "x.md", text)
    with pytest.raises(BadEntry) as refused:
        folder.read(tmp_path)
    assert str(refused.value).startswith(str(path)) and told in str(refused.value)


@pytest.mark.parametrize("field", ["id", "question", "phrasings", "language", "translation_of", "valid_from", "tags"])
def test_a_few_lines_that_stand_for_millions_are_refused_in_a_few_words(tmp_path: Path, field: str) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 7))
    path = put(tmp_path / "c" / "x.md", f"---\n{bomb}{field}: *a6\nlast: {'2026-02-30' if field == 'tags' else 'x'}\n---\nx")
    with pytest.raises(BadEntry) as refused:
        Article.of_file({"question": "Q?", **folder.fields(path)}, str(path))
    assert len(str(refused.value)) < len(str(path)) + 200


def test_two_files_with_one_id_are_refused(tmp_path: Path) -> None:
    for sub in ("a", "b"):
        put(tmp_path / sub / "x.md", "---\nquestion: a\n---\nb")
    with pytest.raises(BadEntry, match=r"b/x\.md: the id 'x' is used by another file"):
        folder.read(tmp_path)


def test_a_missing_folder_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(BadEntry, match="FRONTDESK_KB"):
        folder.read(tmp_path / "nowhere")


def test_the_sample_shop_has_what_the_issue_asks_for() -> None:
    entries = folder.read(ROOT / "data" / "kb")
    ids = {entry.id for entry in entries}
    assert len(entries) >= 120
    assert [e.id for e in entries if len(e.phrasings) < 3 or len(e.tests) < 2] == []
    assert [(e.id, other) for e in entries for other in e.related if other not in ids] == []


def test_no_test_question_is_in_the_index() -> None:
    """A test question that equals an indexed text measures nothing."""

    def folded(text: str) -> str:
        return "".join(c for c in text.lower() if c.isalnum())

    entries = folder.read(ROOT / "data" / "kb")
    indexed = {folded(text): entry.id for entry in entries for text in (entry.question, *entry.phrasings)}
    assert [(e.id, test, indexed[folded(test)]) for e in entries for test in e.tests if folded(test) in indexed] == []
