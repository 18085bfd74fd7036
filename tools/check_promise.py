"""Does the promise hold? Calibrates on one random half of the labelled questions and counts errors on the other, often.

    python tools/check_promise.py [--rounds 1000] [--sizes 20 50 100 500] [--data FILE…] [--alpha A] [--beta B]

For the sample shop, and for knowledge bases made of labelled JSON lines ``{"text", "label"}`` (fit_confidence.py tells
how), says in which share of the recalibrations the realised error on fresh messages exceeded alpha and beta, what was
covered of the answerable questions, and draws the realised errors as a histogram. A fresh half is itself a sample: it
exceeds alpha by chance a little more often than the true error does. `--sizes` calibrates on that many answerable
questions instead of a half. Needs FRONTDESK_HOME set up.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from fit_confidence import knowledge_base
from tqdm import tqdm

from bot.judgement.bars import PEOPLE, Asked, calibrate, questions, sureness
from bot.judgement.drafting import assembled
from bot.judgement.labelled import read as read_labelled
from bot.judgement.publishing import Memory, ask_all, cache_of, entries_of
from bot.judgement.router import Bars
from bot.settings import Settings, read
from kb_index.cache import VectorCache
from kb_index.entry import Entry

_BLOCKS = " ▁▂▃▄▅▆▇█"


def asked_of(settings: Settings, entries: Sequence[Entry], cache: VectorCache, memory: Memory) -> list[Asked]:
    return ask_all(settings, assembled(entries, cache), cache, memory)


def foreign(path: Path, phrasings: int) -> list[Entry]:
    """A knowledge base made of labelled messages, whose questions are its entries' tests."""
    entries, pairs = knowledge_base(read_labelled(path), phrasings, 2, 0, asked=30)
    tests: dict[str, list[str]] = {}
    for text, entry in pairs:
        tests.setdefault(entry, []).append(text)
    return [Entry(e.id, e.question, e.answer, phrasings=e.phrasings, tests=tuple(tests.get(e.id, ()))) for e in entries]


def recalibrations(
    asked: Sequence[Asked], rounds: int, alpha: float, beta: float, size: int | None, name: str
) -> npt.NDArray[np.float64]:
    """Of each round: the realised error of the answers, the coverage, the share of messages for people that were
    answered; of a plain search: the error and the coverage. Shape (rounds, 5)."""
    rng = np.random.default_rng(0)
    fixed = [a for a in asked if a.held_out]
    known = [a for a in asked if a.entry and not a.held_out]
    rest = [a for a in asked if not a.entry]
    found = []
    for _ in tqdm(range(rounds), desc=name, leave=False):
        one, other = rng.permutation(len(known)), rng.permutation(len(rest))
        cut, rest_cut = size or len(known) // 2, len(rest) // 2
        bars = calibrate([*fixed, *(known[i] for i in one[:cut]), *(rest[i] for i in other[:rest_cut])], alpha, beta)
        fresh = [*fixed, *(known[i] for i in one[cut:]), *(rest[i] for i in other[rest_cut:])]
        found.append(_realised(fresh, Bars.parse(bars)))
    return np.array(found)


def _realised(fresh: Sequence[Asked], bars: Bars) -> tuple[float, float, float, float, float]:
    mixed = [a for a in questions(fresh)[1] if not a.held_out]
    sure, people = sureness(bars.confidence, mixed), np.array([a.held_back for a in mixed])
    right, known = np.array([a.right for a in mixed]), np.array([bool(a.entry) for a in mixed])
    answered = (sure >= bars.answer) & (people < bars.people_though_sure)
    found = (sure >= bars.search)
    needing = [a for a in fresh if a.route in PEOPLE]
    chance = np.array([a.people for a in needing])
    through = np.array([a.held_back for a in needing])
    missed = (sureness(bars.confidence, needing) >= bars.answer) & (through < bars.people_though_sure)
    missed |= np.array([a.acted for a in needing]) & (chance < bars.people)
    return (
        _share(answered & ~right, answered), _share(answered & known, known), float(missed.mean()),
        _share(found & ~right, found), _share(found & known, known),
    )


def _share(hits: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> float:
    return float(hits.sum() / max(1, of.sum()))


def report(name: str, found: npt.NDArray[np.float64], alpha: float, beta: float) -> None:
    error, covered, missed, search_error, search_covered = found.T
    print(f"{name}: {len(found)} recalibrations")
    for what, wrong, part in (("bot", error, covered), ("search", search_error, search_covered)):
        low, high = np.percentile(part, [25, 75])
        print(f"  {what:<7} error above {alpha:.0%} in {np.mean(wrong > alpha):5.1%}; mean error {wrong.mean():.2%}; "
              f"covered {part.mean():.1%} (middle half {low:.0%} to {high:.0%})")
    print(f"  people  missed above {beta:.0%} in {np.mean(missed > beta):5.1%}; mean {missed.mean():.2%}")
    counts, edges = np.histogram(error, bins=40, range=(0, 2 * alpha))
    bars = "".join(_BLOCKS[int(np.ceil(8 * c / max(1, counts.max())))] for c in counts)
    print(f"  realised error {edges[0]:.0%} |{bars[:20]}|{bars[20:]}| {edges[-1]:.0%} (alpha in the middle)")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--sizes", type=int, nargs="*", default=[], metavar="N")
    parser.add_argument("--data", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--beta", type=float, default=0.02)
    args = parser.parse_args()
    settings = read()
    cache, memory = cache_of(settings), Memory(settings)
    shelves = [("sample shop", entries_of(settings))]
    shelves += [(f"{path.stem}, {n} phrasings", foreign(path, n)) for path in args.data for n in (8, 0)]
    for name, entries in shelves:
        asked = asked_of(settings, entries, cache, memory)
        for size in [None, *args.sizes]:
            called = name if size is None else f"{name}, {size} questions"
            if size is None or size < sum(len(entry.tests) for entry in entries):
                report(called, recalibrations(asked, args.rounds, args.alpha, args.beta, size, called), args.alpha,
                       args.beta)
    cache.close()


if __name__ == "__main__":
    main()
