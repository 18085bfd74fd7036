"""Drafts: entries as a snapshot in memory, not yet calibrated; and what one is without some of its phrasings."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from kb_index import directions, snapshot
from kb_index.cache import VectorCache
from kb_index.encoder import Vectors
from kb_index.entry import AGENTS, Entry
from kb_index.part import PHRASING, Part, ranges, spread
from kb_index.retriever import units

Progress = Callable[[int, int], None]
#: Vectors of texts, and the name of the encoder that made them.
_Seen = tuple[Mapping[str, Vectors], str]

#: Phrasings are held out by the fifth, so that the index without them is nearly the real one, and so many times over
#: as it takes to have this many: a small knowledge base has each held out once, a large one needs no second index.
_HELD_OUT, _MOST = 5, 4_000
#: With more vectors than this nothing is looked at again: a larger encoder takes 15 ms for a short text and 60 for a
#: passage, so that a first publish of more would take longer than ten minutes; and of 10,000 entries an answer shall be
#: found within some milliseconds.
_LOOKED_AT_AGAIN = 15_000
#: Of those indices, how many are built at the same time.
_AT_ONCE = 2


def assembled(
    entries: Sequence[Entry], cache: VectorCache, progress: Progress = lambda done, total: None,
    like: snapshot.Snapshot | None = None,
) -> snapshot.Snapshot:
    """These entries as a draft. What `like` has of them already is taken from there."""
    encoder = cache.encoder
    if like is None or like.encoder != encoder.name:
        like = snapshot.Snapshot.nothing(encoder.name, encoder.dimensions)
    fresh: list[Entry] = []
    order: list[int] = []
    held = sum(len(part.entries) for part in like.parts)
    for entry in entries:
        place = like.position.get(entry.id)
        if place is not None and like.entries[place].seal == entry.seal:
            order.append(int(like.order[place]))
        else:
            order.append(held + len(fresh))
            fresh.append(entry)
    made = [units(entry) for entry in fresh]
    texts = [text for one in made for _, text in one]
    kept = int(ranges(like.parts)[1][[at for at in order if at < held]].sum())
    again = cache.larger if len(texts) + kept <= _LOOKED_AT_AGAIN else None
    name = again.encoder.name if again is not None else ""
    if len(fresh) < len(entries) and like.larger_encoder != name:
        return assembled(entries, cache, progress)  # all of them are read anew, or none is
    larger = again.encode(texts, lambda done, total: progress(done, 2 * total)) if again is not None else None
    vectors = cache.encode(texts, progress if again is None else lambda done, total: progress(total + done, 2 * total))
    kinds = np.array([kind for one in made for kind, _ in one], dtype=np.uint8)
    starts = np.cumsum([0, *map(len, made)]).astype(np.int64)
    draft = like.became(Part.rendered(fresh, vectors, kinds, starts, larger), np.array(order, dtype=np.int64))
    draft.larger_encoder = name
    return _directed(draft, _seen(draft, cache))


def _directed(draft: snapshot.Snapshot, seen: _Seen | None) -> snapshot.Snapshot:
    """A draft with its directions, where they can be learnt."""
    # What tells languages apart is no direction: a family has one.
    originals, family = np.unique(draft.families.of, return_inverse=True)
    asked = draft.kinds <= PHRASING
    if directions.learnable(int(asked.sum()), len(originals)):
        owner = np.repeat(np.arange(len(draft.entries)), draft.counts)[asked]

        def trained(of: Vectors) -> Vectors | None:
            found = directions.train(of, family[owner], len(originals))
            return None if found is None else found[family]

        draft.directions = trained(draft.vectors[asked])
        if seen is not None:
            draft.second, draft.second_encoder = trained(np.stack([seen[0][t] for t in _asked(draft)])), seen[1]
    return draft


def _asked(draft: snapshot.Snapshot) -> list[str]:
    return [text for entry in draft.entries for text in (entry.question, *entry.phrasings)]


def _seen(draft: snapshot.Snapshot, cache: VectorCache) -> _Seen | None:
    """Questions and phrasings as the second encoder sees them, and its name; None where there is nothing to learn."""
    number, families = int((draft.kinds <= PHRASING).sum()), len(np.unique(draft.families.of))
    if cache.second is None or not directions.learnable(number, families):
        return None
    texts = _asked(draft)
    return dict(zip(texts, cache.second.encode(texts), strict=True)), cache.second.encoder.name


def folds(
    draft: snapshot.Snapshot, cache: VectorCache
) -> Iterator[tuple[snapshot.Snapshot, list[tuple[str, str]]]]:
    """The draft without some of its phrasings, and these, each with the id of its entry; as many times as it takes to
    have enough of them."""
    size = sum(len(entry.phrasings) for entry in draft.entries)
    times = min(_HELD_OUT, -(-_HELD_OUT * _MOST // max(1, size)))
    seen = None if draft.second is None else _seen(draft, cache)
    some = [fold for fold in (_fold(draft, at, seen) for at in range(times)) if fold[1]]
    # The limit counts for the whole process, so it is set around all threads.
    with threadpool_limits(1), ThreadPoolExecutor(_AT_ONCE) as pool:
        for without, (_, pairs) in zip(pool.map(lambda fold: fold[0](), some), some, strict=True):
            yield without, pairs


def _fold(
    draft: snapshot.Snapshot, fold: int, seen: _Seen | None
) -> tuple[Callable[[], snapshot.Snapshot], list[tuple[str, str]]]:
    """Every fifth phrasing, from the `fold`-th on, each with the id of its entry, and how to build the index without
    them; of very many some, all over. What only agents may read stays whole."""
    asked = [
        (position, number)
        for position, entry in enumerate(draft.entries)
        if entry.audience != AGENTS
        for number in range(fold, len(entry.phrasings), _HELD_OUT)
    ]
    if len(asked) > _MOST:
        # Which ones shall not change with every edit.
        asked = sorted(heapq.nsmallest(_MOST, asked, key=lambda one: _drawn(
            draft.entries[one[0]].id, draft.entries[one[0]].phrasings[one[1]])))

    def build() -> snapshot.Snapshot:
        out: dict[int, list[int]] = {}
        for position, number in asked:
            out.setdefault(position, []).append(number)
        places = np.array(list(out), dtype=np.int64)
        cut = [
            replace(entry, phrasings=tuple(p for i, p in enumerate(entry.phrasings) if i not in numbers))
            for entry, numbers in ((draft.entries[position], numbers) for position, numbers in out.items())
        ]
        # The question stands first, then the phrasings in their order.
        gone = [draft.begins[position] + 1 + number for position, number in asked]
        rows = spread(draft.begins[places], draft.counts[places])
        rows = rows[~np.isin(rows, gone)]
        counts = draft.counts[places] - [len(numbers) for numbers in out.values()]
        fresh = Part(cut, [draft.html[position] for position in out], draft.vectors_at(rows), draft.kinds_at(rows),
                     np.concatenate([[0], np.cumsum(counts)]), larger=draft.larger_at(rows))
        order = draft.order.copy()
        order[places] = sum(len(part.entries) for part in draft.parts) + np.arange(len(places))
        return _directed(draft.became(fresh, order, most=draft.size // 2), seen)

    told = [(draft.entries[position], number) for position, number in asked]
    return build, [(entry.phrasings[number], entry.id) for entry, number in told]


@lru_cache(500_000)
def _drawn(entry: str, phrasing: str) -> bytes:
    return hashlib.blake2b(f"{entry}\0{phrasing}".encode("utf-8", "replace"), digest_size=8).digest()
