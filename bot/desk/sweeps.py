"""What is made good now and then: the search index is completed, what customers said of entries is counted, and what
nobody needs any more goes: uploads that no message came to carry, whom mails went to long ago, and conversations that
are older than the settings let them be."""

from __future__ import annotations

import asyncio
import logging
import time

from bot.attachments.attachments import UNCLAIMED_SECONDS, Attachment, Attachments
from bot.conversations import keys
from bot.conversations.errors import StoreUnavailable
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.desk.filler import Filler
from bot.erasing.erasure import Erasure
from bot.library.library import Library
from bot.mail.outbox import KEPT_SECONDS, Outbox
from bot.reports.archive import Archive

log = logging.getLogger(__name__)

_EVERY_SECONDS = 600.0


class Sweeps:
    """Runs every ten minutes. Several desks may do so at once."""

    def __init__(self, conversations: Conversations, archive: Archive, attachments: Attachments,
                 filler: Filler, library: Library, outbox: Outbox, erasure: Erasure) -> None:
        self._conversations = conversations
        self._archive = archive
        self._attachments = attachments
        self._filler = filler
        self._library = library
        self._outbox = outbox
        self._erasure = erasure
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])

    async def run(self, before: float | None = None) -> None:
        """Removes uploads of `before` (a day ago) that nothing carries, what is known of mails of long ago, and what is
        to be erased."""
        await asyncio.to_thread(self._outbox.forget, time.time() - KEPT_SECONDS)
        before = time.time() - UNCLAIMED_SECONDS if before is None else before
        while old := await asyncio.to_thread(self._attachments.unsettled, before):
            for attachment in old:
                # A desk that died between the message and noting it leaves a file that is carried all the same.
                if seq := await self._seq(attachment):
                    await asyncio.to_thread(self._attachments.settle, [attachment.id], seq)
                else:
                    await asyncio.to_thread(self._attachments.remove, [attachment.id])
        if erased := (await self._erasure.sweep())["conversations"]:
            log.info("%d closed conversations were erased", erased)

    async def _seq(self, attachment: Attachment) -> int:
        """Where the message that claimed it stands; 0 where there is none."""
        if not attachment.message:
            return 0
        cid = attachment.conversation
        if known := await self._conversations.call("HGET", keys.ids(cid), attachment.message):
            return int(str(known).partition(" ")[0])
        found = await asyncio.to_thread(self._archive.find, cid)
        return next((record["seq"] for record in found[2] if record.get("id") == attachment.message), 0) if found else 0

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.run()
                await self._filler.sweep()
                await asyncio.to_thread(self._library.count_usage)
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("sweeping waits: %s", error)
            except Exception:
                log.exception("sweeping failed")
