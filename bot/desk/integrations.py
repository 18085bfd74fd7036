"""API keys: other systems that use the console's interface, each under a name and for what its scopes allow.

A key is ``fdk_ID_SECRET``. The id finds it; of the secret only the SHA-256 is kept, which is enough for 256 random
bits. Everything here blocks: on the event loop it is to be called in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.database import migrate, open_database, reading, writing
from bot.roster import fields
from bot.roster.errors import BadItem, InUse, NoSuchItem
from bot.settings import Settings

SCOPES = ("conversations:read", "conversations:write", "desk:read", "desk:write", "kb:read", "webhooks")
PREFIX = "fdk_"
MOST = 100
_LONGEST_DAYS = 3650
#: How often the time of the last use is written down.
_NOTED_SECONDS = 60.0
_KEY = re.compile(r"fdk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
#: What a scope opens, by the beginning of the address; the first that fits counts. "*" stands for read or write.
_OPENS = (
    ("/api/console/settings/keys", ""),
    ("/api/console/settings/webhooks", "webhooks"),
    ("/api/console/settings/", "desk:*"),
    ("/api/console/desk", "desk:*"),
    ("/api/console/wall", "desk:*"),
    ("/api/console/me", "desk:*"),
    ("/api/console/here", "conversations:*"),
    ("/api/console/kb", "kb:read"),
    ("/api/console/conversations", "conversations:*"),
    ("/api/console/search", "conversations:*"),
    ("/api/console/attachments", "conversations:*"),
    ("/api/console/events", "conversations:*"),
)

_metadata = sa.MetaData()
_keys = sa.Table(
    "api_key", _metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    # By comma.
    sa.Column("scopes", sa.String(300), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("created_by", sa.String(100), nullable=False),
    sa.Column("expires", sa.Float, nullable=True),
    sa.Column("used", sa.Float, nullable=True),
    sa.Column("revoked", sa.Float, nullable=True),
)


@dataclass(frozen=True)
class Key:
    """A key without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: float
    created_by: str
    expires: float | None = None
    used: float | None = None
    revoked: float | None = None

    @property
    def valid(self) -> bool:
        return self.revoked is None and (self.expires is None or self.expires > time.time())

    def shown(self) -> dict[str, Any]:
        """As docs/api.md shows it."""
        return {"id": self.id, "name": self.name, "scopes": list(self.scopes), "created": self.created,
                "created_by": self.created_by, "expires": self.expires, "used": self.used, "revoked": self.revoked}


class Integrations:
    """The table of keys. All methods raise DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def prepare(self) -> None:
        """Makes the table, or brings it up to date."""
        migrate(self._engine, "api_keys", [_metadata.create_all])

    def add(self, sent: Mapping[str, Any], by: str) -> tuple[Key, str]:
        """A new key from ``name``, ``scopes`` and, where it is to end, ``days``; and the key itself, which is kept
        nowhere. Raises BadItem, and InUse where there are as many as there may be."""
        fields.known(sent, ("name", "scopes", "days"))
        name = fields.text(sent, "name", 60)
        scopes = fields.chosen(sent, "scopes", SCOPES, "scopes")
        if not scopes:
            raise BadItem("scopes", f"is to name some of {', '.join(SCOPES)}")
        days = fields.whole(sent, "days", 1, _LONGEST_DAYS, None)
        now, secret = time.time(), secrets.token_urlsafe(32)
        key = Key(secrets.token_hex(8), name, tuple(scopes), now, by, now + days * 86400 if days else None)
        lasting = sa.or_(_keys.c.expires.is_(None), _keys.c.expires > now)
        valid = sa.select(sa.func.count()).select_from(_keys).where(_keys.c.revoked.is_(None), lasting)
        with writing(self._engine) as connection:
            if int(connection.execute(valid).scalar() or 0) >= MOST:
                raise InUse(f"There are {MOST} keys already; revoke one first.")
            connection.execute(_keys.insert().values(
                id=key.id, name=name, digest=_digest(secret), scopes=",".join(scopes), created=now, created_by=by,
                expires=key.expires))
        return key, f"{PREFIX}{key.id}_{secret}"

    def all(self) -> list[Key]:
        """All keys, those that were revoked as well, newest first."""
        with reading(self._engine) as connection:
            return [_key(row) for row in connection.execute(_keys.select().order_by(_keys.c.created.desc()))]

    def revoke(self, key: str) -> None:
        """It opens nothing any more. Raises NoSuchItem."""
        change = _keys.update().where(_keys.c.id == key, _keys.c.revoked.is_(None)).values(revoked=time.time())
        with writing(self._engine) as connection:
            if not connection.execute(change).rowcount and not connection.execute(
                    sa.select(_keys.c.id).where(_keys.c.id == key)).first():
                raise NoSuchItem("keys", key)

    def opened_by(self, token: str) -> Key | None:
        """The key that this is, where it is valid now. Takes as long for an id that nobody has."""
        found = _KEY.fullmatch(token)
        if found is None:
            return None
        with reading(self._engine) as connection:
            row = connection.execute(_keys.select().where(_keys.c.id == found[1])).first()
        fits = hmac.compare_digest(_digest(found[2]), row.digest if row else _digest(""))
        if row is None or not fits or not (key := _key(row)).valid:
            return None
        now = time.time()
        if row.used is None or now - row.used >= _NOTED_SECONDS:
            with writing(self._engine) as connection:
                connection.execute(_keys.update().where(_keys.c.id == row.id).values(used=now))
        return key


def scope_for(method: str, path: str) -> str | None:
    """The scope that a call wants of a key; None where no key will do."""
    what = "read" if method in ("GET", "HEAD") else "write"
    for beginning, scope in _OPENS:
        if path == beginning.rstrip("/") or path.startswith(beginning.rstrip("/") + "/"):
            return scope.replace("*", what) or None
    return None


def open_integrations(settings: Settings) -> Integrations:
    """The keys of these settings' database, for a command. Raises DatabaseUnavailable."""
    found = Integrations(open_database(settings.database))
    found.prepare()
    return found


def missing(scope: str, key: Key) -> bool:
    """Whether the key lacks a scope; who may write may also read."""
    return scope not in key.scopes and scope.replace(":read", ":write") not in key.scopes


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: Any) -> Key:
    return Key(row.id, row.name, _scopes(row.scopes), row.created, row.created_by, row.expires, row.used, row.revoked)


def _scopes(kept: str) -> tuple[str, ...]:
    names: Sequence[str] = kept.split(",")
    return tuple(name for name in SCOPES if name in names)
