"""The way to a backend over HTTP: short waits, retries with back-off, and a circuit breaker.

A call ends within the time that the settings give, retries included. It ends with an answer or with ShopUnavailable, so
that a slow or dead backend is one honest sentence to the customer and never a conversation that is stuck. After
`THRESHOLD` such calls in a row the backend is left alone for `PAUSE` seconds, in which ShopUnavailable comes at once.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina
import stamina.instrumentation
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from actions.shop.errors import ShopUnavailable

log = logging.getLogger(__name__)

#: Attempts at one call; calls in a row that fail before the backend is left alone, and for how many seconds.
ATTEMPTS, THRESHOLD, PAUSE = 3, 5, 20.0
#: Answers that say "not now". Every other answer is one.
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_LARGEST = 5_000_000
#: This machine, to which no proxy leads, whatever NO_PROXY says.
_HERE = frozenset(("localhost", "127.0.0.1", "::1"))


class _NotNow(Exception):
    """An attempt that did not get an answer; another one may."""


class Connection:
    """A pool of connections to one backend."""

    def __init__(
        self, url: str, timeout: float, headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None, transport: httpx.AsyncBaseTransport | None = None,
        threshold: int = THRESHOLD, pause: float = PAUSE,
    ) -> None:
        self.url = url
        self._timeout = timeout
        # What stamina would log of a call are its arguments, and those are customers' data.
        stamina.instrumentation.set_on_retry_hooks([])
        # And httpx would log their addresses: they stand in what is asked of a backend.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._client: httpx.AsyncClient | None = None
        try:
            self._client = httpx.AsyncClient(
                base_url=url, headers=dict(headers or {}), auth=auth, transport=transport, follow_redirects=False,
                # One attempt has a third of the time, so that a second one can be made.
                timeout=httpx.Timeout(timeout / ATTEMPTS, connect=min(2.0, timeout / ATTEMPTS)),
                limits=httpx.Limits(max_connections=16, max_keepalive_connections=8),
                trust_env=urlsplit(url).hostname not in _HERE,
            )
        except (ImportError, ValueError):
            # What httpx says of a proxy may hold its password. Whoever calls hears that the shop is away.
            log.error("the proxy of the environment cannot be used for the shop's backend")
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=threshold, default_ttl=pause, exclude=[asyncio.CancelledError])

    async def send(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None, repeat: bool = True,
    ) -> httpx.Response:
        """The backend's answer, whatever its status. Raises ShopUnavailable.

        `repeat` says whether the request may arrive twice: reading may, a change with an idempotency key may. One that
        may not is sent again only where it was certainly not received.
        """
        if self._client is None:
            raise ShopUnavailable("the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names is of a kind that cannot "
                                  "be used, such as SOCKS; name one that speaks HTTP, or the shop's host in NO_PROXY")
        try:
            async with await self._breakers.get_breaker("shop"):
                attempts = self._attempts(self._client, method, path, json, params, headers, repeat)
                return await asyncio.wait_for(attempts, self._timeout)
        except OpenedState as open_circuit:
            open_circuit.__traceback__ = None  # one object for all calls while it is open
            raise ShopUnavailable("the shop's backend failed several times and is left alone for a moment") from None
        except _NotNow as error:
            log.warning("the shop's backend does not answer: %s", error)
            raise ShopUnavailable(str(error)) from error
        except asyncio.TimeoutError:
            log.warning("the shop's backend does not answer within %g s", self._timeout)
            raise ShopUnavailable(f"no answer within {self._timeout:g} s") from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _attempts(
        self, client: httpx.AsyncClient, method: str, path: str, json: Any, params: Any, headers: Any, repeat: bool
    ) -> httpx.Response:
        async for attempt in stamina.retry_context(
            on=_NotNow, attempts=ATTEMPTS, timeout=None, wait_initial=0.1, wait_max=1.0, wait_jitter=0.1
        ):
            with attempt:
                try:
                    response = await client.request(method, path, json=json, params=params, headers=headers)
                except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                    raise _NotNow(f"{type(error).__name__} at {self.url}") from None
                except httpx.HTTPError as error:
                    if not repeat:
                        raise ShopUnavailable(f"{type(error).__name__} at {self.url}; it may have been done") from None
                    raise _NotNow(f"{type(error).__name__} at {self.url}") from None
                if len(response.content) > _LARGEST:
                    raise ShopUnavailable(f"an answer of {len(response.content):,} bytes")
                if response.status_code in _PASSING:
                    if not repeat and response.status_code not in (425, 429, 503):
                        raise ShopUnavailable(f"status {response.status_code}; it may have been done")
                    await asyncio.sleep(_asked_to_wait(response))
                    raise _NotNow(f"status {response.status_code} from {self.url}")
                return response
        raise AssertionError("stamina ends by an answer or an error")


def _asked_to_wait(response: httpx.Response) -> float:
    """Seconds that the backend asks us to stay away, a little spread; a long wait ends in the call's own limit."""
    raw = response.headers.get("retry-after", "")
    return min(float(raw), 60.0) + random.random() * 0.1 if raw.isascii() and raw.isdigit() else 0.0  # noqa: S311
