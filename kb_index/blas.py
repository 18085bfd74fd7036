"""Which kernels numpy multiplies with.

The OpenBLAS that comes with the numpy of Rasa's pins knows processors up to 2022. For any newer one it takes kernels of
2004, which are two to eight times slower here than those for AVX2, which that processor has too.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

_NEEDED = {"avx2", "fma"}


def choose(info: Path = Path("/proc/cpuinfo")) -> None:
    """Has OpenBLAS take its kernels for AVX2 where the processor has it and the environment names no others. Only
    before numpy is imported.

    Source: OpenBLAS's README on OPENBLAS_CORETYPE, "DYNAMIC_ARCH".
    """
    if "OPENBLAS_CORETYPE" in os.environ or platform.machine() not in ("x86_64", "AMD64"):
        return
    try:
        with info.open(encoding="utf-8") as lines:
            flags = next((line.split() for line in lines if line.startswith("flags")), [])
    except OSError:
        return
    if set(flags) >= _NEEDED:
        os.environ["OPENBLAS_CORETYPE"] = "Haswell"
