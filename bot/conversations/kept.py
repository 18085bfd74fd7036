"""What the store holds beside conversations and could not make anew, for backups: who is answered by mail and up to
where, links that were mailed, mentions that were read, who is away, what was learned of waits.

Each key stands for itself, so they are read one after the other; :data:`bot.conversations.keys.KEPT` names them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bot.conversations import keys
from bot.conversations.store import Conversations

#: How a key of each type is read whole, and written.
_READ: dict[str, tuple[str, ...]] = {
    "string": ("GET",), "hash": ("HGETALL",), "zset": ("ZRANGE", "0", "-1", "WITHSCORES"),
}
_WRITE = {"string": "SET", "hash": "HSET", "zset": "ZADD"}


async def dump(conversations: Conversations) -> AsyncIterator[dict[str, Any]]:
    """Each key with its type, its values in the order in which its command takes them, and when it ends (seconds since
    1970; None for never). Raises StoreUnavailable."""
    for pattern in keys.KEPT:
        for key in await _matching(conversations, pattern):
            kind = str(await conversations.call("TYPE", key))
            command, *rest = _READ.get(kind, ("",))
            found = await conversations.call(command, key, *rest) if command else None
            if not found:
                continue  # it ended meanwhile
            left = int(await conversations.call("PTTL", key))
            ends = await conversations.now() + left / 1000 if left >= 0 else None
            yield {"key": key, "type": kind, "values": _values(kind, found), "ends": ends}


async def load(conversations: Conversations, row: dict[str, Any]) -> None:
    """Puts in what :func:`dump` gave, over what is there; nothing where its time is over. Raises StoreUnavailable."""
    ends = row["ends"]
    if ends is not None and ends <= await conversations.now():
        return
    values = row["values"]
    if row["type"] == "zset":
        values = [part for member, score in zip(values[::2], values[1::2], strict=True) for part in (score, member)]
    await conversations.call(_WRITE[row["type"]], row["key"], *values)
    if ends is not None:
        await conversations.call("PEXPIREAT", row["key"], int(ends * 1000))


async def _matching(conversations: Conversations, pattern: str) -> list[str]:
    if not pattern.endswith("*"):
        return [pattern]
    found: set[str] = set()
    cursor = "0"
    while True:
        cursor, names = await conversations.call("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
        found.update(names)
        if str(cursor) == "0":
            return sorted(found)


def _values(kind: str, found: Any) -> list[str]:
    if isinstance(found, dict):  # as redis-py gives a hash
        return [part for pair in found.items() for part in pair]
    return [found] if kind == "string" else list(found)
