"""What a task is: a few needs, asked for one by one, then perhaps a yes, then the doing. Texts stand in ``domain.yml``.

A :class:`Task` is a description; :mod:`actions.tasks.catalogue` lists them, :mod:`actions.tasks.dialogue` goes through
them, :mod:`actions.tasks.needs` has the needs.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from actions.shop.backend import Backend, Item, Order
from actions.shop.errors import NotFound
from actions.shop.numbers import Numbers

#: How well a message gives what a need wants: not at all, somewhere in it, or as nothing but that.
NOTHING, WITHIN, ALONE = 0, 1, 2
#: Texts of a task that are looked at again when a later need wants something named before.
_HEARD = 6
#: Orders of a look-up, newest first, that whoever takes over gets to see.
_LOOKED_UP = 5


@dataclass(frozen=True)
class Say:
    """One response of ``domain.yml`` with its values; `buttons` are titles behind the response's own."""

    response: str
    values: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[str] = ()
    also: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"response": self.response, "values": {k: str(v) for k, v in self.values.items()},
                "buttons": list(self.buttons)}


class Ended(Exception):
    """The task cannot go on, and this is what the customer hears about it."""

    def __init__(self, *said: Say) -> None:
        super().__init__(said[0].response if said else "")
        self.said = said


@dataclass
class State:
    """A task on its way, as it is kept in the slot ``task``: all JSON.

    `values` is what is known, `heard` the newest texts first, `asked` the need that was asked for last, ``confirm`` for
    the yes, ``again`` after the shop's backend did not answer. `key` is the idempotency key of a change that was
    confirmed, kept so that trying again cannot do it twice. `later` are other wishes of the message that began it,
    `lookups` the orders that the shop told of, for a person who takes over.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    asked: str = ""
    question: dict[str, Any] = field(default_factory=dict)
    misses: int = 0
    confirmed: bool = False
    key: str = ""
    at: str = ""
    ended: str = ""
    lookups: list[dict[str, Any]] = field(default_factory=list)
    later: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, slot: Any) -> State | None:
        if not isinstance(slot, dict):
            return None
        # A copy to the bottom: what is heard in a message that proves to be about something else must leave no trace.
        told = copy.deepcopy(slot)
        return cls(**{name: value for name, value in told.items() if name in cls.__dataclass_fields__})

    def as_slot(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def hear(self, text: str) -> None:
        self.heard = [text[:1000], *self.heard][:_HEARD]

    def set(self, name: str, value: Any) -> None:
        """Keeps a value; one that changes what was read back has to be confirmed anew."""
        if self.values.get(name) != value:
            self.confirmed, self.key = False, ""
        self.values[name] = value

    def drop(self, *names: str) -> None:
        for name in names:
            self.values.pop(name, None)
        self.confirmed, self.key = False, ""

    def silent_for(self, now: datetime) -> float:
        """Hours since the customer's last message."""
        return (now - datetime.fromisoformat(self.at)).total_seconds() / 3600 if self.at else 0.0


@dataclass
class Context:
    """What a need or a doing works with during one turn. `whose` is the id of the customer whose conversation it is,
    where it is one's already, though they may have to prove it again."""

    task: Task
    state: State
    shop: Backend
    conversation: str
    turn: str
    text: str
    intent: str = ""
    customer: dict[str, Any] | None = None
    whose: str = ""
    today: date = field(default_factory=date.today)
    said: list[Say] = field(default_factory=list)
    proved: bool = False
    _orders: list[Order] | None = None

    def value(self, name: str) -> Any:
        return self.state.values.get(name)

    @property
    def numbers(self) -> Numbers:
        """How this shop's order numbers are written."""
        return self.shop.terms.numbers

    @property
    def who(self) -> str:
        assert self.customer is not None
        return str(self.customer["id"])

    @property
    def account(self) -> bool:
        """Whether the visitor may see and change the whole account, not one order only."""
        return self.customer is not None and not self.customer.get("order")

    async def orders(self) -> list[Order]:
        """The orders that this visitor may see, newest first."""
        if self._orders is None:
            assert self.customer is not None
            began = time.monotonic()
            if self.account:
                self._orders = await self.shop.orders(self.who)
            else:
                self._orders = [await self.shop.order(self.who, str(self.customer["order"]))]
            ms = round(1000 * (time.monotonic() - began))
            self.state.lookups = [_looked_up(order, ms) for order in self._orders[:_LOOKED_UP]]
        return self._orders

    async def order(self) -> Order:
        """The order in question. Raises NotFound where the shop has it no more."""
        for order in await self.orders():
            if order.number == self.value("order"):
                return order
        raise NotFound("order")

    async def item(self) -> Item:
        """The article in question, likewise."""
        for item in (await self.order()).items:
            if item.line == self.value("item"):
                return item
        raise NotFound("item")

    def say(self, response: str, **values: Any) -> None:
        self.said.append(Say(response, values))


def _looked_up(order: Order, ms: int) -> dict[str, Any]:
    """An order as it stood, for the packet of a handoff (docs/api.md)."""
    items = [{"name": item.name, "quantity": item.quantity} for item in order.items]
    count = sum(item.quantity for item in order.items)
    told = (order.state.replace("_", " "), f"placed {order.placed}", f"{count} item{'s' * (count != 1)}",
            f"{order.total} {order.currency}")
    return {"what": f"order {order.number}", "result": ", ".join(told), "at": round(time.time(), 3), "ms": ms,
            "order": {"number": order.number, "state": order.state, "placed": order.placed.isoformat(),
                      "total": str(order.total), "currency": order.currency, "items": items}}


class Need(Protocol):
    """Something that a task has to know. `name` is what it is asked for by."""

    @property
    def name(self) -> str: ...

    def hear(self, ctx: Context, asked: bool) -> int:
        """Takes what the newest message gives; `asked` when this need was asked for. NOTHING, WITHIN or ALONE."""

    async def settle(self, ctx: Context) -> Say | None:
        """The question that is still to be asked, or None when all is known. Raises Ended, ShopUnavailable."""


Doing = Callable[[Context], Awaitable[None]]
Reading = Callable[[Context], Awaitable[Say]]


@dataclass(frozen=True)
class Task:
    """`reads_back` gives the sentence that wants a yes; a task without one changes nothing or asks for nothing twice.
    `does` says by ``ctx.say`` what came of it. `spoken` are words for what is done, which may stand beside a yes
    (``{what}`` stands for that value), and `acts` the verbs that are one by themselves ("cancel it"). `acts_on` is what
    these may name where nothing stands read back ("cancel the order")."""

    needs: tuple[Need, ...]
    does: Doing
    reads_back: Reading | None = None
    takes_email: bool = False
    spoken: str = ""
    acts: str = ""
    acts_on: str = ""
