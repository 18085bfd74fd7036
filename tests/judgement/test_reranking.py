"""Which questions a larger encoder reads as well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.judgement.publishing import cache_of
from bot.judgement.reranking import AsIfHidden, Reranker
from bot.settings import Settings
from kb_index.cache import VectorCache
from kb_index.retriever import Candidate


@pytest.fixture(scope="module")
def larger(product: Settings) -> Iterator[VectorCache]:
    cache = cache_of(product)
    yield cache
    cache.close()


SURE = [Candidate("a", 0.95, 0.97, 20.0), Candidate("b", 0.3, 0.3, 0.0)]
UNSURE = [Candidate("b", 0.6, 0.6, 3.0), Candidate("c", 0.58, 0.55, 2.0)]
HOPELESS = [Candidate(name, 0.05, 0.05, 0.0) for name in "defgh"]
SAME = [Candidate("b", 0.6, 1.0, 3.0, same=True), Candidate("c", 0.58, 0.55, 2.0)]


@pytest.mark.parametrize(("text", "found", "wants"), [
    ("how do i return it", UNSURE, True), ("how do i return it", SURE, False), ("how do i return it", HOPELESS, False),
    ("how do i return it", SAME, False), ("delivery", UNSURE, False), ("how do i return it", [], False),
])
def test_only_what_is_neither_sure_nor_hopeless_is_looked_at_again(
    text: str, found: list[Candidate], wants: bool, larger: VectorCache
) -> None:
    assert Reranker(larger).wants(text, found) is wants


def test_what_is_hidden_is_looked_at_as_if_it_was_not_there(larger: VectorCache) -> None:
    hidden = AsIfHidden(larger)
    for found in (UNSURE, SURE, HOPELESS, SAME):
        asked = "how do i return it", [SURE[0], *found]
        assert hidden.wants(*asked) is Reranker(larger).wants(asked[0], found)
