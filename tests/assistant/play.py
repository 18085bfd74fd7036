"""What the tests of the assistant play: a customer, workers at work, an index that changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.conversations import keys
from bot.conversations.errors import StoreUnavailable
from bot.conversations.record import Record
from bot.conversations.store import Conversations
from bot.settings import Settings
from kb_index import snapshot

if TYPE_CHECKING:
    from bot.assistant.worker import Worker

#: Answers whenever a right entry is near, so that these tests do not hang on the sample shop's calibration of the day.
BARS = {"answer": {"value": 0.3}, "offer": {"value": 0.05}, "people": {"value": 0.6},
        "people_though_sure": {"value": 0.6}}


def republish(
    loaded: snapshot.Snapshot, settings: Settings, changed: Mapping[str, str] | None = None,
    audiences: Mapping[str, str] | None = None,
) -> str:
    """Publishes the same entries again; `changed` are new answers by the entries' ids, `audiences` new audiences."""
    entries = [
        replace(entry, answer=(changed or {}).get(entry.id, entry.answer),
                audience=(audiences or {}).get(entry.id, entry.audience))
        for entry in loaded.entries
    ]
    built = snapshot.Snapshot.build(entries, loaded.vectors, loaded.kinds, loaded.starts,
                                    {**loaded.calibration, **BARS}, loaded.encoder)
    return snapshot.write(settings.index, built, "test")


@asynccontextmanager
async def at_work(*workers: Worker) -> AsyncIterator[None]:
    """The workers work within; they stop as on SIGTERM, and their own failures surface."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)


class Customer:
    """One conversation, seen from its customer."""

    def __init__(self, conversations: Conversations, cid: str) -> None:
        self.conversations = conversations
        self.cid = cid
        self._sent = 0

    async def say(self, *texts: str, payload: str = "") -> None:
        for text in texts:
            self._sent += 1
            await self.conversations.post(self.cid, f"m{self._sent}", text, payload=payload)

    async def send(self, name: str, text: str = "") -> None:
        """Sends a picture."""
        self._sent += 1
        file = {"id": f"f{self._sent}", "name": name, "type": "image/jpeg", "size": 100}
        await self.conversations.post(self.cid, f"m{self._sent}", text, attachments=[file])

    async def log(self) -> list[Record]:
        return await self.conversations.records(self.cid)

    async def heard(self) -> list[str]:
        """What the bot said."""
        return [record["text"] for record in await self.log() if record["from"] == "bot"]

    async def answered(self) -> list[Record]:
        """Waits until nothing of this conversation waits for the bot; returns the bot's records."""

        async def idle() -> bool:
            fields = await self.conversations.call("HGET", keys.conversation(self.cid), "work")
            return fields is None

        await until(idle)
        return [record for record in await self.log() if record["from"] == "bot"]

    async def owner(self) -> str:
        return (await self.conversations.state(self.cid)).owner


async def until(holds: Callable[[], Awaitable[Any]], seconds: float = 20) -> None:
    """Waits until `holds` is true; fails when it is not within `seconds`."""
    for _ in range(int(seconds / 0.02)):
        with suppress(StoreUnavailable):
            if await holds():
                return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")

