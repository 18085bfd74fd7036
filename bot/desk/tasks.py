"""What background tasks have in common: how long they rest, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

#: Of one core, what a task that follows changes may take, however much there is to look at.
_SHARE = 0.05
_LONGEST_REST = 2.0


def rest(soon: float, spent: float) -> float:
    """Seconds to wait for more changes before looking again: `soon`, and longer where one look takes long.

    With a queue of hundreds each look reads hundreds of conversations. At every change at once, that would take the
    time of those who chat.
    """
    return min(max(soon, spent * (1 / _SHARE - 1)), _LONGEST_REST)


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels the tasks and waits until they are over.

    Once is not always enough: the Redis client wraps its calls in timeouts that can swallow a cancellation which comes
    in the same turn of the loop.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.1)
