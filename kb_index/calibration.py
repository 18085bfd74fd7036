"""Bars that keep a promised error rate: the lowest confidence above which the bot may answer by itself.

Pure functions on arrays of scores and verdicts; nothing here knows where they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import beta as _beta_distribution

#: The bar when nothing can be promised: no score passes it.
NEVER = float("inf")
#: What it costs to keep a message from the people it needs, against bothering them for nothing.
_MISSED = 1.5
#: Where the search for a bar starts, as shares of the questions from the surest down.
_STARTS = (0.15, 0.3, 0.5)


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
    return float(_beta_distribution.ppf(1 - delta, errors + 1, trials - errors))


def choose_bar(
    scores: Sequence[float], right: Sequence[bool], answerable: Sequence[bool], alpha: float, delta: float = 0.05,
    levels: int = 80,
) -> Bar:
    """The lowest bar at which the share of wrong answers is at most `alpha` with confidence 1 - `delta`.

    `scores[i]` is how sure the bot is of question i, `right[i]` whether its answer would be right, `answerable[i]`
    whether the knowledge base holds an answer at all.

    Fixed-sequence testing as in A. N. Angelopoulos et al., "Learn then test: calibrating predictive algorithms to
    achieve risk control" (2021), section on multiple starts: from each start, bars are lowered level by level as long
    as the Clopper–Pearson bound stays within `alpha`; the starts share `delta` evenly, so all that is accepted holds
    jointly. The levels are ranks, fixed before any verdict is seen: above the k-th largest score, k - 1 questions are
    an independent sample of those above that bar. Too little data gives the bar ``NEVER``.
    """
    score, good, known = np.asarray(scores, float), np.asarray(right, bool), np.asarray(answerable, bool)
    size = len(score)
    nothing = Bar(NEVER, alpha, 0, 0, 1.0, 0.0)
    if size < 2:
        return nothing
    order = np.argsort(-score, kind="stable")
    ranked, wrong = score[order], np.cumsum(~good[order])
    share = delta / len(_STARTS)
    fewest = int(np.ceil(np.log(share) / np.log(1 - alpha))) + 1
    best = nothing
    for start in _STARTS:
        first = max(fewest, int(start * size))
        if first > size:
            continue
        for rank in np.unique(np.linspace(first, size, levels).astype(int)):
            value = float(ranked[rank - 1])
            above = int(np.searchsorted(-ranked, -value, side="left"))
            if above < fewest - 1:
                # Too many share the highest score: this level could not pass whatever the verdicts, so it is no test.
                continue
            errors = int(wrong[above - 1])
            bound = upper_bound(errors, above, share)
            if bound > alpha:
                break
            if value < best.value:
                # The bar lies just above the value that the sample was taken above.
                passed = np.nextafter(value, NEVER)
                covered = float(np.mean(score[known] >= passed)) if known.any() else 0.0
                best = Bar(float(passed), alpha, above, errors, bound, covered)
    return best


def choose_people_bar(
    chance: Sequence[float], answered: Sequence[bool], chance_of_others: Sequence[float], beta: float,
    delta: float = 0.05,
) -> Bar:
    """The bar on the chance that a message needs people, above which it is handed over.

    `chance[i]` is the classifier's for the i-th message that needs people, `answered[i]` whether the bot would answer
    it when it is not handed over; `chance_of_others` is that of messages which do not need people. The bar parts the
    two kinds best, a missed message counting `_MISSED` times an unneeded handover, but is lowered as far as it takes
    for at most `beta` of the messages for people to be answered by the bot, with confidence 1 - `delta`: the loss
    falls as the bar falls, so the first bar from below that fails ends the search (risk-controlling prediction sets,
    S. Bates et al., "Distribution-free, risk-controlling prediction sets", 2021, with the Clopper–Pearson bound). Too
    little data gives the bar 0: everything is handed over.
    """
    p, acted, others = np.asarray(chance, float), np.asarray(answered, bool), np.asarray(chance_of_others, float)
    none_missed = upper_bound(0, len(p), delta)
    best = Bar(0.0, beta, len(p), 0, none_missed, 1.0)
    if none_missed > beta:
        return best
    least = np.inf
    for value in np.linspace(0.02, 0.8, 79):
        missed = int((acted & (p < value)).sum())
        bound = upper_bound(missed, len(p), delta)
        if bound > beta:
            break
        cost = _MISSED * float((p < value).mean()) + (float((others >= value).mean()) if len(others) else 0.0)
        if cost < least:
            least = cost
            best = Bar(float(value), beta, len(p), missed, bound, float((p >= value).mean()))
    return best
