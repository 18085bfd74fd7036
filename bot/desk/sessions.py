"""Staff sessions: a random cookie in the browser, its SHA-256 in Redis, the person in SQL."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sanic import Request

from bot.conversations import keys
from bot.conversations.store import Conversations
from bot.desk.errors import ApiError
from bot.desk.integrations import Integrations, Key
from bot.desk.staff import CONSOLE, Member, Staff

COOKIE = "frontdesk"

#: How long a person is not looked up again: another password or role counts after this time.
_KNOWN_SECONDS = 10.0
#: The same of API keys: one that was revoked counts for so long.
_KNOWN_KEY_SECONDS = 5.0
#: Argon2 takes 64 MB for each check; more at once would only make all of them slow.
_CHECKS_AT_ONCE = 2

#: Attempts to sign in, and the window in seconds.
_PER_ADDRESS = (60, 300)
_PER_ACCOUNT = (10, 300)


class Pass(NamedTuple):
    """What somebody opened a stream with: a session, by its name in the store, or an API key, which is who they are."""

    who: str
    session: str


class Sessions:
    """Begins, finds and ends sessions. Raises StoreUnavailable and DatabaseUnavailable from all of them."""

    def __init__(self, conversations: Conversations, staff: Staff, integrations: Integrations, secure: bool) -> None:
        self._conversations = conversations
        self._staff = staff
        self._integrations = integrations
        self._keys: dict[str, tuple[float, Key]] = {}
        self._secure = secure
        self._checks = asyncio.Semaphore(_CHECKS_AT_ONCE)
        self._known: dict[str, tuple[float, Member | None]] = {}

    async def sign_in(self, email: str, password: str, address: str) -> tuple[Member, str]:
        """Who it is, and the secret for the cookie. Raises ApiError ``too_many`` and ``sign_in_failed``."""
        account = "sign-in:account:" + hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()
        for name, (allowed, window) in ((f"sign-in:address:{address}", _PER_ADDRESS), (account, _PER_ACCOUNT)):
            if wait := await self._conversations.wait_seconds(name, allowed, window):
                headers = {"Retry-After": str(wait)}
                raise ApiError(429, "too_many", "Too many attempts to sign in; please wait.", headers)
        async with self._checks:
            member = await asyncio.to_thread(self._staff.check, email, password)
        if member is None:
            raise ApiError(401, "sign_in_failed", "This e-mail and password do not fit together.")
        await self._conversations.forget_limit(account)
        secret = secrets.token_urlsafe(32)
        kept = json.dumps({"id": member.id, "mark": member.mark})
        await self._conversations.call("SET", _key(secret), kept, "EX", keys.SESSION_SECONDS)
        return member, secret

    async def find(self, request: Request, used: bool = True) -> Member | None:
        """Who makes this request, or None. Using a session keeps it alive; what a console reads by itself, with nobody
        before it, is no use."""
        secret = cookie(request)
        if not secret:
            return None
        used = used and request.headers.get("x-frontdesk-unattended") != "1"
        kept = await self._conversations.call("GETEX", _key(secret), *(("EX", keys.SESSION_SECONDS) if used else ()))
        if kept is None:
            return None
        session = json.loads(kept)
        member = await self._member(session["id"])
        if member is None or member.mark != session["mark"]:
            # Either the session is over, or what we know is older than it.
            self._known.pop(session["id"], None)
            member = await self._member(session["id"])
        return member if member is not None and member.mark == session["mark"] else None

    async def holding(self, passes: Collection[Pass]) -> set[Pass]:
        """Those of `passes` that still open the console. Keeps no session alive, and asks for all of them at once."""
        by_session = [one for one in passes if one.session]
        by_key = {one.who: one for one in passes if not one.session}
        return await self._still_signed_in(by_session) | await self._still_valid(by_key)

    async def _still_signed_in(self, passes: Collection[Pass]) -> set[Pass]:
        if not passes:
            return set()
        kept = await self._conversations.call("MGET", *(one.session for one in passes))
        people = {member.id: member for member in await asyncio.to_thread(self._staff.all)}
        # Who is sent away is not let in again by what was known a moment before.
        until = time.monotonic() + _KNOWN_SECONDS
        self._known.update((one.who, (until, people.get(one.who))) for one in passes)
        found = set()
        for one, raw in zip(passes, kept, strict=True):
            member = people.get(one.who)
            if raw and member and member.role in CONSOLE and json.loads(raw) == {"id": member.id, "mark": member.mark}:
                found.add(one)
        return found

    async def _still_valid(self, passes: Mapping[str, Pass]) -> set[Pass]:
        if not passes:
            return set()
        valid = {key.id for key in await asyncio.to_thread(self._integrations.all) if key.valid}
        self._keys = {digest: known for digest, known in self._keys.items() if known[1].id in valid}
        return {one for who, one in passes.items() if who.removeprefix("key:") in valid}

    async def integration(self, token: str) -> Key | None:
        """The API key that this is, or None. One that was revoked counts for some seconds more."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        until, key = self._keys.get(digest, (0.0, None))
        if time.monotonic() < until:
            return key
        self._keys.pop(digest, None)
        key = await asyncio.to_thread(self._integrations.opened_by, token)
        # Only keys that there are: made-up ones would fill the memory.
        if key is not None:
            self._keys[digest] = (time.monotonic() + _KNOWN_KEY_SECONDS, key)
        return key

    def forget_keys(self) -> None:
        """A key was revoked."""
        self._keys.clear()

    async def end(self, request: Request) -> None:
        if secret := cookie(request):
            await self._conversations.call("DEL", _key(secret))

    def set_cookie(self, secret: str) -> str:
        """The value of ``Set-Cookie``; an empty secret takes the cookie away."""
        age = "" if secret else "; Max-Age=0"
        return f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if self._secure else ''}{age}"

    async def _member(self, member_id: str) -> Member | None:
        until, member = self._known.get(member_id, (0.0, None))
        if time.monotonic() >= until:
            member = await asyncio.to_thread(self._staff.by_id, member_id)
            self._known[member_id] = (time.monotonic() + _KNOWN_SECONDS, member)
        return member


def opened(request: Request, who: str) -> Pass:
    """What the request of `who` shows: its session, or the key that it was let in by."""
    return Pass(who, "" if who.startswith("key:") else _key(cookie(request)))


def cookie(request: Request) -> str:
    """The secret in the request's cookie, or nothing."""
    for part in request.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return str(value)
    return ""


def _key(secret: str) -> str:
    return keys.session(hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest())
