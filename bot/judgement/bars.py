"""The bars of one snapshot: from labelled questions, asked, to what `calibration.json` holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.judgement.confidence import SIGNS, Confidence, signs
from bot.judgement.judgement import Reading
from bot.judgement.router import OFFERED, by_the_very_words, is_beyond, tongue, wanted_task
from bot.judgement.tasks import TASKS, form_of
from kb_index.calibration import NEVER, Bar, choose_bar, choose_offer_bar, choose_parting_bar, choose_people_bars

#: Messages without an answer per answerable question in the calibration. Live shares differ from shop to shop; more
#: of them makes a stricter bar.
_UNANSWERABLE = 0.5
#: So many test questions set the bar alone; with fewer, held-out phrasings count as questions too.
_ENOUGH_TESTS = 100
#: So many held-out phrasings can fit a confidence of this knowledge base's own.
_ENOUGH_PHRASINGS = 200
#: The people bars lean on the answer bar and on where they part the two kinds, chosen on the same messages: with 5 %
#: the realised error passed beta in 9 % of recalibrations (tools/check_promise.py), with this in 4.3 %.
_DOUBT = 0.01
#: What is promised is the true share of wrong answers, with 95 % confidence. The share of a month is a sample of it and
#: may lie above: with 5 % here alpha was passed on 7.4 % of fresh halves, with this on 4.8 %.
_ANSWER_DOUBT = 0.03
#: Routes that need people.
PEOPLE = frozenset({"support", "human"})
_BEYOND = "out_of_scope"


@dataclass(frozen=True)
class Asked:
    """A labelled question as the index saw it. `entry` is the right one, or empty where there is none.

    `also` are other entries that answer it as well. `likely` marks messages whose answer may well be in the knowledge
    base, though nobody said which: they only tell routes apart. `held_out` marks a phrasing that was asked of an index
    without it, `judged` a real question that a person judged; its route is empty where nobody told it. `hidden` marks a
    question to a translation that was asked as if its family was not there, so that nothing is right.
    """

    reading: Reading
    entry: str
    route: str
    likely: bool = False
    held_out: bool = False
    judged: bool = False
    also: frozenset[str] = frozenset()
    hidden: bool = False

    @cached_property
    def signs(self) -> list[float]:
        return signs(self.reading)

    @property
    def right(self) -> bool:
        return bool(self.reading.candidates) and self.accepts(self.reading.candidates[0].entry)

    def accepts(self, entry: str) -> bool:
        """Whether this entry answers the question."""
        return bool(self.entry) and (entry == self.entry or entry in self.also)

    @property
    def foregone(self) -> bool:
        """Whether it stands word for word in the entry that answers it. It is answered wherever the bar lies, so it
        says nothing of the bar: whoever makes a phrasing of each question that was missed would lower it otherwise."""
        return self.right and not self.held_out and by_the_very_words(self.reading)

    @property
    def tongue(self) -> str:
        """The language whose bar it is measured by; empty for the usual one."""
        return tongue(self.reading.candidates)

    @property
    def people(self) -> float:
        """The chance that it needs people, as the classifier has it."""
        return self.reading.routes.get("support", 0.0) + self.reading.routes.get("human", 0.0)

    @property
    def held_back(self) -> float:
        """The least people bar for sure answers at which it may be answered; infinite where it never is."""
        if by_the_very_words(self.reading):
            return 0.0
        return float("inf") if is_beyond(self.reading) else self.people

    @property
    def beyond(self) -> float:
        """The chance that it is out of scope, as the classifier has it."""
        return self.reading.routes.get(_BEYOND, 0.0)

    @property
    def acted(self) -> bool:
        """Whether the bot would begin a task or chat, if it neither answers nor hands over."""
        again = self.reading.plainly
        told = again is not None and wanted_task(again) in TASKS
        return self.best == "smalltalk" or wanted_task(self.reading) in TASKS or told or self._has_form

    @property
    def let_through(self) -> float:
        """The least people bar at which the bot may answer it or act on it: the chance that it needs people, or a lower
        one that it has when told plainly, if that is a task (:func:`bot.judgement.router.decide`)."""
        again = self.reading.plainly
        if self._has_form or by_the_very_words(self.reading):
            return 0.0
        if again is None or wanted_task(again) not in TASKS:
            return self.people
        return min(self.people, again.routes.get("support", 0.0) + again.routes.get("human", 0.0))

    @property
    def _has_form(self) -> bool:
        return form_of((self.reading.plainly or self.reading).text) in TASKS

    @property
    def best(self) -> str:
        """The likeliest route."""
        routes = self.reading.routes
        return max(routes, key=lambda name: routes[name])


def calibrate(asked: Sequence[Asked], alpha: float, beta: float) -> dict[str, Any]:
    """The confidence and the bars for one snapshot, as `Bars.parse` reads them."""
    confidence, mixed = questions(asked)
    sure = sureness(confidence, mixed)
    right, known = np.array([a.right for a in mixed], bool), np.array([bool(a.entry) for a in mixed], bool)
    people = np.array([a.held_back for a in mixed])
    needing = [a for a in asked if a.route in PEOPLE]
    needing_sure = sureness(confidence, needing)
    acted = np.array([a.acted for a in needing], bool)
    told = [a for a in asked if a.route and not a.held_out]
    chance, others = [a.let_through for a in needing], [a.people for a in told if a.route not in PEOPLE]
    # The bars lean on each other: who is handed over is never answered, and a stricter answer bar lets fewer messages
    # for people through. A few rounds settle them.
    handed = 0.5
    for _ in range(3):
        kept = people < handed
        answer = choose_bar(sure[kept], right[kept], known[kept], alpha, _ANSWER_DOUBT)
        languages = tongues(asked, confidence, alpha, handed)
        bar = np.array([max(answer.value, languages[a.tongue].value) if a.tongue else answer.value for a in needing])
        said = (needing_sure >= bar) | np.array([by_the_very_words(a.reading) for a in needing], bool)
        needed, clear = choose_people_bars(chance, said, acted, others, beta, _DOUBT)
        handed = clear.value
    # What is handed over although the knowledge base holds its answer is not covered.
    foregone = sum(a.foregone and not a.tongue and not a.hidden for a in asked)
    answered = int(((people < handed) & (sure >= answer.value) & known).sum()) + foregone
    covered = answered / max(1, int(known.sum()) + foregone)
    below = (people < needed.value) & (sure < answer.value)
    helped = np.array([any(a.accepts(c.entry) for c in a.reading.candidates[:OFFERED]) for a in mixed], bool)
    offer = choose_offer_bar(sure[below], helped[below])
    # What is left when nothing else applies: it is either for the service team or for nobody here.
    left = [a for a in told if a.people < needed.value and a.best not in ("smalltalk", _BEYOND)]
    left = [a for a, value in zip(left, sureness(confidence, left), strict=True)
            if value < min(offer, answer.value)]
    scope = choose_parting_bar([a.beyond for a in left if a.route == _BEYOND],
                               [a.beyond for a in left if a.route != _BEYOND])
    return {
        "confidence": confidence.as_dict(), "answer": replace(answer, coverage=covered).as_dict(),
        "people": needed.as_dict(), "people_though_sure": clear.as_dict(),
        "languages": {name: one.as_dict() for name, one in languages.items()},
        # Where most questions are in a language that is not read, they made the usual bar.
        "foreign": {"value": answer.as_dict()["value"] if _mostly_foreign(mixed) else "never"},
        "search": choose_bar(sure, right, known, alpha, _ANSWER_DOUBT).as_dict(),
        "offer": {"value": offer}, "scope": {"value": scope},
        "asked": {"answerable": int(known.sum()) + foregone, "first": int(right.sum()) + foregone,
                  "people": len(needing)},
    }


def _mostly_foreign(asked: Sequence[Asked]) -> bool:
    answerable = [a.reading.foreign for a in asked if a.entry]
    return 2 * sum(answerable) > len(answerable)


def tongues(asked: Sequence[Asked], confidence: Confidence, alpha: float, handed: float) -> dict[str, Bar]:
    """The answer bar of each language that translations were found in, from the questions that found them: those that
    a translation answers, the same as if their families were not there, and whatever else came upon one. Without both
    kinds nothing is promised."""
    found: dict[str, list[Asked]] = {}
    for one in asked:
        if one.tongue and not one.foregone:
            found.setdefault(one.tongue, []).append(one)
    bars = {}
    for name, ours in sorted(found.items()):
        kept = [one for one in ours if one.held_back < handed]
        known = np.array([bool(one.entry) for one in kept], bool)
        if known.any() and not known.all():
            right = [one.right for one in kept]
            bars[name] = choose_bar(sureness(confidence, kept), right, known, alpha, _ANSWER_DOUBT)
        else:
            bars[name] = Bar(NEVER, alpha, 0, 0, 1.0, 0.0)
    return bars


def sureness(confidence: Confidence, asked: Sequence[Asked]) -> npt.NDArray[np.float64]:
    """How sure the bot is of the nearest entry of each; 0 where there is none."""
    rows = np.array([a.signs for a in asked]).reshape(len(asked), len(SIGNS))
    return np.where([bool(a.reading.candidates) for a in asked], confidence.of_rows(rows), 0.0)


def questions(asked: Sequence[Asked]) -> tuple[Confidence, list[Asked]]:
    """The confidence to go by, and the questions that decide the answer bar: none of them was used to fit it.

    Test questions set the bar, held-out phrasings fit the confidence. With few tests the phrasings are questions as
    well, and the shipped confidence is used. Messages without an answer make up a fixed share of both.
    """
    # Other languages have bars of their own.
    asked = [a for a in asked if not a.tongue and not a.hidden and not a.foregone]
    tests = [a for a in asked if a.entry and not a.held_out]
    held_out = [a for a in asked if a.held_out]
    others = sorted((a for a in asked if not a.entry and not a.judged and not a.likely and a.best != "smalltalk"),
                    key=lambda a: hashlib.blake2b(a.reading.text.encode("utf-8", "replace")).digest())
    known = tests if len(tests) >= _ENOUGH_TESTS else tests + held_out
    share = max(100, int(_UNANSWERABLE * len(known)))
    mixed, spare = known + others[:share] + [a for a in asked if a.judged and not a.entry], others[share:]
    if known is not tests or len(held_out) < _ENOUGH_PHRASINGS:
        return Confidence.standard(), mixed
    rows = held_out + spare[: int(_UNANSWERABLE * len(held_out))]
    verdicts = np.array([a.right for a in rows])
    if verdicts.all() or not verdicts.any():
        return Confidence.standard(), mixed
    return Confidence.fit(np.array([a.signs for a in rows]), verdicts), mixed
