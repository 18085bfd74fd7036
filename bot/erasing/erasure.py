"""What is kept of a customer or a conversation: found in all places, and taken out of them.

Each step can be done again and finds less the second time. What an editor wrote stays, and so does what is in backups.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bot.attachments.attachments import Attachments
from bot.conversations import keys
from bot.conversations.letters import Letters
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.erasing.erased import KEPT_SECONDS, Erased
from bot.library.library import Library
from bot.mail.outbox import Outbox
from bot.mail.postman import Folder
from bot.reports.archive import Archive
from bot.reports.customers import Customers
from bot.search.index import Index
from bot.settings import Settings
from bot.webhooks.ledger import Ledger

log = logging.getLogger(__name__)

#: Conversations that one sweep erases because of their age.
PORTION = 500
_PAGE = 200


@dataclass(frozen=True)
class Found:
    """What is kept of somebody. What is `open` is not erased. Those `naming` them have their e-mail address in what was
    said, which may have been said by somebody else. `questions` are judged ones that are, word for word, theirs."""

    closed: Sequence[State]
    open: Sequence[State]
    naming: Sequence[str]
    questions: Sequence[dict[str, Any]]
    mails: int


class Erasure:
    """Raises StoreUnavailable, DatabaseUnavailable, OSError; a later call goes on. Several may be at it at once."""

    def __init__(self, settings: Settings, conversations: Conversations, engine: Any) -> None:
        self._settings = settings
        self._conversations = conversations
        self._erased = Erased(engine)
        self._archive, self._index, self._customers = Archive(engine), Index(engine), Customers(engine)
        self._attachments = Attachments(engine, settings.attachments)
        self._outbox, self._folder = Outbox(engine, settings.mail_from), Folder(settings.outbox)
        self._deliveries, self._library = Ledger(engine), Library(engine)

    async def find(self, who: str) -> Found:
        """What is kept of a conversation (by its id) or of a customer, by e-mail address or by the shop's id. An empty
        text is nobody, and not those of whom no address is known."""
        if not who:
            return Found([], [], [], [], 0)
        live = {state.id: state for cids in _pages(await self._conversations.ids())
                for state in await self._conversations.states(cids)}
        cids = await asyncio.to_thread(self._kept_of, who)
        cids |= {cid for cid, state in live.items() if _is(state, who)}
        states = {state.id: state for some in _pages(sorted(cids))
                  for state in await asyncio.to_thread(self._archive.some, some)} | live
        found = sorted((states.get(cid) or State(cid, "closed") for cid in cids), key=lambda state: state.created)
        closed = [state for state in found if state.owner == "closed"]
        naming: list[str] = []
        mails = 0
        if "@" in who:
            naming = [cid for cid in await asyncio.to_thread(self._index.saying, who) if cid not in cids]
            mails = len(await asyncio.to_thread(self._outbox.of, who))
        return Found(closed, [state for state in found if state.owner != "closed"], naming,
                     await self._questions([state.id for state in closed]), mails)

    async def erase(self, who: str, found: Found) -> Counter[str]:
        """Takes out what was found of `who`, but for what is open by now; returns how many of what."""
        # What the conversations alone lead to comes before them, or nothing would after a kill.
        for question in found.questions:
            await asyncio.to_thread(self._library.forget_question, question["id"])
        counts = Counter(questions=len(found.questions))
        if "@" in who:
            counts["mails"] += await asyncio.to_thread(self._drop_mails, who)
        # Customers' questions that the gate asked are noted there; without it they are asked anew.
        (self._settings.cache / "asked").unlink(missing_ok=True)
        await asyncio.to_thread(self._erased.begin, [state.id for state in found.closed])
        return counts + await self.finish()

    async def finish(self) -> Counter[str]:
        """Takes out all that was begun, also by those who were killed over it; returns how many of what. One whose
        files cannot be removed is logged, and waits for the next call: it keeps up none of those after it."""
        counts: Counter[str] = Counter()
        for cid in await asyncio.to_thread(self._erased.begun):
            if not await self._drop_live(cid):
                await asyncio.to_thread(self._erased.spare, cid)
                continue
            try:
                counts += await asyncio.to_thread(self._take_out, cid)
            except OSError as error:
                log.warning("conversation %s is not erased yet: %s", cid, error)
            else:
                await asyncio.to_thread(self._erased.done, cid)
        return counts

    async def left(self, states: Sequence[State]) -> list[State]:
        """Those of these of which something may be left, as where a file cannot be removed."""
        begun = set(await asyncio.to_thread(self._erased.begun))
        return [state for state in states if state.id in begun]

    async def sweep(self) -> Counter[str]:
        """Erases a portion of what was closed before the days that the settings give, and goes on with what was
        begun."""
        if self._settings.archive_days:
            before = await self._conversations.now() - self._settings.archive_days * 86400
            old = await asyncio.to_thread(self._archive.old, before, PORTION)
            await asyncio.to_thread(self._erased.begin, old)
        counts = await self.finish()
        await asyncio.to_thread(self._erased.forget, time.time() - KEPT_SECONDS)
        return counts

    def _kept_of(self, who: str) -> set[str]:
        """Conversations that SQL knows as theirs, or by this id."""
        cids = {*self._customers.named(who), *(self._archive.answered_to(who) if "@" in who else ())}
        return cids | ({who} if self._archive.seq(who) or self._index.upto([who]) else set())

    async def _questions(self, cids: Collection[str]) -> list[dict[str, Any]]:
        judged = await asyncio.to_thread(self._library.questions)
        asked: set[str] = set()
        for cid in cids if judged else ():
            records = await self._conversations.records(cid)
            if not records and (kept := await asyncio.to_thread(self._archive.find, cid)):
                records = kept[2]
            # As the editor keeps them.
            asked |= {" ".join(record["text"].split()) for record in records
                      if record["kind"] == "message" and record["from"] == "customer"}
        return [question for question in judged if question["text"] in asked]

    async def _drop_live(self, cid: str) -> bool:
        """Whether the live store has nothing of it any more; false where it is open."""
        while states := await self._conversations.states([cid]):
            if states[0].owner != "closed":
                return False
            await self._conversations.drop(cid, states[0].seq)
        await self._conversations.call("DEL", keys.code(cid))
        await Letters(self._conversations).end(cid)
        return True

    def _take_out(self, cid: str) -> Counter[str]:
        counts = Counter(conversations=1, files=self._attachments.drop(cid), mails=self._drop_mails(cid),
                         deliveries=self._deliveries.drop(cid))
        self._index.drop(cid)
        self._archive.drop(cid)
        self._customers.drop(cid)
        return counts

    def _drop_mails(self, named: str) -> int:
        """The mails of a conversation, or to an address."""
        names = self._outbox.of(named)
        for name in names:
            self._folder.remove(name)
        self._outbox.drop(names)
        return len(names)


def _is(state: State, who: str) -> bool:
    """Whether a live conversation has this id, or is of this customer."""
    emails = {state.customer.email if state.customer else "", (state.contact or {}).get("email", "")}
    return who in (state.id, state.customer.id if state.customer else "") or who.lower() in map(str.lower, emails)


def _pages(cids: Sequence[str]) -> list[Sequence[str]]:
    return [cids[start:start + _PAGE] for start in range(0, len(cids), _PAGE)]
