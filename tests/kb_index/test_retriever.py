"""Finding entries of knowledge bases that nobody tuned for: without phrasings, with long answers, with odd questions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shelf import ENTRIES, write

from bot.judgement.asking import Asker
from bot.judgement.drafting import assembled
from bot.settings import Settings
from kb_index import lexical, snapshot
from kb_index.cache import VectorCache
from kb_index.encoder import Encoder, load_encoder
from kb_index.entry import Entry
from kb_index.part import Part
from kb_index.retriever import PASSAGE, WHOLE, Candidate, Retriever, units

FAQS = Path(__file__).parent / "faqs"


def found(tmp_path: Path, encoder: Encoder, entries: list[Entry], asked: list[str]) -> list[list[Candidate]]:
    write(tmp_path, encoder, entries)
    return Retriever(snapshot.load_current(tmp_path)).search(asked, encoder.encode(asked))


@pytest.mark.parametrize(("faq", "least"), [("council", 0.41), ("health", 0.50), ("software", 0.67), ("telecom", 0.39)])
def test_entries_without_phrasings_are_found_by_question_and_answer(
    tmp_path: Path, encoder: Encoder, faq: str, least: float
) -> None:
    """The floors are what was measured, less four points, since other processors round otherwise: 6 to 16 points above
    the question alone."""
    entries = [Entry.parse(json.loads(line), faq) for line in (FAQS / f"{faq}.jsonl").read_text().splitlines()]
    asked = [(test, entry.id) for entry in entries for test in entry.tests]
    told = found(tmp_path, encoder, entries, [test for test, _ in asked])
    assert sum(one[0].entry == entry for one, (_, entry) in zip(told, asked, strict=True)) / len(asked) >= least


def test_what_only_the_answer_says_finds_the_entry(tmp_path: Path, encoder: Encoder) -> None:
    entries = [
        Entry("opening", "When can I come?", "We are open from nine to five, and closed on bank holidays."),
        Entry("place", "How do I get to you?", "Take the tram to the harbour. There is a car park behind the house."),
        Entry("price", "What does it cost?", "Adults pay ten pounds; children and pensioners pay half."),
    ]
    told = found(tmp_path, encoder, entries, ["somewhere to leave my car", "reduction for my grandad", "christmas day"])
    assert [one[0].entry for one in told] == ["place", "price", "opening"]


def test_what_stands_late_in_a_long_answer_finds_the_entry(tmp_path: Path, encoder: Encoder) -> None:
    filler = "Our house was built by two brothers and has been in the family ever since. " * 40
    entries = [
        Entry("history", "The house", f"{filler}\n\nDogs are welcome in all rooms on a lead.\n\n{filler}"),
        Entry("garden", "The garden", "Roses, herbs and old apple trees."),
        Entry("tea", "The tea room", "Cakes and sandwiches until five."),
    ]
    ((first, *_),) = found(tmp_path, encoder, entries, ["may I bring my puppy into the bedroom?"])
    assert first.entry == "history"


def test_a_second_look_finds_more(product: Settings, tmp_path: Path, encoder: Encoder) -> None:
    """Four points more over all four, where 7 were measured: other processors round otherwise."""
    gained, asked_in_all = 0, 0
    for faq in ("council", "health", "software", "telecom"):
        entries = [Entry.parse(json.loads(line), faq) for line in (FAQS / f"{faq}.jsonl").read_text().splitlines()]
        asked = [(test, entry.id) for entry in entries for test in entry.tests]
        right = []
        for larger in (None, load_encoder(product.larger_encoder, 2)):
            cache = VectorCache(encoder, tmp_path / "vectors.db", larger=larger)
            told = Asker(cache).at(assembled(entries, cache)).search([test for test, _ in asked])
            cache.close()
            right.append(sum(one[0].entry == entry for one, (_, entry) in zip(told, asked, strict=True)))
        assert right[1] >= right[0], faq
        gained, asked_in_all = gained + right[1] - right[0], asked_in_all + len(asked)
    assert gained >= 0.04 * asked_in_all


def test_phrasings_count_more_the_more_there_are(tmp_path: Path, encoder: Encoder) -> None:
    answer, asked = "Press the green button.", "the thing hums"
    scores = []
    for number in (1, 2, 4):
        phrasings = ("the thing hums", "it is humming", "humming noise", "a hum comes from it")[:number]
        (told,) = found(tmp_path, encoder, [Entry("a", "Noises", answer, phrasings=phrasings)], [asked])
        scores.append(told[0].score)
    assert scores == sorted(scores) and scores[0] < scores[-1]


def test_the_very_words_of_a_question_or_a_phrasing_are_known_as_such(tmp_path: Path, encoder: Encoder) -> None:
    entries = [
        Entry("guarantee", "How long is the guarantee?", "Two years.", phrasings=("warranty", "Is it still covered?")),
        Entry("emoji", "\U0001f600", "A smile."),
    ]
    asked = ["WARRANTY!!!", "how long is the guarantee", "how long is your guarantee", "the warranty", "\U0001f44d", ""]
    told = found(tmp_path, encoder, entries, asked)
    assert [any(candidate.same for candidate in one) for one in told] == [True, True, False, False, False, False]
    assert told[0][0] == next(candidate for candidate in told[0] if candidate.same)


def test_a_phrasing_without_letters_is_nobodys_very_words(tmp_path: Path, encoder: Encoder) -> None:
    entries = [Entry("hours", "When are you open?", "From nine."),
               Entry("hours-de", "Wann habt ihr offen?", "Ab neun.", phrasings=("???",), language="de", translation_of="hours")]
    (told,) = found(tmp_path, encoder, entries, ["\U0001f44d"])
    assert told and not told[0].same


def test_as_many_are_found_as_are_wanted() -> None:
    random = np.random.default_rng(0)
    entries = [Entry(f"e{i}", f"q{i}", "a", phrasings=("b", "c", "d")) for i in range(400)]
    made = [units(entry) for entry in entries]
    kinds = np.array([kind for one in made for kind, _ in one], dtype=np.uint8)
    vectors = random.normal(size=(len(kinds) + 1, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    part = Part.rendered(entries, vectors[1:], kinds, np.cumsum([0, *map(len, made)]).astype(np.int64))
    retriever = Retriever(snapshot.Snapshot.nothing("random", 32).became(part, np.arange(len(entries))))
    assert [len(retriever.search(["?"], vectors[:1], top)[0]) for top in (5, 390)] == [5, 390]
    assert retriever.depth(10) == 120 and retriever.depth(390) == retriever.snapshot.size


def test_an_entry_is_embedded_as_question_as_a_whole_and_by_passages() -> None:
    kinds = [kind for kind, _ in units(Entry("a", "Why?", "Because. " * 100, phrasings=("how come",)))]
    assert kinds[:3] == [0, 1, WHOLE] and kinds[3:] == [PASSAGE] * 3
    whole = dict(units(Entry("a", "Why?", "word " * 40_000)))[WHOLE]
    assert whole.startswith("Why? word word") and len(whole) < 2000


@pytest.mark.parametrize("asked", ["", "   ", "\U0001f600\U0001f600", "?!", "\u4f60\u597d", "Wo ist mein Paket?", "\ud83d",
                                   "word " * 10_000, "x" * 100_000])
def test_odd_questions_are_no_harm(tmp_path: Path, encoder: Encoder, asked: str) -> None:
    (told,) = found(tmp_path, encoder, [Entry("a", "Title", "Text"), Entry("b", "\U0001f600", "**")], [asked])
    assert len(told) == 2 and all(-1 <= one.score <= 1 for one in told)


def test_one_entry_alone_is_found(tmp_path: Path, encoder: Encoder) -> None:
    (told,) = found(tmp_path, encoder, [Entry("only", "Why?", "Because.")], ["why?"])
    assert [one.entry for one in told] == ["only"]


def test_what_is_for_agents_only_is_found_by_agents_only(encoder: Encoder, tmp_path: Path) -> None:
    secret = Entry("override", "How do I waive the restocking fee?", "Use code ZZ-9.", "returns", ("waive restocking fee",), audience="agents")
    own = Entry("tier", "What does the gold tier give me?", "Free express.", "account", ("gold tier",), audience="verified")
    write(tmp_path, encoder, [*ENTRIES, secret, own])
    live = snapshot.load_current(tmp_path)
    assert [entry.audience for entry in live.entries[-2:]] == ["agents", "verified"]
    texts = ["waive restocking fee", "gold tier", "return label"]
    asked = Retriever(live).search(texts, encoder.encode(texts))
    assert "override" not in {candidate.entry for one in asked for candidate in one} and asked[1][0].entry == "tier"
    assert len(asked[0]) == 4, "what is hidden took another's place"
    by_agents = Retriever(live, audiences=("everyone", "verified", "agents")).search(texts, encoder.encode(texts))
    assert by_agents[0][0].entry == "override" and by_agents[2][0].entry == "returns"


def test_many_questions_to_a_large_index_find_what_each_finds_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are looked up in parts and by several threads, what words add to the scores is kept, and of that only the
    newest."""
    monkeypatch.setattr(lexical, "_AT_HAND", 5_000)
    random = np.random.default_rng(0)
    names = [f"{random.choice(list('bdfgklm'))}{random.choice(list('aeiou'))}{end}" for end in ("nt", "rk", "lp", "ss") * 12]
    entries = [Entry(f"e{i}", " ".join(random.choice(names, 6)), " ".join(random.choice(names, 9)), phrasings=("a", "b", "c"))
               for i in range(1_700)]
    made = [units(entry) for entry in entries]
    kinds = np.array([kind for one in made for kind, _ in one], dtype=np.uint8)
    starts = np.cumsum([0, *map(len, made)]).astype(np.int64)
    vectors = random.normal(size=(len(kinds) + 600, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    nothing = snapshot.Snapshot.nothing("random", 32)
    large = nothing.became(Part.rendered(entries, vectors[600:], kinds, starts), np.arange(len(entries)))
    assert large.size > 8_000
    asked = [" ".join(random.choice(names, 3)) for _ in range(600)]
    retriever = Retriever(large)
    together = retriever.look(asked, vectors[:600])
    alone = [Retriever(large).look([text], vector[None]) for text, vector in zip(asked[::7], vectors[:600:7], strict=True)]
    assert together.candidates[::7] == [one.candidates[0] for one in alone]
    assert together.words.tolist()[::7] == [float(one.words[0]) for one in alone]
    again = retriever.look(asked, vectors[:600], known=together.near.proposed)
    assert again.candidates == together.candidates


def test_where_all_is_for_agents_nothing_is_found(encoder: Encoder, tmp_path: Path) -> None:
    write(tmp_path, encoder, [replace(entry, audience="agents") for entry in ENTRIES])
    assert Retriever(snapshot.load_current(tmp_path)).search(["return label"], encoder.encode(["return label"])) == [[]]
