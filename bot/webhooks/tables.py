"""The tables of endpoints and deliveries, and of how far each conversation's log was told."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from bot.webhooks.delivery import Delivery
from bot.webhooks.hook import Hook

metadata = sa.MetaData()
hooks = sa.Table(
    "webhook", metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("url", sa.String(1000), nullable=False),
    # Not a hash: each delivery is signed with it.
    sa.Column("secret", sa.String(100), nullable=False),
    sa.Column("events", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("created_by", sa.String(100), nullable=False),
    sa.Column("since", sa.Float, nullable=False),
    sa.Column("failing_since", sa.Float, nullable=True),
    sa.Column("disabled_at", sa.Float, nullable=True),
    sa.Column("disabled_why", sa.Text, nullable=False, default=""),
    # The process that sends to it now, and until when nobody else does.
    sa.Column("busy_by", sa.String(32), nullable=False, default=""),
    sa.Column("busy_until", sa.Float, nullable=False, default=0.0),
)
deliveries = sa.Table(
    "webhook_delivery", metadata,
    # Grows with the log of each conversation, which is the order in which they are sent.
    sa.Column("nr", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("hook", sa.String(32), nullable=False),
    sa.Column("id", sa.String(120), nullable=False),
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("conversation", sa.String(64), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("tried", sa.Float, nullable=True),
    sa.Column("code", sa.Integer, nullable=True),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("ms", sa.Integer, nullable=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.UniqueConstraint("hook", "id"),
    sa.Index("webhook_delivery_due", "state", "hook", "due"),
    sa.Index("webhook_delivery_newest", "hook", "nr"),
    sqlite_autoincrement=True,
)
#: Up to which seq each conversation's log was looked through.
upto = sa.Table(
    "webhook_upto", metadata,
    sa.Column("conversation", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
)


def add_index(connection: Any) -> None:
    """The second step: what belongs to one conversation was found by looking at all deliveries."""
    connection.exec_driver_sql(
        "CREATE INDEX IF NOT EXISTS webhook_delivery_conversation ON webhook_delivery (conversation)")


def hook_of(row: Any) -> Hook:
    return Hook(row.id, row.url, row.secret, tuple(json.loads(row.events)), row.active, row.revision, row.created,
                row.created_by, row.since, row.failing_since, row.disabled_at, row.disabled_why)


def delivery_of(row: Any) -> Delivery:
    return Delivery(row.nr, row.hook, row.id, row.event, row.conversation, row.seq, row.at, row.state, row.due,
                    row.tries, row.body, row.tried, row.code, row.said, row.ms)
