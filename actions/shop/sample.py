"""The embedded sample shop's file: ``data/shop/*.json`` in SQLite, its dates counted from the day it is loaded.

:mod:`actions.shop.embedded` is the shop that works on it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.settings import ROOT, Settings

SOURCE = ROOT / "data" / "shop"
_FILES = ("customers", "products", "orders", "gift_cards")
_SCHEMA = """
create table customers (id text primary key, email text not null unique collate nocase, name text not null,
                        body text not null);
create table products (sku text primary key, name text not null, kind text not null, price real not null,
                       body text not null);
create table orders (number text primary key, customer text not null references customers (id), state text not null,
                     placed_at text not null, body text not null);
create index orders_by_customer on orders (customer, placed_at);
create table gift_cards (number text primary key, body text not null);
create table returns (reference text primary key, order_number text not null, body text not null);
create table feedback (reference text primary key, kind text not null, category text not null, customer text,
                       order_number text, text text not null, at text not null);
-- Every change that was made, with the idempotency key it was made under; written in the transaction of the change.
create table effects (key text primary key, what text not null, at text not null, digest text not null,
                      result text not null);
create table meta (key text primary key, value text not null);
"""


def path(settings: Settings) -> Path:
    return settings.home / "shop.db"


def fingerprint() -> str:
    sums = hashlib.sha256(_SCHEMA.encode())
    for name in _FILES:
        sums.update((SOURCE / f"{name}.json").read_bytes())
    return sums.hexdigest()[:16]


def is_current(settings: Settings) -> bool:
    file = path(settings)
    if not file.is_file():
        return False
    try:
        with sqlite3.connect(file) as db:
            row = db.execute("select value from meta where key = 'fingerprint'").fetchone()
        return row is not None and row[0] == fingerprint()
    except sqlite3.DatabaseError:
        return False


def load(
    settings: Settings, progress: Callable[[int, int], None] = lambda done, total: None, today: date | None = None
) -> None:
    """Writes the shop anew, whole or not at all; day offsets in the source become dates relative to `today`."""
    today = today or date.today()
    told = {name: json.loads((SOURCE / f"{name}.json").read_text(encoding="utf-8")) for name in _FILES}
    total = sum(len(rows) for rows in told.values())
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch = path(settings).with_suffix(".new")
    scratch.unlink(missing_ok=True)
    db = sqlite3.connect(scratch)
    try:
        with db:
            db.executescript(_SCHEMA)
            db.executemany("insert into customers values (?, ?, ?, ?)",
                           [(c["id"], c["email"], c["name"], json.dumps(c)) for c in told["customers"]])
            db.executemany("insert into products values (?, ?, ?, ?, ?)",
                           [(p["sku"], p["name"], p["kind"], p["price"], json.dumps(p)) for p in told["products"]])
            for order in told["orders"]:
                dated = dates(order, today)
                db.execute("insert into orders values (?, ?, ?, ?, ?)",
                           (dated["number"], dated["customer"], dated["state"], dated["placed_at"], json.dumps(dated)))
            for card in told["gift_cards"]:
                db.execute("insert into gift_cards values (?, ?)", (card["number"], json.dumps(dates(card, today))))
            db.execute("insert into meta values ('fingerprint', ?)", (fingerprint(),))
    finally:
        db.close()
    scratch.replace(path(settings))
    progress(total, total)


def dates(order: dict[str, Any], today: date) -> dict[str, Any]:
    """The order with its day offsets, wherever they stand, turned into ISO dates."""

    def dated(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: dated(key, inner) for key, inner in value.items()}
        if isinstance(value, int) and not isinstance(value, bool) and (name.endswith("_at") or name == "expected_day"):
            return (today + timedelta(days=value)).isoformat()
        return value

    return {key: dated(key, value) for key, value in order.items()}
