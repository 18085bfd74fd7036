"""The bench: drafts are built here in memory, asked every stored question, compared with what is live, and published.

A bench stays loaded: what it has embedded and read once it never does again, so that a second look costs only what has
changed. What it says is what a new bench would say (tests/workshop).
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.database import insisting, open_database
from bot.errors import Busy
from bot.judgement import publishing, settling
from bot.judgement.bars import calibrate
from bot.judgement.judge import parts
from bot.judgement.judgement import Reading
from bot.judgement.router import Bars, decide
from bot.library.article import AUDIENCES, Article
from bot.library.errors import Overtaken
from bot.library.library import Library
from bot.library.publications import Plan, publications_of
from bot.lockfile import LockFile
from bot.settings import Settings
from bot.workshop import gate, groups, likeness, real
from bot.workshop.errors import Moved, Occupied, Stopped
from kb_index import snapshot
from kb_index.entry import AGENTS, Entry
from kb_index.errors import BadSnapshot
from kb_index.markdown import render
from kb_index.retriever import Retriever
from kb_index.translations import joined

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
#: Who publishes by date.
CALENDAR = "the calendar"
#: How many of the newest real questions are asked anew at each publish.
REAL_QUESTIONS = 500
#: How many of them are grouped: the clustering compares each with each.
_GROUPED = 2000
#: Of a group, in how many conversations an agent's answer is looked for, and how many are quoted.
_LOOKED_THROUGH, _QUOTED = 20, 3
#: Of many changed entries, how many are compared with all others in meaning. It takes a twentieth of a second for each,
#: and nobody reads more; that two have the same words is noticed for all.
_COMPARED = 300


def _silent(done: int, total: int) -> None:
    pass


@dataclass
class Checked:
    """A draft that was measured: ready to go live as it is. `digest` tells whether the entries are still the same."""

    digest: str
    plan: Plan
    draft: snapshot.Snapshot
    report: dict[str, Any]


class Bench:
    """One per process. Nothing here is safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = open_database(settings.database)
        self._ledger = publications_of(settings)
        self._library = Library(self._engine)
        self._cache = publishing.cache_of(settings)
        self._memory: publishing.Memory | None = None
        self._live: snapshot.Snapshot | None = None
        self._outcomes: dict[str, gate.Outcome] = {}
        self._checked: Checked | None = None

    def close(self) -> None:
        self._cache.close()

    # What customers would get

    def attempt(self, text: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the published bot and the draft would each do with a message. The draft is all that is ready, with the
        article of `fields` as it stands in somebody's browser, but without what the folder would bring: reading that
        takes a second for each 10,000 files, and somebody waits. Raises BadEntry."""
        live = self.live()
        plan = self._ledger.plan(with_folder=False)
        entries = self._with(plan.entries, fields)
        draft = publishing.drafted(self._settings, self._cache, entries, like=live) if entries else None
        checked = self._checked
        bars = checked.draft.calibration if checked and checked.digest == self._digest(plan) else None
        language = str((fields or {}).get("language") or "")
        told: dict[str, Any] = {"published": None, "draft": None}
        if live is not None:
            told["published"] = self._told(text, live, Bars.parse(live.calibration), language)
        if draft is not None and (bars or live):
            # Before the draft is measured its bars are not known; those of today are near.
            told["draft"] = self._told(text, draft, Bars.parse(bars or live.calibration), language)  # type: ignore[union-attr]
        return told

    def warm(self) -> None:
        """Loads and makes what the first attempt would wait for: in a large knowledge base some seconds."""
        self.attempt("hello")

    def _told(self, text: str, state: snapshot.Snapshot, bars: Bars, language: str) -> dict[str, Any]:
        [reading] = self._read([text], state, "live" if state is self._live else "try")
        judged = decide(reading, bars)
        position = state.families.in_language(state.position[judged.entry], language, True) if judged.entry else -1
        return {
            **judged.as_dict(),
            "bar": round(min(bars.bar(reading), 1.0), 4),
            "sure": round(bars.confidence.of(reading), 4),
            "html": render(state.entries[position].answer) if judged.entry else "",
            "audience": state.entries[position].audience if judged.entry else "",
            "routes": {name: round(p, 3) for name, p in sorted(reading.routes.items(), key=lambda kv: -kv[1])},
            "candidates": [
                {
                    "entry": c.entry,
                    "question": state.entries[state.position[c.entry]].question,
                    "score": c.score,
                    "nearest": c.nearest,
                    "lexical": c.lexical,
                }
                for c in reading.candidates
            ],
        }

    def live(self) -> snapshot.Snapshot | None:
        """The snapshot that serves, or None where nothing is published."""
        name = snapshot.current_name(self._settings.index)
        if self._live is None or self._live.name != name:
            try:
                self._live = snapshot.load_current(self._settings.index, self._live)
            except BadSnapshot:
                self._live = None
            self._outcomes.clear()
        return self._live

    def suggest(self, text: str, most: int = 5, language: str = "") -> list[dict[str, Any]]:
        """The published entries nearest to a text, for an agent to choose from, each in the customer's language where
        it is there; nothing where nothing is published."""
        live = self.live()
        words = parts(text)[0]
        if live is None or not words:
            return []
        # Not through the cache, which keeps what it is given.
        [found] = Retriever(live, audiences=AUDIENCES).search([words], self._cache.encoder.encode([words]), most)
        chosen = [
            (candidate, live.entries[live.families.in_language(live.position[candidate.entry], language, True)])
            for candidate in found
        ]
        return [
            {
                "entry": entry.id,
                "question": entry.question,
                "answer": entry.answer,
                "html": render(entry.answer),
                "score": candidate.score,
                "audience": entry.audience,
            }
            for candidate, entry in chosen
        ]

    # The gate

    def check(self, ids: Collection[str] | None = None, progress: Progress = _silent) -> dict[str, Any]:
        """Measures what the newest versions of the articles `ids` (None: all that are ready) would change. Raises
        BadEntry where nothing would be left."""
        return self._check(self._ledger.plan(ids), progress).report

    def _check(self, plan: Plan, progress: Progress = _silent, digest: str = "") -> Checked:
        digest = digest or self._digest(plan)
        if self._checked is not None and self._checked.digest == digest and self._same_live():
            return self._checked
        began = time.monotonic()
        draft = publishing.drafted(
            self._settings, self._cache, plan.entries, lambda d, t: progress(d, 4 * max(t, 1)), self.live()
        )
        progress(1, 4)
        memory = self._remember()
        if (live := self.live()) is not None:
            memory.resume(live, self._cache)
        progress(2, 4)
        asked = publishing.ask_all(self._settings, draft, self._cache, memory)
        draft.calibration = calibrate(asked, self._settings.alpha, self._settings.beta)
        progress(3, 4)
        report = self._report(plan, draft)
        report |= {
            "digest": digest,
            "seconds": round(time.monotonic() - began, 1),
            "conflicts": plan.conflicts[:50],
            "waiting": plan.waiting[:50],
            "changes": self._changes(plan),
        }
        self._checked = Checked(digest, plan, draft, report)
        progress(4, 4)
        return self._checked

    def _report(self, plan: Plan, draft: snapshot.Snapshot) -> dict[str, Any]:
        live = self.live()
        family = {**(live.families.originals if live else {}), **draft.families.originals}
        stored = gate.questions(
            _tests(live),
            _tests(draft),
            [{**one, "entry": family.get(one["entry"], one["entry"])} for one in self._library.questions()],
            [one.text for one in real.asked(self._engine, REAL_QUESTIONS)],
        )
        changed = _changed(live, draft)
        after_bars = Bars.parse(draft.calibration)
        alike, against = self._likeness(draft, changed, after_bars)
        compared = (min(_COMPARED, len(changed)), len(changed))
        if live is None:
            return gate.report([], len(stored), None, draft.calibration, alike, against, compared)
        before_bars = Bars.parse(live.calibration)
        new = [question.text for question in stored if question.text not in self._outcomes]
        for text, reading in zip(new, self._read(new, live, "live"), strict=True):
            self._outcomes[text] = gate.outcome(reading, before_bars)
        after = [gate.outcome(reading, after_bars) for reading in self._read([q.text for q in stored], draft, "draft")]
        there = {entry.id for entry in draft.entries if entry.audience != AGENTS}
        differences = [
            gate.compare(question, self._outcomes[question.text], now, there)
            for question, now in zip(stored, after, strict=True)
        ]
        found = [one for one in differences if one is not None]
        return gate.report(found, len(stored), live.calibration, draft.calibration, alike, against, compared)

    def _likeness(
        self, draft: snapshot.Snapshot, changed: set[str], bars: Bars
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        # Of too many some by chance, the same ones at each look.
        chosen = sorted(sorted(changed, key=_drawn)[:_COMPARED])
        entries = [draft.entries[draft.position[name]] for name in chosen]
        family = draft.families.originals
        texts = [(text, family[entry.id]) for entry in entries for text in (entry.question, *entry.phrasings)]
        memory = self._remember()
        asked = publishing.ask(
            memory.read([t for t, _ in texts]),
            [e for _, e in texts],
            ["service"] * len(texts),
            memory.asker("draft", draft, self._cache),
        )
        alike = likeness.same_words(draft.entries, changed, family)
        # Where both have changed, each is near to the other; they are told once.
        told = {frozenset((one["entry"], one["other"])) for one in alike}
        for one in likeness.duplicates(asked, {family[name] for name in changed}, bars):
            if (pair := frozenset((one["entry"], one["other"]))) not in told:
                told.add(pair)
                alike.append(one)
        near: dict[tuple[str, str], None] = {}
        for question in asked:
            for other in [c.entry for c in question.reading.candidates if c.entry != question.entry][:3]:
                if (other, question.entry) not in near:
                    near[question.entry, other] = None
        pairs = [(draft.entries[draft.position[a]], draft.entries[draft.position[b]]) for a, b in near]
        against = likeness.contradictions(pairs, self._cache)
        return alike, against

    def forecast(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What one draft article would do to the newest real questions and to the tests, by the bars of today."""
        live = self.live()
        if live is None:
            raise BadSnapshot("nothing is published yet, so there is nothing to compare with")
        draft = publishing.drafted(self._settings, self._cache, self._with(live.entries, fields), like=live)
        bars = Bars.parse(live.calibration)
        asked = [one.text for one in real.asked(self._engine, REAL_QUESTIONS)]
        right = gate.owners(_tests(live))
        texts = list(dict.fromkeys([*asked, *right]))
        before = [gate.outcome(reading, bars) for reading in self._read(texts, live, "live")]
        after = [gate.outcome(reading, bars) for reading in self._read(texts, draft, "try")]
        mine, among = str(fields.get("translation_of") or fields["id"]), set(asked)
        rows = list(zip(texts, before, after, strict=True))
        return {
            "asked": len(asked),
            "tests": len(right),
            "answered": sum(t in among and now.entry == mine and was.entry != mine for t, was, now in rows),
            "broken": [
                t for t, was, now in rows if t in right and was.is_right(right[t]) and not now.is_right(right[t])
            ][:20],
        }

    def groups(self) -> dict[str, Any]:
        """The newest real questions that the published bot does not answer, grouped by meaning."""
        live = self.live()
        asked = real.asked(self._engine, _GROUPED)
        if live is None or not asked:
            return {"asked": len(asked), "unanswered": 0, "groups": []}
        bars = Bars.parse(live.calibration)
        judged = [decide(reading, bars) for reading in self._read([one.text for one in asked], live, "live")]
        # What people must see to, and small talk, is no gap in the knowledge base.
        open_ones = [
            one
            for one, told in zip(asked, judged, strict=True)
            if told.decision != "answer" and told.route in ("service", "sales", "out_of_scope")
        ]
        vectors = self._cache.encode([parts(one.text)[0] for one in open_ones])
        found = groups.groups(open_ones, vectors, self._replies)
        return {"asked": len(asked), "unanswered": len(open_ones), "groups": found}

    def _replies(self, asked: Sequence[real.Asking]) -> list[dict[str, str]]:
        return real.replies(self._engine, asked[:_LOOKED_THROUGH], _QUOTED)

    # Going live

    def publish(
        self,
        ids: Collection[str] | None,
        by: str,
        digest: str = "",
        override: str = "",
        kind: str = "publish",
        progress: Progress = _silent,
    ) -> dict[str, Any]:
        """Checks and makes live; returns the report with the snapshot's name, and as ``seq`` the publication's number.
        Where that would be what is live already, nothing happens and ``seq`` is None: each snapshot pushes out an older
        one. `digest` is that of the report that somebody has looked at: with another one nothing happens.

        Raises Stopped, Moved, Occupied, BadEntry.
        """
        with self._alone():
            return self._publish(self._ledger.plan(ids), by, digest, override, kind, progress)

    def turn_day(self) -> dict[str, Any]:
        """Publishes what a new day brings and takes: what is live and becomes valid or has been, and what was made
        ready for this day. Where the gate stops the latter it stays ready, and the rest goes live all the same: an
        offer that is over is over. Returns ``{"snapshot", "stopped": [id…]}``. Raises Occupied, BadEntry."""
        with self._alone():
            due, came = self._ledger.due(snapshot.current_name(self._settings.index))
            if not due and not came:
                return {"snapshot": "", "stopped": []}
            try:
                told = self._publish(self._ledger.plan(came, with_folder=False), CALENDAR, "", "", "schedule", _silent)
                return {"snapshot": told["snapshot"], "stopped": []}
            except Stopped:
                log.warning("the day of %s has come, but the gate stops it; publish by hand", ", ".join(came) or "it")
            if not due:
                return {"snapshot": "", "stopped": came}
            told = self._publish(
                self._ledger.plan((), with_folder=False), CALENDAR, "", "the day has come", "schedule", _silent
            )
            return {"snapshot": told["snapshot"], "stopped": came}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Where nothing else publishes, and what died at it is settled. Raises Occupied."""
        try:
            with LockFile(
                self._settings.home / "setup.lock",
                "a publish or a set-up is at work (process {pid}); wait until it is done, then publish again",
            ):
                settling.settle(self._settings, self._ledger)
                yield
        except Busy as busy:
            raise Occupied(str(busy)) from None

    def _publish(
        self, plan: Plan, by: str, digest: str, override: str, kind: str, progress: Progress
    ) -> dict[str, Any]:
        now = self._digest(plan)
        if digest and digest != now:
            raise Moved("somebody has changed entries since this was checked; look at the new check, then publish")
        # Written down before anything is measured: what editors save meanwhile is a version of its own from here on.
        mark = publishing.mark(self._settings, plan.entries)
        try:
            seq = self._ledger.begin(plan, mark, by, kind, override)
        except Overtaken as overtaken:
            raise Moved(str(overtaken)) from None
        try:
            checked = self._check(plan, progress, now)
            if checked.report["counts"]["stops"] and not override:
                raise Stopped(checked.report)
            draft = checked.draft
            if kind == "publish" and (there := self._served(plan, draft, mark)):
                self._ledger.drop(seq)
                return {**checked.report, "snapshot": there, "seq": None}
        except BaseException:
            self._ledger.drop(seq)
            raise
        try:
            name = snapshot.write(self._settings.index, draft, mark)
        except BaseException:
            # It serves already where only the clearing away was left to do.
            settling.settle(self._settings, self._ledger)
            raise
        kept = {key: value for key, value in checked.report.items() if key != "digest"}
        insisting(lambda: self._ledger.finish(seq, name, plan, kept))
        draft.name = name
        self._live, self._checked = draft, None
        self._outcomes.clear()
        return {**checked.report, "snapshot": name, "seq": seq}

    def _served(self, plan: Plan, draft: snapshot.Snapshot, mark: str) -> str:
        """The name of the snapshot that serves, where a publish would write the same again; else nothing."""
        live = self.live()
        if live is None or plan.changes or plan.marks or not self._same_live():
            return ""
        same = [one.seal for one in live.entries] == [one.seal for one in draft.entries]
        bars = [json.dumps(one.calibration, sort_keys=True) for one in (live, draft)]
        whole = same and bars[0] == bars[1] and publishing.is_of(self._settings, live.name, mark)
        return live.name if whole and snapshot.is_whole(self._settings.index, live.name) else ""

    def roll_back(self, name: str, by: str) -> None:
        """Serves an earlier snapshot again, and makes live what was live with it. Raises BadSnapshot, Occupied."""
        try:
            publishing.roll_back(self._settings, name, by)
        except Busy as busy:
            raise Occupied(str(busy)) from None

    def keep(self) -> None:
        """Notes on disk what was asked, so that the next process goes on from there. For when nobody waits."""
        if self._memory is not None and (live := self.live()) is not None:
            self._memory.keep(live, self._cache)

    # Parts

    def _read(self, texts: Sequence[str], state: snapshot.Snapshot, purpose: str) -> list[Reading]:
        memory = self._remember()
        blank = [""] * len(texts)
        found = publishing.ask(memory.read(texts), blank, blank, memory.asker(purpose, state, self._cache))
        return [one.reading for one in found]

    def _remember(self) -> publishing.Memory:
        if self._memory is None:
            self._memory = publishing.Memory(self._settings)
        return self._memory

    def _digest(self, plan: Plan) -> str:
        judged = [(q["text"], q["entry"], q["protected"]) for q in self._library.questions()]
        changes = sorted((change.id, str(change.version)) for change in plan.changes)
        told = f"{publishing.mark(self._settings, plan.entries)} {changes} {judged}"
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:24]

    def _same_live(self) -> bool:
        return self._live is not None and self._live.name == snapshot.current_name(self._settings.index)

    def _with(self, entries: Sequence[Entry], fields: Mapping[str, Any] | None) -> list[Entry]:
        """The entries with the article of `fields` in the place of its older self."""
        if fields is None:
            return list(entries)
        entry = Article.parse(fields, str(fields.get("id") or "this entry")).entry
        there = any(one.id == entry.id for one in entries)
        return joined([entry if one.id == entry.id else one for one in entries] + ([] if there else [entry]))

    def _changes(self, plan: Plan) -> list[dict[str, Any]]:
        live = {entry.id: entry.question for entry in self._live.entries} if self._live else {}
        now = {entry.id: entry.question for entry in plan.entries}
        return [
            {
                "id": c.id,
                "question": now.get(c.id) or live.get(c.id, c.id),
                "change": "withdrawn" if c.version is None else "changed" if c.id in live else "new",
            }
            for c in plan.changes[:500]
        ]


def _drawn(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()


def _tests(state: snapshot.Snapshot | None) -> list[tuple[str, str]]:
    """What customers may be told has tests; what agents look up has none that the bot could pass."""
    if state is None:
        return []
    family = state.families.originals
    return [(test, family[entry.id]) for entry in state.entries if entry.audience != AGENTS for test in entry.tests]


def _changed(live: snapshot.Snapshot | None, draft: snapshot.Snapshot) -> set[str]:
    """The entries of the draft that are new or other than they are live; all of them where nothing is."""
    old = {entry.id: entry.version for entry in live.entries} if live else {}
    return {entry.id for entry in draft.entries if old.get(entry.id) != entry.version}
