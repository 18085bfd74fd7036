"""The waiting room: what each customer is told about where they stand, for how long, and whether anybody is there.

Each desk watches the queues by itself. All see the same, so all learn the same; what was learned is kept in the store
for the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from bot.conversations import keys
from bot.conversations.errors import StoreUnavailable
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.conversations.waits import Waits
from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.desk.rota import Rota
from bot.roster.routing import Candidate, fits
from bot.roster.setup import Setup

log = logging.getLogger(__name__)

#: It looks at each change, gathered for a moment, and this often besides.
_SOON = 0.1
_EVERY_SECONDS = 2.0
_KEEP_SECONDS = 30.0


class Lobby:
    """Runs from :meth:`start` to :meth:`stop`. `changed` is called when what waiting customers are told has changed
    though no queue did."""

    def __init__(self, conversations: Conversations, rota: Rota, changed: Callable[[], None] = lambda: None) -> None:
        self._conversations = conversations
        self._rota = rota
        self.changed = changed
        self._waits: dict[str, Waits] = {}
        #: Of each team: None while somebody is there, else when it opens, 0 where that is not known.
        self._away: dict[str, float | None] = {}
        self._loaded = False
        self._kept = 0.0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])
            with contextlib.suppress(StoreUnavailable):
                await self._keep()

    def nudge(self) -> None:
        """Something changed: it looks at once."""
        self._wake.set()

    # -- what customers are told -------------------------------------------------------------------------------

    async def status(self, state: State) -> dict[str, Any]:
        """What a customer is told about where they stand (docs/api.md)."""
        return self.told(state, await self._conversations.ahead(state.id) if state.owner == "queue" else None)

    def told(self, state: State, ahead: int | None) -> dict[str, Any]:
        waits = state.owner == "queue"
        expected = self._waits[state.team].expected(ahead) if ahead is not None and state.team in self._waits else None
        away = self._away.get(state.team)
        return {
            "owner": state.owner,
            "agent": {"name": state.agent_name} if state.owner == "agent" else None,
            "ahead": ahead if waits else None,
            "wait": {"low": round(expected.low), "high": round(expected.high)} if waits and expected else None,
            "away": {"opens": away or None} if waits and away is not None else None,
            # Also once it is closed or the bot's again: what was answered before goes out all the same.
            "mail": state.contact["email"] if state.contact else None,
        }

    # -- what is watched ---------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Once. Raises StoreUnavailable, DatabaseUnavailable."""
        if not self._loaded:
            await self._load()
        setup, now = await self._rota.setup(), await self._conversations.now()
        self._staff(setup, await self._rota.candidates(), now)
        queues = await self._conversations.queues()
        known = {who for waits in self._waits.values() for who in waits.waiting}
        gone = known - {who for queue in queues.values() for who in queue}
        taken = [state.id for state in await self._conversations.states(sorted(gone)) if state.owner == "agent"]
        waiting = known - gone
        for team, waits in self._waits.items():
            waits.seen(now, queues.get(team, ()), taken, waiting)
        if now - self._kept > _KEEP_SECONDS:
            self._kept = now
            await self._keep()

    def _staff(self, setup: Setup, candidates: Sequence[Candidate], now: float) -> None:
        away: dict[str, float | None] = {}
        for team in setup.teams.values():
            there = [agent for agent in candidates if agent.status != "offline" and fits(setup, team, "", agent.id)]
            taking = [setup.agent(agent.id).capacity for agent in there if agent.status == "online"]
            self._waits.setdefault(team.id, Waits()).staffed(now, sum(taking))
            hours = setup.hours_of(team)
            closed = hours is not None and not hours.open_at(now)
            opens = hours.opens(now) if hours is not None and closed else None
            away[team.id] = (opens or 0.0) if closed or not there else None
        if away != self._away:
            self._away = away
            self.changed()

    async def _load(self) -> None:
        found = await self._conversations.call("HGETALL", keys.WAITS)
        for team, raw in found.items():
            try:
                self._waits[team] = Waits.load(json.loads(raw))
            except (TypeError, KeyError, ValueError) as error:
                log.warning("what was learned of waits for %s is of another form, so it begins anew: %s", team, error)
        self._loaded = True

    async def _keep(self) -> None:
        learned = {team: waits.dump() for team, waits in self._waits.items() if waits.left.count}
        if learned:
            await self._conversations.call("HSET", keys.WAITS, *(part for team, dump in learned.items()
                                                                 for part in (team, json.dumps(dump))))

    async def _repeat(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self.look()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("watching the queues waits: %s", error)
            except Exception:
                log.exception("watching the queues failed")
            spent = time.monotonic() - began
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _EVERY_SECONDS)
            await asyncio.sleep(tasks.rest(_SOON, spent))
            self._wake.clear()
