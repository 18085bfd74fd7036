"""Measures what the published bot does with questions in other languages than its entries', and prints JSON.

The questions are in tests/judgement/languages.jsonl, for the sample shop; those without an entry need people. Run with
FRONTDESK_HOME set up, once with the default model and once with a multilingual `FRONTDESK_MODEL`:
`python tools/measure_languages.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from bot.judgement.replay import judge_of, replay, search
from bot.settings import ROOT, read

QUESTIONS = ROOT / "tests" / "judgement" / "languages.jsonl"


def summed(rows: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    """What became of one language's questions: each with its replay and its search."""
    known = [row for row in rows if row[0]["entry"]]
    return {
        "answerable": len(known),
        "found first": sum(hits["hits"][:1] != [] and hits["hits"][0]["entry"] == q["entry"] for q, _, hits in known),
        "found among three": sum(q["entry"] in [hit["entry"] for hit in hits["hits"][:3]] for q, _, hits in known),
        "answered, rightly": sum(told["decision"] == "answer" and told["entry"] == q["entry"] for q, told, _ in known),
        "offered among others": sum(
            told["decision"] == "clarify" and q["entry"] in [c["entry"] for c in told["candidates"]]
            for q, told, _ in known),
        "answered or acted on, wrongly": sum(
            told["decision"] in ("task", "chat") or (told["decision"] == "answer" and told["entry"] != q["entry"])
            for q, told, _ in rows),
        "decisions": dict(Counter(told["decision"] for _, told, _ in known)),
        "decisions where people are needed": dict(Counter(told["decision"] for q, told, _ in rows if not q["entry"])),
    }


def main() -> None:
    judge = judge_of(read())
    asked = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    pairs = [(question["id"], question["text"]) for question in asked]
    rows = list(zip(asked, replay(judge, pairs), search(judge, pairs, 10), strict=True))
    print(json.dumps({language: summed([row for row in rows if row[0]["language"] == language])
                      for language in dict.fromkeys(question["language"] for question in asked)}, indent=1))


if __name__ == "__main__":
    main()
