"""Where webhooks may go: to public addresses only, unless the settings allow others.

A name is resolved when a connection is made, every address that it has is looked at, and the connection goes to one of
those. So a name that leads elsewhere a moment later (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpcore

from bot.roster.errors import BadItem

_LONGEST = 1000
#: For looking up names. A name server that is silent holds a thread for a while, which must be none of the desk's.
_LOOKING_UP = ThreadPoolExecutor(16, "looking-up")
#: The well-known prefix under which IPv6 networks reach IPv4 addresses (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class NotAllowed(Exception):
    """The address is none that webhooks may go to."""


def checked(url: object, private: bool) -> str:
    """A URL as it is kept. Raises BadItem for one that could not be used, whatever its name leads to."""
    if not isinstance(url, str) or not url.isascii() or len(url) > _LONGEST or any(char <= " " for char in url):
        raise BadItem("url", "is to be an address such as https://shop.example/hooks")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadItem("url", "is to be an address such as https://shop.example/hooks") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise BadItem("url", "is to be an address such as https://shop.example/hooks")
    if parts.scheme == "http" and not private:
        raise BadItem("url", "is to begin with https://, since customers' words go there")
    if parts.username is not None or parts.fragment:
        raise BadItem("url", "is to be without user, password and #")
    if not private and not _is_name_or_public(host):
        raise BadItem("url", "names an address of this machine or of a private network; "
                             "FRONTDESK_WEBHOOK_PRIVATE=1 allows that")
    return url


def _is_name_or_public(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost"):
        return False
    try:
        return public(host)
    except ValueError:
        # Names such as 0x7f.1 or 2130706433 are numbers to some resolvers: those are looked at when they are resolved.
        return True


def public(address: str) -> bool:
    """Whether an IP address is one of the public network. Raises ValueError for what is none."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # IPv4 addresses in the clothes of IPv6: mapped, 6to4, Teredo, and translated.
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
    return found.is_global and not found.is_multicast


class Guarded(httpcore.AsyncNetworkBackend):
    """Connects where webhooks may go. Raises NotAllowed."""

    def __init__(self, private: bool) -> None:
        self._private = private
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
                          socket_options: Iterable[Any] | None = None) -> httpcore.AsyncNetworkStream:
        addresses = await _resolve(host, port)
        if not self._private and (inside := [address for address in addresses if not public(address)]):
            raise NotAllowed(f"{host} leads to {inside[0]}, an address of a private network")
        failed: Exception | None = None
        for address in addresses[:4]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise NotAllowed("webhooks go to no sockets")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(_LOOKING_UP, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be looked up") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
