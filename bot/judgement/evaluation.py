"""How good the published bot is on labelled messages: figures, curves, and the worst mistakes.

By default these are the entries' test questions, judged real ones, and the training phrases, each phrase judged by the
classifier that did not see its group. A file of labelled messages can be measured instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.judgement import publishing
from bot.judgement.asking import Asker
from bot.judgement.bars import PEOPLE, Asked, questions, sureness
from bot.judgement.judgement import Judgement
from bot.judgement.labelled import BadLabels
from bot.judgement.phrases import ROUTES
from bot.judgement.publishing import Memory
from bot.judgement.router import OFFERED, Bars, decide
from bot.judgement.tasks import TASKS
from bot.settings import Settings
from kb_index import snapshot
from kb_index.cache import VectorCache
from kb_index.calibration import upper_bound

Progress = Callable[[int, int], None]
_BATCH = 256
_BINS = 10
_MISTAKES = 20
#: Points of the risk–coverage curve; more cannot be seen.
_POINTS = 200


@dataclass(frozen=True)
class Told:
    """A labelled message of a file: `route` and `entry` are None where the file does not tell them; an empty `entry`
    says that no entry answers it."""

    text: str
    route: str | None
    entry: str | None


@dataclass(frozen=True)
class Outcome:
    """A labelled message, what the bot does with it, and how sure it is of the nearest entry."""

    asked: Asked
    judged: Judgement
    sure: float

    @property
    def wrong(self) -> bool:
        """Answered, and not with the right entry."""
        return self.judged.decision == "answer" and not self.asked.right

    def as_dict(self) -> dict[str, Any]:
        candidates = self.judged.candidates[:5]
        return {
            "text": self.asked.reading.text, "wanted": self.asked.entry or None, "decision": self.judged.decision,
            "route": self.judged.route, "confidence": round(self.sure, 4),
            "candidates": [{"entry": c.entry, "score": c.score} for c in candidates],
        }


@dataclass(frozen=True)
class Evaluation:
    """`table` has (what, figure, of what); `risk` are points (coverage, risk) from the surest down, `bar` is the
    one where the bar stands; `reliability` are (mean confidence, share right, number) of each bin; `confusion[i][j]`
    counts messages of route i that were read as route j, in the order of `routes`. `unknown` are ids that a file wants
    and that are not published, so that nothing is right."""

    snapshot: str
    alpha: float
    table: list[tuple[str, str, str]]
    risk: list[tuple[float, float]]
    bar: tuple[float, float] | None
    reliability: list[tuple[float, float, int]]
    routes: list[str]
    confusion: list[list[int]]
    mistakes: list[dict[str, Any]]
    unknown: list[str]


def read_file(path: Path) -> list[Told]:
    """Labelled JSON lines ``{"text", "route"}`` or ``{"text", "entry"}``, or with both. Raises BadLabels."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadLabels(f"{path}: cannot be read as UTF-8 text ({error})") from None
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            column, fault = getattr(error, "colno", 1), getattr(error, "msg", error)
            raise BadLabels(f"{path}:{number}:{column}: no valid JSON ({fault})") from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not {"route", "entry"} & row.keys():
            raise BadLabels(f'{path}:{number}:1: an object {{"text": …, "route": …}} or {{"text": …, "entry": …}} is '
                            "wanted")
        route = row.get("route")
        if route is not None and route not in ROUTES:
            raise BadLabels(f"{path}:{number}:1: route is {route!r}; one of {', '.join(ROUTES)} is wanted")
        found.append(Told(row["text"], route, _entry(row["entry"]) if "entry" in row else None))
    if not found:
        raise BadLabels(f"{path}:1:1: there is no line in it")
    return found


def _entry(value: Any) -> str:
    """An id as entries have theirs, which an import may have counted from 0; empty for None."""
    return "" if value is None else str(value).encode("utf-8", "replace").decode().strip()


def evaluate(
    settings: Settings, told: Sequence[Told] | None = None, progress: Progress = lambda done, total: None
) -> Evaluation:
    """Asks the published snapshot all labelled messages, or those of `told`. Raises BadSnapshot where nothing is
    published."""
    published = snapshot.load_current(settings.index)
    cache = publishing.cache_of(settings)
    try:
        if told is None:
            asked = [one for one in publishing.ask_all(settings, published, cache, progress=progress)
                     if not one.hidden]
        else:
            asked = _ask_told(settings, published, cache, told, progress)
    finally:
        cache.close()
    return measured(asked, published, settings.alpha, told)


def _ask_told(settings: Settings, published: snapshot.Snapshot, cache: VectorCache, told: Sequence[Told],
              progress: Progress) -> list[Asked]:
    memory, asker = Memory(settings), Asker(cache).at(published)
    # A search finds a family by its original.
    family = published.families.originals
    asked: list[Asked] = []
    for start in range(0, len(told), _BATCH):
        batch = told[start : start + _BATCH]
        wanted = [family.get(one.entry or "", one.entry or "") for one in batch]
        asked += publishing.ask(memory.read([one.text for one in batch]), wanted, [one.route or "" for one in batch],
                                asker)
        progress(len(asked), len(told))
    return asked


def measured(
    asked: Sequence[Asked], published: snapshot.Snapshot, alpha: float, told: Sequence[Told] | None = None
) -> Evaluation:
    """The figures of messages that were asked."""
    bars = Bars.parse(published.calibration)
    if told is None:
        # What decided the bar: test questions, and a share of messages without an answer. And what is answered anyhow.
        about = questions(asked)[1] + [a for a in asked if a.foregone and not a.tongue and not a.hidden]
        routed = [a for a in asked if a.route and not a.held_out]
    else:
        about = [a for a, one in zip(asked, told, strict=True) if one.entry is not None]
        routed = [a for a, one in zip(asked, told, strict=True) if one.route is not None]
    outcomes = _decided(about, bars)
    by_route = _decided(routed, bars, TASKS)
    curve = _risk(outcomes)
    names = [route for route in ROUTES if any(o.asked.route == route for o in by_route)]
    return Evaluation(
        snapshot=published.name, alpha=alpha, table=_table(outcomes, by_route), risk=curve,
        bar=_at_bar(outcomes), reliability=_reliability(outcomes), routes=list(ROUTES) if names else [],
        confusion=_confusion(by_route) if names else [],
        mistakes=[o.as_dict() for o in _worst(outcomes)],
        unknown=sorted({one.entry for one in told or () if one.entry} - published.position.keys()),
    )


def _decided(asked: Sequence[Asked], bars: Bars, tasks: frozenset[str] = frozenset()) -> list[Outcome]:
    sure = sureness(bars.confidence, asked)
    return [Outcome(a, decide(a.reading, bars, tasks=tasks), float(s)) for a, s in zip(asked, sure, strict=True)]


def _table(outcomes: Sequence[Outcome], by_route: Sequence[Outcome]) -> list[tuple[str, str, str]]:
    known, without = ([o for o in outcomes if bool(o.asked.entry) is told] for told in (True, False))
    answered = [o for o in outcomes if o.judged.decision == "answer"]
    wrong = [o for o in answered if o.wrong]
    rows = []

    def row(name: str, hits: int, of: int, kind: str) -> None:
        rows.append((name, f"{hits / of:.1%}" if of else "–", f"{hits:,} of {of:,} {kind}"))

    if known:
        row("right entry first", sum(o.asked.right for o in known), len(known), "questions with an answer")
        row(f"right entry among the first {OFFERED}", sum(_offers(o) for o in known), len(known),
            "questions with an answer")
        row("answered by itself", sum(o.judged.decision == "answer" for o in known), len(known),
            "questions with an answer")
    if without:
        row("rightly not answered", sum(o.judged.decision != "answer" for o in without), len(without),
            "questions without an answer")
    if answered:
        row("wrong among its answers", len(wrong), len(answered), "answers")
        rows.append(("… at most, with 95 % confidence", f"{upper_bound(len(wrong), len(answered), 0.05):.1%}",
                     "Clopper–Pearson"))
    offered = [o for o in outcomes if o.judged.decision == "clarify"]
    if offered:
        row("an offer holds the right entry", sum(_offers(o) for o in offered), len(offered), "offers")
    for route in ROUTES:
        ours = [o for o in by_route if o.asked.route == route]
        if ours:
            row(f"route {route} recognised", sum(o.judged.route == route for o in ours), len(ours), "messages")
    needing = [o for o in by_route if o.asked.route in PEOPLE]
    if needing:
        missed = sum(o.judged.decision in ("answer", "task", "chat") for o in needing)
        row("answered or acted on though it needs people", missed, len(needing), "messages for people")
    beyond = [o for o in by_route if o.asked.route == "out_of_scope"]
    if beyond:
        kept = sum(o.judged.decision not in ("answer", "task") and o.judged.route not in PEOPLE for o in beyond)
        row("out of scope, neither answered nor sent to support", kept, len(beyond), "messages")
    return rows


def _offers(outcome: Outcome) -> bool:
    return any(outcome.asked.accepts(c.entry) for c in outcome.judged.candidates[:OFFERED])


def _risk(outcomes: Sequence[Outcome]) -> list[tuple[float, float]]:
    """(share of answerable questions that are answered, share wrong among the answers), from the surest down (R.
    El-Yaniv and Y. Wiener, "On the foundations of noise-free selective classification", JMLR 11, 2010)."""
    known = sum(bool(o.asked.entry) for o in outcomes)
    if not known:
        return []
    ordered = sorted(outcomes, key=lambda o: -o.sure)
    covered = np.cumsum([bool(o.asked.entry) for o in ordered]) / known
    risk = np.cumsum([not o.asked.right for o in ordered]) / np.arange(1, len(ordered) + 1)
    picked = np.unique(np.linspace(0, len(ordered) - 1, _POINTS).astype(int))
    return [(round(float(covered[i]), 4), round(float(risk[i]), 4)) for i in picked]


def _at_bar(outcomes: Sequence[Outcome]) -> tuple[float, float] | None:
    known = sum(bool(o.asked.entry) for o in outcomes)
    answered = [o for o in outcomes if o.judged.decision == "answer"]
    if not known or not answered:
        return None
    covered = sum(bool(o.asked.entry) for o in answered) / known
    return round(covered, 4), round(sum(o.wrong for o in answered) / len(answered), 4)


def _reliability(outcomes: Sequence[Outcome]) -> list[tuple[float, float, int]]:
    bins: list[list[Outcome]] = [[] for _ in range(_BINS)]
    for outcome in outcomes:
        bins[min(int(outcome.sure * _BINS), _BINS - 1)].append(outcome)
    return [
        (round(float(np.mean([o.sure for o in one])), 4), round(float(np.mean([o.asked.right for o in one])), 4),
         len(one))
        for one in bins if one
    ]


def _confusion(outcomes: Sequence[Outcome]) -> list[list[int]]:
    counts = [[0] * len(ROUTES) for _ in ROUTES]
    for outcome in outcomes:
        if outcome.asked.route in ROUTES:
            counts[ROUTES.index(outcome.asked.route)][ROUTES.index(outcome.judged.route)] += 1
    return counts


def _worst(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Wrong nearest entries that the bot is surest of, those that it would answer with first."""
    wrong = [o for o in outcomes if not o.asked.right and o.judged.candidates and (o.asked.entry or o.wrong)]
    return sorted(wrong, key=lambda o: (not o.wrong, -o.sure))[:_MISTAKES]
