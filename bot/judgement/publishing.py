"""Publishing: entries -> vectors -> every labelled question asked -> bars -> one snapshot, made current at the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bot.judgement import phrases, training
from bot.judgement.confidence import Confidence
from bot.judgement.judge import classify, parts
from bot.judgement.judgement import Reading
from bot.judgement.router import OFFERED
from bot.settings import Settings
from kb_index import folder, snapshot
from kb_index.cache import VectorCache
from kb_index.calibration import Bar, choose_bar, choose_people_bar
from kb_index.encoder import Vectors, load_encoder
from kb_index.entry import Entry
from kb_index.errors import BadEntry, BadSnapshot
from kb_index.lexical import LexicalIndex
from kb_index.library import Library
from kb_index.retriever import Retriever, units

Progress = Callable[[int, int], None]

#: Messages without an answer per answerable question in the calibration. Live shares differ from shop to shop; more
#: of them makes a stricter bar.
_UNANSWERABLE = 0.5
#: Routes that need people, routes of the training phrases that a knowledge base does not answer, and intents of other
#: routes that it does not.
_PEOPLE = frozenset({"support", "human"})
_UNANSWERED = _PEOPLE | {"out_of_scope", "smalltalk"}
_FOREIGN = frozenset({"check_balance_or_claim"})


@dataclass(frozen=True)
class Asked:
    """A labelled question as the index saw it. `entry` is the right one, or empty where there is none; `likely` marks
    messages whose answer may well be in the knowledge base, though nobody said which: they only tell routes apart."""

    reading: Reading
    entry: str
    route: str
    likely: bool = False

    @property
    def right(self) -> bool:
        return bool(self.entry) and bool(self.reading.candidates) and self.reading.candidates[0].entry == self.entry


def entries_of(settings: Settings) -> list[Entry]:
    """The operator's library where something was imported into it, else the Markdown folder."""
    library = Library(settings.database)
    try:
        return library.all() or folder.read(settings.kb)
    finally:
        library.close()


def mark(settings: Settings, entries: Sequence[Entry]) -> str:
    """Changes with anything that a publish depends on."""
    sums = hashlib.sha256(training.fingerprint(settings).encode())
    for entry in entries:
        sums.update(f"{entry.id} {entry.version} {entry.tests}".encode())
    sums.update(f"{settings.alpha} {settings.beta}".encode())
    here, index = Path(__file__).parent, Path(snapshot.__file__).parent
    ours = [here / f"{name}.py" for name in ("publishing", "confidence", "judge", "router")]
    for source in [*ours, *sorted(index.glob("*.py"))]:
        sums.update(source.read_bytes())
    return sums.hexdigest()[:16]


def is_current(settings: Settings) -> bool:
    name = snapshot.current_name(settings.index)
    if name is None or not training.is_current(settings):
        return False
    wanted = mark(settings, entries_of(settings))
    try:
        return bool(snapshot.manifest(settings.index, name)["mark"] == wanted) or _pin(settings) == [name, wanted]
    except (BadSnapshot, KeyError):
        return False


def roll_back(settings: Settings, name: str) -> None:
    """Serves an earlier snapshot again. It stays, also after a restart, until the knowledge base changes. Raises
    BadSnapshot where it is not there or damaged."""
    snapshot.load(settings.index, name)
    told = json.dumps([name, mark(settings, entries_of(settings))])
    scratch = settings.index / ".pinned"
    scratch.write_text(told, encoding="utf-8")
    scratch.replace(settings.index / "pinned.json")
    snapshot.make_current(settings.index, name)


def _pin(settings: Settings) -> list[str] | None:
    """The snapshot that somebody went back to, and the mark of the knowledge base that it was preferred to."""
    try:
        pinned: list[str] = json.loads((settings.index / "pinned.json").read_text(encoding="utf-8"))
        return pinned
    except (OSError, ValueError):
        return None


def publish(settings: Settings, progress: Progress = lambda done, total: None) -> str:
    """Builds, calibrates and publishes a snapshot of the knowledge base; returns its name. Raises BadEntry."""
    cache = VectorCache(load_encoder(settings.encoder, 2), settings.cache / "vectors.db")
    try:
        draft = drafted(settings, cache, lambda done, total: progress(done, 3 * max(total, 1)))
        progress(1, 3)
        asked = ask_all(settings, draft, cache)
    finally:
        cache.close()
    progress(2, 3)
    name = snapshot.write(
        settings.index, draft.entries, draft.vectors, draft.kinds, draft.starts,
        calibrate(asked, settings.alpha, settings.beta), draft.encoder, mark(settings, draft.entries),
    )
    progress(3, 3)
    return name


def drafted(settings: Settings, cache: VectorCache, progress: Progress = lambda done, total: None) -> snapshot.Snapshot:
    """The knowledge base as a snapshot in memory, not yet calibrated. Raises BadEntry where there are no entries."""
    entries = entries_of(settings)
    if not entries:
        raise BadEntry(f"{settings.kb}: there are no entries to publish; write some, or check FRONTDESK_KB")
    texts = [units(entry) for entry in entries]
    vectors = cache.encode([text for one in texts for _, text in one], progress)
    return snapshot.Snapshot(
        name="draft", entries=entries, html=[""] * len(entries), vectors=vectors,
        kinds=np.array([kind for one in texts for kind, _ in one], dtype=np.uint8),
        starts=np.cumsum([0] + [len(one) for one in texts]).astype(np.int64),
        index=snapshot.build_index(vectors), lexical=LexicalIndex.build(entries), calibration={},
        encoder=cache.encoder.name,
    )


def labelled(settings: Settings) -> list[Asked]:
    """The questions that decide the answer bar, as the knowledge base of this moment is asked them."""
    cache = VectorCache(load_encoder(settings.encoder, 2), settings.cache / "vectors.db")
    try:
        return _mix([a for a in ask_all(settings, drafted(settings, cache), cache) if not a.likely])
    finally:
        cache.close()


def ask_all(settings: Settings, draft: snapshot.Snapshot, cache: VectorCache) -> list[Asked]:
    """Asks every entry's test questions, and every training phrase that has no answer here by the classifier that
    did not see its group."""
    classifier, twins = training.load(settings), training.load_twins(settings)
    retriever = Retriever(draft)
    asked: list[Asked] = []
    tests = [(test, entry.id) for entry in draft.entries for test in entry.tests]
    asked += _ask([t for t, _ in tests], [e for _, e in tests], ["service"] * len(tests), [classifier] * len(tests),
                  retriever, cache)
    corpus = phrases.read(training.PHRASES)
    kept = [(phrase, twins[k]) for phrase, k in zip(corpus, training.folds(corpus), strict=True)]
    told = _ask([p.text for p, _ in kept], [""] * len(kept), [p.route for p, _ in kept], [twin for _, twin in kept],
                retriever, cache)
    for (phrase, _), one in zip(kept, told, strict=True):
        likely = phrase.route not in _UNANSWERED and phrase.intent not in _FOREIGN
        asked.append(replace(one, likely=likely))
    return asked


def _ask(texts: Sequence[str], entries: Sequence[str], routes: Sequence[str], classifiers: Sequence[Any],
         retriever: Retriever, cache: VectorCache) -> list[Asked]:
    if not texts:
        return []
    split = [parts(text) for text in texts]
    flat = cache.encode([part for one in split for part in one])
    ends = np.cumsum([len(one) for one in split])
    rows: list[Vectors] = [flat[end - len(one) : end] for one, end in zip(split, ends, strict=True)]
    found = retriever.search([one[0] for one in split], np.stack([row[0] for row in rows]))
    read = [classify(text, row, c) for text, row, c in zip(texts, rows, classifiers, strict=True)]
    return [
        Asked(Reading(**{**reading.__dict__, "candidates": tuple(candidates)}), entry, route)
        for reading, candidates, entry, route in zip(read, found, entries, routes, strict=True)
    ]


def calibrate(asked: Sequence[Asked], alpha: float, beta: float) -> dict[str, Any]:
    """The bars for one snapshot."""
    confidence = Confidence.standard()
    sure = {id(a): confidence.of(a.reading) for a in asked}
    people = [a for a in asked if a.route in _PEOPLE]
    others = [_people(a) for a in asked if a.route not in _PEOPLE]
    mixed = _mix([a for a in asked if not a.likely])
    answer = choose_bar([], [], [], alpha)
    people_bar = choose_people_bar([], [], [], beta)
    # The two bars lean on each other: who is handed over is never answered, and a stricter answer bar lets fewer
    # messages for people through. A few rounds settle them.
    handed = 0.5
    for _ in range(3):
        pool = [a for a in mixed if _people(a) < handed]
        answer = choose_bar([sure[id(a)] for a in pool], [a.right for a in pool], [bool(a.entry) for a in pool], alpha)
        acted = [sure[id(a)] >= answer.value or _chats(a) for a in people]
        people_bar = choose_people_bar([_people(a) for a in people], acted, others, beta)
        handed = people_bar.value
    return {
        "confidence": confidence.as_dict(), "answer": answer.as_dict(), "people": people_bar.as_dict(),
        "offer": {"value": _offer_bar(mixed, confidence, answer)},
        "asked": {
            "answerable": sum(bool(a.entry) for a in asked), "first": sum(a.right for a in asked), "people": len(people)
        },
    }


def _people(asked: Asked) -> float:
    return asked.reading.routes.get("support", 0.0) + asked.reading.routes.get("human", 0.0)


def _chats(asked: Asked) -> bool:
    routes = asked.reading.routes
    return max(routes, key=lambda name: routes[name]) == "smalltalk"


def _mix(asked: Sequence[Asked]) -> list[Asked]:
    """All answerable questions, and of the others a fixed sample of the share that the calibration assumes."""
    known = [a for a in asked if a.entry]
    others = sorted((a for a in asked if not a.entry and not _chats(a)),
                    key=lambda a: hashlib.blake2b(a.reading.text.encode("utf-8", "replace")).digest())
    return known + others[: max(100, int(_UNANSWERABLE * len(known)))]


def _offer_bar(asked: Sequence[Asked], confidence: Confidence, answer: Bar) -> float:
    """Offering choices helps where one of them is right more often than not: the lowest confidence from which on that
    holds among the labelled questions that are not answered outright."""
    below = [(confidence.of(a.reading), a) for a in _mix(asked)]
    rows = [(value, bool(a.entry) and any(c.entry == a.entry for c in a.reading.candidates[:OFFERED]))
            for value, a in below if value < answer.value]
    hits, best = 0, answer.value
    for rank, (value, hit) in enumerate(sorted(rows, reverse=True), 1):
        hits += hit
        if hits / rank >= 0.5:
            best = value
    return min(best, 1.0)


def describe(settings: Settings) -> str:
    """One line on the current snapshot, for people."""
    name = snapshot.current_name(settings.index)
    if name is None:
        return "nothing published"
    told = json.loads((settings.index / name / "calibration.json").read_text())
    answer = told["answer"]
    return (f"{name}: answers {answer['coverage']:.0%} of answerable questions by itself; at most "
            f"{answer['alpha']:.0%} of its answers wrong ({answer['errors']} of {answer['answered']} seen)")
