"""The product's home for tests of the real thing: encoder, judgement, Rasa model, index and sample shop, set up once.

`make test` sets one up and hands it in as ``FRONTDESK_HOME``; without one, it is built in pytest's temporary folder,
which takes a minute. Tests only read it: what they change, they change in a copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from bot.settings import Settings, read
from bot.setup import STEPS, set_up


@lru_cache(maxsize=1)
def ready(scratch: Path) -> Settings:
    """Settings of a home that is set up: the one handed in, or one below `scratch`."""
    given = os.environ.get("FRONTDESK_HOME")
    if given:
        settings = read({"FRONTDESK_HOME": given})
        due = [step.name for step in STEPS if not step.is_current(settings)]
        if due:
            pytest.exit(f"FRONTDESK_HOME={given} is not set up ({', '.join(due)} due): `frontdesk setup` does it")
        return settings
    settings = read({"FRONTDESK_HOME": str(scratch / "home")})
    set_up(settings)
    return settings


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose home is set up, for reading only."""
    return ready(tmp_path_factory.getbasetemp() / "product")


@pytest.fixture
def at_home(product: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """As `product`, and what reads its settings from the environment finds the same home."""
    monkeypatch.setenv("FRONTDESK_HOME", str(product.home))
    yield product
