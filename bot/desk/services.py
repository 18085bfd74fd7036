"""What the handlers work with: made at start, closed at the end, reached through the request."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sanic import Request

from bot.attachments.attachments import Attachments
from bot.attachments.scan import Scanner
from bot.conversations.errors import StoreUnavailable
from bot.conversations.store import Conversations, connect
from bot.database import open_database
from bot.desk.calendar import Calendar
from bot.desk.collector import Collector
from bot.desk.correspondence import Correspondence
from bot.desk.dispatch import Dispatch
from bot.desk.filler import Filler
from bot.desk.hub import Hub
from bot.desk.identity import Tokens
from bot.desk.integrations import Integrations
from bot.desk.latest import Latest
from bot.desk.lobby import Lobby
from bot.desk.rota import Rota
from bot.desk.sessions import Sessions
from bot.desk.shelf import Shelf
from bot.desk.staff import Staff
from bot.desk.sweeps import Sweeps
from bot.desk.texts import Texts
from bot.desk.upkeep import Upkeep
from bot.desk.workshop import Workshop
from bot.erasing.erasure import Erasure
from bot.library.library import Library
from bot.library.pictures import Pictures
from bot.library.publications import Publications
from bot.mail.outbox import Outbox
from bot.mail.postman import Postman, way
from bot.reports.archive import Archive
from bot.reports.customers import Customers
from bot.roster.roster import Roster
from bot.search.index import Index
from bot.settings import ROOT, Settings
from bot.webhooks.courier import Courier
from bot.webhooks.hooks import Hooks
from bot.webhooks.ledger import Ledger
from kb_index.serving import current_name

#: Threads for what blocks. More than the database has connections, so that one that keeps silent for a while does not
#: hold up what does not need it.
THREADS = 32
#: Files that are looked through at once: opening a large picture takes a core and some 160 MB.
_HANDLED = 2


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
    library: Library
    pictures: Pictures
    ledger: Publications
    workshop: Workshop
    calendar: Calendar
    shelf: Latest[Shelf]
    tokens: Tokens
    outbox: Outbox
    postman: Postman
    attachments: Attachments
    sweeps: Sweeps
    index: Index
    customers: Customers
    filler: Filler
    roster: Roster
    rota: Rota
    dispatch: Dispatch
    integrations: Integrations
    hooks: Hooks
    collector: Collector
    courier: Courier
    lobby: Lobby
    correspondence: Correspondence
    handling: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_HANDLED))

    @classmethod
    async def start(cls, settings: Settings) -> Services:
        """Opens everything. The store need not be up yet; the database must, or DatabaseUnavailable is raised."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "blocking"))
        # What a desk that was killed left there: a home is one desk's.
        await asyncio.to_thread(shutil.rmtree, settings.imports, ignore_errors=True)
        conversations = Conversations(connect(settings.redis))
        engine = open_database(settings.database)
        staff, archive, library = Staff(engine), Archive(engine), Library(engine)
        outbox = Outbox(engine, settings.mail_from)
        await asyncio.to_thread(staff.prepare)
        await asyncio.to_thread(archive.prepare)
        await asyncio.to_thread(library.prepare)
        attachments = Attachments(engine, settings.attachments, Scanner(settings.scan_command))
        await asyncio.to_thread(outbox.prepare)
        await asyncio.to_thread(attachments.prepare)
        index, customers = Index(engine), Customers(engine)
        await asyncio.to_thread(index.prepare)
        await asyncio.to_thread(customers.prepare)
        filler = Filler(conversations, archive, index, customers)
        roster = Roster(engine)
        await asyncio.to_thread(roster.prepare)
        await asyncio.to_thread(roster.seed)
        rota = Rota(roster, staff, conversations)
        integrations, hooks = Integrations(engine), Hooks(engine, settings.webhook_private)
        await asyncio.to_thread(integrations.prepare)
        await asyncio.to_thread(hooks.prepare)
        deliveries = Ledger(engine)
        courier = Courier(deliveries, settings.webhook_private)
        collector = Collector(conversations, archive, deliveries, courier.nudge)

        def also(message: dict[str, Any]) -> None:
            filler.heard(message)
            collector.heard(message)

        ledger, workshop = Publications(engine, settings.kb), Workshop(settings)
        upkeep = Upkeep(settings, conversations, archive)
        lobby, texts = Lobby(conversations, rota), Texts(ROOT / "domain.yml")
        sessions = Sessions(conversations, staff, integrations, settings.secure_cookies)
        hub = Hub(conversations, lobby, sessions.holding, lambda: upkeep.archived, also)
        correspondence = Correspondence(settings, conversations, outbox, lambda: str(texts.config()["shop"]),
                                        hub.streams)
        services = cls(
            settings=settings, conversations=conversations, staff=staff, archive=archive, upkeep=upkeep,
            sessions=sessions, hub=hub, texts=texts, lobby=lobby, correspondence=correspondence,
            library=library, pictures=Pictures(engine),
            ledger=ledger, workshop=workshop, calendar=Calendar(ledger, workshop, lambda: current_name(settings.index)),
            shelf=Latest(Shelf(ledger).refresh),
            tokens=Tokens(settings), outbox=outbox, postman=Postman(outbox, way(settings)),
            attachments=attachments,
            sweeps=Sweeps(conversations, archive, attachments, filler, library, outbox,
                          Erasure(settings, conversations, engine)),
            index=index, customers=customers, filler=filler,
            roster=roster, rota=rota, dispatch=Dispatch(settings, conversations, rota),
            integrations=integrations, hooks=hooks, collector=collector, courier=courier,
        )
        services.hub.on_state = services.state_changed
        services.hub.on_desk = services.desk_changed
        services.hub.on_resumed = collector.missed
        courier.on_disabled = services.webhook_disabled
        await services.hub.start()
        await upkeep.start()
        services.calendar.start()
        services.postman.start()
        services.sweeps.start()
        filler.start()
        services.dispatch.start()
        collector.start()
        courier.start()
        services.correspondence.start()
        lobby.start()
        return services

    def state_changed(self) -> None:
        """A conversation changed its owner, team or place."""
        self.dispatch.nudge()
        self.lobby.nudge()

    def desk_changed(self, what: str) -> None:
        """This desk or another has changed the set-up, or who is there."""
        if what == "setup":
            self.rota.changed()
        self.state_changed()

    async def webhook_disabled(self) -> None:
        """Consoles show it at once, where the store can be reached."""
        with suppress(StoreUnavailable):
            await self.conversations.tell_desk("setup")

    async def end_streams(self) -> None:
        """First thing at shutdown: nobody would wait for a stream to end by itself."""
        await self.hub.stop()

    async def close(self) -> None:
        await self.dispatch.stop()
        await self.lobby.stop()
        await self.correspondence.stop()
        await self.upkeep.stop()
        await self.calendar.stop()
        await self.workshop.stop()
        await self.postman.stop()
        await self.sweeps.stop()
        await self.filler.stop()
        await self.collector.stop()
        await self.courier.stop()
        await self.conversations.client.close()
        await self.conversations.client.connection_pool.disconnect()


def of(request: Request) -> Services:
    """The services of the app that this request came to."""
    services: Services = request.app.ctx.services
    return services


def origin(request: Request) -> str:
    """Where browsers have this desk, such as ``https://help.shop.example``: from a proxy that ends TLS requests come as
    plain HTTP, and only the settings know."""
    scheme = "https" if of(request).settings.secure_cookies else request.scheme
    return f"{scheme}://{request.host}"
