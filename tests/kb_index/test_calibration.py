"""The promise: what is answered above the bar is wrong at most as often as was said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binom

from kb_index.calibration import (
    NEVER,
    choose_bar,
    choose_offer_bar,
    choose_parting_bar,
    choose_people_bars,
    upper_bound,
)


@pytest.mark.parametrize(("errors", "trials", "delta", "limit"), [
    # Rule of three, exact: 1 - 0.05 ** (1 / n)
    (0, 59, 0.05, 0.04951), (0, 100, 0.05, 0.02951), (0, 1, 0.05, 0.95),
    # Tables of exact one-sided limits
    (1, 100, 0.05, 0.04656), (5, 100, 0.05, 0.10225), (10, 200, 0.025, 0.09004),
])
def test_the_bound_is_the_exact_binomial_limit(errors: int, trials: int, delta: float, limit: float) -> None:
    found = upper_bound(errors, trials, delta)
    assert found == pytest.approx(limit, abs=2e-5)
    # Its definition: with this error rate, so few errors have just the probability delta.
    assert binom.cdf(errors, trials, found) == pytest.approx(delta, rel=1e-6)
    assert found == pytest.approx(beta.ppf(1 - delta, errors + 1, trials - errors))


def test_without_data_the_bound_is_one() -> None:
    assert upper_bound(0, 0, 0.05) == upper_bound(3, 3, 0.05) == upper_bound(5, 3, 0.05) == 1


@pytest.mark.parametrize("size", [0, 1, 2, 10, 58, 59])
def test_too_little_data_gives_never(size: int) -> None:
    """Even without one error: (1 - 0.05) ** 58 is more than 0.05, and the bar's own question is no part of the sample."""
    bar = choose_bar(np.linspace(0, 1, size), [True] * size, [True] * size, 0.05)
    assert bar.value == NEVER and bar.answered == 0 and bar.as_dict()["value"] == "never"


def test_enough_data_without_errors_gives_a_bar() -> None:
    bar = choose_bar(np.linspace(0, 1, 400), [True] * 400, [True] * 400, 0.05)
    assert bar.value < 0.02 and bar.errors == 0 and bar.bound <= 0.05 and bar.coverage > 0.98


def test_bad_answers_everywhere_give_never() -> None:
    rng = np.random.default_rng(0)
    assert choose_bar(rng.random(2000), rng.random(2000) < 0.7, [True] * 2000, 0.05).value == NEVER


def test_ties_at_the_bar_are_not_answered() -> None:
    """All that have the very score of the bar's sample point are left out of the sample and must be below the bar."""
    scores = [1.0] * 200 + [0.5] * 200
    right = [True] * 200 + [False] * 200
    bar = choose_bar(scores, right, [True] * 400, 0.05)
    assert 0.5 < bar.value <= 1 and bar.answered == 200 and bar.coverage == 0.5


def test_the_answer_depends_on_ranks_only() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random(1000)
    right = rng.random(1000) < 0.3 + 0.7 * scores
    plain, bent = choose_bar(scores, right, right, 0.1), choose_bar(scores ** 3, right, right, 0.1)
    assert (plain.answered, plain.errors) == (bent.answered, bent.errors)


def test_the_promise_holds_in_95_of_100_recalibrations() -> None:
    """Random shops, each with a true error rate known at every score: the bar's true error may pass alpha in at most
    a share delta of them."""
    rng, alpha, delta, rounds = np.random.default_rng(11), 0.05, 0.05, 400
    broken = answered = 0
    grid = np.linspace(0, 1, 20001)
    for _ in range(rounds):
        size, steep, middle = int(rng.integers(150, 900)), rng.uniform(6, 14), rng.uniform(0.2, 0.5)

        def chance(score, steep=steep, middle=middle):  # type: ignore[no-untyped-def]
            return 1 / (1 + np.exp(-steep * (score - middle)))

        scores = rng.random(size)
        bar = choose_bar(scores, rng.random(size) < chance(scores), [True] * size, alpha, delta)
        if bar.value == NEVER:
            continue
        answered += 1
        above = grid[grid >= bar.value]
        broken += len(above) > 0 and float(np.mean(1 - chance(above))) > alpha
    assert answered > rounds / 2
    # Three standard deviations of the count when the promise is only just kept.
    assert broken <= delta * rounds + 3 * np.sqrt(rounds * delta * (1 - delta))


def test_the_simulation_can_fail() -> None:
    """The same check finds a naive bar out: the lowest score above which the sample shows at most alpha errors."""
    rng, alpha, rounds, broken = np.random.default_rng(11), 0.05, 200, 0
    grid = np.linspace(0, 1, 20001)
    for _ in range(rounds):
        scores = rng.random(300)
        right = rng.random(300) < 1 / (1 + np.exp(-10 * (scores - 0.35)))
        order = np.argsort(-scores)
        share = np.cumsum(~right[order]) / np.arange(1, 301)
        value = scores[order][np.nonzero(share <= alpha)[0].max()] if (share <= alpha).any() else 1
        above = grid[grid >= value]
        broken += float(np.mean(1 - 1 / (1 + np.exp(-10 * (above - 0.35))))) > alpha
    assert broken > 0.2 * rounds


def test_the_people_bar_hands_over_everything_when_it_knows_too_little() -> None:
    assert choose_people_bars([], [], [], [], 0.02)[0].value == 0
    few = choose_people_bars([0.9] * 100, [True] * 100, [False] * 100, [0.1] * 100, 0.02)
    assert all(bar.value == 0 for bar in few)


def test_the_people_bars_keep_their_promise() -> None:
    rng, beta_, delta, rounds, broken = np.random.default_rng(5), 0.05, 0.05, 300, 0
    for _ in range(rounds):
        chance, kind = rng.beta(4, 1.5, 400), rng.random(400)
        said, did = kind < 0.4, kind > 0.8
        # So many others that only the promise keeps the bars from rising.
        needed, clear = choose_people_bars(chance, said, did, rng.beta(4, 2, 400), beta_, delta)
        broken += 0.4 * beta.cdf(clear.value, 4, 1.5) + 0.2 * beta.cdf(needed.value, 4, 1.5) > beta_
        assert needed.value <= clear.value
        assert clear.errors == int((said & (chance < clear.value) | did & (chance < needed.value)).sum())
    assert broken <= delta * rounds + 3 * np.sqrt(rounds * delta * (1 - delta))


def test_the_people_bar_parts_the_two_kinds() -> None:
    bar, _ = choose_people_bars([0.7] * 500, [True] * 500, [False] * 500, [0.2] * 500, 0.02)
    assert 0.2 < bar.value <= 0.7 and bar.coverage == 1 and bar.errors == 0


def test_many_of_the_others_cannot_raise_the_people_bar_past_the_promise() -> None:
    chance, all_, none, others = [0.3] * 50 + [0.9] * 450, [True] * 500, [False] * 500, [0.5] * 500
    assert choose_people_bars(chance, all_, none, others, 0.02)[1].value <= 0.3 + 1e-9
    # Who would not be answered anyway breaks no promise.
    assert choose_people_bars(chance, none, none, others, 0.02)[1].value == pytest.approx(0.8)


def test_a_task_begun_for_who_needs_a_person_breaks_the_promise_as_an_answer_does() -> None:
    chance, all_, none = [0.3] * 50 + [0.9] * 450, [True] * 500, [False] * 500
    assert choose_people_bars(chance, none, all_, [0.5] * 500, 0.02)[0].value <= 0.3 + 1e-9
    # Only answers pass between the two bars: what is below the first alone counts.
    needed, clear = choose_people_bars(chance, none, all_, [0.1] * 500, 0.02)
    assert needed.value < 0.3 and clear.value == pytest.approx(0.8) and clear.errors == 0


def test_a_failed_start_costs_only_its_own_part_of_the_risk() -> None:
    """A few wrong among the very surest, none after them: a later start passes."""
    scores = np.linspace(1, 0, 1000)
    right = np.ones(1000, bool)
    right[:8] = False
    bar = choose_bar(scores, right, right, 0.05)
    assert bar.answered > 500 and bar.errors == 8 and bar.bound <= 0.05


def test_offers_have_to_help_half_of_the_time_where_they_are_made() -> None:
    rng = np.random.default_rng(2)
    scores = rng.random(4000)
    assert choose_offer_bar(scores, rng.random(4000) < scores) == pytest.approx(0.5, abs=0.06)
    # Sure questions do not pay for hopeless ones: an average from the top would be 0.5 at the score 0 here.
    assert choose_offer_bar([0.9] * 100 + [0.1] * 100, [True] * 100 + [False] * 100) == 0.9
    assert choose_offer_bar([0.9] * 100, [False] * 100) == 1


def test_with_few_offers_to_learn_from_the_score_is_taken_at_its_word() -> None:
    assert choose_offer_bar([], []) == choose_offer_bar([0.9] * 29, [False] * 29) == 0.5


def test_the_parting_bar_parts_best() -> None:
    assert choose_parting_bar([0.4, 0.5, 0.6], [0.1, 0.2, 0.3]) == 0.4
    assert choose_parting_bar([0.1, 0.5, 0.6], [0.2, 0.3, 0.3, 0.3]) == 0.5
    assert choose_parting_bar([], [0.2]) == choose_parting_bar([0.2], []) == 0.5
