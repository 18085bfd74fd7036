"""Whose conversation it was: kept beside the archive, so that an agent finds what a customer wrote before.

A conversation forgets its customer when it opens again, since it may be another person at that browser. Who it was
stays noted here, but no longer how it was proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bot.conversations.customer import Customer
from bot.conversations.state import State
from bot.database import insert_new, migrate, reading, writing
from bot.erasing.erased import Erased, remaining

_metadata = sa.MetaData()
_customers = sa.Table(
    "conversation_customer", _metadata,
    sa.Column("conversation", sa.String(64), primary_key=True),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("customer", sa.String(128), nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(320), nullable=False, index=True),
    # How it was proved; empty where that ended, since the conversation was opened again.
    sa.Column("by", sa.String(16), nullable=False),
)


class Customers:
    """All methods block and raise DatabaseUnavailable."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def prepare(self) -> None:
        migrate(self._engine, "customers", [_metadata.create_all])
        Erased(self._engine).prepare()

    def note(self, states: Sequence[State]) -> None:
        """Notes who the customers of these conversations are, as far as it is known."""
        rows = [{"conversation": state.id, "created": state.created, "customer": state.customer.id,
                 "name": state.customer.name, "email": state.customer.email.lower(), "by": state.customer.by}
                for state in states if state.customer is not None]
        mine = _customers.select().where(_customers.c.conversation.in_([state.id for state in states]))
        with reading(self._engine) as connection:
            known = {row["conversation"]: dict(row) for row in connection.execute(mine).mappings()}
        rows += [{**known[state.id], "by": ""} for state in states if state.customer is None and state.id in known]
        if not (news := [row for row in rows if known.get(row["conversation"]) != row]):
            return
        with writing(self._engine) as connection:
            left = remaining(connection, [str(row["conversation"]) for row in news])
            if not (news := [row for row in news if row["conversation"] in left]):
                return
            connection.execute(insert_new(self._engine, _customers, news))
            for row in news:
                one = _customers.c.conversation == row["conversation"]
                connection.execute(_customers.update().where(one).values(row))

    def of(self, cid: str) -> Customer | None:
        """Who it was, with an empty `by` where it is not proved any more; None where nobody ever proved it."""
        with reading(self._engine) as connection:
            query = _customers.select().where(_customers.c.conversation == cid)
            row = connection.execute(query).mappings().first()
        return Customer(row["customer"], row["name"], row["email"], row["by"]) if row else None

    def named(self, who: str) -> list[str]:
        """Conversations of the customer with this e-mail address, or whom the shop calls by this id."""
        theirs = sa.or_(_customers.c.customer == who, _customers.c.email == who.lower())
        with reading(self._engine) as connection:
            return list(connection.execute(sa.select(_customers.c.conversation).where(theirs)).scalars())

    def drop(self, cid: str) -> None:
        """Forgets whose it was."""
        with writing(self._engine) as connection:
            connection.execute(_customers.delete().where(_customers.c.conversation == cid))

    def others(self, cid: str, limit: int = 20) -> list[str]:
        """Other conversations of the same customer, or of one with the same address; newest first."""
        who = self.of(cid)
        if who is None:
            return []
        same = sa.or_(*(column == value for column, value in
                        ((_customers.c.customer, who.id), (_customers.c.email, who.email.lower())) if value))
        query = (sa.select(_customers.c.conversation).where(same, _customers.c.conversation != cid)
                 .order_by(_customers.c.created.desc()).limit(limit))
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())
