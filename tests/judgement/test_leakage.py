"""No test question is a near-copy of what the bot learnt from: it would measure memory, and the promise would be air."""

from __future__ import annotations

from rapidfuzz import fuzz, process, utils

from bot.judgement import phrases
from bot.settings import ROOT
from kb_index import folder

#: Of 100; the same words in another order are 100, one word of ten changed is about 90.
_NEAR = 90


def near_copies(tests: list[str], learnt: list[str]) -> list[tuple[str, str]]:
    """Tests that are near-copies, each with what it is a copy of: by edit distance over sorted words."""
    scores = process.cdist(
        [utils.default_process(text) for text in tests], [utils.default_process(text) for text in learnt],
        scorer=fuzz.token_sort_ratio, score_cutoff=_NEAR,
    )
    best = scores.argmax(axis=1)
    return [(tests[i], learnt[j]) for i, j in enumerate(best) if scores[i, j] >= _NEAR]


def test_no_test_question_is_a_near_copy_of_a_phrase_that_was_learnt() -> None:
    entries = folder.read(ROOT / "data" / "kb")
    learnt = [phrase.text for phrase in phrases.read(phrases.FOLDER)]
    learnt += [text for entry in entries for text in (entry.question, *entry.phrasings)]
    copies = near_copies([test for entry in entries for test in entry.tests], learnt)
    assert not copies, "\n".join(f"{test!r} is nearly {phrase!r}" for test, phrase in copies)


def test_near_copies_are_found() -> None:
    learnt = ["How do I return a lamp?", "where is my parcel"]
    same = ["how do i return a lamp", "parcel, where is my", "has anything been sent yet", "return a kettle"]
    assert near_copies(same, learnt) == [(same[0], learnt[0]), (same[1], learnt[1])]
