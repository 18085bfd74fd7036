"""What the handlers work with: made at start, closed at the end, reached through the request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sanic import Request

from bot.conversations.store import Conversations, connect
from bot.database import open_database
from bot.desk.hub import Hub
from bot.desk.sessions import Sessions
from bot.desk.staff import Staff
from bot.desk.texts import Texts
from bot.desk.upkeep import Upkeep
from bot.reports.archive import Archive
from bot.settings import ROOT, Settings


@dataclass
class Services:
    """All parts of a running desk."""

    settings: Settings
    conversations: Conversations
    staff: Staff
    sessions: Sessions
    archive: Archive
    upkeep: Upkeep
    hub: Hub
    texts: Texts

    @classmethod
    async def start(cls, settings: Settings) -> Services:
        """Opens everything. The store need not be up yet; the database must, or DatabaseUnavailable is raised."""
        conversations = Conversations(connect(settings.redis))
        engine = open_database(settings.database)
        staff, archive = Staff(engine), Archive(engine)
        await asyncio.to_thread(staff.prepare)
        await asyncio.to_thread(archive.prepare)
        upkeep = Upkeep(settings, conversations, archive)
        services = cls(
            settings=settings, conversations=conversations, staff=staff, archive=archive, upkeep=upkeep,
            sessions=Sessions(conversations, staff, settings.secure_cookies),
            hub=Hub(conversations, archived=lambda: upkeep.archived), texts=Texts(ROOT / "domain.yml"),
        )
        await services.hub.start()
        await upkeep.start()
        return services

    async def end_streams(self) -> None:
        """First thing at shutdown: nobody would wait for a stream to end by itself."""
        await self.hub.stop()

    async def close(self) -> None:
        await self.upkeep.stop()
        await self.conversations.client.close()
        await self.conversations.client.connection_pool.disconnect()


def of(request: Request) -> Services:
    """The services of the app that this request came to."""
    services: Services = request.app.ctx.services
    return services
