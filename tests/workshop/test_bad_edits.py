"""Fifty bad edits of ten kinds, each of which the gate has to catch: by name, in the report that an editor sees before it
is live. ``EVERY_EDIT=1`` tries all fifty; a usual run tries the first of each kind."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.library.article import Article
from bot.library.library import Library
from bot.workshop.bench import Bench
from kb_index.entry import Entry

pytestmark = pytest.mark.timeout(900)
Fields = dict[str, Any]
Made = tuple[str, Fields | None]
_EACH = 5
#: A number in an answer, and what the careless editor makes of it.
_FIGURE = re.compile(r"\d+(?:\.\d+)?")


def drifted(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """The entry becomes one on something else, and keeps its tests."""
    topic = rng.choice(["brew coffee", "train a puppy", "tune a piano", "plant roses", "renew a passport"])
    return [(entry.id, {"question": f"How do I {topic}?", "answer": f"To {topic} takes patience.", "phrasings": [topic, f"best way to {topic}"]})]


def emptied(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """All wordings go, and the question says nothing."""
    return [(entry.id, {"question": rng.choice(["General information", "Miscellaneous", "Notes", "Info", "Various"]), "answer": "See our site.", "phrasings": []})]


def stolen(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """It takes the wordings of another entry, too."""
    return [(entry.id, {"phrasings": [*entry.phrasings, *other.phrasings]})]


def doubled(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """A second entry with the same question."""
    return [(f"again-{entry.id}", {"question": entry.question.upper(), "answer": "It depends, please ask us.", "phrasings": [], "tests": []})]


def likened(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """A second entry that says the same in other words: its phrasings are what the first one is tested with."""
    return [(f"like-{entry.id}", {"question": entry.tests[0], "answer": entry.answer, "phrasings": list(entry.tests[1:]), "tests": []})]


def miscounted(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """A new entry repeats a sentence of the other's with another figure."""
    answer = _FIGURE.sub(lambda found: str(int(float(found[0])) + rng.randint(2, 9)), entry.answer)
    return [(f"count-{entry.id}", {"question": f"{entry.question} (short)", "answer": answer, "phrasings": list(entry.phrasings[:2]), "tests": []})]


def denied(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """A new entry says the opposite of a sentence."""
    answer = re.sub(r"\b(can|is|are|will|do|does|have|has)\b", r"\1 not", entry.answer)
    return [(f"deny-{entry.id}", {"question": f"{entry.question} (new)", "answer": answer, "phrasings": list(entry.phrasings[:2]), "tests": []})]


def swapped(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """Two answers are pasted into each other's entry, wordings and all; the tests stay."""
    return [(entry.id, {"question": other.question, "answer": other.answer, "phrasings": list(other.phrasings)}),
            (other.id, {"question": entry.question, "answer": entry.answer, "phrasings": list(entry.phrasings)})]


def greedy(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """A new entry for everything: it has the wordings of several."""
    return [(f"all-{entry.id}", {"question": "How can we help?", "answer": "Please look at our site.", "tests": [],
                                 "phrasings": [*entry.tests, *other.tests]})]


def withdrawn(entry: Entry, other: Entry, rng: random.Random) -> list[Made]:
    """An entry that customers ask for leaves: archived, over, or from now on for agents only."""
    how = rng.choice(["archived", "over", "agents"])
    fields = {"archived": None, "over": {"valid_until": "2020-01-01"}, "agents": {"audience": "agents"}}[how]
    return [(entry.id, fields)]


KINDS: dict[str, Callable[[Entry, Entry, random.Random], list[Made]]] = {
    kind.__name__: kind
    for kind in (drifted, emptied, stolen, doubled, likened, miscounted, denied, swapped, greedy, withdrawn)
}


def caught(report: dict[str, Any], names: set[str]) -> bool:
    """Whether the report names the bad entry: with a question that it loses, a double or a contradiction."""
    lost = any(names & {*(one["entries"] or ()), one["after"]["entry"], one["after"]["first"]} for one in report["lost"])
    pairs = [*report["alike"], *report["against"]]
    return lost or any(names & {one["entry"], one["other"]} for one in pairs)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gate_catches_a_bad_edit(bench: Bench, library: Library, kind: str) -> None:
    bench.check()
    live = bench.live()
    assert live is not None
    answered = [one for one in live.entries if sum(bench._outcomes[test].is_right({one.id}) for test in one.tests) >= 2]
    assert len(answered) >= 10, "the small knowledge base answers too little: these tests would show nothing"
    # Only a sentence with a figure can get another one, and only one that says something the opposite.
    fit = {"miscounted": lambda one: _FIGURE.search(one.answer), "denied": lambda one: re.search(r"\b(can|is|are|will) ", one.answer)}
    fitting = [one for one in answered if fit.get(kind, bool)(one)]
    chosen = range(_EACH) if "EVERY_EDIT" in os.environ else range(1)
    missed = []
    for number in chosen:
        rng = random.Random(f"{kind} {number}")
        entry, other = rng.sample(fitting, 2) if len(fitting) > 1 else (fitting[0], answered[0])
        before = {one["id"]: (one["fields"], one["status"]) for one in map(library.open, live.position)}
        made = KINDS[kind](entry, other, rng)
        for name, fields in made:
            apply(library, name, fields)
        report = bench.check()
        assert {name for name, _ in made} <= {one["id"] for one in report["changes"]}
        if not caught(report, {name for name, _ in made}):
            missed.append((number, made, report["counts"]))
        for name, _ in made:
            apply(library, name, before[name][0] if name in before else None)
    assert not missed, missed


def apply(library: Library, name: str, fields: Fields | None) -> None:
    """Makes an entry ready with `fields` changed, or archived where there are none."""
    if fields is None:
        library.change([name], "Careless", status="archived")
    elif name in {row["id"] for row in library.page(limit=200)["entries"]}:
        kept = library.open(name)
        changed = Article.parse({**kept["fields"], **fields}, name)
        library.save(changed, kept["revision"], "Careless", status="review")
    else:
        library.create(Article.parse({"id": name, **fields}, name), "Careless", "review")
