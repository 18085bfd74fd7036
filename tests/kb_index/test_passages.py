from __future__ import annotations

from shelf import ENTRIES

from kb_index.lexical import LexicalIndex, tokens
from kb_index.passages import MAX_PASSAGES, passages, plain


def test_marks_go_and_words_stay() -> None:
    told = plain("Ring **now** or [write](https://a.example/x_y) to `us`.")
    assert " ".join(told.split()) == "Ring now or write to us ."


def test_a_short_answer_is_one_passage_and_none_is_none() -> None:
    assert passages("One sentence. And another!") == ["One sentence. And another!"]
    assert passages("") == [] and passages("***\n\n---") == ["---"]


def test_passages_are_whole_sentences_and_lose_nothing() -> None:
    text = " ".join(f"Sentence number {i} has exactly seven words." for i in range(40))
    found = passages(text)
    assert " ".join(found) == text
    assert all(part.endswith(".") and len(part.split()) <= 45 for part in found)


def test_a_sentence_without_end_is_cut_and_loses_nothing() -> None:
    text = " ".join(f"word{i}" for i in range(400))
    found = passages(text)
    assert " ".join(found) == text and all(len(part.split()) <= 90 for part in found)


def test_a_very_long_text_gives_passages_from_start_to_end() -> None:
    found = passages("\n".join(f"Line {i} " + "word " * 40 for i in range(500)))
    assert len(found) == MAX_PASSAGES
    assert "Line 0 " in found[0] and int(found[-1].split()[1]) > 450


def test_tokens_are_words_without_the_commonest_and_without_endings() -> None:
    assert tokens("Where are my parcels? PARCEL's") == ["parcel", "parcel"]
    assert tokens("i don't") == tokens("I don\u2019t") == ["dont"]
    assert tokens("refunded refunds refunding") == ["refund"] * 3
    assert tokens("\U0001f600 ?!") == []


def test_words_find_the_entry_that_holds_them() -> None:
    index = LexicalIndex.build(ENTRIES)
    assert index.scores("the label for returning it").argmax() == 1
    assert index.scores("passwords").argmax() == 2


def test_unknown_words_score_nothing() -> None:
    index = LexicalIndex.build(ENTRIES)
    for text in ("", "xyzzy", "\U0001f600", "the of and"):
        assert index.scores(text).tolist() == [0, 0, 0]
