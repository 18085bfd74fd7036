"""A home of one small knowledge base with the real encoder and judgement, and its library."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from product import product, pytest_collection_finish

from bot.database import open_database
from bot.judgement import assembly, phrases, publishing
from bot.library.library import Library
from bot.settings import ROOT, Settings
from bot.workshop.bench import Bench

__all__ = ["product", "pytest_collection_finish"]


@pytest.fixture(scope="session")
def loaded(product: Settings) -> tuple[Any, Any, list[Any]]:
    """The classifier, what unseen phrases were read as, and every fiftieth training phrase: enough to set bars by, so
    that a check takes a second instead of twenty."""
    some = phrases.read(phrases.FOLDER)[::50]
    return assembly.load(product, 2), assembly.unseen(), some


@contextmanager
def sharing(loaded: tuple[Any, Any, list[Any]]) -> Iterator[None]:
    """Every bench would load its own, and the tests would do little else. Only what publishing sees is changed, and only
    for so long: other tests run in this process."""
    one, unseen, some = loaded
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "phrases", SimpleNamespace(read=lambda _: some, FOLDER=phrases.FOLDER))
        patch.setattr(publishing, "assembly", SimpleNamespace(
            load=lambda *_: one, unseen=lambda: unseen, folder=assembly.folder, mark=assembly.mark,
            is_current=assembly.is_current))
        yield


@pytest.fixture(autouse=True)
def shared(loaded: tuple[Any, Any, list[Any]]) -> Iterator[None]:
    with sharing(loaded):
        yield


@pytest.fixture(scope="session")
def small(product: Settings, loaded: tuple[Any, Any, list[Any]], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("small")
    for name in ("encoder", "reranker", "judgement"):
        (home / name).symlink_to(product.home / name)
    (home / "cache").mkdir()
    shutil.copy(product.cache / "vectors.db", home / "cache")
    for category in ("membership", "returns"):
        shutil.copytree(ROOT / "data" / "kb" / category, home / "kb" / category)
    settings = replace(product, home=home, kb=home / "kb", alpha=0.5, beta=0.5)
    with sharing(loaded):
        publishing.publish(settings)
    return settings


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


@pytest.fixture
def victim(bench: Bench) -> str:
    """The entry most of whose tests are answered rightly today."""
    bench.check()
    live = bench.live()
    assert live is not None
    right = {entry.id: sum(bench._outcomes[test].is_right({entry.id}) for test in entry.tests) for entry in live.entries}
    best = max(right, key=lambda name: right[name])
    assert right[best] >= 2, "the small knowledge base answers nothing: these tests would show nothing"
    return best
