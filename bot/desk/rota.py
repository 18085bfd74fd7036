"""The desk's set-up at hand: teams, hours and agents from SQL, read again when somebody says that they changed."""

from __future__ import annotations

from bot.conversations.placement import Placement
from bot.conversations.store import Conversations
from bot.desk.latest import Latest
from bot.desk.staff import CONSOLE, Member, Staff
from bot.roster.roster import Roster
from bot.roster.routing import Candidate
from bot.roster.setup import Setup
from bot.roster.sla import due
from bot.roster.team import Team

#: Read again after this time at the latest: another desk's word may have been missed, staff are added by a command.
_FRESH_SECONDS = 10.0


def placement(setup: Setup, team: Team, priority: str, since: float, skill: str = "") -> Placement:
    """A place with a team of this set-up for what came at `since`, with its targets."""
    first, solved = due(team, setup.hours_of(team), priority, since)
    return Placement(team.id, skill, priority, first, solved, since)


class Rota:
    """What the rules need to know. Raises DatabaseUnavailable where it was never read; afterwards what was read last
    does until the database is back."""

    def __init__(self, roster: Roster, staff: Staff, conversations: Conversations) -> None:
        self._roster = roster
        self._staff = staff
        self._conversations = conversations
        self._latest = Latest(self._read, _FRESH_SECONDS)
        self._strangers: set[str] = set()

    def changed(self) -> None:
        """What is known is old."""
        self._latest.changed()

    async def setup(self) -> Setup:
        return (await self._latest.get())[0]

    async def members(self) -> dict[str, Member]:
        """Everybody who works at the console, by id."""
        return (await self._latest.get())[1]

    async def member(self, member: str) -> Member | None:
        """One of them; somebody who was added a moment ago too."""
        if member not in await self.members():
            self.changed()
        return (await self.members()).get(member)

    async def candidates(self) -> list[Candidate]:
        """Everybody who works at the console, as this moment has them."""
        known = (await self.members()).keys()
        strangers = await self._conversations.present() - known - self._strangers
        if strangers:
            # Somebody was added a moment ago; who is looked up in vain once is not looked up again.
            self._strangers |= strangers
            self.changed()
        ids = sorted(await self.members())
        statuses = await self._conversations.statuses(ids)
        loads = await self._conversations.loads(ids)
        return [Candidate(member, statuses[member], loads[member]) for member in ids]

    async def answer_within(self, team: str) -> float:
        """Seconds that an agent of this team has to answer; 0 where it sets none."""
        found = (await self.setup()).teams.get(team)
        return (found.answer_minutes or 0) * 60 if found else 0

    def _read(self) -> tuple[Setup, dict[str, Member]]:
        setup = self._roster.setup()
        return setup, {member.id: member for member in self._staff.all() if member.role in CONSOLE}
