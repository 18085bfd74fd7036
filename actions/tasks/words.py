"""Values as customers read them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from actions.shop.backend import Address, Delivery, Item, Order, Slot

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
#: Currencies without hundredths.
_WHOLE = frozenset(("CLP", "HUF", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF"))
#: What Markdown would read as more than text, where it comes from people.
_MARKUP = re.compile(r"([\[\]<>`*\\])")


def on(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def money(amount: Decimal, currency: str = "GBP") -> str:
    return f"{_SIGNS.get(currency, currency + ' ')}{amount:.{0 if currency in _WHOLE and amount % 1 == 0 else 2}f}"


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
    """Shops have orders of nothing but a fee, too."""
    return listed(item(one) for one in order.items) or "no listed items"


def button(order: Order) -> str:
    """An order as the title of a button: its number first, since that is what is read from it."""
    if not order.items:
        return order.number
    more = f" +{len(order.items) - 1}" if len(order.items) > 1 else ""
    return f"{order.number}: {order.items[0].name}{more}"


def state(order: Order) -> str:
    """The shop's own word for how it stands."""
    return plain(re.sub(r"[_-]+", " ", order.state))


def carried(delivery: Delivery) -> str:
    """By whom and under which number, behind "on its way"; nothing where the shop tells neither."""
    told = (f"with {delivery.carrier}" if delivery.carrier else "",
            f"tracking number {delivery.tracking}" if delivery.tracking else "")
    return "".join(f"{mark}{words}" for mark, words in zip((" ", ", "), told, strict=True) if words)


def payment(order: Order) -> str:
    return order.payment or "your original payment method"


def number(title: str) -> str:
    """The number of the order whose button has this title."""
    return title.partition(":")[0]


def address(one: Address) -> str:
    return plain(", ".join(part for part in (one.line1, one.line2, one.town, one.postcode, one.country) if part))


def slot(one: Slot) -> str:
    return f"{on(one.day)}, {one.window.replace('-', ' to ')}" if one.window else on(one.day)
