"""Replays and searches: the rows that the commands print, on a foreign knowledge base in an empty home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.judgement.replay import BadLines, read_lines
from bot.settings import ROOT, Settings

_FAQ = [
    ("tent-poles", "How do I replace a broken tent pole?", "Slide the old pole out of its sleeve and push the new one in."),
    ("waxing", "How often should skis be waxed?", "Every three days on snow."),
    ("hire", "Can I hire a canoe for a day?", "Yes, from the boat house between May and September."),
]


def frontdesk(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=110,
        env={**environ, "FRONTDESK_HOME": str(home)},
    )


def test_three_commands_serve_a_foreign_knowledge_base(product: Settings, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    # An empty home would first export and train for a minute; what does not depend on the knowledge base is lent.
    for part in ("encoder", "reranker", "judgement", "cache"):
        shutil.copytree(product.home / part, home / part)
    faq, asked, out = tmp_path / "faq.jsonl", tmp_path / "asked.jsonl", tmp_path / "hits.jsonl"
    faq.write_text("".join(json.dumps({"id": i, "question": q, "answer": a}) + "\n" for i, q, a in _FAQ))
    asked.write_text('{"qid": 7, "text": "renting a canoe"}\n{"qid": "x", "text": "pole snapped, swap it"}\n')
    for command in (("kb", "import", faq), ("kb", "publish"), ("kb", "search", asked, "--top", "2", "--out", out)):
        done = frontdesk(home, *command)
        assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["qid"] for row in rows] == [7, "x"]
    assert [row["hits"][0]["entry"] for row in rows] == ["hire", "tent-poles"]
    assert all(len(row["hits"]) == 2 and row["hits"][0]["score"] >= row["hits"][1]["score"] for row in rows)
    # Nothing is known about how well this base answers, so nothing is promised.
    assert not any(row["answered"] for row in rows)

    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"id": "a", "question": "Q?"}\n')
    refused = frontdesk(home, "kb", "import", broken)
    assert refused.returncode == 1 and "broken.jsonl:1" in refused.stderr and "Traceback" not in refused.stderr
    again = frontdesk(home, "kb", "search", asked, "--top", "1")
    first = json.loads(again.stdout.splitlines()[0])
    assert [hit["entry"] for hit in first["hits"]] == ["hire"]
    # How many hits are wanted says nothing of how sure the first is.
    assert first["confidence"] == rows[0]["confidence"]


def test_a_replay_tells_what_would_be_done(product: Settings, tmp_path: Path) -> None:
    messages = tmp_path / "messages.jsonl"
    texts = ["How do I return something?", "my blender smokes", "a human please", "", "🎉", "x " * 10_000,
             "Kann ich meine Bestellung noch ändern?", "Où est mon colis ?", "我要退款", "Zapomniałem hasła",
             "where is my parcel " * 2_500]
    messages.write_text("".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts)))
    out = tmp_path / "out.jsonl"
    done = frontdesk(product.home, "replay", messages, "--out", out)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["id"] for row in rows] == list(range(len(texts)))
    assert set(rows[0]) == {"id", "route", "confidence", "decision", "intent", "entry", "answer", "candidates", "why", "ms"}
    assert (rows[0]["decision"], rows[0]["entry"]) == ("answer", "how-to-return") and "Quillpost" in rows[0]["answer"]
    assert (rows[1]["route"], rows[1]["decision"]) == ("support", "handoff")
    assert "“" in rows[1]["why"], "the words that weighed most"
    assert (rows[2]["route"], rows[2]["decision"]) == ("human", "handoff")
    assert all(row["decision"] in ("abstain", "clarify", "handoff") and row["entry"] is None for row in rows[3:])


@pytest.mark.parametrize(("line", "said"), [("{", r":2:2: no valid JSON"), ("[]", r":2: an object"), ('{"id": 1}', r":2: an object")])
def test_lines_that_are_no_messages_are_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"id": 1, "text": "ok"}\n' + line + "\n")
    with pytest.raises(BadLines, match=said):
        read_lines(path, "id")


@pytest.mark.parametrize(("line", "said"), [
    ('{"qid": NaN, "text": "hi"}', ":1:1: no valid JSON (NaN is no number)"), ('{"qid": 1e999, "text": "hi"}', "1e999 is no number"),
    ('{"qid": ' + "[" * 100_000, ":1:1: no valid JSON (maximum recursion"), ("\udcff", "cannot be read as UTF-8 text"),
])
def test_lines_that_could_not_be_printed_again_are_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(line.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadLines) as refused:
        read_lines(path, "qid")
    assert str(refused.value).startswith(str(path)) and said in str(refused.value)


def test_a_mark_of_byte_order_is_no_text_and_what_is_missing_is_called_that(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"qid": 1.5, "text": "hi"}\r\n')
    assert read_lines(path, "qid") == [(1.5, "hi")]
    with pytest.raises(BadLines, match=r"none\.jsonl: cannot be read \(No such file or directory\)"):
        read_lines(tmp_path / "none.jsonl", "qid")
