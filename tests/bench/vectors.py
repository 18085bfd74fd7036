"""Index search: latency and recall at growing numbers of vectors, with `kb_index`'s own choice of index.

The vectors are made: questions of the sample knowledge base, each with many neighbours at the distances at which real
phrasings of one question lie (cosine about 0.7), since uniform noise has no neighbours and would tell nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import faiss
import numpy as np

from kb_index import nearest, snapshot


def made(centres: Any, number: int, random: np.random.Generator) -> Any:
    """`number` unit vectors around random mixtures of `centres`."""
    found = np.empty((number, centres.shape[1]), dtype=np.float32)
    for start in range(0, number, 50_000):
        size = min(50_000, number - start)
        pair = centres[random.integers(len(centres), size=(size, 2))]
        mix = random.random((size, 1), dtype=np.float32)
        block = mix * pair[:, 0] + (1 - mix) * pair[:, 1]
        block /= np.linalg.norm(block, axis=1, keepdims=True)
        noise = random.standard_normal(block.shape, dtype=np.float32)
        block += noise / np.linalg.norm(noise, axis=1, keepdims=True)
        found[start : start + size] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return found


def measure(centres: Any, number: int) -> dict[str, Any]:
    random = np.random.default_rng(number)
    vectors, asked = made(centres, number, random), made(centres, 300, random)
    begun = time.monotonic()
    index = nearest.build(vectors)
    built = time.monotonic() - begun
    exact = faiss.IndexFlatIP(vectors.shape[1])
    exact.add(vectors)
    _, right = exact.search(asked, 10)
    del exact
    spent, hits = [], 0
    for one in range(len(asked)):
        begun = time.perf_counter()
        near = index.search(asked[one : one + 1], 10).rows[0]
        spent.append(time.perf_counter() - begun)
        hits += len(set(near.tolist()) & set(right[one].tolist()))
    spent.sort()
    return {"vectors": number, "index": type(index).__name__, "build_seconds": built,
            "p50_ms": spent[len(spent) // 2] * 1e3, "p95_ms": spent[int(0.95 * len(spent))] * 1e3,
            "recall_at_10": hits / (10 * len(asked))}


if __name__ == "__main__":
    told = json.load(sys.stdin)
    centres = snapshot.load_current(Path(told["index"])).ground.vectors
    json.dump([measure(np.asarray(centres), number) for number in told["sizes"]], sys.stdout)
