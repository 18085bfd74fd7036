"""Publishing: entries -> vectors -> every labelled question asked -> bars -> one snapshot, made current at the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bot.database import DatabaseUnavailable, insisting, open_database
from bot.judgement import assembly, phrases, reranking
from bot.judgement.asking import Asker
from bot.judgement.bars import PEOPLE, Asked, calibrate
from bot.judgement.confidence import RIVALS
from bot.judgement.drafting import Progress, assembled, folds
from bot.judgement.judge import classify, read, sought
from bot.judgement.judgement import Reading
from bot.judgement.notes import Notes
from bot.judgement.plainly import plainly
from bot.judgement.reranking import AsIfHidden
from bot.judgement.router import Bars
from bot.library.library import Library
from bot.library.publications import planned, publications_of
from bot.lockfile import LockFile
from bot.settings import Settings
from kb_index import snapshot
from kb_index.cache import VectorCache
from kb_index.encoder import load_encoder
from kb_index.entry import AGENTS, Entry
from kb_index.errors import BadEntry, BadSnapshot
from kb_index.export import exported

#: Routes of the training phrases that a knowledge base does not answer, and intents of other routes that it does not.
_UNANSWERED = PEOPLE | {"out_of_scope", "smalltalk"}
_FOREIGN = frozenset({"check_balance_or_claim"})
_BATCH = 512


def entries_of(settings: Settings) -> list[Entry]:
    """What is live in the library, brought up to date with the Markdown folder."""
    return planned(publications_of(settings)).entries


def mark(settings: Settings, entries: Sequence[Entry]) -> str:
    """Changes with anything that a publish depends on."""
    sums = hashlib.sha256(assembly.mark(settings).encode())
    # The classifier has a model of its own, so its mark says nothing of the one that entries are found with.
    sums.update(f"{exported(settings.encoder)} {reranking.name(settings)}".encode())
    sums.update(b"".join(entry.seal for entry in entries))
    sums.update(f"{sorted(judged_questions(settings).items())} {settings.alpha} {settings.beta}".encode())
    here, index = Path(__file__).parent, Path(snapshot.__file__).parent
    names = ("publishing", "drafting", "bars", "confidence", "reranking", "judge", "router", "tasks", "forms",
             "plainly", "segments")
    ours = [*(here / f"{name}.py" for name in names), here / "goods.txt"]
    for source in [*ours, *sorted(index.glob("*.py"))]:
        sums.update(source.read_bytes())
    return sums.hexdigest()[:16]


def is_current(settings: Settings) -> bool:
    name = snapshot.current_name(settings.index)
    if name is None or not assembly.is_current(settings):
        return False
    plan = planned(publications_of(settings))
    if plan.changes or plan.marks:
        return False
    return is_of(settings, name, mark(settings, plan.entries))


def is_of(settings: Settings, name: str, wanted: str) -> bool:
    """Whether a snapshot is what a publish of that mark made, or somebody went back to it from there."""
    try:
        return bool(snapshot.manifest(settings.index, name)["mark"] == wanted) or _pin(settings) == [name, wanted]
    except (BadSnapshot, KeyError):
        return False


def roll_back(settings: Settings, name: str, by: str = "the command line") -> str:
    """Serves an earlier snapshot again, and returns its name. It stays, also after a restart, until the knowledge base
    changes. Raises BadSnapshot where it is not there, damaged or was never live, Busy during a publish."""
    from bot.judgement import settling  # which builds on this module

    busy = "a publish or a set-up is at work (process {pid}); wait until it is done, then go back"
    with LockFile(settings.home / "setup.lock", busy):
        name, ledger = snapshot.known(settings.index, name), publications_of(settings)
        settling.settle(settings, ledger)
        if name not in ledger.snapshots():
            raise BadSnapshot(f"{name} was never live by the record in this database: its publish was cut off, or it "
                              "is of another database. Nothing was changed; choose another that `frontdesk kb "
                              "snapshots` lists, or put the entries right and publish")
        _fits(settings, snapshot.load(settings.index, name))
        # First what serves, then the ledger: whatever dies in between, the snapshot that somebody asked for is live.
        before = snapshot.current_name(settings.index)
        snapshot.make_current(settings.index, name)
        try:
            insisting(lambda: ledger.roll_back(name, by))
        except DatabaseUnavailable:
            if before:
                snapshot.make_current(settings.index, before)
            raise
        told = json.dumps([name, mark(settings, entries_of(settings))])
        scratch = settings.index / ".pinned"
        scratch.write_text(told, encoding="utf-8")
        scratch.replace(settings.index / "pinned.json")
    return name


def _fits(settings: Settings, state: snapshot.Snapshot) -> None:
    """Raises BadSnapshot for one that assistants of these settings and this version cannot serve."""
    mine = (exported(settings.encoder), reranking.name(settings))
    try:
        Bars.parse(state.calibration)
        fits = state.encoder == mine[0] and state.larger_encoder in ("", mine[1])
    except (KeyError, ValueError):
        fits = False
    if not fits:
        raise BadSnapshot(f"{state.name} was made by another version, or with other models than are set up here. "
                          "Nothing was changed; put the entries right and publish")


def _pin(settings: Settings) -> list[str] | None:
    """The snapshot that somebody went back to, and the mark of the knowledge base that it was preferred to."""
    try:
        pinned: list[str] = json.loads((settings.index / "pinned.json").read_text(encoding="utf-8"))
        return pinned
    except (OSError, ValueError):
        return None


def cache_of(settings: Settings) -> VectorCache:
    """What remembers the vectors of entries and questions, by the encoder that finds and by the classifier's. The
    latter, and the reranker's, have no say where another model finds that is for other languages."""
    encoder, second = load_encoder(settings.encoder, 2), load_encoder(assembly.folder(settings), 2)
    larger = load_encoder(settings.larger_encoder, 2) if settings.reranker else None
    return VectorCache(encoder, settings.cache / "vectors.db", second if encoder.speaks_as(second) else None,
                       larger if larger is not None and encoder.speaks_as(larger) else None)


def publish(settings: Settings, progress: Progress = lambda done, total: None) -> str:
    """Builds, calibrates and publishes a snapshot of what is live and of the folder's changes; returns its name. Raises
    BadEntry."""
    cache, ledger, memory = cache_of(settings), publications_of(settings), Memory(settings)
    plan = planned(ledger)
    try:
        draft = drafted(settings, cache, plan.entries, lambda done, total: progress(done, 3 * max(total, 1)))
        progress(1, 3)
        asked = ask_all(settings, draft, cache, memory)
        progress(2, 3)
        wanted = mark(settings, draft.entries)
        seq = ledger.begin(plan, wanted, "", "set-up")
        draft.calibration = calibrate(asked, settings.alpha, settings.beta)
        name = draft.name = snapshot.write(settings.index, draft, wanted)
        ledger.finish(seq, name, plan)
        memory.keep(draft, cache)
    finally:
        cache.close()
    progress(3, 3)
    return name


def drafted(settings: Settings, cache: VectorCache, entries: Sequence[Entry],
            progress: Progress = lambda done, total: None, like: snapshot.Snapshot | None = None) -> snapshot.Snapshot:
    """These entries as a snapshot in memory, not yet calibrated. What `like` has of them already is taken from there.
    Raises BadEntry where there are none."""
    if not entries:
        raise BadEntry(f"{settings.kb}: there are no entries to publish; write some, or check FRONTDESK_KB")
    return assembled(entries, cache, progress, like)


class Memory:
    """What asking needs and what it need not do twice: how the classifier reads a text does not depend on the entries.

    For a process that publishes more than once; valid while ``assembly.mark`` stays.
    """

    def __init__(self, settings: Settings) -> None:
        self._notes = Notes(settings)
        self._classifier = assembly.load(settings, 2)
        self._classifier.encode = VectorCache(self._classifier.encoder, settings.cache / "vectors.db").encode
        (whole, plain), head = assembly.unseen(), self._classifier.head
        self.phrases = [phrase for phrase in phrases.read(phrases.FOLDER) if phrase.text in whole]
        #: Each phrase as a classifier read it that never saw its group.
        self.unseen = [
            replace(classify(text, whole[text], head),
                    plainly=classify(plainly(text), plain[text], head) if text in plain else None)
            for text in (phrase.text for phrase in self.phrases)
        ]
        self._readings: dict[str, Reading] = {}
        self._askers: dict[str, Asker] = {}
        #: Whether what an earlier process noted was looked at, and the snapshot that the notes are of.
        self._resumed, self._noted = False, ""

    def asker(self, purpose: str, state: snapshot.Snapshot, cache: VectorCache) -> Asker:
        """Asks a state, for one purpose after another: what of it has been found before need not be sought again."""
        if purpose not in self._askers:
            # Of what is hidden one more is sought, since one is taken out.
            self._askers[purpose] = (Asker(cache, RIVALS + 1, looks=AsIfHidden) if purpose == "hidden"
                                     else Asker(cache, RIVALS))
        return self._askers[purpose].at(state)

    def resume(self, live: snapshot.Snapshot, cache: VectorCache) -> None:
        """Has what another process noted, where that is of use beside what is live. The second time nothing happens."""
        told = None if self._resumed else self._notes.read(live, cache)
        self._resumed = True
        if told is None:
            return
        state, found = told
        self._noted = state.name
        for purpose, of in [("live", state), *_states(state, cache)]:
            if kept := found.get("draft" if purpose == "live" else purpose):
                self.asker(purpose, of, cache).resume(of, kept)

    def keep(self, live: snapshot.Snapshot, cache: VectorCache) -> None:
        """Notes for the next process what was found and holds of what is live, where that is not noted yet."""
        if self._noted == live.name:
            return
        found = {}
        for purpose, state in _states(live, cache):
            found[purpose] = self._askers[purpose].holding(state) if purpose in self._askers else {}
            if not found["draft"]:
                return  # a small knowledge base, which is asked everything each time, or nothing was asked
        if self._notes.write(live.name, found):
            self._noted = live.name

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """The texts as the live bot reads them, without candidates."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._readings]
        self._readings.update(zip(fresh, read(fresh, None, self._classifier, None), strict=True))
        return [self._readings[text] for text in texts]


def _states(state: snapshot.Snapshot, cache: VectorCache) -> Iterator[tuple[str, snapshot.Snapshot]]:
    """What is asked of a state for each purpose."""
    yield "draft", state
    yield "hidden", state
    for number, (without, _) in enumerate(folds(state, cache)):
        yield f"held out {number}", without


def ask_all(
    settings: Settings, draft: snapshot.Snapshot, cache: VectorCache, memory: Memory | None = None,
    progress: Progress = lambda done, total: None,
) -> list[Asked]:
    """Asks every entry's test questions, judged real ones, held-out phrasings, and every training phrase, read as a
    classifier read it that did not see its group. A test question that several entries have is asked once, and each of
    them is right. What a translation is asked is asked a second time as if its family was not there."""
    memory = memory or Memory(settings)
    asker = memory.asker("draft", draft, cache)
    owners: dict[str, list[str]] = {}
    # What a translation is asked is answered by its family, which a search finds by its original.
    family = draft.families.originals
    for entry in _for_customers(draft.entries):
        for test in entry.tests:
            if family[entry.id] not in owners.setdefault(test, []):
                owners[test].append(family[entry.id])
    asked = [
        replace(one, also=frozenset(owners[one.reading.text][1:]))
        for one in ask(memory.read(list(owners)), [ids[0] for ids in owners.values()], ["service"] * len(owners),
                       asker)
    ]
    asked += held_out(draft, cache, memory)
    asked += hidden(draft, cache, memory)
    judged = judged_questions(settings)
    judged = {text: family.get(entry, "") for text, entry in judged.items() if not entry or entry in draft.position}
    # What only agents may read is no answer of the bot's.
    own = {entry.id for entry in _for_customers(draft.entries)}
    judged = {text: entry if entry in own else "" for text, entry in judged.items()}
    # What a person said of a real question counts before an entry's test.
    asked = [one for one in asked if one.held_out or one.reading.text not in judged]
    asked += [
        replace(one, judged=True)
        for one in ask(memory.read(list(judged)), list(judged.values()),
                       ["service" if e else "" for e in judged.values()], asker)
    ]
    told: list[Asked] = []
    for start in range(0, len(memory.phrases), _BATCH):
        progress(len(asked) + start, len(asked) + len(memory.phrases))
        batch = memory.phrases[start : start + _BATCH]
        told += ask(memory.unseen[start : start + _BATCH], [""] * len(batch), [p.route for p in batch], asker)
    for phrase, one in zip(memory.phrases, told, strict=True):
        likely = phrase.route not in _UNANSWERED and phrase.intent not in _FOREIGN
        asked.append(replace(one, likely=likely))
    return asked


def _for_customers(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.audience != AGENTS]


def judged_questions(settings: Settings) -> dict[str, str]:
    """Real questions that somebody judged, each with the entry that answers it, or an empty text."""
    library = Library(open_database(settings.database))
    library.prepare()
    return {row["text"]: row["entry"] or "" for row in library.questions()}


def held_out(draft: snapshot.Snapshot, cache: VectorCache, memory: Memory) -> list[Asked]:
    """Asks phrasings of an index that does not have them: what a knowledge base says of itself without test
    questions."""
    family = draft.families.originals
    asked: list[Asked] = []
    for number, (without, pairs) in enumerate(folds(draft, cache)):
        asked += ask(memory.read([p for p, _ in pairs]), [family[e] for _, e in pairs], ["service"] * len(pairs),
                     memory.asker(f"held out {number}", without, cache))
    return [replace(one, held_out=True) for one in asked]


def hidden(draft: snapshot.Snapshot, cache: VectorCache, memory: Memory) -> list[Asked]:
    """Every second question to a translation, asked of what is left without its family: nothing is right then. They are
    all that is known of questions in that language which the knowledge base does not answer."""
    pairs = [
        (text, draft.entries[original].id)
        for entry, original in zip(draft.entries, draft.families.of.tolist(), strict=True)
        if entry.translation_of and entry.audience != AGENTS
        for text in (*entry.tests, *entry.phrasings)
    ][::2]
    blank = [""] * len(pairs)
    found = ask(memory.read([text for text, _ in pairs]), blank, blank,
                memory.asker("hidden", draft, cache))
    asked = []
    for one, (_, original) in zip(found, pairs, strict=True):
        rest = tuple(c for c in one.reading.candidates if c.entry != original)[:RIVALS]
        asked.append(replace(one, reading=replace(one.reading, candidates=rest), hidden=True))
    return asked


def ask(readings: Sequence[Reading], entries: Sequence[str], routes: Sequence[str], asker: Asker) -> list[Asked]:
    """Asks labelled questions that the classifier has read already."""
    said = [reading.mended or reading.said for reading in readings] if asker.second else None
    found = asker.search([sought(reading, asker.retriever) for reading in readings], said)
    return [
        Asked(reading.finding(candidates), entry, route)
        for reading, candidates, entry, route in zip(readings, found, entries, routes, strict=True)
    ]


def describe(settings: Settings) -> str:
    """One line on the current snapshot, for people."""
    name = snapshot.current_name(settings.index)
    if name is None:
        return "nothing published"
    told = json.loads((settings.index / name / "calibration.json").read_text())
    answer = told["answer"]
    return (f"{name}: answers {answer['coverage']:.0%} of answerable questions by itself; at most "
            f"{100 * answer['alpha']:g}% of its answers wrong ({answer['errors']} of {answer['answered']} seen)")
