"""The written dialogues on the real worker: nothing wrong is ever done or told, and nine in ten come to a good end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import stage
from own_valkey import Valkey
from product import product, pytest_collection_finish

from actions.shop import sample
from bot.settings import Settings

__all__ = ["product", "pytest_collection_finish"]

#: What may go wrong in a dialogue at worst: that it is not resolved, never that something else is done or told.
HARM = ("done, but not wanted", "was said")


@pytest.fixture(scope="module")
def home(product: Settings) -> Iterator[Path]:
    yield from stage.home_like(product)


@pytest.mark.timeout(600)
async def test_the_dialogues(home: Path, product: Settings, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_HOME", str(home))
    monkeypatch.setenv("FRONTDESK_REDIS_URL", valkey.url)
    settings = replace(product, home=home, redis_url=valkey.url)
    sample.load(settings)
    scripts = stage.scripts()
    played = await stage.play_all(settings, valkey.url, scripts)
    stage.report(played, sys.stderr)
    assert len(played) >= 150
    assert [f"{p.name}: {fault}" for p in played for fault in p.faults if fault.startswith(HARM)] == []
    routine = [p for p in played if p.script.get("routine", True)]
    resolved = [p for p in routine if not p.faults]
    assert len(resolved) / len(routine) >= 0.9
    assert os.environ["FRONTDESK_HOME"] == str(home)
