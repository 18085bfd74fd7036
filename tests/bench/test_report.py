"""The bench's report can be read by any program, also where an answer never came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.report import write


def test_what_never_came_is_null_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"machine": {"cpu": "x"}, "quick": True, "soak_seconds": 30, "failed": [],
            "figures": {"long run: p95, ms": [float("inf")]}, "series": {"soak": [[1.0, float("nan")], [2.0, 0.1]]}}
    write(tmp_path, told)

    def refused(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    kept = json.loads((tmp_path / "results.json").read_text(), parse_constant=refused)
    assert kept["figures"] == {"long run: p95, ms": [None]} and kept["series"]["soak"] == [[1.0, None], [2.0, 0.1]]
    assert kept["wanted"][0]["met"] is False and "NO   p95 of the long run" in capsys.readouterr().out
