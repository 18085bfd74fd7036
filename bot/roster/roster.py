"""The set-up in SQL: each part with a revision, so that no save overwrites what its sender has not seen.

Usage::

    roster = Roster(open_database(settings.database))
    roster.prepare()
    roster.seed()
    kept = roster.add("teams", {"name": "Tent experts", "tier": 2}, "Ada", staff)
    kept = roster.save("teams", kept["id"], kept["revision"], {…}, "Ada", staff)    # raises Edited

A further kind of part is one more line in :data:`KINDS`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from bot.database import insert_new, migrate, reading, writing
from bot.roster import agent as agents
from bot.roster import canned, fields, hours, macros, team
from bot.roster.agent import Agent
from bot.roster.errors import BadItem, Edited, InUse, NoSuchItem
from bot.roster.hours import Hours
from bot.roster.setup import Setup
from bot.roster.team import Team

_metadata = sa.MetaData()
_items = sa.Table(
    "roster", _metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Column("updated_by", sa.String(100), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
#: The teams that the bot names, there from the first start.
SEEDS = (Team("service", "Service"), Team("support", "Support"))

#: From an id, what was sent and what there is to what is shown of a part without its revision. Raises BadItem.
Parse = Callable[[str, Mapping[str, Any], "Known"], dict[str, Any]]


class Known:
    """What a part may point to: the staff of the console, and the ids of each kind."""

    def __init__(self, staff: Collection[str], ids: Mapping[str, Collection[str]],
                 shortcuts: Mapping[str, str] = MappingProxyType({})) -> None:
        self.staff = staff
        #: Of canned replies, by their ids.
        self.shortcuts = shortcuts
        self._ids = ids

    def ids(self, kind: str) -> Collection[str]:
        return self._ids.get(kind, ())


def _team(item: str, sent: Mapping[str, Any], known: Known) -> dict[str, Any]:
    return team.parse(item, sent, known.staff, known.ids("hours")).shown()


def _hours(item: str, sent: Mapping[str, Any], known: Known) -> dict[str, Any]:
    return hours.parse(item, sent).shown()


def _canned(item: str, sent: Mapping[str, Any], known: Known) -> dict[str, Any]:
    return canned.parse(item, sent, known.ids("teams"), known.shortcuts)


def _macro(item: str, sent: Mapping[str, Any], known: Known) -> dict[str, Any]:
    return macros.parse(item, sent, known.staff, known.ids("teams"))


#: Kinds of parts that the console edits, by the name that they have in its addresses.
KINDS: dict[str, Parse] = {"teams": _team, "hours": _hours, "canned": _canned, "macros": _macro}
_MOST = 200


class Roster:
    """All methods block and raise DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def prepare(self) -> None:
        """Makes the table, or brings it up to date."""
        migrate(self._engine, "roster", [_metadata.create_all])

    def seed(self) -> None:
        """Puts the first teams in where there are none. Several processes may do so at once."""
        if not self.all("teams"):
            rows = [_row("teams", seed.id, 1, "", _body(seed.shown())) for seed in SEEDS]
            with writing(self._engine) as connection:
                connection.execute(insert_new(self._engine, _items, rows))

    def setup(self) -> Setup:
        """Everything the rules work with, of one moment."""
        with reading(self._engine) as connection:
            rows = connection.execute(_items.select().where(_items.c.kind.in_(("teams", "agents", "hours")))).all()
        found: dict[str, dict[str, Any]] = {"teams": {}, "agents": {}, "hours": {}}
        for row in rows:
            found[row.kind][row.id] = json.loads(row.body)
        teams = {item: Team.restore(item, body) for item, body in found["teams"].items()} or {s.id: s for s in SEEDS}
        return Setup(
            MappingProxyType(teams),
            MappingProxyType({item: Agent.restore(item, body) for item, body in found["agents"].items()}),
            MappingProxyType({item: _restored(item, body) for item, body in found["hours"].items()}),
        )

    def all(self, kind: str) -> list[dict[str, Any]]:
        """All parts of a kind as docs/api.md shows them, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(_items.select().where(_items.c.kind == kind)).all()
        return sorted(map(_shown, rows), key=lambda part: (str(part.get("name") or part.get("title")), part["id"]))

    def get(self, kind: str, item: str) -> dict[str, Any]:
        """Raises NoSuchItem."""
        with reading(self._engine) as connection:
            return _shown(self._find(connection, kind, item))

    def add(self, kind: str, sent: Mapping[str, Any], by: str, staff: Collection[str]) -> dict[str, Any]:
        """Raises BadItem, and InUse where there are as many as there may be."""
        with writing(self._engine) as connection:
            known = self._known(connection, staff)
            if len(known.ids(kind)) >= _MOST:
                raise InUse(f"There are {_MOST} {kind} already; remove some first.")
            item = fields.new_id(str(sent.get("name") or sent.get("title") or ""), known.ids(kind))
            row = _row(kind, item, 1, by, _body(KINDS[kind](item, sent, known)))
            connection.execute(_items.insert().values(row))
            return _shown(self._find(connection, kind, item))

    def save(self, kind: str, item: str, revision: int, sent: Mapping[str, Any], by: str,
             staff: Collection[str]) -> dict[str, Any]:
        """On top of the `revision` that the sender has seen. Raises Edited, BadItem, NoSuchItem."""
        with writing(self._engine) as connection:
            self._seen(connection, kind, item, revision)
            body = _body(KINDS[kind](item, sent, self._known(connection, staff)))
            self._write(connection, kind, item, body, by)
            return _shown(self._find(connection, kind, item))

    def remove(self, kind: str, item: str, revision: int) -> None:
        """Raises Edited, NoSuchItem, and InUse for the last team and for hours that a team goes by."""
        with writing(self._engine) as connection:
            self._seen(connection, kind, item, revision)
            if kind == "teams" and len(self._known(connection, ()).ids("teams")) == 1:
                raise InUse("This is the last team, and somebody has to answer: add another first.")
            if kind == "hours":
                users = [row["name"] for row in self._teams(connection) if row.get("hours") == item]
                if users:
                    raise InUse(f"The team {users[0]!r} goes by these hours: give it others first.")
            connection.execute(_items.delete().where(_items.c.kind == kind, _items.c.id == item))

    def save_agent(self, member: str, sent: Mapping[str, Any], by: str) -> None:
        """An agent's capacity, skills and, where they were sent, the teams to be in. Raises BadItem."""
        with writing(self._engine) as connection:
            teams = self._teams(connection)
            found, wanted = agents.parse(member, sent, [row["id"] for row in teams])
            row = _row("agents", member, 1, by, found.body())
            connection.execute(insert_new(self._engine, _items, [row]))
            self._write(connection, "agents", member, found.body(), by)
            if wanted is not None:
                self._put_in(connection, teams, member, wanted, by)

    def dismiss(self, member: str, by: str) -> None:
        """Somebody leaves the staff: the teams and the settings know them no more. Raises BadItem for a team that has
        nobody else, since one without members is everybody's."""
        with writing(self._engine) as connection:
            self._put_in(connection, self._teams(connection), member, (), by)
            connection.execute(_items.delete().where(_items.c.kind == "agents", _items.c.id == member))

    # ----------------------------------------------------------------------------------------------------------

    def _put_in(self, connection: Any, teams: Sequence[dict[str, Any]], member: str, wanted: Collection[str],
                by: str) -> None:
        """Into these of the teams and out of the others."""
        for row in teams:
            members = [one for one in row["members"] if one != member]
            members += [member] if row["id"] in wanted else []
            if sorted(members) != sorted(row["members"]):
                if not members:
                    raise BadItem("teams", f"would leave the team {row['name']!r} without anybody in it")
                self._write(connection, "teams", row["id"], _body({**row, "members": members}), by)

    def _find(self, connection: Any, kind: str, item: str) -> Any:
        row = connection.execute(_items.select().where(_items.c.kind == kind, _items.c.id == item)).first()
        if row is None:
            raise NoSuchItem(kind, item)
        return row

    def _seen(self, connection: Any, kind: str, item: str, revision: int) -> None:
        query = _items.select().where(_items.c.kind == kind, _items.c.id == item).with_for_update()
        row = connection.execute(query).first()
        if row is None:
            raise NoSuchItem(kind, item)
        if row.revision != revision:
            raise Edited({**_shown(row), "updated_by": row.updated_by})

    def _write(self, connection: Any, kind: str, item: str, body: Mapping[str, Any], by: str) -> None:
        change = _items.update().where(_items.c.kind == kind, _items.c.id == item).values(
            revision=_items.c.revision + 1, updated=time.time(), updated_by=by, body=json.dumps(body))
        connection.execute(change)

    def _teams(self, connection: Any) -> Sequence[dict[str, Any]]:
        rows = connection.execute(_items.select().where(_items.c.kind == "teams").with_for_update()).all()
        return [_shown(row) for row in rows]

    def _known(self, connection: Any, staff: Collection[str]) -> Known:
        ids: dict[str, list[str]] = {}
        for kind, item in connection.execute(sa.select(_items.c.kind, _items.c.id)):
            ids.setdefault(kind, []).append(item)
        rows = connection.execute(_items.select().where(_items.c.kind == "canned"))
        return Known(staff, ids, {row.id: json.loads(row.body)["shortcut"] for row in rows})


def _row(kind: str, item: str, revision: int, by: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "id": item, "revision": revision, "updated": time.time(), "updated_by": by,
            "body": json.dumps(body)}


def _body(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in ("id", "revision")}


def _shown(row: Any) -> dict[str, Any]:
    return {"id": row.id, **json.loads(row.body), "revision": row.revision}


def _restored(item: str, body: Mapping[str, Any]) -> Hours:
    week = {day: tuple((begin, end) for begin, end in spans) for day, spans in body["week"].items()}
    return Hours(item, body["name"], body["timezone"], week, frozenset(body["holidays"]))
