"""Values as customers read them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from actions.shop.backend import Address, Item, Order, Slot

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
#: What Markdown would read as more than text, where it comes from people.
_MARKUP = re.compile(r"([\[\]<>`*\\])")


def on(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def money(amount: Decimal, currency: str = "GBP") -> str:
    return f"{_SIGNS.get(currency, currency + ' ')}{amount:.2f}"


def listed(words: Iterable[str]) -> str:
    """One, two and three."""
    told = list(words)
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}" if told else ""


def plain(text: str) -> str:
    """What somebody typed, safe between our own Markdown and without line breaks."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def item(one: Item, quantity: int | None = None) -> str:
    pieces = quantity or one.quantity
    return f"{f'{pieces} × ' if pieces > 1 else ''}{named(one)}"


def named(one: Item) -> str:
    return f"{one.name} ({one.variant})" if one.variant else one.name


def items(order: Order) -> str:
    return listed(item(one) for one in order.items)


def button(order: Order) -> str:
    """An order as the title of a button: its number first, since that is what is read from it."""
    more = f" +{len(order.items) - 1}" if len(order.items) > 1 else ""
    return f"{order.number}: {order.items[0].name}{more}"


def number(title: str) -> str:
    """The number of the order whose button has this title."""
    return title.partition(":")[0]


def address(one: Address) -> str:
    return plain(", ".join(part for part in (one.line1, one.line2, one.town, one.postcode, one.country) if part))


def slot(one: Slot) -> str:
    return f"{on(one.day)}, {one.window.replace('-', ' to ')}" if one.window else on(one.day)
