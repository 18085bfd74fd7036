"""The seam to a shop: what Frontdesk asks of a backend, and the forms in which it answers.

Usage::

    shop = open_shop(settings)
    order = await shop.order("C-1001", "LM-104233")
    if "cancel" not in order.refused:
        await shop.cancel("C-1001", "LM-104233", key=f"{turn}:cancel")

Whose order it is stands in every call: a backend raises :class:`NotFound` for an order that is not this customer's, so
that nobody can be shown another person's. Amounts are decimals in the order's currency, days are days in the shop's
time zone. Every change takes an idempotency `key` of at most 200 characters, made from the turn id
(:func:`actions.turn.key`): the same call twice is done once and answers the same, the same key for another change
raises :class:`KeyReused`.

All calls are coroutines that never block the event loop. Each can raise :class:`ShopUnavailable`; a change also
:class:`Refused`, :class:`BadValue` and :class:`Unsupported`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from actions.shop.numbers import Numbers

#: States of an order, in the order in which it goes through them; the last two are ends as well. What a shop has
#: besides goes by its own word.
STATES = ("received", "being_packed", "with_carrier", "delivered", "cancelled", "returned")
#: What can be asked for an order; ``Order.refused`` names those that are not possible now, each with its reason.
TASKS = ("change_address", "change_slot", "change_quantity", "cancel", "return", "exchange", "invoice")
#: Why a shop refuses. The facts that come with a reason stand behind it.
REASONS = {
    "being_packed": "the order is being packed, so it can no longer be changed",
    "with_carrier": "the parcel is on its way",
    "delivered": "the order was delivered",
    "cancelled": "the order was cancelled",
    "returned": "the order was sent back",
    "not_delivered": "only what has arrived can be sent back",
    "not_dispatched": "the invoice is written at dispatch",
    "too_late": "the time for it is over (days: how many there were)",
    "collection": "the order waits at a store or locker, so there is no address to change",
    "no_such_slot": "the day or window is not offered",
    "too_many": "more than the shop sells of one article (most)",
    "last_item": "nothing would be left of the order",
    "returned_before": "this item was sent back before",
    "exchanged_before": "this line was exchanged before",
    "no_such_variant": "the size or colour is not offered (offered)",
    "same_variant": "it is the size and colour that was ordered",
    "not_returnable": "an article that cannot be sent back",
    "email_taken": "another account has this e-mail",
    "not_a_member": "the customer is no member",
    "by_person": "the shop's system cannot do it for us; a person does it",
}
#: Why something goes back.
RETURN_REASONS = ("changed_mind", "wrong_size", "not_as_described", "damaged", "wrong_item", "not_arrived", "other")
#: Trouble signing in, as `sign_in_mail` takes it.
SIGN_IN = ("password", "unlock", "user_name", "two_factor")
FEEDBACK = ("complaint", "praise", "recommendation")


@dataclass(frozen=True)
class Address:
    """Where something is sent. `label` is the customer's own name for it, such as "Home"."""

    line1: str
    town: str
    postcode: str
    country: str
    line2: str = ""
    label: str = ""


@dataclass(frozen=True)
class Customer:
    """A person with an account."""

    id: str
    name: str
    email: str
    phone: str = ""
    addresses: tuple[Address, ...] = ()
    newsletter: bool = False
    locked: bool = False
    two_factor: bool = False


@dataclass(frozen=True)
class Item:
    """One line of an order. `line` names it within the order; `price` is that of one piece."""

    line: str
    sku: str
    name: str
    variant: str
    quantity: int
    price: Decimal


@dataclass(frozen=True)
class Delivery:
    """How, where and when an order comes. `sent` is the day it left, `expected` the day it is to arrive, `slot` the
    agreed window."""

    method: str = ""
    address: Address | None = None
    carrier: str = ""
    tracking: str = ""
    url: str = ""
    sent: date | None = None
    expected: date | None = None
    slot: str = ""
    delivered: date | None = None


@dataclass(frozen=True)
class Refund:
    """Money on its way back. `state` is ``requested`` (the goods are awaited), ``pending`` (they came) or ``paid``.

    `lines` are those it is for; none means the whole order.
    """

    reference: str
    state: Literal["requested", "pending", "paid"]
    amount: Decimal
    lines: tuple[str, ...] = ()
    arrived: date | None = None
    paid: date | None = None


@dataclass(frozen=True)
class Order:
    """An order as it stands now. `state` is one of STATES, or the shop's own word where none of them is true; `refused`
    has the reason for each of TASKS that is not possible now. With `unpaid` it waits for the customer's money."""

    number: str
    customer: str
    state: str
    placed: date
    items: tuple[Item, ...]
    total: Decimal
    currency: str = "GBP"
    delivery: Delivery = field(default_factory=Delivery)
    payment: str = ""
    unpaid: bool = False
    refunds: tuple[Refund, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Slot:
    """A day, and perhaps a window such as ``10:00-12:00``, on which an order can come."""

    day: date
    window: str = ""


@dataclass(frozen=True)
class Invoice:
    """A copy of an order's invoice, to be attached to a mail."""

    number: str
    issued: date
    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Return:
    """An accepted return. `send_by` is the last day to send it, `collected` whether the shop fetches it."""

    reference: str
    order: str
    lines: tuple[str, ...]
    amount: Decimal
    reason: str
    send_by: date | None = None
    collected: bool = False


@dataclass(frozen=True)
class Exchange:
    """An accepted exchange: `line` comes again as `variant` when the first piece was sent back."""

    reference: str
    order: str
    line: str
    variant: str
    send_by: date | None = None


@dataclass(frozen=True)
class Membership:
    """Standing in the shop's programme. `worth` is what the points are worth."""

    member: bool
    name: str = ""
    points: int = 0
    worth: Decimal = Decimal(0)
    renews: date | None = None
    currency: str = "GBP"


@dataclass(frozen=True)
class GiftCard:
    """What is left on a gift card; `number` shows its last four digits only."""

    number: str
    balance: Decimal
    currency: str
    expires: date | None = None


@dataclass(frozen=True)
class Mail:
    """A mail that Frontdesk is to send for the shop: a template of ``data/mails`` and what stands in it."""

    to: str
    template: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Terms:
    """What a shop says of itself before anybody asks for an order, as far as it does.

    `most` is how many pieces of one article an order may have, `return_days` how many days from delivery things can be
    sent back free of charge, `country` the one that an address without any is in, `goods` what its articles are called.
    `lacks` are tasks, by the intents that start them,
    that the platform cannot do for anybody, so that nothing is asked for in vain.
    """

    numbers: Numbers
    most: int | None = None
    return_days: int | None = None
    country: str = ""
    goods: tuple[str, ...] = ()
    lacks: frozenset[str] = frozenset()


class Backend(Protocol):
    """A shop. :mod:`actions.shop.embedded`, :mod:`actions.shop.rest` and :mod:`actions.shop.woocommerce` fulfil it."""

    @property
    def terms(self) -> Terms: ...

    # -- who -----------------------------------------------------------------------------------------------------

    async def customer(self, customer: str) -> Customer:
        """A customer by id. Raises NotFound."""

    async def customer_by_email(self, email: str) -> Customer | None:
        """The customer with this e-mail, in any case of letters, or None."""

    async def customer_of_order(self, number: str, email: str) -> Customer | None:
        """The customer whose order `number` is, if `email` is theirs; None for anything else, in the same time."""

    # -- orders --------------------------------------------------------------------------------------------------

    async def orders(self, customer: str) -> list[Order]:
        """The customer's orders, newest first."""

    async def order(self, customer: str, number: str) -> Order:
        """One of the customer's orders. Raises NotFound."""

    async def invoice(self, customer: str, number: str) -> Invoice:
        """A copy of the invoice. Raises NotFound, Refused."""

    async def slots(self, customer: str, number: str) -> list[Slot]:
        """Days and windows the delivery can be moved to, soonest first; none where it cannot be moved."""

    async def change_address(self, customer: str, number: str, address: Address, *, key: str) -> Order: ...

    async def change_slot(self, customer: str, number: str, slot: Slot, *, key: str) -> Order: ...

    async def change_quantity(self, customer: str, number: str, line: str, quantity: int, *, key: str) -> Order:
        """Raises BadValue for a quantity below 1: a line is taken out by cancelling or sending back."""

    async def cancel(self, customer: str, number: str, *, key: str) -> Order: ...

    # -- what comes back -----------------------------------------------------------------------------------------

    async def request_return(
        self, customer: str, number: str, lines: Mapping[str, int], reason: str, *, key: str
    ) -> Return:
        """Takes `lines` (how many pieces of each) back for money; `reason` is one of RETURN_REASONS."""

    async def exchange(self, customer: str, number: str, line: str, variant: str, *, key: str) -> Exchange:
        """Another size or colour of one line; `variant` is one of :meth:`variants`."""

    async def variants(self, customer: str, number: str, line: str) -> list[str]:
        """What a line can be exchanged for, without the one ordered."""

    # -- the account ---------------------------------------------------------------------------------------------

    async def edit_customer(
        self, customer: str, *, name: str | None = None, email: str | None = None, phone: str | None = None, key: str
    ) -> Customer:
        """Changes what is given, leaves the rest."""

    async def save_address(self, customer: str, address: Address, *, key: str) -> Customer:
        """Replaces the saved address of this label, or the first where the label is empty, or adds it."""

    async def newsletter(self, customer: str, on: bool, *, key: str) -> Customer: ...

    async def close_account(self, customer: str, *, key: str) -> date:
        """Closes the account; returns the day by which its data will be gone."""

    async def sign_in_mail(self, trouble: str, contact: str, *, key: str) -> Mail | None:
        """Help with signing in for the account with this e-mail or phone number; `trouble` is one of SIGN_IN.

        Returns the mail that is to be sent, to the address on record. None where the shop sends it by itself, or where
        there is no such account: a caller tells neither from the other.
        """

    async def membership(self, customer: str) -> Membership: ...

    async def gift_card(self, number: str, pin: str) -> GiftCard:
        """Raises NotFound, for a wrong PIN as for a wrong number."""

    # -- what they think -----------------------------------------------------------------------------------------

    async def feedback(
        self, kind: str, category: str, text: str, *, customer: str | None = None, order: str | None = None, key: str
    ) -> str:
        """Takes down a complaint, praise or recommendation; returns its reference."""

    # -- the connection ------------------------------------------------------------------------------------------

    async def check(self) -> str:
        """Asks for something harmless and says in a few words what answered. Raises ShopUnavailable."""

    async def close(self) -> None:
        """Ends the connections."""


def lines_of(order: Order, lines: Sequence[str]) -> list[Item]:
    """These lines of the order, in its order."""
    return [item for item in order.items if item.line in lines]
