"""Asks the same questions of one state of the knowledge base after another, and anew only those for which the change
can matter. That is no guess: what is kept is what a new search would find (tests/judgement/test_asking.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.judgement.reranking import Reranker
from kb_index import lexical
from kb_index.cache import VectorCache
from kb_index.encoder import LATELY, Vectors
from kb_index.entry import Entry
from kb_index.part import spread
from kb_index.retriever import Candidate, Retriever, Weights
from kb_index.snapshot import Snapshot

#: What products in another order can differ by.
_SLACK = 1e-4
#: A question, as entries are sought by it and as the second encoder gets it, where there is one.
Key = tuple[str, str]
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """What is kept of a question: its candidates, and what an entry has to reach to come among those proposed."""

    candidates: list[Candidate]
    vector: Vectors
    least: float
    #: The vectors of the ground that were proposed for it, of which the first so many had a say; -1: all may have had.
    proposed: npt.NDArray[np.int32]
    say: int
    words: Mapping[str, int]
    tenth: float


class Asker:
    """One for each purpose, since it keeps what it found in the state that it stands at."""

    def __init__(self, cache: VectorCache, top: int = 5, weights: Weights | None = None,
                 looks: type[Reranker] = Reranker) -> None:
        self._cache = cache
        self._reranker = looks(cache.larger) if cache.larger is not None else None
        self._top = top
        self._weights = weights or Weights()
        self._retriever: Retriever | None = None
        self._kept: dict[Key, Found] = {}
        #: What was proposed for others before the ground that it stands on had changes that matter to them.
        self._known: dict[Key, npt.NDArray[np.int32]] = {}
        #: Those asked since the last change of state; what nobody asks any more is forgotten with the next.
        self._asked: set[Key] = set()
        #: How many searches were made.
        self.made = 0

    @property
    def retriever(self) -> Retriever:
        assert self._retriever is not None, "it stands at no state yet"
        return self._retriever

    @property
    def second(self) -> VectorCache | None:
        """What sees questions a second time for the state that it stands at."""
        second = self._cache.second
        return second if second and self.retriever.snapshot.second_encoder == second.encoder.name else None

    def at(self, state: Snapshot) -> Asker:
        """Goes on with another state; returns itself."""
        if self._retriever is None or self._retriever.snapshot is not state:
            after = Retriever(state, self._weights)
            before = {one: found for one, found in self._kept.items() if one in self._asked}
            self._kept = before
            self._kept = self._holding(after)
            same = self._retriever is not None and self._retriever.snapshot.ground is state.ground
            self._known = {one: found.proposed for one, found in before.items() if same and one not in self._kept}
            self._asked, self._retriever = set(), after
        return self

    def resume(self, state: Snapshot, found: Mapping[Key, Found]) -> None:
        """Goes on from what another has `found` in `state`."""
        self._retriever, self._kept, self._asked = Retriever(state, self._weights), dict(found), set(found)

    def holding(self, state: Snapshot) -> dict[Key, Found]:
        """What is kept and holds of `state` as well, without what nobody asks any more: it may have been erased."""
        held = self._holding(Retriever(state, self._weights))
        return {one: found for one, found in held.items() if one in self._asked}

    def _holding(self, after: Retriever) -> dict[Key, Found]:
        if self._retriever is None or not self._kept:
            return {}
        touched = _touched(self._retriever, after, self._top, list(self._kept.values()))
        return {one: found for (one, found), again in zip(self._kept.items(), touched.tolist(), strict=True)
                if not again}

    def search(self, texts: Sequence[str], said: Sequence[str] | None = None) -> list[list[Candidate]]:
        """What :meth:`Retriever.search` finds; `said` are the texts as the `second` encoder gets them, where there is
        one."""
        asked = list(zip(texts, said or [""] * len(texts), strict=True))
        self._asked.update(asked)
        new = [one for one in dict.fromkeys(asked) if one not in self._kept]
        if new:
            encoded, twice = [], []
            for start in range(0, len(new), LATELY):
                some = new[start : start + LATELY]
                encoded.append(self._cache.encode([text for text, _ in some]))
                if self.second is not None:
                    # Right after the other, whose lower half's work it finds done.
                    twice.append(self.second.encode([text for _, text in some]))
            vectors, second = np.concatenate(encoded), np.concatenate(twice) if twice else None
            look = self.retriever.look([text for text, _ in new], vectors, self._top, second, self._proposed(new),
                                       self._reranker)
            self.made += len(new)
            least = np.where((look.near.rows >= 0).all(axis=1), look.near.scores.min(axis=1, initial=np.inf), -np.inf)
            proposed = look.near.proposed.astype(np.int32)
            for i, one in enumerate(new):
                self._kept[one] = Found(
                    look.candidates[i], vectors[i], float(least[i]), proposed[i], int(look.near.say[i]),
                    Counter(lexical.tokens(one[0])), float(look.words[i]),
                )
        return [self._kept[one].candidates for one in asked]

    def _proposed(self, new: Sequence[Key]) -> npt.NDArray[np.int64] | None:
        """What was proposed for these before, -1 for those that were never asked; None where all are such."""
        known = [self._known.get(one) for one in new]
        width = next((len(one) for one in known if one is not None), 0)
        if not width:
            return None
        found = np.full((len(new), width), -1, dtype=np.int64)
        for i, one in enumerate(known):
            if one is not None and len(one) == width:
                found[i] = one
        return found


def _touched(before: Retriever, after: Retriever, top: int, kept: Sequence[Found]) -> _Flags:
    """For which questions the change from one state to the other can matter."""
    old, new = before.snapshot, after.snapshot
    if (
        old.ground is not new.ground
        or old.lexical.scale != new.lexical.scale
        or before.depth(top) != after.depth(top)
        # They are learnt from all entries together.
        or any(one is not None for one in (old.directions, old.second, new.directions, new.second))
    ):
        return np.ones(len(kept), dtype=bool)
    moved = _moved(old, new)
    touched = np.array([one.say < 0 for one in kept])
    # Vectors of the ground that came or went, where they had a say; and others, where they are near enough.
    toggled = np.zeros(len(new.ground.vectors), dtype=bool)
    others: list[Vectors] = []
    for state in (old, new):
        places = np.array([state.position[name] for name in moved if name in state.position], dtype=np.int64)
        rows = spread(state.begins[places], state.counts[places])
        toggled[rows[rows < len(toggled)]] = True
        others.append(state.vectors_at(rows[rows >= len(toggled)]))
    sizes = np.array([max(0, one.say) for one in kept])
    seen = np.concatenate([np.empty(0, np.int32), *(one.proposed[: max(0, one.say)] for one in kept)])
    touched |= np.bincount(np.repeat(np.arange(len(kept)), sizes), toggled[seen], len(kept)) > 0
    least = np.array([one.least for one in kept]) - _SLACK
    near = np.vstack(others)
    if len(near):
        questions = np.stack([one.vector for one in kept])
        for begin in range(0, len(near), 512):
            touched |= (questions @ near[begin : begin + 512].T).max(axis=1) >= least
    return touched | _worded(old, new, moved, kept)


def _moved(old: Snapshot, new: Snapshot) -> set[str]:
    """The ids of the entries that are not the same in both, with those of their families."""
    first = len(new.ground.entries)
    places = np.setxor1d(old.order[old.order < first], new.order[new.order < first])
    moved = {new.ground.entries[i].id for i in places.tolist()}
    ours, theirs = ({entry.id: entry for entry in state.changed.entries} for state in (old, new))
    moved |= {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    kin = set(moved)
    for state in (old, new):
        if state.families:
            for name in moved & state.position.keys():
                original = int(state.families.of[state.position[name]])
                kin |= {state.entries[i].id for i in state.families.members(original)}
    return kin


def _worded(old: Snapshot, new: Snapshot, moved: set[str], kept: Sequence[Found]) -> _Flags:
    """For which questions a word weighs something else now, or an entry that moved has words enough in common."""
    number: dict[str, int] = {}
    column = np.array([number.setdefault(word, len(number)) for one in kept for word in one.words], dtype=np.int64)
    times = np.array([count for one in kept for count in one.words.values()], dtype=np.float32)
    which = np.repeat(np.arange(len(kept)), [len(one.words) for one in kept])
    entries: list[Entry] = [state.entries[state.position[name]]
                            for state in (old, new) for name in sorted(moved) if name in state.position]
    told = [Counter(lexical.words(entry)) for entry in entries]
    weights: dict[str, float] = {}
    shifted = np.zeros(len(number), dtype=bool)
    for word in {word for one in told for word in one if word in number}:
        weights[word] = new.lexical.weight(word)
        shifted[number[word]] = weights[word] != old.lexical.weight(word)
    touched = np.bincount(which, shifted[column], len(kept)) > 0
    tenth = np.array([one.tenth for one in kept]) * (1 - _SLACK)
    for one in told:
        worth = np.zeros(len(number), dtype=np.float32)
        for word, count in one.items():
            if word in weights:
                worth[number[word]] = weights[word] * new.lexical.share(count, sum(one.values()))
        scores = np.bincount(which, worth[column] * times, len(kept))
        touched |= (scores > 0) & (scores >= tenth)
    return touched
