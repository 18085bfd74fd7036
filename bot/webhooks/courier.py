"""The courier: sends what is due to each endpoint, apart from all others, so that a slow one holds up itself alone.

One process at a time sends to an endpoint, and of each conversation one delivery at a time in the order of its log; one
that was not taken comes again later, without holding up those after it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import httpcore

from bot.database import DatabaseUnavailable
from bot.webhooks.delivery import Attempt, Delivery
from bot.webhooks.hook import Hook
from bot.webhooks.ledger import Ledger
from bot.webhooks.signing import headers
from bot.webhooks.target import Guarded, NotAllowed

log = logging.getLogger(__name__)

#: How long an attempt may take, from looking the name up to the answer.
PATIENCE = 15.0
_EVERY_SECONDS = 1.0
#: Deliveries that are read and settled in one go, and those that are under way to one endpoint at a time.
_PAGE = 100
_AT_ONCE = 8
_EXCERPT = 500


class Courier:
    """Sends until it is stopped. Several may do so over one database."""

    def __init__(self, ledger: Ledger, private: bool, patience: float = PATIENCE) -> None:
        #: Called after an endpoint was switched off.
        self.on_disabled: Callable[[], Awaitable[None]] | None = None
        self._ledger = ledger
        self._patience = patience
        # No attempt begins later than `patience` into a round, so a round ends before the next courier may begin.
        self._lease = 2 * patience + 5
        self._process = secrets.token_hex(16)
        self._pool = httpcore.AsyncConnectionPool(max_connections=400, keepalive_expiry=5, http2=False,
                                                  network_backend=Guarded(private))
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._rounds: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        """What is under way is cut off, and sent again by whoever comes next."""
        for task in (self._task, *self._rounds.values()):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._pool.aclose()

    def nudge(self) -> None:
        """There is something to send."""
        self._some.set()

    async def send(self, hook: Hook, delivery: Delivery) -> Attempt:
        """One attempt. Raises nothing for whatever the other side does."""
        now, begun = time.time(), time.monotonic()
        body = delivery.body.encode()
        sent = {"content-type": "application/json", "user-agent": "Frontdesk-Webhooks/1",
                **headers(hook.secret, delivery.id, now, body)}
        code: int | None
        try:
            status, said = await asyncio.wait_for(self._request(hook.url, sent, body), self._patience)
            taken, code = 200 <= status < 300, status
            if 300 <= status < 400:
                said = "It answered with a redirect, which is not followed: enter the address that it leads to."
        except NotAllowed as error:
            taken, code, said = False, None, f"{error}; FRONTDESK_WEBHOOK_PRIVATE=1 allows that."
        except (asyncio.TimeoutError, httpcore.TimeoutException):
            taken, code, said = False, None, f"No answer within {self._patience:g} seconds."
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
            taken, code, said = False, None, f"{type(error).__name__}: {error}"[:_EXCERPT]
        return Attempt(delivery, time.time(), taken, code, said, round((time.monotonic() - begun) * 1000))

    async def _request(self, url: str, sent: dict[str, str], body: bytes) -> tuple[int, str]:
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self._patience)
        excerpt = b""
        async with self._pool.stream("POST", url, headers=[*sent.items()], content=body,
                                     extensions={"timeout": timeouts}) as response:
            async for part in response.aiter_stream():
                excerpt += part
                if len(excerpt) >= _EXCERPT:
                    break
            text = excerpt[:_EXCERPT].decode("utf-8", "replace")
            return response.status, "".join(char for char in text if char.isprintable() or char == "\n")

    async def test(self, hook: Hook, delivery: Delivery) -> Delivery:
        """Sends at once, whether or not the endpoint is active, and not a second time. Raises DatabaseUnavailable."""
        return await asyncio.to_thread(self._ledger.settle_test, await self.send(hook, delivery))

    # ----------------------------------------------------------------------------------------------------------

    async def _repeat(self) -> None:
        while True:
            try:
                for hook in await asyncio.to_thread(self._ledger.take, self._process, self._lease):
                    if hook not in self._rounds:
                        self._rounds[hook] = asyncio.create_task(self._serve(hook))
            except DatabaseUnavailable as error:
                log.warning("webhooks wait: %s", error)
            except Exception:
                log.exception("webhooks could not be sent")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._some.wait(), _EVERY_SECONDS)
            self._some.clear()

    async def _serve(self, hook: str) -> None:
        """Round after round, until nothing is due."""
        try:
            while found := await asyncio.to_thread(self._ledger.page, hook, self._process, self._lease, _PAGE):
                endpoint, due = found
                if not due:
                    break
                if why := await self._round(endpoint, due):
                    log.error("webhook %s is switched off: %s", hook, why)
                    if self.on_disabled is not None:
                        await self.on_disabled()
            await asyncio.to_thread(self._ledger.free, hook, self._process)
        except DatabaseUnavailable as error:
            log.warning("webhooks wait: %s", error)
        except Exception:
            log.exception("webhook %s could not be sent to", hook)
        finally:
            del self._rounds[hook]

    async def _round(self, hook: Hook, due: Sequence[Delivery]) -> str:
        """Sends a page; returns why the endpoint was switched off by that, or nothing."""
        chains: dict[str, list[Delivery]] = {}
        for delivery in due:
            chains.setdefault(delivery.conversation, []).append(delivery)
        attempts: list[Attempt] = []
        until = time.monotonic() + self._patience
        waiting = iter(chains.values())

        async def work() -> None:
            for chain in waiting:
                for delivery in chain:
                    if time.monotonic() >= until:
                        return
                    attempts.append(await self.send(hook, delivery))

        workers = [asyncio.create_task(work()) for _ in range(min(_AT_ONCE, len(chains)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            # Also where this is cut off: what was answered is not to be sent again.
            settled = asyncio.ensure_future(asyncio.to_thread(self._ledger.settle, hook.id, attempts))
            try:
                why = await asyncio.shield(settled)
            except asyncio.CancelledError:
                await settled
                raise
        return why
