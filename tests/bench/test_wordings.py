"""A bench whose texts came twice would measure the memory of messages."""

from __future__ import annotations

import itertools

from tests.bench.wordings import fresh


def test_no_text_comes_twice_and_each_holds_a_question() -> None:
    questions = ["where is my parcel", "how do I pay", "how do I pay"]
    texts = list(fresh(questions, seed=1))
    assert len(texts) == len(set(texts)) == 2 * 144
    assert all(any(question in text for question in questions) for text in texts)
    assert list(itertools.islice(fresh(questions, seed=1), 9)) == texts[:9]
    assert list(fresh(questions, seed=2)) != texts
