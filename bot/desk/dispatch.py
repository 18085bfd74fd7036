"""What happens at the desk by itself: conversations are routed to teams, given to agents, given back and woken.

It looks when something changed, and each second or two besides. Several desks may do so at once: each step is fenced by
what it has seen, so it happens once, and who was too late goes on with the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence

from bot.conversations.acts import By
from bot.conversations.errors import ConversationError, StoreUnavailable
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk import lists, tasks
from bot.desk.rota import Rota, placement
from bot.roster.routing import Candidate, Matter, choose, skill_for, team_for
from bot.roster.setup import Setup
from bot.settings import Settings

log = logging.getLogger(__name__)

_EVERY_SECONDS = 1.5
#: What changes within so many seconds, or longer where a look takes long, is looked at together.
_SOON = 0.05
#: After a cut agents need a moment to come back and answer; no deadline is held against them before that.
_GRACE_SECONDS = 30.0
#: Seconds by which the store's clock may run apart from ours between two looks; more is a clock that was set.
_DRIFT_SECONDS = 5.0


class Dispatch:
    """Runs from :meth:`start` to :meth:`stop`; each part can be called by itself."""

    def __init__(self, settings: Settings, conversations: Conversations, rota: Rota) -> None:
        self._settings = settings
        self._conversations = conversations
        self._rota = rota
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._well_since = time.monotonic()
        #: What the store's clock is ahead of ours, which nobody sets.
        self._ahead: float | None = None
        self._statuses: dict[str, str] = {}

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])

    def nudge(self) -> None:
        """Something changed: it looks at once."""
        self._wake.set()

    async def run(self) -> None:
        """All of it, once. Raises StoreUnavailable, DatabaseUnavailable."""
        await self.sweep()
        await self.place()

    async def sweep(self) -> None:
        """What follows from the time alone."""
        await self.wake()
        self._watch_the_clock(await self._conversations.now())
        well = time.monotonic() - self._well_since
        if well >= _GRACE_SECONDS:
            await self.give_back_unanswered()
        if well >= max(_GRACE_SECONDS, self._settings.away_seconds):
            await self.give_back_abandoned()

    def _watch_the_clock(self, now: float) -> None:
        """A clock that was set makes everybody look as if they had been away: as after a cut, they get a moment."""
        ahead = now - time.monotonic()
        if self._ahead is not None and abs(ahead - self._ahead) > _DRIFT_SECONDS:
            log.warning("the store's clock was set by %+.0f s", ahead - self._ahead)
            self._well_since = time.monotonic()
        self._ahead = ahead

    async def place(self) -> None:
        """What waits gets a team and, where it is to have one without asking, an agent."""
        waiting = await self.route()
        candidates = await self._rota.candidates()
        await self.assign(waiting, candidates)
        statuses = {agent.id: agent.status for agent in candidates}
        if statuses != self._statuses:
            self._statuses = statuses
            await self._conversations.tell_desk("agents")

    async def route(self) -> list[State]:
        """Gives what came to people a team and its targets; returns all that wait, what is due first in front."""
        setup = await self._rota.setup()
        waiting = await lists.waiting(self._conversations)
        again = False
        for state in waiting:
            if state.routed and state.team in setup.teams:
                continue
            again = True
            matter = Matter.of(state.team, state.locale, await self._conversations.packet(state.id))
            team = team_for(setup, matter)
            # Who comes back within the time comes back to where they were.
            if state.back_to and state.team in setup.teams:
                team = setup.teams[state.team]
            skill = state.skill or skill_for(team, matter)
            priority = "urgent" if matter.urgent and not state.routed else state.priority
            to = placement(setup, team, priority, state.counted_from, skill)
            # Only as it was seen: another desk may have routed it meanwhile, or somebody given it a priority.
            await self._try(self._conversations.route(state.id, to, state.epoch, ("mark", state.mark)))
        return await lists.waiting(self._conversations) if again else waiting

    async def assign(self, waiting: Sequence[State], candidates: Sequence[Candidate]) -> None:
        """Gives what waits to agents: in teams that assign, and what comes back to the agent who knows it."""
        setup, people = await self._rota.setup(), await self._rota.members()
        # Who left the staff since they were looked up is given nothing.
        candidates = [agent for agent in candidates if agent.id in people]
        loads = {agent.id: agent.load for agent in candidates}
        for state in waiting:
            team = setup.teams.get(state.team)
            if team is None or not state.routed:
                continue
            now = [Candidate(agent.id, agent.status, loads[agent.id]) for agent in candidates
                   # Supervisors and administrators have other work, unless the team names them.
                   if people[agent.id].role == "agent" or agent.id in team.members or agent.id == state.back_to]
            if team.assignment == "auto":
                chosen = choose(setup, team, state.skill, now, state.back_to or state.last_agent, {state.passed})
            else:
                chosen = _back(setup, state, now)
            if chosen is None:
                continue
            within = (team.answer_minutes or 0) * 60
            # No more than was seen: with what another desk gave them meanwhile they need not be the least loaded.
            room = min(setup.agent(chosen).capacity, loads[chosen] + 1)
            given = self._conversations.assign(state.id, chosen, people[chosen].name, By(), epoch=state.epoch,
                                               answer_within=within, capacity=room)
            if await self._try(given):
                loads[chosen] += 1
            else:
                loads = await self._conversations.loads(sorted(loads))
                self.nudge()

    async def give_back_unanswered(self) -> None:
        """Who does not answer in time gives the conversation back. In a team that assigns they count as away from then
        on, until they say otherwise: the next customer should not wait for them too."""
        setup = await self._rota.setup()
        now = await self._conversations.now()
        longest = max((team.answer_minutes or 0 for team in setup.teams.values()), default=0) * 60
        late = await self._conversations.unanswered(now, longest)
        states = {state.id: state for state in await self._conversations.states([cid for cid, _ in late])}
        for cid, deadline in late:
            state = states.get(cid)
            if state is None or state.owner != "agent":
                continue
            back = self._conversations.release(cid, state.agent, state.agent_name, reason="no_answer",
                                               guard=("answer_by", deadline))
            team = setup.teams.get(state.team)
            if await self._try(back) and team is not None and team.assignment == "auto":
                await self._conversations.set_status(state.agent, "away")

    async def give_back_abandoned(self) -> None:
        """An agent whose machine went dark holds customers whom nobody answers: they go to the front of the queue. What
        they put off for later stays with them until it wakes."""
        present = await self._conversations.present(self._settings.away_seconds)
        for state in await lists.in_hands(self._conversations):
            if state.agent not in present and state.snoozed is None:
                await self._try(self._conversations.release(state.id, state.agent, state.agent_name, reason="away"))

    async def wake(self) -> None:
        """Snoozed conversations whose time has come stand in their agent's list again."""
        for cid, until in await self._conversations.slept_out(await self._conversations.now()):
            await self._try(self._conversations.wake(cid, until))

    @staticmethod
    async def _try(act: object) -> bool:
        """Whether it was done; False where somebody acted meanwhile."""
        try:
            await act  # type: ignore[misc]
        except StoreUnavailable:
            raise
        except ConversationError as error:
            log.debug("left as it is: %s", error)
            return False
        return True

    async def _repeat(self) -> None:
        swept = 0.0
        while True:
            began = time.monotonic()
            try:
                if time.monotonic() - swept >= _EVERY_SECONDS:
                    await self.sweep()
                    swept = time.monotonic()
                await self.place()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("routing waits: %s", error)
                self._well_since = time.monotonic()
            except Exception:
                log.exception("routing failed")
            spent = time.monotonic() - began
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _EVERY_SECONDS)
            await asyncio.sleep(tasks.rest(_SOON, spent))
            self._wake.clear()


def _back(setup: Setup, state: State, candidates: Sequence[Candidate]) -> str | None:
    """The agent to whom a conversation comes back, where they are there and have room."""
    for agent in candidates:
        if agent.id == state.back_to and agent.status == "online" and agent.load < setup.agent(agent.id).capacity:
            return agent.id
    return None
