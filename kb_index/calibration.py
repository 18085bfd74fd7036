"""Bars that keep a promised error rate: the lowest confidence above which the bot may answer by itself.

Pure functions on arrays of scores and verdicts; nothing here knows where they come from.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: The bar when nothing can be promised: no score passes it.
NEVER = float("inf")
#: What it costs to keep a message from the people it needs, against bothering them for nothing.
_MISSED = 1.5
#: The part of beta that the bar for all messages may use; the rest is for those that the bot has a sure answer to.
_FIRST = 0.9
#: A message that is so clearly for people goes to them whatever else it asks.
_CLEAR = 0.8
#: Where the search for a bar starts, as shares of the questions from the surest down, with the part of delta that each
#: start brings along.
_STARTS = ((0.15, 0.2), (0.3, 0.6), (0.5, 0.2))
#: Fewer questions than these tell nothing of how often an offer helps.
_OFFERS = 30


@dataclass(frozen=True)
class Bar:
    """A bar and what is promised above it.

    `errors` of the `answered` labelled questions above the bar were wrong; with confidence 1 - delta the true share
    is at most `bound`. `coverage` is the share of answerable questions that are answered.
    """

    value: float
    alpha: float
    answered: int
    errors: int
    bound: float
    coverage: float

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "value": "never" if self.value == NEVER else self.value}


def upper_bound(errors: int, trials: int, delta: float) -> float:
    """Clopper–Pearson upper confidence limit of an error rate, one-sided at level 1 - delta.

    Source: C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26 (1934). With no trials nothing is known and the limit is 1.
    """
    if trials <= 0 or errors >= trials:
        return 1.0
    from scipy.stats import beta as distribution  # a quarter of a second, which whoever only serves does without

    return float(distribution.ppf(1 - delta, errors + 1, trials - errors))


def choose_bar(
    scores: npt.ArrayLike, right: npt.ArrayLike, answerable: npt.ArrayLike, alpha: float, delta: float = 0.05,
    levels: int = 80,
) -> Bar:
    """The lowest bar at which the share of wrong answers is at most `alpha` with confidence 1 - `delta`.

    `scores[i]` is how sure the bot is of question i, `right[i]` whether its answer would be right, `answerable[i]`
    whether the knowledge base holds an answer at all.

    Bars are tested from the surest question down, each by the exact binomial test that is the Clopper–Pearson bound
    turned round. Tested in a fixed order, as in A. N. Angelopoulos et al., "Learn then test: calibrating predictive
    algorithms to achieve risk control" (2021), under the fallback rule of B. L. Wiens, "A fixed sequence Bonferroni
    procedure for testing multiple endpoints", Pharmaceutical Statistics 2 (2003): each start brings a part of `delta`,
    a bar that passes hands what it had on to the next, and one that fails loses it. So all bars that pass hold jointly.
    The levels are ranks, fixed before any verdict is seen: above the k-th largest score, k - 1 questions are an
    independent sample of those above that bar. Too little data gives the bar ``NEVER``.
    """
    score, good, known = np.asarray(scores, float), np.asarray(right, bool), np.asarray(answerable, bool)
    size = len(score)
    best = Bar(NEVER, alpha, 0, 0, 1.0, 0.0)
    # With fewer, even no error at all would show nothing.
    fewest = int(np.ceil(np.log(delta) / np.log(1 - alpha)))
    if size <= fewest:
        return best
    order = np.argsort(-score, kind="stable")
    ranked, wrong = score[order], np.cumsum(~good[order])
    ranks = np.unique(np.linspace(fewest + 1, size, levels).astype(int))
    brought = np.zeros(len(ranks))
    for start, part in _STARTS:
        brought[min(int(np.searchsorted(ranks, start * size)), len(ranks) - 1)] += part * delta
    from scipy.stats import binom

    share = 0.0
    for rank, more in zip(ranks, brought, strict=True):
        share += float(more)
        value = float(ranked[rank - 1])
        above = int(np.searchsorted(-ranked, -value, side="left"))
        if above < fewest:
            # Too many share the highest score: this level could not pass whatever the verdicts, so it is no test.
            continue
        if share <= 0:
            continue
        errors = int(wrong[above - 1])
        if binom.cdf(errors, above, alpha) > share:
            share = 0.0
            continue
        # The bar lies just above the value that the sample was taken above.
        passed = float(np.nextafter(value, NEVER))
        covered = float(np.mean(score[known] >= passed)) if known.any() else 0.0
        best = Bar(passed, alpha, above, errors, upper_bound(errors, above, share), covered)
    return best


def choose_offer_bar(scores: npt.ArrayLike, helped: npt.ArrayLike) -> float:
    """The lowest score at which an offer of the nearest entries helps at least half of the time, at that very score.

    `helped[i]` tells whether one of the entries offered for question i is the right one. The share as a function of
    the score is the isotonic regression (R. E. Barlow et al., "Statistical inference under order restrictions", 1972),
    since an average from the top down would let sure questions pay for hopeless ones. With few questions the score is
    taken at its word, as the chance of the first entry alone: 0.5.
    """
    score, useful = np.asarray(scores, float), np.asarray(helped, float)
    if len(score) < _OFFERS:
        return 0.5
    from sklearn.isotonic import IsotonicRegression

    share = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(score, useful)
    enough = score[share >= 0.5]
    return float(enough.min()) if len(enough) else 1.0


def choose_people_bars(
    chance: npt.ArrayLike, answered: npt.ArrayLike, acted: npt.ArrayLike, chance_of_others: npt.ArrayLike, beta: float,
    delta: float = 0.05,
) -> tuple[Bar, Bar]:
    """Two bars on the chance that a message needs people: the one above which it is handed over, and the one above
    which it is handed over although the bot is sure of an answer.

    `chance[i]` is the classifier's for the i-th message that needs people, `answered[i]` whether the bot would answer
    it when it is not handed over, `acted[i]` whether it would do something else with it, a task or small talk;
    `chance_of_others` is that of messages which do not need people. The second bar is the highest, up to 0.8, at which
    at most `beta` of the messages for people are answered or acted on, with confidence 1 - `delta`: the loss grows with
    the bar, so the first bar from below that fails ends the search (risk-controlling prediction sets, S. Bates et al.,
    "Distribution-free, risk-controlling prediction sets", 2021, with the Clopper–Pearson bound). The first bar goes
    with it up to the one that parts the two kinds best, a missed message counting `_MISSED` times an unneeded handover,
    or to where `_FIRST` of beta is used up, and stays there: a last bit of it that hands a few messages less over would
    leave nothing for sure answers. Too little data gives the bar 0: everything is handed over.
    """
    p, others = np.asarray(chance, float), np.asarray(chance_of_others, float)
    said, did = np.asarray(answered, bool), np.asarray(acted, bool)

    def lost(sure: float, first: float) -> int:
        return int((said & (p < sure) | did & (p < first)).sum())

    none_missed = upper_bound(0, len(p), delta)
    parting = highest = Bar(0.0, beta, len(p), 0, none_missed, 1.0)
    if none_missed > beta:
        return parting, highest
    grid = np.linspace(0.02, _CLEAR, 79)
    best = float(min(grid, key=lambda value: _MISSED * float((p < value).mean())
                     + (float((others >= value).mean()) if len(others) else 0.0)))
    for value in grid:
        bound = upper_bound(missed := lost(value, min(value, best)), len(p), delta)
        if value <= best and bound > _FIRST * beta:
            best = parting.value
            bound = upper_bound(missed := lost(value, best), len(p), delta)
        if bound > beta:
            break
        highest = Bar(float(value), beta, len(p), missed, bound, float((p >= value).mean()))
        if value <= best:
            parting = highest
    return parting, highest


def choose_parting_bar(chance: npt.ArrayLike, chance_of_others: npt.ArrayLike) -> float:
    """The bar on a chance that parts two kinds best: the largest difference of the shares above it (W. J. Youden,
    "Index for rating diagnostic tests", Cancer 3, 1950). 0.5 where one of the kinds is missing."""
    ours, others = np.asarray(chance, float), np.asarray(chance_of_others, float)
    if not len(ours) or not len(others):
        return 0.5
    levels = np.unique(ours)
    above = 1 - np.searchsorted(np.sort(ours), levels) / len(ours)
    others_above = 1 - np.searchsorted(np.sort(others), levels) / len(others)
    return float(levels[int(np.argmax(above - others_above))])
