"""The bench of the index goes with the index; who changes that finds out here."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bot.settings import ROOT, Settings


def test_the_bench_still_finds_what_an_exact_search_finds(product: Settings) -> None:
    told = {"index": str(product.index), "sizes": [1000, 20_000]}
    done = subprocess.run([sys.executable, str(ROOT / "tests" / "bench" / "vectors.py")], cwd=ROOT, text=True,
                          input=json.dumps(told), capture_output=True, timeout=110,
                          env={**os.environ, "FRONTDESK_HOME": str(product.home), "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    exact, coded = json.loads(done.stdout)
    assert exact["index"] == "Exact" and exact["recall_at_10"] == 1
    assert coded["index"] == "Coded" and coded["recall_at_10"] >= 0.98
