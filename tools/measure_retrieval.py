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

from bot.judgement.asking import Asker
from bot.judgement.drafting import assembled
from bot.judgement.publishing import Memory, ask, cache_of
from bot.settings import ROOT, read
from kb_index import folder
from kb_index.cache import VectorCache
from kb_index.entry import Entry
from kb_index.retriever import Weights

FAQS = ROOT / "tests" / "kb_index" / "faqs"


def first(entries: Sequence[Entry], cache: VectorCache, memory: Memory, weights: Weights | None = None) -> float:
    """The share of the entries' test questions for which their entry comes first."""
    pairs = [(test, entry.id) for entry in entries for test in entry.tests]
    asked = ask(memory.read([test for test, _ in pairs]), [entry for _, entry in pairs], [""] * len(pairs),
                Asker(cache, 1, weights or Weights()).at(assembled(entries, cache)))
    return sum(one.right for one in asked) / len(asked)


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
    cache, memory = cache_of(settings), Memory(settings)
    found = {name: round(first(entries, cache, memory, weights), 4) for name, entries in
             knowledge_bases(ROOT / "data" / "kb").items()}
    print(json.dumps({"encoder": cache.encoder.name, "right entry first": found}, indent=1))


if __name__ == "__main__":
    main()
