"""What the sample shop allows for an order in which state. Pure: the order and the day in, reasons and amounts out.

The rules are those of ``data/shop/README.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from actions.shop.backend import TASKS, Order, Slot

#: Days from delivery within which things go back, and within which a whole order's delivery charge is refunded.
RETURN_DAYS, DELIVERY_REFUND_DAYS = 60, 14
#: Pieces of one article in an order.
MOST = 10
#: Working days after the expected day from which a parcel counts as lost.
LOST_DAYS = 3
_NO_INVOICE = {"received": "not_dispatched", "being_packed": "not_dispatched", "cancelled": "cancelled"}
_FREE_UNTIL = "received"
_WAITS_SOMEWHERE = ("collection", "parcel locker")
_WINDOWS = ("08:00-10:00", "10:00-12:00", "12:00-14:00", "14:00-16:00", "16:00-18:00")
_SLOTS = 10


def refused(order: Order, today: date) -> dict[str, str]:
    """The reason for each of TASKS that is not possible."""
    found: dict[str, str] = {}
    for task in TASKS:
        reason = _reason(task, order, today)
        if reason:
            found[task] = reason
    return found


def _reason(task: str, order: Order, today: date) -> str | None:
    if task == "invoice":
        return _NO_INVOICE.get(order.state)
    if task in ("return", "exchange"):
        if task == "return" and is_lost(order, today):
            return None
        if order.state != "delivered" or order.delivery.delivered is None:
            return "not_delivered" if order.state in ("received", "being_packed", "with_carrier") else order.state
        return "too_late" if today > order.delivery.delivered + timedelta(days=RETURN_DAYS) else None
    if order.state != _FREE_UNTIL:
        return order.state
    if task == "change_address" and order.delivery.method in _WAITS_SOMEWHERE:
        return "collection"
    return None


def is_lost(order: Order, today: date) -> bool:
    """Whether the parcel counts as lost, so that it is sent again or refunded."""
    expected = order.delivery.expected
    return order.state == "with_carrier" and expected is not None and today > _working_days(expected, LOST_DAYS)


def slots(order: Order, today: date) -> list[Slot]:
    """The next days, without Sundays; large items come in a window of two hours."""
    if _reason("change_slot", order, today):
        return []
    windows = _WINDOWS if order.delivery.method == "large item" else ("",)
    first = today + timedelta(days=7 if order.delivery.method == "large item" else 2)
    days = [day for day in (first + timedelta(days=n) for n in range(2 * _SLOTS)) if day.weekday() != 6]
    return [Slot(day, window) for day in days[:_SLOTS] for window in windows]


def discount(goods: Decimal, totals: Mapping[str, Any]) -> Decimal:
    """The share of an order's discount that falls on these goods of it."""
    before = Decimal(str(totals["goods"]))
    share = Decimal(str(totals["discount"])) / before if before else Decimal(0)
    return (goods * share).quantize(Decimal("0.01"))


def refund_amount(order: Order, lines: Mapping[str, int], totals: Mapping[str, Any], today: date) -> Decimal:
    """What was paid for these pieces; the delivery charge with it where the whole order goes back, soon enough."""
    goods = sum((item.price * lines[item.line] for item in order.items if item.line in lines), Decimal(0))
    whole = all(lines.get(item.line) == item.quantity for item in order.items)
    arrived = order.delivery.delivered
    soon = arrived is None or today <= arrived + timedelta(days=DELIVERY_REFUND_DAYS)
    charge = Decimal(str(totals.get("delivery", 0))) if whole and soon else Decimal(0)
    return goods - discount(goods, totals) + charge


def _working_days(start: date, days: int) -> date:
    day = start
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day
