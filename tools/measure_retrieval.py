"""Measures how often the right entry comes first on knowledge bases without phrasings, and prints JSON.

These are the FAQs of four domains in tests/kb_index/faqs, written with their test questions before anything was
measured on them, and the sample shop with none, three and all of its phrasings. Run with FRONTDESK_HOME set up:
`python tools/measure_retrieval.py`. Other weights: `python tools/measure_retrieval.py nearest=0.5 whole=0.8`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bot.settings import ROOT, read
from kb_index import folder, nearest, snapshot
from kb_index.encoder import Encoder, load_encoder
from kb_index.entry import Entry
from kb_index.lexical import LexicalIndex
from kb_index.retriever import Retriever, Weights, units

FAQS = ROOT / "tests" / "kb_index" / "faqs"


def first(entries: Sequence[Entry], encoder: Encoder, weights: Weights | None = None) -> float:
    """The share of the entries' test questions for which their entry comes first."""
    texts = [units(entry) for entry in entries]
    vectors = encoder.encode([text for one in texts for _, text in one])
    retriever = Retriever(snapshot.Snapshot(
        name="measured", entries=entries, html=[""] * len(entries), vectors=vectors,
        kinds=np.array([kind for one in texts for kind, _ in one], dtype=np.uint8),
        starts=np.cumsum([0] + [len(one) for one in texts]).astype(np.int64), index=nearest.build(vectors),
        lexical=LexicalIndex.build(entries), calibration={}, encoder=encoder.name,
    ), weights or Weights())
    asked = [(test, entry.id) for entry in entries for test in entry.tests]
    questions = [test for test, _ in asked]
    found = retriever.search(questions, encoder.encode(questions), top=1)
    return sum(one[0].entry == entry for one, (_, entry) in zip(found, asked, strict=True)) / len(asked)


def knowledge_bases(shop: Path) -> dict[str, list[Entry]]:
    """Each knowledge base by its name."""
    found = {
        path.stem: [Entry.parse(json.loads(line), path.name) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(FAQS.glob("*.jsonl"))
    }
    found["all four"] = [entry for entries in found.values() for entry in entries]
    entries = folder.read(shop)
    for name, kept in (("shop, no phrasings", 0), ("shop, three phrasings", 3), ("shop", None)):
        found[name] = [replace(entry, phrasings=entry.phrasings[:kept]) for entry in entries]
    return found


def main() -> None:
    settings = read()
    weights = Weights(**{name: float(value) for name, value in (told.split("=") for told in sys.argv[1:])})
    encoder = load_encoder(settings.encoder, 2)
    found = {name: round(first(entries, encoder, weights), 4) for name, entries in
             knowledge_bases(ROOT / "data" / "kb").items()}
    print(json.dumps({"encoder": encoder.name, "right entry first": found}, indent=1))


if __name__ == "__main__":
    main()
