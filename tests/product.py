"""The product's home for tests of the real thing: encoder, judgement, Rasa model, index and sample shop.

`make test` sets one up and hands it in as ``FRONTDESK_HOME``. Plain `pytest` uses the same folder and first does what is
due there, which takes two minutes the first time. Tests only read it: what they change, they change in a copy.
"""

from __future__ import annotations

import os
from functools import lru_cache

import pytest

from bot.settings import ROOT, Settings, read
from bot.setup import STEPS, set_up


@lru_cache(maxsize=1)
def ready() -> Settings:
    """Settings of a home that is set up."""
    given = os.environ.get("FRONTDESK_HOME")
    settings = read({"FRONTDESK_HOME": given or str(ROOT / "var" / "test")})
    due = [step.name for step in STEPS if not step.is_current(settings)]
    if due and given:
        # It may be somebody's real one.
        pytest.exit(f"FRONTDESK_HOME={given} is not set up ({', '.join(due)} due): `frontdesk setup` does it")
    if due:
        set_up(settings)
    return settings


def pytest_collection_finish(session: pytest.Session) -> None:
    """Sets up before the first test, whose time limit is not meant for this."""
    if not session.config.option.collectonly and any("product" in getattr(i, "fixturenames", ()) for i in session.items):
        ready()


@pytest.fixture(scope="session")
def product() -> Settings:
    """Settings whose home is set up, for reading only."""
    return ready()


@pytest.fixture
def at_home(product: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """As `product`, and what reads its settings from the environment finds the same home."""
    monkeypatch.setenv("FRONTDESK_HOME", str(product.home))
    return product
