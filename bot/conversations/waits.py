"""How long customers will wait, from how long others did: pure rules for the queue of one team.

The place in the queue is the best thing to go by. With `s` agents, each done with a conversation at the rate `mu`, one
who has `n` before them waits ``1/(s mu) + 1/(s mu + theta) + ... + 1/(s mu + n theta)`` in the mean, where `theta` is
the rate at which one who waits gives up: the queue-length predictor (W. Whitt, Predicting queueing delays, Management
Science 45, 1999). It is the one to beat where load and staff change over the day, too, as long as `s` is the staff of
the moment (R. Ibrahim and W. Whitt, Wait-time predictors for customer service systems with time-varying demand and
capacity, Operations Research 59, 2011). Both rates are measured here, in **agent-seconds**, the time that agents were
there: how many customers they took while somebody else still waited, in how much of it. So it does not matter how many
conversations an agent has at once, or how soon one who could take the next does. Who comes to an empty queue may find
somebody free; the mean of such waits is measured by itself.

The range is the one that holds four of five waits. Under the model a wait follows a gamma distribution with `n + 1`
phases, of which the cube root is nearly normal (E. B. Wilson and M. M. Hilferty, 1931). On that scale the two ends of
the range are moved a little after each wait: out where it missed, in where it held, by steps under which the share of
misses comes to a tenth at either end whatever the waits are really like (I. Gibbs and E. Candes, Adaptive conformal
inference under distribution shift, NeurIPS 2021; A. Angelopoulos, E. Candes and R. Tibshirani, Conformal PID control
for time series prediction, NeurIPS 2023). Short and long queues have ends of their own.

Usage::

    waits = Waits()
    waits.staffed(now, 3)
    waits.seen(now, ["c-1", "c-2"])
    waits.seen(now + 60, ["c-2"], taken=["c-1"])
    waits.expected(1)        # None while too few waits have ended
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: Waits of a kind that must have ended before anything is said about the next.
THIN = 30
#: Events that a rate is taken from: what is older weighs less and less.
_MEMORY = 2000
#: Share of waits below the range, and above it.
_TAIL = 0.1
_STEP = 0.03
#: Where a tenth of a normal distribution begins, and how far an end may be moved.
_NORMAL, _FURTHEST = 1.2816, 8.0
#: Places of one kind: 0, 1, 2 and 3, 4 to 7, and so on; beyond 63 all are one.
_KINDS = 8


@dataclass(frozen=True)
class Expected:
    """Seconds: the mean, and the range that holds four of five waits."""

    mean: float
    low: float
    high: float


@dataclass
class Rate:
    """Events by the time in which they could happen, newer ones weighing more."""

    events: float = 0.0
    time: float = 0.0
    count: int = 0

    def learn(self, time: float, events: int = 1, tries: int | None = None) -> None:
        """`tries` is how often it could happen in that time, where that is not as often as it did."""
        tries = events if tries is None else tries
        kept = (1 - 1 / _MEMORY) ** tries
        self.events, self.time = self.events * kept + events, self.time * kept + time
        self.count += tries

    @property
    def value(self) -> float | None:
        """Events a second; None while there were too few to tell."""
        return self.events / self.time if self.count >= THIN and self.time else None


@dataclass
class Ends:
    """The ends of the range for places of one kind, as deviations from the mean, and how many waits they rest on."""

    low: float = -_NORMAL
    high: float = _NORMAL
    count: int = 0

    def judge(self, deviation: float, low: float, high: float) -> None:
        """Moves them after a wait that deviated so much, for which `low` and `high` had been told."""
        self.count += 1
        self.low = max(self.low + _STEP * (_TAIL if deviation >= low else _TAIL - 1), -_FURTHEST)
        self.high = min(self.high - _STEP * (_TAIL if deviation <= high else _TAIL - 1), _FURTHEST)


@dataclass(frozen=True)
class _Place:
    """Somebody at a place from a moment on: when, how many agent-seconds had passed by then, and what was expected."""

    ahead: int
    at: float
    passed: float
    mean: float | None
    low: float
    high: float


@dataclass
class Waits:
    """The waits for one team. Times are seconds by one clock that may be any; a step back counts as no time."""

    taken: Rate = field(default_factory=Rate)
    left: Rate = field(default_factory=Rate)
    first: Rate = field(default_factory=Rate)
    ends: list[Ends] = field(default_factory=lambda: [Ends() for _ in range(_KINDS)])
    agents: float = 0.0
    _at: float | None = None
    _passed: float = 0.0
    #: Agent-seconds at the last taking that left somebody waiting, if anybody has waited since.
    _pressed: float | None = None
    _waiting: dict[str, list[_Place]] = field(default_factory=dict)

    def staffed(self, now: float, agents: float) -> None:
        """From now on so many agents are there, or so many conversations that they can have at once."""
        self._pass(now)
        self.agents = agents

    def seen(
        self, now: float, queue: Sequence[str], taken: Collection[str] = (), moved: Collection[str] = ()
    ) -> None:
        """The queue as it is now, from its front; `taken` are those whom agents took since the last time, `moved` those
        who wait elsewhere now and teach nothing here. Whoever else is gone has left."""
        self._pass(now)
        places = {who: ahead for ahead, who in enumerate(queue)}
        gone = [who for who in self._waiting if who not in places]
        for who in gone:
            steps = self._waiting.pop(who)
            if who not in moved:
                self.left.learn(max(0.0, now - steps[0].at), int(who not in taken), tries=1)
            for step in steps if who in taken else ():
                self._learn(step, now)
        served = sum(who in taken for who in gone)
        if self._pressed is not None and (served or not places):
            self.taken.learn(self._passed - self._pressed, served)
        if served or not places:
            self._pressed = self._passed if self._waiting else None
        for who, ahead in places.items():
            steps = self._waiting.setdefault(who, [])
            # Each kind of place that somebody comes through teaches something, but once.
            if not steps or _kind(ahead) < _kind(steps[-1].ahead):
                mean, ends = self._mean(ahead), self.ends[_kind(ahead)]
                steps.append(_Place(ahead, now, self._passed, mean, ends.low, ends.high))

    def expected(self, ahead: int) -> Expected | None:
        """How long somebody with so many before them will still wait; None where nobody is there to take them, or too
        little is known to tell."""
        mean, ends = self._mean(ahead), self.ends[_kind(ahead)]
        if mean is None or ends.count < THIN:
            return None
        # Of waits that hardly differ the ends pass one another by a step.
        low, high = sorted((_spread(ends.low, ahead), _spread(ends.high, ahead)))
        return Expected(mean, mean * low, mean * high)

    @property
    def waiting(self) -> Collection[str]:
        """Those who waited when it was last seen."""
        return self._waiting.keys()

    def dump(self) -> dict[str, Any]:
        """What was learned, for :meth:`load`. Who waits is not part of it."""
        return {"taken": asdict(self.taken), "left": asdict(self.left), "first": asdict(self.first),
                "ends": [asdict(ends) for ends in self.ends]}

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> Waits:
        """Raises TypeError, KeyError and ValueError for what :meth:`dump` did not give."""
        if len(kept["ends"]) != _KINDS:
            raise ValueError(f"ends of {len(kept['ends'])} kinds of places, not {_KINDS}")
        return cls(Rate(**kept["taken"]), Rate(**kept["left"]), Rate(**kept["first"]),
                   [Ends(**ends) for ends in kept["ends"]])

    def _mean(self, ahead: int) -> float | None:
        pace = self.first.value if ahead == 0 else self.taken.value
        if not self.agents or pace is None:
            return None
        steady, leaving = self.agents * pace, self.left.value or 0.0
        if ahead == 0 or leaving * ahead < steady / 1000:
            return (ahead + 1) / steady
        # The sum of 1 / (steady + place * leaving) over the places, as an integral.
        return math.log1p((ahead + 1) * leaving / max(steady - leaving / 2, steady / 2)) / leaving

    def _pass(self, now: float) -> None:
        if self._at is not None:
            self._passed += self.agents * max(0.0, now - self._at)
        self._at = now

    def _learn(self, place: _Place, now: float) -> None:
        if place.ahead == 0:
            self.first.learn(self._passed - place.passed)
        if place.mean:
            deviation = _deviation(max(0.0, now - place.at) / place.mean, place.ahead)
            self.ends[_kind(place.ahead)].judge(deviation, place.low, place.high)


def _kind(ahead: int) -> int:
    return min((ahead).bit_length(), _KINDS - 1)


def _spread(deviation: float, ahead: int) -> float:
    """The wait that deviates so much, as a multiple of the mean."""
    phases = ahead + 1
    root = 1 - 1 / (9 * phases) + deviation / (3 * math.sqrt(phases))
    return float(max(0.0, root) ** 3)


def _deviation(wait: float, ahead: int) -> float:
    """The reverse of :func:`_spread`; below zero everything is far out."""
    phases = ahead + 1
    return float((wait ** (1 / 3) - 1 + 1 / (9 * phases)) * 3 * math.sqrt(phases))
