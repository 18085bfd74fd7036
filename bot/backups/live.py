"""The live conversations out of one store and into another. Each is read and written in one atomic script.

What points to conversations (who owns them, which wait for the bot) is not copied but made anew from them, so that it
cannot disagree with them. What stands beside them and could not be made anew comes along. Sessions of staff, signs of
life and counters of limits stay behind: they end by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from bot.backups.archive import BadBackup
from bot.conversations import kept
from bot.conversations.store import Conversations, connect

T = TypeVar("T")


class Live:
    """The conversations of the store at `url`, for a command that blocks. Raises StoreUnavailable."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._conversations = Conversations(connect(url))

    def ids(self) -> list[str]:
        """All that were there when this began; of those that come or go meanwhile some."""
        return self._run(self._conversations.ids())

    def assistants(self) -> int:
        """How many are at work on it, or were half a minute ago."""
        return self._run(self._conversations.workers())

    def dump(self, cids: list[str], progress: Callable[[int, int], None]) -> Iterator[dict[str, Any]]:
        for number, cid in enumerate(cids):
            parts = self._run(self._conversations.dump(cid))
            if parts is not None:  # else it was archived and forgotten meanwhile, and the database has it
                yield {"id": cid, "parts": parts}
            progress(number + 1, len(cids))

    def load(self, row: dict[str, Any]) -> None:
        """Raises BadBackup where the conversation is there already."""
        if not self._run(self._conversations.load(row["id"], row["parts"])):
            raise BadBackup(f"conversation {row['id']} is in the store already")

    def dump_rest(self) -> list[dict[str, Any]]:
        """What is kept beside the conversations."""
        async def found() -> list[dict[str, Any]]:
            return [row async for row in kept.dump(self._conversations)]

        return self._run(found())

    def load_rest(self, row: dict[str, Any]) -> None:
        """After the conversations: it knows better what was read and mailed of them."""
        self._run(kept.load(self._conversations, row))

    def clear(self) -> None:
        """Forgets everything that is Frontdesk's."""
        self._run(self._conversations.clear())

    def close(self) -> None:
        self._run(self._conversations.client.connection_pool.disconnect())
        self._loop.close()

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(call)


def check(row: dict[str, Any]) -> int:
    """How long its log is. Raises BadBackup unless the conversation is whole: a state, and a log whose numbers have no
    gap."""
    import json

    parts = {name: values for name, _, values in row["parts"]}
    state = dict(zip(parts.get("", [])[::2], parts.get("", [])[1::2], strict=False))
    seqs = [json.loads(record)["seq"] for record in parts.get("log", [])]
    if not {"owner", "epoch", "token"} <= state.keys() or seqs != list(range(1, len(seqs) + 1)):
        raise BadBackup(f"conversation {row['id']} of the backup is not whole")
    return len(seqs)
