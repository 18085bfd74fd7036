"""The process's one subscription to what happens in all conversations."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from bot.conversations import keys
from bot.conversations.store import Conversations

log = logging.getLogger(__name__)

_PING_SECONDS = 10.0
_DEAD_SECONDS = 25.0
_LONGEST_PAUSE = 2.0


class Live:
    """Hands each message to `heard`. Calls `resumed` whenever some may have been missed: after each subscribing."""

    def __init__(self, conversations: Conversations, heard: Callable[[dict[str, Any]], None],
                 resumed: Callable[[], None]) -> None:
        self._client = conversations.client
        self._heard = heard
        self._resumed = resumed

    async def run(self) -> None:
        """Listens until cancelled, connecting again for as long as it takes."""
        pause = 0.0
        while True:
            begun = time.monotonic()
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("lost the subscription to live conversations: %s", error)
            # The first attempt after a long life comes at once: a dropped connection is no outage.
            pause = 0.05 if time.monotonic() - begun > 5 else min(max(2 * pause, 0.05), _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        pubsub = self._client.pubsub()
        try:
            await pubsub.subscribe(keys.LIVE)
            last = time.monotonic()
            while True:
                message = await pubsub.get_message(timeout=_PING_SECONDS)
                now = time.monotonic()
                if message is None:
                    if now - last > _DEAD_SECONDS:
                        raise OSError("the store has fallen silent")
                    if now - last >= _PING_SECONDS:
                        await pubsub.ping()
                    continue
                last = now
                if message["type"] == "subscribe":
                    self._resumed()
                elif message["type"] == "message":
                    self._tell(message["data"])
        finally:
            await pubsub.close()

    def _tell(self, raw: str) -> None:
        try:
            self._heard(json.loads(raw))
        except Exception:
            # One message that cannot be read must not deafen the desk; clients fill the gap from the log.
            log.exception("a live message could not be used: %.200s", raw)
