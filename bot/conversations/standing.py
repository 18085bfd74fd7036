"""Who is there: agents and assistants give signs of life, agents say whether they take new conversations."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.conversations import keys
from bot.conversations.base import Base
from bot.conversations.client import reached


class Standing(Base):
    """Presence of agents and assistants."""

    async def backlog(self) -> tuple[int, int]:
        """How many conversations wait for an assistant, and how many are in one's hands."""
        return int(await self.call("LLEN", keys.READY)), int(await self.call("ZCARD", keys.LEASES))

    async def workers(self) -> int:
        """How many assistants gave a sign of life lately."""
        return int(await self.call("ZCOUNT", keys.WORKERS, *await self._lately(keys.PRESENCE_SECONDS)))

    async def saw(self, agents: Sequence[str]) -> None:
        """Notes a sign of life of these agents."""
        if agents:
            now = await self.now()
            noted = [part for agent in agents for part in (now, agent)]
            pipe = self.client.pipeline(transaction=False)
            for key in (keys.AGENTS, keys.SIGNS):
                pipe.execute_command("ZADD", key, *noted)
            with reached():
                await pipe.execute()

    async def listens(self, agents: Sequence[str]) -> None:
        """These agents have a console open, which keeps them there between two signs of life. One that gives none any
        more is a machine that sleeps, however open its stream looks: its agent was last there when they gave one."""
        if agents:
            signs = await self.call("ZMSCORE", keys.SIGNS, *agents)
            now = await self.now()
            noted = [part for agent, sign in zip(agents, signs, strict=True) if sign is not None
                     for part in (now if abs(now - float(sign)) < keys.SIGN_SECONDS else sign, agent)]
            if noted:
                await self.call("ZADD", keys.AGENTS, *noted)

    async def present(self, seconds: float = keys.PRESENCE_SECONDS) -> set[str]:
        """The agents who gave a sign of life within the last `seconds`."""
        return set(await self.call("ZRANGEBYSCORE", keys.AGENTS, *await self._lately(seconds)))

    async def statuses(self, agents: Sequence[str]) -> dict[str, str]:
        """``online``, ``away`` (there, but takes nothing new by itself) or ``offline`` of each of these agents."""
        if not agents:
            return {}
        present = await self.present()
        said = await self.call("HMGET", keys.STATUS, *agents)
        return {agent: ("away" if word else "online") if agent in present else "offline"
                for agent, word in zip(agents, said, strict=True)}

    async def set_status(self, agent: str, status: str) -> None:
        """`status` is ``online`` or ``away``."""
        if status == "away":
            await self.call("HSET", keys.STATUS, agent, status)
        else:
            await self.call("HDEL", keys.STATUS, agent)
        await self.tell_desk("agents")

    async def typing(self, cid: str, sender: str, name: str, typing: bool) -> None:
        """Tells the other side that somebody types; kept nowhere."""
        told = {"type": "typing", "conversation": cid, "from": sender, "name": name, "typing": typing}
        await self.call("PUBLISH", keys.LIVE, json.dumps(told))

    async def viewing(self, cid: str, agent: str, name: str, viewing: bool, typing: bool) -> None:
        """Tells colleagues who else looks at a conversation, and who writes in it; kept nowhere."""
        told = {"type": "presence", "conversation": cid, "agent": agent, "name": name, "viewing": viewing,
                "typing": typing}
        await self.call("PUBLISH", keys.LIVE, json.dumps(told))

    async def tell_desk(self, what: str) -> None:
        """Lets all desks and consoles know that the ``setup`` or the ``agents`` changed; kept nowhere."""
        await self.call("PUBLISH", keys.LIVE, json.dumps({"type": "desk", "what": what}))

    async def loads(self, agents: Sequence[str]) -> dict[str, int]:
        """How many conversations each of these agents has in work: what is snoozed does not count."""
        pipe = self.client.pipeline(transaction=False)
        for agent in agents:
            pipe.zcount(keys.held(agent), 0, 0)
        with reached():
            found = await pipe.execute()
        return dict(zip(agents, map(int, found), strict=True))

    async def _lately(self, seconds: float) -> tuple[float, float]:
        """From when to when a sign of life counts. One from the future was given before the clock was set back."""
        now = await self.now()
        return now - seconds, now + seconds
