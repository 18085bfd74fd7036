"""Answers by mail: what agents say to customers who left an address goes out, each message once, unless they read it
in the chat.

Several desks may do so at once: they work out the same letters, whose key in the outbox is taken once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

from bot.conversations.errors import StoreUnavailable
from bot.conversations.letters import Letters, is_answer, next_letter
from bot.conversations.record import Record, shown
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable
from bot.desk import tasks
from bot.mail.letter import BadMail
from bot.mail.outbox import Outbox
from bot.settings import Settings

log = logging.getLogger(__name__)

_EVERY_SECONDS = 5.0
#: Of what was said, so much stands in a mail.
_LONGEST = 3800
_MORE = "\n\n[…] The rest is in your conversation."


class Correspondence:
    """Runs from :meth:`start` to :meth:`stop`. `is_open` says whether this desk has a stream of a conversation."""

    def __init__(self, settings: Settings, conversations: Conversations, outbox: Outbox, shop: Callable[[], str],
                 is_open: Callable[[str], Collection[object]]) -> None:
        self._settings = settings
        self._conversations = conversations
        self._outbox = outbox
        self._shop = shop
        self._is_open = is_open
        self._task: asyncio.Task[None] | None = None
        #: Keys of lost mails that need no look any more. That each is told once is the store's matter.
        self._told: set[str] = set()
        self.letters = Letters(conversations)

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            await tasks.end([self._task])

    async def run(self, now: float | None = None) -> int:
        """Sends what is due, and tells of what is lost; returns how many letters went out. Raises StoreUnavailable,
        DatabaseUnavailable."""
        done = await self.letters.open()
        await self.letters.saw([cid for cid in done if self._is_open(cid)])
        now = await self._conversations.now() if now is None else now
        states = {state.id: state for state in await self._conversations.states(list(done))}
        sent = 0
        for cid, seq in done.items():
            if cid not in states:
                await self.letters.end(cid)
            elif states[cid].seq > seq:
                try:
                    sent += await self._attend(states[cid], seq, now)
                except (StoreUnavailable, DatabaseUnavailable):
                    raise
                except Exception:
                    # What is wrong with one conversation keeps no answer from the others.
                    log.exception("the answer of conversation %s cannot be mailed", cid)
        await self._tell_of_lost()
        return sent

    async def send_link(self, cid: str) -> None:
        """Mails a new link to whom the conversation is answered. Raises Missing."""
        state = await self._conversations.state(cid)
        if state.contact:
            link = await self._link(state)
            await self._put(state, "new_link", {"link": link}, f"link:{cid}:{link[-8:]}")

    async def _tell_of_lost(self) -> None:
        """The staff are told of answers that will never go: by what the outbox says, so that no stop comes between."""
        for key, to in await asyncio.to_thread(self._outbox.lost, "answer"):
            if key not in self._told:
                _, cid, seq = key.split(":")
                await self.letters.unmailed(cid, int(seq), to)
                self._told.add(key)

    async def _attend(self, state: State, seq: int, now: float) -> int:
        records = await self._conversations.records(state.id, seq)
        letter = next_letter(records, now)
        if letter is None:
            if not any(map(is_answer, records)):
                await self.letters.done(state.id, records[-1]["seq"] if records else seq)
            return 0
        read = await self.letters.read_to(state.id)
        last, news = letter.last, [message for message in letter.messages if message["seq"] > read]
        if news:
            if await self.letters.is_here(state.id):
                return 0  # it waits: they may yet read it, and behind a proxy a stream outlives its customer by minutes
            last = await self.letters.end_of(state.id, letter)
            if last > letter.last:
                return 0  # another desk, which knows more, is at it
            news = [message for message in news if message["seq"] <= last]
        if news:
            text, link = _text(news), await self._link(state)
            await self._put(state, "answer", {"messages": text, "link": link}, f"answer:{state.id}:{letter.first}")
        await self.letters.done(state.id, last)
        return int(bool(news))

    async def _put(self, state: State, template: str, values: dict[str, str], key: str) -> None:
        contact = state.contact or {}
        name = f" {contact['name']}" if contact.get("name") else ""
        try:
            await self._outbox.send(contact.get("email", ""), template,
                                    {"shop": await asyncio.to_thread(self._shop), "name": name, **values}, key=key)
        except BadMail as error:
            log.error("a letter of conversation %s cannot be written: %s", state.id, error)

    async def _link(self, state: State) -> str:
        """Where a new code leads. It stands in the fragment, which browsers send to no server."""
        page = self._page(state)
        return f"{page}#frontdesk={await self.letters.code(state.id)}"

    def _page(self, state: State) -> str:
        """The page where they were, if it is one of ours: whoever opened the conversation could have named any."""
        try:
            parts = urlsplit(state.page)
            ours = f"{parts.scheme}://{parts.netloc}" in self._settings.widget_origins
        except ValueError:
            ours = False
        return state.page.partition("#")[0] if ours else self._settings.site.rstrip("/") + "/"

    async def _repeat(self) -> None:
        while True:
            try:
                await self.run()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("answers by mail wait: %s", error)
            except Exception:
                log.exception("answers by mail failed")
            await asyncio.sleep(_EVERY_SECONDS)


def _text(messages: Sequence[Record]) -> str:
    said: list[str] = []
    for record, before in zip(messages, [None, *messages], strict=False):
        said.append(shown(record) if _same(record, before) else f"{record['by']['name']} wrote:\n\n{shown(record)}")
    text = "\n\n".join(said)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + _MORE


def _same(record: Record, before: Record | None) -> bool:
    return before is not None and bool(record["by"]["id"] == before["by"]["id"])


