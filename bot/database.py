"""The SQL database: one engine per URL, and tables that are made and changed in numbered steps.

Usage::

    engine = open_database(settings.database)
    migrate(engine, "staff", [first_step, second_step])
    with engine.begin() as connection: ...     # to write
    with reading(engine) as connection: ...    # to read; takes no lock in SQLite
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

_Told = TypeVar("_Told")
#: Changes the schema by one step; called inside a transaction.
Step = Callable[[Any], None]

_metadata = sa.MetaData()
_versions = sa.Table(
    "schema_version", _metadata,
    sa.Column("part", sa.String(40), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)
#: Seconds without a word from Postgres after which it is taken for gone. The driver itself would wait for ever on a
#: connection whose other end vanished, and with it a thread, until none were left for anybody. Four times this, for
#: looking whether a pooled connection lives and making another, is less than the desk lets any call take.
_SILENCE = 6.0
#: Seconds that anybody waits for what another holds in Postgres: less than the silence. Or the sessions of those who
#: have given up would wait on, and beside an import of minutes soon be as many as it takes.
_PATIENCE = 5.0
#: Seconds that anybody waits for one of the connections, all of which are in use.
_CROWDED = 2.0
#: Seconds by which one look at the clock may be behind another: its process was held up between it and what it did by
#: it, or the clocks of two machines differ.
_BEHIND = 60.0
#: Seconds that :func:`insisting` goes on.
_INSISTING = 30.0
#: Any fixed number: the name of the lock under which Postgres changes its tables.
_MIGRATION_LOCK = 7_305_001


class DatabaseUnavailable(Exception):
    """The SQL database cannot be reached; nothing was changed."""


class _Wary(QueuePool):  # type: ignore[misc]
    """While the database does not answer, one caller at a time tries whether it does again, and the others are told at
    once. Or they would all wait for it, and soon hold every thread that the process has for anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._away = False
        self._trying = threading.Lock()

    def connect(self) -> Any:
        tries = self._away
        if tries and not self._trying.acquire(blocking=False):
            raise sa.exc.TimeoutError("it did not answer a moment ago")
        try:
            found = super().connect()
        except Exception:
            self._away = True
            raise
        finally:
            if tries:
                self._trying.release()
        self._away = False
        return found


def open_database(url: str) -> Any:
    """The engine for `url`, an SQLite file (made where it is missing) or Postgres. Opens no connection yet.

    In the path of an SQLite file ``%``, ``?`` and ``#`` are quoted, as in any URL.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        _bound_waits()
        engine = sa.create_engine(parsed, future=True, poolclass=_Wary, pool_pre_ping=True, pool_size=5,
                                  pool_timeout=_CROWDED)
        sa.event.listen(engine, "connect", _prepare_postgres)
        return engine
    if parsed.database:
        parsed = parsed.set(database=unquote(parsed.database))
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Kept open, as many as there are threads: closing the last one writes the whole log back into the file, and waits
    # for the disk. One is never in two threads at a time.
    engine = sa.create_engine(parsed, future=True, poolclass=QueuePool, pool_size=0,
                              connect_args={"timeout": 10, "check_same_thread": False})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    if parsed.database:
        _follow(engine, Path(parsed.database))
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Any, part: str, steps: Sequence[Step]) -> None:
    """Brings the tables of `part` up to date: runs those of `steps` that this database has not seen, all or none.

    Several processes may do so at once. Raises DatabaseUnavailable.
    """
    with available(), engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        _metadata.create_all(connection)
        found = connection.execute(sa.select(_versions.c.version).where(_versions.c.part == part)).scalar()
        for step in steps[found or 0:]:
            step(connection)
        if found is None:
            connection.execute(_versions.insert().values(part=part, version=len(steps)))
        elif found < len(steps):
            connection.execute(_versions.update().where(_versions.c.part == part).values(version=len(steps)))


@contextmanager
def reading(engine: Any) -> Iterator[Any]:
    """A connection to read with: everything seen through it is of one moment. Raises DatabaseUnavailable."""
    with available(), engine.connect().execution_options(reading=True) as connection:
        yield connection


@contextmanager
def writing(engine: Any) -> Iterator[Any]:
    """A transaction: whole when the block ends, nothing when it raises. Raises DatabaseUnavailable."""
    with available(), engine.begin() as connection:
        yield connection


def insisting(act: Callable[[], _Told]) -> _Told:
    """Does what has to be written down because it has happened already, again and again while the database is away or
    somebody holds what it needs. Raises DatabaseUnavailable after half a minute."""
    until = time.monotonic() + _INSISTING
    while True:
        try:
            return act()
        except DatabaseUnavailable:
            if time.monotonic() > until:
                raise
            time.sleep(1)


@contextmanager
def available() -> Iterator[None]:
    """Turns the driver's ways of saying "not reachable" into DatabaseUnavailable."""
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise DatabaseUnavailable(f"the database gives no connection: {error}") from error
    except DBAPIError as error:
        if isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError)):
            raise DatabaseUnavailable(f"the database cannot be reached: {error.orig}") from error
        raise


def insert_new(engine: Any, table: Any, rows: Sequence[dict[str, Any]]) -> Any:
    """An insert that passes over rows whose primary key is there already."""
    dialect = __import__(f"sqlalchemy.dialects.{engine.dialect.name}", fromlist=["insert"])
    return dialect.insert(table).values(list(rows)).on_conflict_do_nothing()


def has_come(time: Any, now: float, longest: float) -> Any:
    """Whether a time that is set at most `longest` seconds ahead has come. One further ahead is of before the clock was
    set back, and is not waited for; but not one that is so by moments only: `now` was read a while before the database
    is asked, and another process may have set the time since."""
    return sa.or_(time <= now, time > now + longest + _BEHIND)


def _bound_waits() -> None:
    """Ends each wait of the Postgres driver after `_SILENCE`, by its own hook for that; for the whole process."""
    from psycopg2 import OperationalError, extensions

    events = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}

    def wait(connection: Any) -> None:
        while (state := connection.poll()) != extensions.POLL_OK:
            # Not select(): a desk with many open streams has descriptors beyond what that takes.
            waiting = select.poll()
            waiting.register(connection.fileno(), events[state])
            if not waiting.poll(_SILENCE * 1000):
                # The driver then closes the connection. It holds the lock that close() would wait for.
                raise OperationalError(f"no answer within {_SILENCE:g} s")

    extensions.set_wait_callback(wait)


def _prepare_postgres(connection: Any, _: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {_PATIENCE * 1000:.0f}")
    connection.commit()  # or it would be gone with the first rollback


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # The driver's own begins would come too late to read and write in one transaction: see _begin_sqlite.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _follow(engine: Any, file: Path) -> None:
    """A connection kept open holds on to its file where that is moved away or another is put in its place, and would
    write into what nobody reads. Such a one is opened anew."""
    def which() -> tuple[int, int] | None:
        try:
            stat = file.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino

    def opened(_: Any, record: Any) -> None:
        record.info["file"] = which()

    def taken(_: Any, record: Any, __: Any) -> None:
        if record.info["file"] != which():
            raise sa.exc.DisconnectionError(f"{file} is another file now")

    sa.event.listen(engine, "connect", opened)
    sa.event.listen(engine, "checkout", taken)


def _begin_sqlite(connection: Any) -> None:
    # Taking the write lock at once avoids failing half-way when another process writes meanwhile.
    mode = "" if connection.get_execution_options().get("reading") else " IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN{mode}")
