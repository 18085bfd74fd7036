"""A home of one small knowledge base with the real encoder and judgement, and its library."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from product import product, pytest_collection_finish

from bot.database import open_database
from bot.judgement import publishing
from bot.library.library import Library
from bot.settings import ROOT, Settings
from bot.workshop.bench import Bench

__all__ = ["product", "pytest_collection_finish"]


def some_phrases(_: Path) -> list[object]:
    """Of the training phrases every fiftieth: enough to set bars by, and a check takes a second instead of twenty."""
    return ALL_PHRASES[::50]


ALL_PHRASES: list[object] = []


@pytest.fixture(scope="session")
def small(product: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("small")
    for name in ("encoder", "judgement"):
        (home / name).symlink_to(product.home / name)
    (home / "cache").mkdir()
    shutil.copy(product.cache / "vectors.db", home / "cache")
    for category in ("membership", "returns"):
        shutil.copytree(ROOT / "data" / "kb" / category, home / "kb" / category)
    settings = replace(product, home=home, kb=home / "kb", alpha=0.5, beta=0.5)
    patch = pytest.MonkeyPatch()
    read = publishing.phrases.read
    ALL_PHRASES[:] = read(publishing.phrases.FOLDER)
    patch.setattr(publishing.phrases, "read", some_phrases)
    # Every bench loads its own; here they share them, or the tests would do little else.
    one, unseen = publishing.assembly.load(settings, 2), publishing.assembly.unseen()
    patch.setattr(publishing.assembly, "load", lambda *_: one)
    patch.setattr(publishing.assembly, "unseen", lambda: unseen)
    publishing.publish(settings)
    yield settings
    patch.undo()


@pytest.fixture
def home(small: Settings, tmp_path: Path) -> Settings:
    """The small home, copied for one test."""
    ours = tmp_path / "home"
    shutil.copytree(small.home, ours, symlinks=True, ignore=shutil.ignore_patterns("cache"))
    (ours / "cache").symlink_to(small.home / "cache")  # vectors are only ever added to it
    return replace(small, home=ours, kb=ours / "kb")


@pytest.fixture
def bench(home: Settings) -> Iterator[Bench]:
    bench = Bench(home)
    yield bench
    bench.close()


@pytest.fixture
def library(home: Settings) -> Library:
    return Library(open_database(home.database))
