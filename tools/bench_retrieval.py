"""Times one question through encoder, index and ranking, on one thread, and prints JSON.

Run with FRONTDESK_HOME set up: `OMP_NUM_THREADS=1 python tools/bench_retrieval.py --entries 10000`. The entries are
made of the sentences of the sample shop and of the FAQs in tests/kb_index/faqs, put together anew; their vectors are
those of such texts with some noise, so that a large knowledge base is made in seconds. The snapshot is written, loaded
and searched as the assistant does it. Questions are the FAQs' and the shop's test questions, each asked alone.
"all, cpu" is what the thread itself worked, the others are by the clock: on a busy machine the two part.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import faiss
import numpy as np

from bot.settings import ROOT, read
from kb_index import folder, snapshot
from kb_index.encoder import Vectors, load_encoder
from kb_index.entry import Entry
from kb_index.passages import plain
from kb_index.retriever import Retriever, units

_BASE = 300


def made(entries: int, phrasings: int, rng: random.Random) -> tuple[list[Entry], list[str]]:
    """So many entries, and the questions to ask."""
    known = folder.read(ROOT / "data" / "kb")
    for path in sorted((ROOT / "tests" / "kb_index" / "faqs").glob("*.jsonl")):
        known += [Entry.parse(json.loads(line), path.name) for line in path.read_text(encoding="utf-8").splitlines()]
    heads = [text for entry in known for text in (entry.question, *entry.phrasings)]
    sentences = [part for entry in known for part in plain(entry.answer).split(". ") if len(part) > 20]
    found = [
        Entry(f"entry-{i}", " ".join(rng.choice(heads).split()[:8] + rng.choice(heads).split()[-4:]),
              ". ".join(rng.sample(sentences, 4)), phrasings=tuple(rng.sample(heads, phrasings)))
        for i in range(entries)
    ]
    return found, [test for entry in known for test in entry.tests]


def noisy(base: Vectors, rows: int, seed: int) -> Vectors:
    """Unit vectors near those of real texts: about as far from each other as texts of one kind are."""
    rng = np.random.default_rng(seed)
    vectors = np.empty((rows, base.shape[1]), dtype=np.float32)
    for start in range(0, rows, 10_000):
        size = min(10_000, rows - start)
        mixed = base[rng.integers(0, len(base), size)] + base[rng.integers(0, len(base), size)]
        mixed += rng.normal(scale=0.03, size=mixed.shape).astype(np.float32)
        vectors[start : start + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--phrasings", type=int, default=2)
    parser.add_argument("--questions", type=int, default=1000)
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    settings, rng = read(), random.Random(0)  # noqa: S311 - nothing secret
    encoder = load_encoder(settings.encoder)
    entries, questions = made(args.entries, args.phrasings, rng)
    base = encoder.encode([text for entry in entries[:_BASE] for _, text in units(entry)])
    sizes = [len(units(entry)) for entry in entries]
    with tempfile.TemporaryDirectory() as there:
        begun = time.perf_counter()
        built = snapshot.Snapshot.build(
            entries, noisy(base, sum(sizes), 0),
            np.array([kind for entry in entries for kind, _ in units(entry)], dtype=np.uint8),
            np.cumsum([0, *sizes]).astype(np.int64), {}, encoder.name,
        )
        name = snapshot.write(Path(there), built, "bench")
        written = time.perf_counter()
        retriever = Retriever(snapshot.load(Path(there), name))
        loaded = time.perf_counter()
        rows = []
        for question in (rng.choice(questions) for _ in range(args.questions + 20)):
            start, worked = time.perf_counter(), time.thread_time()
            vector = encoder.encode([question])
            encoded = time.perf_counter()
            retriever.search([question], vector)
            end = time.perf_counter()
            rows.append((encoded - start, end - encoded, end - start, time.thread_time() - worked))
    times, index = 1000 * np.array(rows[20:]), retriever.snapshot.ground.index
    print(json.dumps({
        "entries": len(entries), "vectors": sum(sizes), "questions": args.questions,
        "index": type(index).__name__, "wider": getattr(index, "wider", None), "write s": round(written - begun, 2),
        "load s": round(loaded - written, 2), "torch loaded": "torch" in sys.modules,
        "ms": {
            part: {"p50": round(float(np.percentile(column, 50)), 2), "p99": round(float(np.percentile(column, 99)), 2)}
            for part, column in zip(("encode", "search and rank", "all", "all, cpu"), times.T, strict=True)
        },
    }, indent=1))


if __name__ == "__main__":
    main()
