"""One-time codes by which customers prove who they are, in Redis: each change is one script.

A code has six digits and lives for a quarter of an hour. It is made from a key of ours and the id of the turn that
sends it, so that the same turn done again sends the same one; only a digest of it is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from bot.conversations import keys
from bot.conversations.client import Script
from bot.conversations.customer import Customer, as_json
from bot.conversations.store import Conversations

#: Tries at one code.
TRIES = 5


class Codes:
    """Sends nothing: makes codes, keeps what is needed to know them again, and counts tries."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._put, self._try = Script("code_put"), Script("code_try")
        self._secret: bytes | None = None

    async def make(self, cid: str, customer: Customer | None, turn: str) -> str:
        """A new code for a conversation; without a customer one that will never be right. The one before is void."""
        secret = await self._key()
        code = f"{int.from_bytes(_mac(secret, 'make', cid, turn)[:8], 'big') % 1_000_000:06}"
        digest = _mac(secret, "keep", cid, code).hex()
        await self._put(self._conversations.client, keys.code(cid), turn, digest, as_json(customer), keys.CODE_SECONDS)
        return code

    async def check(self, cid: str, code: str, turn: str) -> Customer | None:
        """The customer whom a code was sent to, once; None for a wrong, used or old one and after `TRIES` tries."""
        digits = "".join(char for char in code if char.isdigit())
        digest = _mac(await self._key(), "keep", cid, digits).hex()
        outcome = await self._try(self._conversations.client, keys.code(cid), turn, digest, TRIES)
        return Customer.parse(outcome[1]) if outcome[0] == "ok" else None

    async def _key(self) -> bytes:
        if self._secret is None:
            await self._conversations.call("SET", keys.OUR_KEY, secrets.token_hex(32), "NX")
            self._secret = bytes.fromhex(await self._conversations.call("GET", keys.OUR_KEY))
        return self._secret


def _mac(secret: bytes, *parts: str) -> bytes:
    return hmac.new(secret, "\0".join(parts).encode(), hashlib.sha256).digest()
