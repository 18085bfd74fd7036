"""What every operation on the live conversations stands on: the scripts, plain commands, the state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis.asyncio

from bot.conversations import keys
from bot.conversations.client import SCRIPTS, Script, reached
from bot.conversations.errors import Missing
from bot.conversations.state import State


class Base:
    """The client and its scripts. Raises StoreUnavailable from any of its methods."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self.client = client
        self._scripts = {path.stem: Script(path.stem) for path in SCRIPTS.glob("[a-z]*.lua")}

    async def _run(self, name: str, *args: str | int | float) -> Any:
        return await self._scripts[name](self.client, *args)

    async def call(self, *command: str | int | float) -> Any:
        """One plain command, for what has no method of its own."""
        with reached():
            return await self.client.execute_command(*command)

    async def state(self, cid: str) -> State:
        """Raises Missing."""
        states = await self.states([cid])
        if not states:
            raise Missing(cid)
        return states[0]

    async def states(self, cids: Sequence[str]) -> list[State]:
        """The states of those that exist, in one round trip."""
        pipe = self.client.pipeline(transaction=False)
        for cid in cids:
            pipe.hgetall(keys.conversation(cid))
            pipe.llen(keys.log(cid))
        with reached():
            found = await pipe.execute()
        pairs = zip(cids, found[::2], found[1::2], strict=True)
        return [State.parse(cid, fields, seq) for cid, fields, seq in pairs if fields]

    async def now(self) -> float:
        """The server's clock, which orders everything: seconds since 1970."""
        seconds, micros = await self.call("TIME")
        return int(seconds) + int(micros) / 1e6
