"""Who may make a call: a customer by token, staff by session and role, anybody not too often."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from sanic import Request

from bot.desk.errors import ApiError
from bot.desk.integrations import PREFIX, missing, scope_for
from bot.desk.services import of
from bot.desk.staff import CONSOLE, SUPERVISORS, Member

#: Uses and window in seconds: of new conversations by address, of messages and of typing and identity tokens by
#: conversation.
NEW_CONVERSATIONS = (30, 60)
MESSAGES = (90, 60)
TYPING = (60, 60)
IDENTITIES = (30, 60)
#: Of calls by API key, and of trying a webhook out by endpoint.
KEYS = (600, 60)
TESTS = (20, 60)

_WITH_PORT = re.compile(r"\[(.+)\](?::\d+)?|([\d.]+):\d+")


async def customer(request: Request) -> str:
    """The id of the conversation that the bearer token opens. Raises ApiError ``unauthorised``."""
    cid = await of(request).conversations.opened_by(token(request))
    if cid is None:
        raise ApiError(401, "unauthorised", "This token opens no conversation.", {"WWW-Authenticate": "Bearer"})
    return cid


def token(request: Request) -> str:
    """The bearer token of a call, or nothing."""
    scheme, _, found = request.headers.get("authorization", "").partition(" ")
    return str(found.strip()) if scheme.lower() == "bearer" else ""


async def member(request: Request, *roles: str, used: bool = True) -> Member:
    """Who is signed in, or the integration whose API key this is. A call that nobody makes by a use of theirs, not
    `used`, keeps no session alive. Raises ApiError ``unauthorised``, ``forbidden`` where none of `roles` or no fitting
    scope is theirs, and ``too_many``."""
    if key := api_key(request):
        return await _integration(request, key, roles)
    found = await of(request).sessions.find(request, used)
    if found is None:
        raise ApiError(401, "unauthorised", "Please sign in.")
    if roles and found.role not in roles:
        raise ApiError(403, "forbidden", f"This is not for the role {found.role!r}.")
    return found


def api_key(request: Request) -> str:
    """The API key of a call, or nothing."""
    found = token(request)
    return found if found.startswith(PREFIX) else ""


async def _integration(request: Request, key: str, roles: tuple[str, ...]) -> Member:
    scope = scope_for(request.method, request.path)
    found = await of(request).sessions.integration(key)
    if found is None:
        raise ApiError(401, "unauthorised", "This API key opens nothing: it is wrong, revoked or over.",
                       {"WWW-Authenticate": "Bearer"})
    await not_too_often(request, f"key:{found.id}", *KEYS)
    if scope is None or missing(scope, found):
        raise ApiError(403, "forbidden", f"This wants an API key with the scope {scope!r}." if scope
                       else "This is not for API keys; please sign in.")
    # What it may do is said by its scopes. Who runs the desk may also take conversations over, and give them to others.
    role = "supervisor" if "desk:write" in found.scopes or not set(roles) & {"agent"} else "agent"
    return Member(f"key:{found.id}", found.name, "", role)


async def agent(request: Request, used: bool = True) -> Member:
    """Who works at the console. Raises as :func:`member`."""
    return await member(request, *CONSOLE, used=used)


async def supervisor(request: Request) -> Member:
    """Who runs the desk. Raises as :func:`member`."""
    return await member(request, *SUPERVISORS)


def changes(request: Request) -> None:
    """For each call by session that changes something: other sites cannot send this header. Nor can they send a key.

    Raises ApiError ``forbidden``.
    """
    if request.headers.get("x-frontdesk") != "1" and not api_key(request):
        raise ApiError(403, "forbidden", "The header X-Frontdesk: 1 is missing.")


async def not_too_often(request: Request, name: str, allowed: int, window: int) -> None:
    """Counts one use of the limit `name`. Raises ApiError ``too_many``."""
    if wait := await of(request).conversations.wait_seconds(name, allowed, window):
        raise ApiError(429, "too_many", "That was a lot at once; please wait a moment.", {"Retry-After": str(wait)})


def address(request: Request) -> str:
    """Whom limits count as one caller: by the address. A header could say anything, so it is the socket's; behind as
    many proxies as are set it is what the outermost of them saw, which is that many places from the end of
    X-Forwarded-For."""
    proxies = request.app.ctx.settings.proxies
    # Some proxies add a line of their own beneath the caller's, where others write on in the same.
    told = ",".join(request.headers.getall("x-forwarded-for", []))
    seen = [part.strip() for part in told.split(",") if part.strip()]
    if proxies and len(seen) >= proxies:
        return _caller(str(seen[-proxies][:64]))
    return _caller(str(request.ip or "unknown"))


def _caller(address: str) -> str:
    """Whoever has one IPv6 address has the other 2^64 of its network too. Some proxies write a port behind it, which is
    another for each connection."""
    if told := _WITH_PORT.fullmatch(address):
        address = told[1] or told[2]
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
