"""The desk's set-up at hand: teams, hours and agents from SQL, read again when somebody says that they changed."""

from __future__ import annotations

import asyncio
import time

from bot.conversations.placement import Placement
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk.staff import CONSOLE, Member, Staff
from bot.roster.roster import Roster
from bot.roster.routing import Candidate
from bot.roster.setup import Setup
from bot.roster.sla import due

#: Read again after this time at the latest: another desk's word may have been missed, staff are added by a command.
_FRESH_SECONDS = 10.0


class Rota:
    """What the rules need to know. Raises DatabaseUnavailable where it was never read; afterwards what was read last
    does until the database is back."""

    def __init__(self, roster: Roster, staff: Staff, conversations: Conversations) -> None:
        self._roster = roster
        self._staff = staff
        self._conversations = conversations
        self._reading = asyncio.Lock()
        self._until = 0.0
        self._setup: Setup | None = None
        self._members: dict[str, Member] = {}
        self._strangers: set[str] = set()

    def changed(self) -> None:
        """What is known is old."""
        self._until = 0.0

    async def setup(self) -> Setup:
        async with self._reading:
            if self._setup is None or time.monotonic() >= self._until:
                await self._read()
        assert self._setup is not None
        return self._setup

    async def members(self) -> dict[str, Member]:
        """Everybody who works at the console, by id."""
        await self.setup()
        return self._members

    async def member(self, member: str) -> Member | None:
        """One of them; somebody who was added a moment ago too."""
        if member not in await self.members():
            self.changed()
        return (await self.members()).get(member)

    async def candidates(self) -> list[Candidate]:
        """Everybody who works at the console, as this moment has them."""
        await self.members()
        strangers = await self._conversations.present() - self._members.keys() - self._strangers
        if strangers:
            # Somebody was added a moment ago; who is looked up in vain once is not looked up again.
            self._strangers |= strangers
            self.changed()
        ids = sorted(await self.members())
        statuses = await self._conversations.statuses(ids)
        loads = await self._conversations.loads(ids)
        return [Candidate(member, statuses[member], loads[member]) for member in ids]

    async def placement(self, team: str, priority: str, since: float, skill: str = "") -> Placement:
        """A place with a team for what came at `since`, with its targets."""
        setup = await self.setup()
        found = setup.teams[team]
        first, solved = due(found, setup.hours_of(found), priority, since)
        return Placement(team, skill, priority, first, solved)

    async def answer_within(self, team: str) -> float:
        """Seconds that an agent of this team has to answer; 0 where it sets none."""
        found = (await self.setup()).teams.get(team)
        return (found.answer_minutes or 0) * 60 if found else 0

    async def _read(self) -> None:
        # Said before reading: what changes meanwhile is read the next time.
        self._until = time.monotonic() + _FRESH_SECONDS
        try:
            setup = await asyncio.to_thread(self._roster.setup)
            people = await asyncio.to_thread(self._staff.all)
        except DatabaseUnavailable:
            if self._setup is None:
                raise
            return
        self._setup = setup
        self._members = {member.id: member for member in people if member.role in CONSOLE}
