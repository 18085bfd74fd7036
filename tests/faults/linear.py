"""Is a history linearisable? A checker after Wing and Gong, with Lowe's memo of what was tried (as Knossos and Porcupine).

A history is a list of operations, each with the time it was called and the time it returned. It is linearisable when
there is an order of them that keeps "returned before the other was called" and in which a plain sequential model gives
every one of the results seen. An operation whose outcome nobody knows (its connection broke) has no time of return and
no result: it may have happened at any time after its call, or never.

Testing for linearizability, G. Lowe, Concurrency and Computation 29(4), 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True)
class Op:
    """One call by one client. `result` is None where nobody knows it; then `returned` is infinite."""

    name: str
    args: tuple[Any, ...]
    called: float
    returned: float = math.inf
    result: Any = None


#: From a state and an operation to the states it can lead to. For an operation with a result: only those with this one.
Model = Callable[[S, Op], Iterator[S]]


@dataclass
class Verdict:
    """`order` is one that explains the history. Where there is none it is the longest found, and `stuck` what is left
    of the operations that had to come next."""

    linearisable: bool
    order: list[Op]
    stuck: list[Op]
    tried: int


def check(history: Sequence[Op], start: S, model: Model[S], most: int = 2_000_000) -> Verdict:
    """Searches depth-first. Raises RuntimeError where `most` configurations did not decide it."""
    ops = sorted(history, key=lambda op: op.called)
    known = sum(1 << number for number, op in enumerate(ops) if op.result is not None)
    seen: set[tuple[int, S]] = set()
    best: list[int] = []
    path: list[int] = []

    def candidates(done: int) -> Iterator[int]:
        """Those not yet done that were called before any other of these returned."""
        horizon = math.inf
        found = []
        for number in range(_lowest_missing(done), len(ops)):
            if done >> number & 1:
                continue
            if ops[number].called > horizon:
                break
            found.append(number)
            horizon = min(horizon, ops[number].returned)
        # Those whose outcome is known first: most histories are then walked through without a step back.
        return iter(sorted(found, key=lambda number: (ops[number].result is None, ops[number].returned)))

    def steps(done: int, state: S) -> Iterator[tuple[int, S]]:
        for number in candidates(done):
            for after in model(state, ops[number]):
                # One that may never have happened need not happen where it would change nothing.
                if after != state or ops[number].result is not None:
                    yield number, after

    stack = [(0, start, steps(0, start))]
    while stack:
        done, _, following = stack[-1]
        if done & known == known:
            return Verdict(True, [ops[number] for number in path], [], len(seen))
        step = next(following, None)
        if step is None:
            stack.pop()
            if path:
                path.pop()
            continue
        number, after = step
        configuration = (done | 1 << number, after)
        if configuration in seen:
            continue
        seen.add(configuration)
        if len(seen) > most:
            raise RuntimeError(f"{most} configurations tried without a verdict on {len(ops)} operations")
        path.append(number)
        if len(path) > len(best):
            best = list(path)
        stack.append((*configuration, steps(*configuration)))
    done = sum(1 << number for number in best)
    return Verdict(False, [ops[number] for number in best], [ops[number] for number in candidates(done)], len(seen))


def _lowest_missing(done: int) -> int:
    return (~done & done + 1).bit_length() - 1
