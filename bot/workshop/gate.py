"""The gate: what a publish gains, loses and changes, question by question. Pure rules on outcomes."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.judgement.confidence import Confidence
from bot.judgement.judgement import Reading
from bot.judgement.router import Bars, decide


@dataclass(frozen=True)
class Question:
    """A stored question. Any of `entries` is right; empty says that none answers it, None that nobody has judged it.

    `source` is ``test`` (an entry's), ``judged`` (a real one that somebody judged) or ``real``. `removed` marks a test
    that the draft has no more.
    """

    text: str
    source: str
    entries: frozenset[str] | None
    protected: bool = False
    removed: bool = False


@dataclass(frozen=True)
class Outcome:
    """What the bot does with a question: `entry` is the answer's, `first` the nearest entry whatever is done."""

    decision: str
    entry: str
    first: str
    confidence: float
    why: str

    def is_right(self, entries: Collection[str]) -> bool:
        """Whether that is right where any of `entries` is the right one. With none, anything but an answer is."""
        return self.decision == "answer" and self.entry in entries if entries else self.decision != "answer"


@dataclass(frozen=True)
class Difference:
    """One question that the publish treats differently. `kind` is ``gained``, ``lost`` or ``changed``; one that `stops`
    keeps the publish back."""

    question: Question
    kind: str
    before: Outcome
    after: Outcome
    stops: bool
    note: str

    def as_dict(self) -> dict[str, Any]:
        entries = self.question.entries
        return {
            **asdict(self.question),
            "entries": None if entries is None else sorted(entries),
            "kind": self.kind,
            "before": asdict(self.before),
            "after": asdict(self.after),
            "stops": self.stops,
            "note": self.note,
        }


def outcome(reading: Reading, bars: Bars) -> Outcome:
    judged = decide(reading, bars)
    first = reading.candidates[0].entry if reading.candidates else ""
    return Outcome(judged.decision, judged.entry, first, round(bars.confidence.of(reading), 4), judged.why)


def questions(
    live: Iterable[tuple[str, str]],
    draft: Iterable[tuple[str, str]],
    judged: Iterable[Mapping[str, Any]],
    real: Iterable[str],
) -> list[Question]:
    """All stored questions, each text once: what somebody judged counts before the tests of entries, and the draft's
    tests before those that are live. `live` and `draft` are pairs of test and entry."""
    found: dict[str, Question] = {}
    for one in judged:
        right = frozenset([one["entry"]] if one["entry"] else [])
        found[one["text"]] = Question(one["text"], "judged", right, bool(one["protected"]))
    for text, entries in owners(draft).items():
        found.setdefault(text, Question(text, "test", entries))
    for text, entries in owners(live).items():
        found.setdefault(text, Question(text, "test", entries, removed=True))
    for text in real:
        found.setdefault(text, Question(text, "real", None))
    return list(found.values())


def owners(tests: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """The entries that have each test, from pairs of test and entry: an answer from any of them is right."""
    found: dict[str, set[str]] = {}
    for text, entry in tests:
        found.setdefault(text, set()).add(entry)
    return {text: frozenset(entries) for text, entries in found.items()}


def compare(question: Question, before: Outcome, after: Outcome, there: Container[str]) -> Difference | None:
    """What the publish does to a question; None where nothing. `there` holds the ids of those of the draft's entries
    that customers may be told."""
    same = (before.decision, before.entry) == (after.decision, after.entry)
    if question.entries is None:
        if same:
            return None
        answered = (before.decision == "answer", after.decision == "answer")
        kind = {(False, True): "gained", (True, False): "lost"}.get(answered, "changed")
        return Difference(question, kind, before, after, False, _step(before, after))
    was, now = before.is_right(question.entries), after.is_right(question.entries)
    if was == now:
        return None if same else Difference(question, "changed", before, after, False, _step(before, after))
    if now:
        return Difference(question, "gained", before, after, False, _step(before, after))
    return Difference(question, "lost", before, after, *_loss(question, question.entries, after, there))


def _loss(question: Question, right: Collection[str], after: Outcome, there: Container[str]) -> tuple[bool, str]:
    """Whether a loss stops the publish, and why it happened.

    A wrong answer in place of a right one stops it, and so does an entry that is no longer the nearest. A question that
    only slips below the bar does not: the bar moves a little with each publish, and people answer what is below it.
    """
    if right and not any(entry in there for entry in right):
        return question.protected, "its entry is withdrawn"
    if question.removed:
        return False, "its entry has this test no more"
    if after.decision == "answer":
        return True, "another entry would answer it" if right else "no entry is right, yet one would answer it"
    if after.first not in right:
        return True, "its entry is no longer the nearest"
    if after.decision == "handoff" and "product" in after.why:
        return question.protected, "it would go to people"
    return question.protected, "its entry is still the nearest, but not sure enough"


def _step(before: Outcome, after: Outcome) -> str:
    if before.decision == after.decision == "answer":
        return "another entry answers it"
    if after.decision == "answer":
        return "answered now"
    if before.decision == "answer":
        return "no longer answered"
    return f"{before.decision} before, {after.decision} now"


def report(
    differences: Sequence[Difference],
    asked: int,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    alike: Sequence[Mapping[str, Any]],
    against: Sequence[Mapping[str, Any]],
    compared: tuple[int, int] = (0, 0),
    most: int = 200,
) -> dict[str, Any]:
    """The gate's report as JSON has it. `before` and `after` are calibrations; `alike` are duplicates and `against`
    contradictions; `compared` says how many of the changed entries were looked at for these, and of how many. Of each
    kind of difference the first `most` are shown, those that stop first."""
    ordered = sorted(
        differences, key=lambda one: (not one.stops, not one.question.protected, one.question.source == "real")
    )
    shown = {
        kind: [one.as_dict() for one in ordered if one.kind == kind][:most] for kind in ("gained", "lost", "changed")
    }
    counts = {kind: sum(one.kind == kind for one in differences) for kind in ("gained", "lost", "changed")}
    return {
        **shown,
        "alike": list(alike[:most]),
        "against": list(against[:most]),
        "bars": {"before": _bar(before), "after": _bar(after)},
        "counts": {
            **counts,
            "asked": asked,
            "stops": sum(one.stops for one in differences),
            "alike": len(alike),
            "against": len(against),
            "compared": compared[0],
            "comparable": compared[1],
        },
    }


def _bar(calibration: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if calibration is None:
        return None
    told = calibration["answer"]
    return {name: told[name] for name in ("value", "alpha", "coverage", "errors", "answered")}


def without(reading: Reading, entry: str) -> Reading:
    """The reading as if the index did not have `entry`."""
    return reading.finding(c for c in reading.candidates if c.entry != entry)


def would_answer(reading: Reading, bar: float, confidence: Confidence) -> bool:
    return bool(reading.candidates) and confidence.of(reading) >= bar
