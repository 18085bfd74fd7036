"""A receiver of webhooks over real HTTP, which checks every signature by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Receiver:
    """Notes what comes; `answer` says what to answer with."""

    url: str = ""
    secret: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    unsigned: int = 0
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.secret and not self.signed(request, body):
            self.unsigned += 1
        self.ids.append(request.headers["webhook-id"])
        self.bodies.append(json.loads(body))
        return await self.answer(request) if self.answer else web.Response(text="thanks")

    def signed(self, request: web.Request, body: bytes) -> bool:
        """As the spec has it, spelt out apart from what is tested."""
        stamp = request.headers["webhook-timestamp"]
        text = request.headers["webhook-id"] + "." + stamp + "." + body.decode()
        key = base64.b64decode(self.secret.split("_")[1])
        mark = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
        return request.headers["webhook-signature"] == "v1," + mark and abs(time.time() - int(stamp)) < 60

    @property
    def types(self) -> list[str]:
        return [body["type"] for body in self.bodies]
