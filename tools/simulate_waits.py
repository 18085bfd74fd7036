"""How well the waits that customers are told come true, in simulated queues: the table of docs/waits.md.

``make waits`` runs it, in an environment of its own with SimPy. Each row is 100,000 customers; those who find somebody
free do not wait and are not counted. `range holds` is the share of waits within the range that was told. The error of
the mean stands beside that of the best queue-length predictor, which knows the agents' true pace and how soon customers
lose patience.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import simpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.conversations.waits import Waits

#: A handling time of five minutes in the mean.
PACE = 1 / 300.0
DAY = 86400.0


@dataclass(frozen=True)
class Scenario:
    """Arrivals a second, agents and patience at each moment of the day, and one handling time."""

    name: str
    arrivals: Callable[[float], float]
    agents: Callable[[float], int]
    handling: Callable[[random.Random], float]
    impatience: float = 0.0


@dataclass
class Tally:
    """What was told, and what came true."""

    told: int = 0
    held: int = 0
    below: int = 0
    ours: float = 0.0
    best: float = 0.0
    ours_off: float = 0.0
    best_off: float = 0.0
    width: float = 0.0
    waits: float = 0.0
    untold: int = 0

    def add(self, wait: float, mean: float, low: float, high: float, best: float) -> None:
        self.told += 1
        self.held += low <= wait <= high
        self.below += wait < low
        self.ours += (wait - mean) ** 2
        self.best += (wait - best) ** 2
        self.ours_off += abs(wait - mean)
        self.best_off += abs(wait - best)
        self.width += high - low
        self.waits += wait


@dataclass
class Desk:
    """One team's queue in SimPy: agents are processes that take whoever is at the front."""

    scenario: Scenario
    customers: int
    seed: int
    env: simpy.Environment = field(default_factory=simpy.Environment)
    waits: Waits = field(default_factory=Waits)
    tally: Tally = field(default_factory=Tally)

    def run(self) -> Tally:
        self.random = random.Random(self.seed)  # noqa: S311 - a game of chance is wanted
        self.queue: list[str] = []
        self.idle: list[simpy.Event] = []
        self.at_work = 0
        self.told: dict[str, tuple[float, tuple[float, float, float] | None, float]] = {}
        self.env.process(self._shifts())
        self.env.run(until=self.env.process(self._arrive()))
        return self.tally

    def _shifts(self) -> Iterator[simpy.Event]:
        while True:
            wanted = self.scenario.agents(self.env.now)
            while self.at_work < wanted:
                self.at_work += 1
                self.env.process(self._agent())
            if wanted != self.waits.agents:
                self.waits.staffed(self.env.now, wanted)
            while self.idle and self.at_work > wanted:
                self.idle.pop().succeed("home")
                self.at_work -= 1
            yield self.env.timeout(60)

    def _agent(self) -> Iterator[simpy.Event]:
        while True:
            if self.at_work > self.scenario.agents(self.env.now):
                self.at_work -= 1
                return
            if self.queue:
                self._taken(self.queue.pop(0))
            else:
                called = self.env.event()
                self.idle.append(called)
                if (yield called) == "home":
                    return
            yield self.env.timeout(self.scenario.handling(self.random))

    def _arrive(self) -> Iterator[simpy.Event]:
        peak = max(self.scenario.arrivals(hour * 600.0) for hour in range(144)) * 1.01
        count = 0
        while count < self.customers:
            yield self.env.timeout(self.random.expovariate(peak))
            if self.random.random() * peak > self.scenario.arrivals(self.env.now):
                continue
            count += 1
            if self.idle:
                self.idle.pop(0).succeed("work")
                continue
            self._join(f"c{count}")

    def _join(self, who: str) -> None:
        ahead = len(self.queue)
        expected = self.waits.expected(ahead)
        steady, leaving = self.waits.agents * PACE, self.scenario.impatience
        best = sum(1 / (steady + place * leaving) for place in range(ahead + 1))
        told = (expected.mean, expected.low, expected.high) if expected else None
        self.told[who] = self.env.now, told, best
        self.queue.append(who)
        self.waits.seen(self.env.now, self.queue)
        if leaving:
            self.env.process(self._lose_patience(who))

    def _lose_patience(self, who: str) -> Iterator[simpy.Event]:
        yield self.env.timeout(self.random.expovariate(self.scenario.impatience))
        if who in self.told:
            self.queue.remove(who)
            del self.told[who]
            self.waits.seen(self.env.now, self.queue)

    def _taken(self, who: str) -> None:
        since, told, best = self.told.pop(who)
        self.waits.seen(self.env.now, self.queue, [who])
        if told:
            self.tally.add(self.env.now - since, *told, best)
        else:
            self.tally.untold += 1


def exponential(source: random.Random) -> float:
    return source.expovariate(PACE)


def lognormal(source: random.Random) -> float:
    """Mean of five minutes, and a coefficient of variation of 1.2, as call centres measure."""
    sigma = math.sqrt(math.log(1 + 1.2**2))
    return source.lognormvariate(math.log(1 / PACE) - sigma**2 / 2, sigma)


def wave(low: float, high: float, at: float = 0.0) -> Callable[[float], float]:
    """From `low` to `high` and back each day."""
    return lambda now: low + (high - low) * (1 - math.cos(2 * math.pi * (now / DAY - at))) / 2


def shifts(now: float) -> int:
    """Four by night, ten by day."""
    return 10 if 7 <= now % DAY / 3600 < 19 else 4


SCENARIOS = [
    Scenario("M/M/5, load 0.95", lambda now: 0.95 * 5 * PACE, lambda now: 5, exponential),
    Scenario("M/M/20, load 0.98", lambda now: 0.98 * 20 * PACE, lambda now: 20, exponential),
    Scenario("load of 0.6 to 1.2 by the hour, 8 agents", wave(0.6 * 8 * PACE, 1.2 * 8 * PACE), lambda now: 8,
             exponential),
    Scenario("load by the hour, shifts of 4 and 10", wave(0.5 * 4 * PACE, 1.1 * 10 * PACE), shifts, exponential),
    Scenario("the same, customers leave after 20 minutes", wave(0.5 * 4 * PACE, 1.3 * 10 * PACE), shifts, exponential,
             1 / 1200),
    Scenario("lognormal handling, 5 agents, load 0.95", lambda now: 0.95 * 5 * PACE, lambda now: 5, lognormal),
    Scenario("lognormal, load by the hour, shifts", wave(0.5 * 4 * PACE, 1.1 * 10 * PACE), shifts, lognormal),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(" " * 44, "  told  holds  below    wait   range    RMSE    best            MAE")
    failed = False
    for number, scenario in enumerate(SCENARIOS):
        tally = Desk(scenario, args.customers, args.seed + number).run()
        n, ours, best = tally.told, math.sqrt(tally.ours / tally.told), math.sqrt(tally.best / tally.told)
        seconds = "".join(f" {value:5.0f} s" for value in (tally.waits / n, tally.width / n, ours, best))
        print(f"{scenario.name:44} {n:7,} {tally.held / n:6.1%} {tally.below / n:6.1%}{seconds}",
              f"{ours / best - 1:+6.1%} {tally.ours_off / tally.best_off - 1:+6.1%}", flush=True)
        failed |= not 0.78 <= tally.held / n <= 0.82 or ours / best > 1.05
    sys.exit(failed)


if __name__ == "__main__":
    main()
