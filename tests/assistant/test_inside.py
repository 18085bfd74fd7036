"""The bench's look inside a turn goes with the worker, the classifier and the encoder; who changes them finds out here."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bot.settings import ROOT, Settings
from kb_index.folder import read as read_kb


def test_the_bench_still_sees_the_parts_of_a_turn(product: Settings) -> None:
    # Many, since what was asked before costs no pass of the encoder.
    asked = [test for entry in read_kb(ROOT / "data" / "kb") for test in entry.tests]
    told = {"questions": asked, "turns": 6, "long": False}
    done = subprocess.run([sys.executable, "-W", "ignore", str(ROOT / "tests" / "bench" / "inside.py")], cwd=ROOT,
                          input=json.dumps(told), text=True, capture_output=True, timeout=110,
                          env={**os.environ, "FRONTDESK_HOME": str(product.home), "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout[done.stdout.index("{"):])
    assert found["turns"] == 6
    # What is counted twice leaves less than nothing for the rest; what is not seen, nothing for its part.
    assert {"encoder", "policies", "action", "store client"} <= set(found["parts"])
    assert min(found["parts"].values()) > 0 and found["encoder_alone"] > 0
