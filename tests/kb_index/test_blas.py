"""What numpy multiplies with: the processor's own kernels, unless the operator says otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT
from kb_index import blas

AVX2 = "processor\t: 0\nflags\t\t: fpu sse2 fma avx avx2\n"


@pytest.mark.parametrize(("told", "wanted"), [(AVX2, "Haswell"), (AVX2.replace(" avx2", ""), None), ("", None)])
def test_a_processor_with_avx2_gets_its_kernels(
    told: str, wanted: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.setattr(blas.platform, "machine", lambda: "x86_64")
    (tmp_path / "cpuinfo").write_text(told)
    blas.choose(tmp_path / "cpuinfo")
    assert os.environ.get("OPENBLAS_CORETYPE") == wanted
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    blas.choose(tmp_path / "cpuinfo")
    assert os.environ["OPENBLAS_CORETYPE"] == "Nehalem"


def test_without_cpuinfo_numpy_chooses_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    blas.choose(tmp_path / "none")
    assert "OPENBLAS_CORETYPE" not in os.environ


@pytest.mark.skipif(" avx2" not in Path("/proc/cpuinfo").read_text(), reason="this processor has no AVX2")
@pytest.mark.parametrize("first", ["bot.judgement.classifier", "kb_index.retriever", "actions.answer"])
def test_whatever_is_imported_first_multiplies_with_avx2(first: str) -> None:
    code = f"import {first}, json; from threadpoolctl import threadpool_info; print(json.dumps(threadpool_info()))"
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    told = json.loads(subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**env, "PYTHONPATH": str(ROOT)},
                                     capture_output=True, check=True).stdout)
    kernels = {one["architecture"] for one in told if one.get("internal_api") == "openblas"}
    assert kernels and "Prescott" not in kernels
