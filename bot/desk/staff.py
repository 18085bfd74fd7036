"""The people who sign in: agents, editors, administrators. Passwords are kept as Argon2id hashes only.

Everything here blocks, by the database or by design: on the event loop it is to be called in a thread.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.database import migrate, open_database, reading, writing
from bot.roster.errors import BadItem
from bot.roster.roster import Roster
from bot.settings import Settings

ROLES = ("agent", "supervisor", "editor", "admin")
#: Who works at the console, and who of them also runs it.
CONSOLE = ("agent", "supervisor", "admin")
SUPERVISORS = ("supervisor", "admin")
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024

_EMAIL = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@\x00-\x1f]{1,189}")
_hasher = PasswordHasher()
_metadata = sa.MetaData()
_staff = sa.Table(
    "staff", _metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    # The e-mail in lower case: nobody is there twice by another spelling.
    sa.Column("email_key", sa.String(254), nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password", sa.String(200), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)


class StaffError(Exception):
    """A member of staff cannot be added or changed like this; the message quotes what was given."""


@dataclass(frozen=True)
class Member:
    """Somebody who may sign in. `mark` changes with the password and so ends sessions begun with the old one."""

    id: str
    name: str
    email: str
    role: str
    mark: str = ""

    def shown(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "email": self.email, "role": self.role}


class Staff:
    """The table of staff. All of its methods raise DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def prepare(self) -> None:
        """Makes the table, or brings it up to date."""
        migrate(self._engine, "staff", [_metadata.create_all])

    def add(self, name: str, email: str, role: str, password: str) -> Member:
        """Raises StaffError for a role that does not exist, a short password, an e-mail that is none or taken."""
        name, email = name.strip(), email.strip()
        if role not in ROLES:
            raise StaffError(f"role {role!r}: one of {', '.join(ROLES)} is wanted")
        if not _EMAIL.fullmatch(email):
            raise StaffError(f"{email!r} is not an e-mail address")
        if not 1 <= len(name) <= 100:
            raise StaffError(f"name {name!r}: 1 to 100 characters are wanted")
        row = {"id": secrets.token_hex(8), "name": name, "email": email, "email_key": _key(email), "role": role,
               "password": _hash(password), "created": time.time()}
        try:
            with writing(self._engine) as connection:
                connection.execute(_staff.insert().values(row))
        except sa.exc.IntegrityError:
            raise StaffError(f"there is somebody with the e-mail {email!r} already") from None
        return _member(row)

    def set_password(self, email: str, password: str) -> None:
        """Sessions begun with the old password end. Raises StaffError for an unknown e-mail or a short password."""
        change = _staff.update().where(_staff.c.email_key == _key(email)).values(password=_hash(password))
        with writing(self._engine) as connection:
            if not connection.execute(change).rowcount:
                raise _unknown(email)

    def set_role(self, email: str, role: str) -> None:
        """Counts within seconds, also in sessions that are open. Raises StaffError for an unknown role or e-mail."""
        if role not in ROLES:
            raise StaffError(f"role {role!r}: one of {', '.join(ROLES)} is wanted")
        with writing(self._engine) as connection:
            change = _staff.update().where(_staff.c.email_key == _key(email)).values(role=role)
            if not connection.execute(change).rowcount:
                raise _unknown(email)

    def remove(self, email: str) -> None:
        """Their sessions end within seconds. Raises StaffError for an unknown e-mail."""
        with writing(self._engine) as connection:
            if not connection.execute(_staff.delete().where(_staff.c.email_key == _key(email))).rowcount:
                raise _unknown(email)

    def all(self) -> list[Member]:
        """Everybody, by name."""
        with reading(self._engine) as connection:
            return [_member(row) for row in connection.execute(_staff.select().order_by(_staff.c.name)).mappings()]

    def by_email(self, email: str) -> Member:
        """Raises StaffError for an unknown e-mail."""
        with reading(self._engine) as connection:
            row = connection.execute(_staff.select().where(_staff.c.email_key == _key(email))).mappings().first()
        if row is None:
            raise _unknown(email)
        return _member(row)

    def by_id(self, member_id: str) -> Member | None:
        with reading(self._engine) as connection:
            row = connection.execute(_staff.select().where(_staff.c.id == member_id)).mappings().first()
        return _member(row) if row else None

    def check(self, email: str, password: str) -> Member | None:
        """Who signs in with these, or None. Takes as long for an e-mail that nobody has."""
        with reading(self._engine) as connection:
            row = connection.execute(_staff.select().where(_staff.c.email_key == _key(email))).mappings().first()
        try:
            _hasher.verify(row["password"] if row else _nobody(), _bytes(password))
        except (VerificationError, InvalidHashError):
            return None
        return _member(row) if row else None


def add_staff(settings: Settings, name: str, email: str, role: str, password: str) -> Member:
    """Adds somebody who may sign in. Raises StaffError, DatabaseUnavailable."""
    return _open(settings).add(name, email, role, password)


def list_staff(settings: Settings) -> list[Member]:
    """Everybody who may sign in, by name. Raises DatabaseUnavailable."""
    return _open(settings).all()


def set_password(settings: Settings, email: str, password: str) -> None:
    """Gives somebody another password. Raises StaffError, DatabaseUnavailable."""
    _open(settings).set_password(email, password)


def set_role(settings: Settings, email: str, role: str) -> None:
    """Gives somebody other work. Raises StaffError, also for the only one in a team who no longer works at the console;
    DatabaseUnavailable."""
    if role not in CONSOLE:
        _out_of_teams(settings, email)
    _open(settings).set_role(email, role)


def remove_staff(settings: Settings, email: str) -> None:
    """Somebody leaves; what they wrote stays under their name. Raises StaffError, also for the only one in a team;
    DatabaseUnavailable."""
    _out_of_teams(settings, email)
    _open(settings).remove(email)


def _out_of_teams(settings: Settings, email: str) -> None:
    member, roster = _open(settings).by_email(email), Roster(open_database(settings.database))
    roster.prepare()
    try:
        roster.dismiss(member.id, "frontdesk staff")
    except BadItem as error:
        raise StaffError(f"{email!r} cannot leave: that {error.why}. Put somebody else in it first") from None


def first_admin(settings: Settings) -> tuple[str, str] | None:
    """Makes the first administrator where there is no staff at all; returns e-mail and password, which is kept nowhere.

    Raises DatabaseUnavailable.
    """
    staff = _open(settings)
    if staff.all():
        return None
    email, password = "admin@localhost", secrets.token_urlsafe(12)
    try:
        staff.add("Admin", email, "admin", password)
    except StaffError:
        return None  # another process was first
    return email, password


def _open(settings: Settings) -> Staff:
    staff = Staff(open_database(settings.database))
    staff.prepare()
    return staff


def _member(row: Any) -> Member:
    mark = hashlib.sha256(row["password"].encode()).hexdigest()[:16]
    return Member(row["id"], row["name"], row["email"], row["role"], mark)


def _unknown(email: str) -> StaffError:
    return StaffError(f"there is nobody with the e-mail {email!r}")


def _key(email: str) -> str:
    # Half characters, which no database takes, become something that no e-mail holds.
    return _bytes(email.strip().lower()).decode("utf-8", "replace")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _hash(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise StaffError(f"a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters is wanted")
    return str(_hasher.hash(_bytes(password)))


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash that no password opens, checked in place of the one that is not there."""
    return str(_hasher.hash(secrets.token_bytes(32)))
