"""What CI makes of tests that are skipped for want of a program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bot.settings import ROOT


def test_who_lacks_a_program_fails_and_other_skips_stay(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("""
import pytest

@pytest.mark.skipif(True, reason="there is no C compiler")
def test_marked(): pass

def test_in_the_middle(): pytest.skip("Redis and Postgres are not installed")

def test_of_another_kind(): pytest.skip("part of make faults")

@pytest.mark.xfail
def test_that_cannot_be(): assert False, "there is no way"
""")
    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "tests.no_skips", "-p", "no:cacheprovider", "-c", "/dev/null",
                           "--rootdir", str(tmp_path), str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    # One that is skipped before it begins counts as an error of its set-up.
    assert "1 failed, 1 skipped, 1 xfailed, 1 error" in done.stdout
    assert "there is no C compiler; in CI nothing may be missing" in done.stdout
