"""Finds the entries nearest to a question: dense and lexical evidence fused to one score per entry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kb_index import nearest
from kb_index.encoder import Vectors
from kb_index.entry import EVERYONE, VERIFIED, Entry, folded
from kb_index.part import PASSAGE, PHRASING, QUESTION, WHOLE, spread
from kb_index.passages import passages, plain
from kb_index.snapshot import Snapshot
from kb_index.translations import base

#: Characters of an answer that stand with its question in one vector; the encoder cuts after some hundred words.
_OPENING = 1500
#: So many entries are proposed for their words.
_BY_WORDS = 10
#: At most so many of the nearest vectors are looked at for up to so many entries; for more, as many as these need.
_DEEPEST, _USUAL = 500, 10
#: From so many questions to a large index on they are looked up in parts of so many, so many parts at the same time.
_MANY, _PART, _AT_ONCE = 500, 256, 2
#: A reranker is shown so many candidates of each question.
_SHOWN = 5
#: Lexical scores are looked through in blocks of so many.
_BLOCK = 64
#: Up to so many vectors all are compared with many questions at once; so many products are made in one go.
_FEW, _PRODUCTS = 8_000, 1_000_000


@dataclass(frozen=True)
class Weights:
    """How much each kind of evidence counts, chosen for the mean over knowledge bases of several domains, with and
    without phrasings (docs/judgement.md has the table).

    What is asked is `nearest`, the similarity to the nearest of question and phrasings, and for the rest that to their
    centre; what is said is `whole`, the similarity to question and answer together, and for the rest that to the
    nearest passage. The more phrasings an entry has, the more what is asked counts: with n of them, (n + 1) / (n + 3).
    A lone question is in words that few customers use, and its answer says more of what it is about. Where entries have
    phrasings enough to train directions (kb_index/directions.py), these make up `directions` of what is asked: the
    mean of those over the vectors themselves and of those over the second encoder's, as far as they are there. Where a
    reranker looks again, its scores make up `larger`.
    """

    nearest: float = 0.67
    whole: float = 0.6
    lexical: float = 0.2
    directions: float = 0.5
    larger: float = 0.67


@dataclass(frozen=True)
class Candidate:
    """An entry with its fused score (about 0 to 1) and the two strongest pieces of evidence behind it. A translation
    that was found stands here as its original, with the first part of its `language` tag, unless it was found by the
    very words of its question or of a phrasing (`same`, which originals can be as well). `again` says that a reranker
    has looked at the question."""

    entry: str
    score: float
    nearest: float
    lexical: float
    language: str = ""
    same: bool = False
    again: bool = False


class Reranker(Protocol):
    """Looks a second time, with a larger encoder, at what is found for questions of which the first is not sure."""

    def wants(self, text: str, candidates: Sequence[Candidate]) -> bool:
        """Whether it shall look at this question, of which these are the candidates."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of questions by the encoder that the snapshot names as its larger one."""


@dataclass(frozen=True)
class Look:
    """The candidates for each question, and by what they were found: the vectors near to it, and the tenth lexical
    score. An entry that is neither near nor has so many words in common is not among them."""

    candidates: list[list[Candidate]]
    near: nearest.Found
    words: npt.NDArray[np.float32]

    @classmethod
    def joined(cls, looks: Sequence[Look]) -> Look:
        """Looks for some questions after another as one for all of them."""
        fields = ("scores", "rows", "proposed", "say")
        near = nearest.Found(*(np.concatenate([getattr(one.near, name) for one in looks]) for name in fields))
        return cls([one for look in looks for one in look.candidates], near,
                   np.concatenate([look.words for look in looks]))


def units(entry: Entry) -> list[tuple[int, str]]:
    """The texts of an entry that are embedded, each with its kind."""
    found = [(QUESTION, entry.question)]
    found += [(PHRASING, phrasing) for phrasing in entry.phrasings]
    found.append((WHOLE, f"{entry.question} {plain(entry.answer[:_OPENING])}"))
    found += [(PASSAGE, passage) for passage in passages(entry.answer)]
    return found


class Retriever:
    """Searches one snapshot.

    FAISS and BM25 propose entries; those are then scored exactly over all their vectors, so that an approximate index
    can miss a candidate but never misjudge one.

    What is for agents only is found where `audiences` has it. What is for verified customers is found for all: whether
    the one who asks is one is decided where something is said (:meth:`Entry.is_for`), since the next best entry is no
    answer to a question whose answer they may not have.
    """

    def __init__(self, snapshot: Snapshot, weights: Weights = Weights(),
                 audiences: Collection[str] = (EVERYONE, VERIFIED)) -> None:
        self.snapshot = snapshot
        self.weights = weights
        self._open = np.array([entry.audience in audiences for entry in snapshot.entries], dtype=bool)
        self._all_open = bool(self._open.all())
        self._each = snapshot.size / max(1, len(snapshot.entries))
        #: The questions and phrasings of translations, with the originals of those that have them.
        self._words: dict[str, set[int]] = {}
        of = snapshot.families.of
        for position in np.flatnonzero(of != np.arange(len(of))).tolist():
            entry = snapshot.entries[position]
            for _, words in entry.said:
                self._words.setdefault(words, set()).add(int(of[position]))

    def knows(self, word: str) -> bool:
        """Whether some entry has this word, or another form of it."""
        return self.snapshot.lexical.knows(word)

    def depth(self, top: int) -> int:
        """How many of the nearest vectors are looked at for the best `top` entries."""
        # Enough that no few entries with many vectors each take all places.
        depth = max(50, int(2 * top * self._each)) * (1 if self._all_open else 2)
        most = _DEEPEST if top <= _USUAL else max(_DEEPEST, int(2 * top * self._each))
        return min(depth, most, self.snapshot.size)

    def search(
        self, texts: Sequence[str], vectors: Vectors, top: int = 5, second: Vectors | None = None,
        reranker: Reranker | None = None,
    ) -> list[list[Candidate]]:
        """The best `top` entries for each question, best first. What is found for a question does not depend on the
        questions that are asked with it. `second` are the questions' vectors by the snapshot's second encoder; the
        `reranker` is asked where the snapshot has vectors for it."""
        return self.look(texts, vectors, top, second, reranker=reranker).candidates

    def look(
        self, texts: Sequence[str], vectors: Vectors, top: int = 5, second: Vectors | None = None,
        known: nearest.Rows | None = None, reranker: Reranker | None = None,
    ) -> Look:
        """As :meth:`search`, with what an entry would have to reach to change it. `known` is what was proposed for
        these questions of the same ground."""
        if len(texts) < _MANY:
            return self._look(texts, vectors, top, second, known, reranker)

        def some(begin: int) -> Look:
            part = slice(begin, begin + _PART)
            return self._look(texts[part], vectors[part], top, None if second is None else second[part],
                              None if known is None else known[part], reranker)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return Look.joined(list(pool.map(some, range(0, len(texts), _PART))))

    def _look(
        self, texts: Sequence[str], vectors: Vectors, top: int, second: Vectors | None, known: nearest.Rows | None,
        reranker: Reranker | None,
    ) -> Look:
        size = self.snapshot.size
        near = self.snapshot.nearest(np.ascontiguousarray(vectors), self.depth(top), known)
        # Where there are few vectors, comparing many questions with all of them at once is the quickest.
        step = max(1, _PRODUCTS // max(1, size)) if size <= _FEW else 1
        found: list[list[Candidate]] = []
        words = np.zeros(len(texts), dtype=np.float32)
        for begin in range(0, len(texts), step):
            some = slice(begin, begin + step)
            seen = None if second is None else np.asarray(second[some], np.float64)
            candidates, words[some] = self._among(texts[some], np.asarray(vectors[some], np.float64), near.rows[some],
                                                  top, seen, reranker if self.snapshot.larger_encoder else None)
            found += candidates
        return Look(found, near, words)

    def _among(
        self, texts: Sequence[str], questions: npt.NDArray[np.float64], near: npt.NDArray[np.int64], top: int,
        second: npt.NDArray[np.float64] | None, reranker: Reranker | None,
    ) -> tuple[list[list[Candidate]], npt.NDArray[np.float32]]:
        """The best `top` of the entries that are proposed for each of some questions, and the lexical score of the last
        that was proposed for its words."""
        snapshot = self.snapshot
        lexical = np.array([snapshot.lexical.scores(text) for text in texts])
        # Which entries are proposed for which question, by position.
        which, rows = np.nonzero(near >= 0)
        pairs = [(which, snapshot.owner[near[which, rows]])]
        words = np.zeros(len(texts), dtype=np.float32)
        for i, scores in enumerate(lexical):
            best, words[i] = _best(scores)
            pairs.append((np.full(len(best), i), best))
        which, proposed = (np.concatenate(both) for both in zip(*pairs, strict=True))
        positions = snapshot.families.widened(proposed[self._open[proposed]])
        positions = positions[self._open[positions]]
        if not len(positions):
            return [[] for _ in texts], words
        family = snapshot.families.of[positions]
        scores, closest = self._scored(positions, questions, lexical[:, positions], second)
        if len(texts) > 1:
            # Of a family, all stand for what one of them was proposed for.
            ours = np.zeros((len(texts), len(snapshot.entries)), dtype=bool)
            kept = self._open[proposed]
            ours[which[kept], snapshot.families.of[proposed[kept]]] = True
            scores = np.where(ours[:, family], scores, -np.inf)
        shown = top if reranker is None else max(top, _SHOWN)
        found = [
            self._best(text, positions, family, scores[i], closest[i], lexical[i], shown)
            for i, text in enumerate(texts)
        ]
        if reranker is not None:
            doubted = [i for i, text in enumerate(texts) if reranker.wants(text, found[i])]
            if doubted:
                larger = np.asarray(reranker.encode([texts[i] for i in doubted]), np.float64)
                theirs, near_them = self._rescored(positions, larger, lexical[doubted][:, positions])
                share = self.weights.larger
                theirs = (1 - share) * scores[doubted] + share * theirs
                near_them = (1 - share) * closest[doubted] + share * near_them
                for row, i in enumerate(doubted):
                    found[i] = self._best(texts[i], positions, family, theirs[row], near_them[row], lexical[i], top,
                                          again=True)
        return [one[:top] for one in found], words

    def _scored(
        self, positions: npt.NDArray[np.int64], questions: npt.NDArray[np.float64], lexical: npt.NDArray[np.float32],
        second: npt.NDArray[np.float64] | None,
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The fused scores of the entries at `positions`, and the similarity of the nearest of what is asked; shapes
        (questions, positions). In double precision, so that questions score alike alone and among others."""
        snapshot, weights = self.snapshot, self.weights
        rows = spread(snapshot.begins[positions], snapshot.counts[positions])
        about, told, nearest, share = self._alike(positions, rows, snapshot.vectors_at(rows), snapshot.lengths,
                                                  questions)
        lying = [directions[positions].astype(np.float64) @ seen.T
                 for directions, seen in ((snapshot.directions, questions), (snapshot.second, second))
                 if directions is not None and seen is not None]
        if lying:
            about = (1 - weights.directions) * about + weights.directions * sum(lying) / len(lying)
        return self._fused(share * about + (1 - share) * told, lexical), nearest.T

    def _rescored(
        self, positions: npt.NDArray[np.int64], questions: npt.NDArray[np.float64], lexical: npt.NDArray[np.float32],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """As :meth:`_scored`, by the reranker's encoder, of which there are no directions."""
        snapshot = self.snapshot
        rows = spread(snapshot.begins[positions], snapshot.counts[positions])
        vectors = snapshot.larger_at(rows)
        assert vectors is not None, "a snapshot with a larger encoder has its vectors"
        about, told, nearest, share = self._alike(positions, rows, vectors, snapshot.larger_lengths, questions)
        return self._fused(share * about + (1 - share) * told, lexical), nearest.T

    def _fused(
        self, dense: npt.NDArray[np.float64], lexical: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float64]:
        """What vectors say, shape (positions, questions), with what words say, shape (questions, positions)."""
        # BM25 has no upper end; this maps it to 0..1 with half at 10, a common score of a good match.
        words = (lexical / (lexical + 10.0)).T
        fused: npt.NDArray[np.float64] = (dense + self.weights.lexical * words) / (1 + self.weights.lexical)
        return fused.T

    def _alike(
        self, positions: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], vectors: Vectors,
        lengths: npt.NDArray[np.float32], questions: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """How alike the questions are to what is asked of each entry, to what is said, and to the nearest of the
        former, shape (positions, questions); and how much what is asked counts, shape (positions, 1). `vectors` are
        those of `rows`, and `lengths` each entry's length of their sum."""
        snapshot, weights = self.snapshot, self.weights
        counts = snapshot.counts[positions]
        begins = np.cumsum(counts) - counts
        # One column for each question, so that what is summed and compared lies side by side.
        cosines = vectors.astype(np.float64) @ questions.T
        kinds = snapshot.kinds_at(rows)[:, None]
        asked = kinds <= PHRASING
        number = np.add.reduceat(asked, begins, dtype=np.int64)
        nearest = np.maximum.reduceat(np.where(asked, cosines, -2), begins)
        # The centre is the mean of the vectors asked, so its cosine is their mean cosine over its length.
        centre = np.add.reduceat(np.where(asked, cosines, 0), begins) / lengths[positions][:, None]
        about = weights.nearest * nearest + (1 - weights.nearest) * centre
        passage = np.maximum.reduceat(np.where(kinds == PASSAGE, cosines, -2), begins)
        whole = np.maximum.reduceat(np.where(kinds == WHOLE, cosines, -2), begins)
        # A picture for an answer has no passages.
        told = weights.whole * whole + (1 - weights.whole) * np.where(passage > -2, passage, whole)
        return about, told, nearest, number / (number + 2)

    def _best(
        self, text: str, positions: npt.NDArray[np.int64], family: npt.NDArray[np.int64],
        scores: npt.NDArray[np.float64], nearest: npt.NDArray[np.float64], lexical: npt.NDArray[np.float32], top: int,
        again: bool = False,
    ) -> list[Candidate]:
        """The best `top` of those with a score, best first; of equals the one that stands first. Of a family the best
        speaks for all. `again` where a reranker had its say."""
        entries, families = self.snapshot.entries, self.snapshot.families
        # How many products are summed at once decides the last digits, and they shall decide nothing.
        order = np.argsort(-np.round(scores, 9), kind="stable")
        if families:
            order = order[np.sort(np.unique(family[order], return_index=True)[1])]
        words = folded(text)
        #: The originals of translations that have the very words.
        same = self._words.get(words, set()) if words else set()
        order = order[:top]
        best = zip(positions[order].tolist(), family[order].tolist(), scores[order].tolist(), nearest[order].tolist(),
                   lexical[positions[order]].tolist(), strict=True)
        return [
            Candidate(
                entry=entries[original].id, score=round(score, 5), nearest=round(near, 5), lexical=round(bm25, 3),
                language="" if original == place or original in same else base(entries[place].language),
                same=original in same or self._has(place, words), again=again,
            )
            for place, original, score, near, bm25 in best if score > -np.inf
        ]

    def _has(self, position: int, words: str) -> bool:
        """Whether these are the very words of an entry's question or of a phrasing."""
        return bool(words) and any(one == words for _, one in self.snapshot.entries[position].said)


def _best(scores: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int64], np.float32]:
    """The positions of the ten best, of equals the first, and the tenth score; zero where there are fewer."""
    # Ten blocks have a score that reaches the tenth best of all blocks' best, so the tenth best of all does.
    blocks = len(scores) // _BLOCK
    floor = np.float32(0)
    if blocks > _BY_WORDS:
        tops = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
        floor = np.partition(tops, -_BY_WORDS)[-_BY_WORDS]
    some = np.flatnonzero(scores >= floor if floor > 0 else scores)
    if len(some) <= _BY_WORDS and floor <= 0:
        return some, np.float32(0)
    least = np.partition(scores[some], -_BY_WORDS)[-_BY_WORDS]
    above = some[scores[some] > least]
    return np.concatenate([above, some[scores[some] == least][: _BY_WORDS - len(above)]]), least
