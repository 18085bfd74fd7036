"""For CI: a test that is skipped for want of a program counts as failed. ``PYTEST_PLUGINS=tests.no_skips`` loads it."""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest

#: How tests name what could be installed; other skips are part of `make faults`, or for other processors and systems.
_MISSING = re.compile("there is no |not installed")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, None]:
    report = (yield).get_result()
    if report.skipped and isinstance(report.longrepr, tuple) and _MISSING.search(reason := report.longrepr[2]):
        report.outcome, report.longrepr = "failed", f"{reason}; in CI nothing may be missing"
