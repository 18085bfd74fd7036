"""A shop behind the REST interface of ``openapi.yaml``: for shops that write a small server of their own.

``frontdesk shop serve`` is such a server, over the sample shop. docs/shop-backend.md tells how to write one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from actions.shop.backend import (
    Address,
    Customer,
    Exchange,
    GiftCard,
    Invoice,
    Mail,
    Membership,
    Order,
    Return,
    Slot,
    Terms,
)
from actions.shop.checks import checked_key
from actions.shop.connection import Connection
from actions.shop.errors import BadValue, KeyReused, NotFound, Refused, ShopError, ShopUnavailable, Unsupported
from actions.shop.numbers import Numbers

T = TypeVar("T")
#: What a refusal may tell for the text about it. Another name could stand for the text itself where Rasa is told of it.
_FACTS = frozenset(("day", "days", "item", "least", "most", "offered", "wanted"))


class RestShop:
    """A :class:`actions.shop.backend.Backend` over HTTP."""

    terms = Terms(Numbers(letters=True))

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, url: str, key: str, timeout: float) -> RestShop:
        return cls(Connection(url, timeout, headers={"Authorization": f"Bearer {key}"}))

    # -- who -----------------------------------------------------------------------------------------------------

    async def customer(self, customer: str) -> Customer:
        return await self._get(_path("customers", customer), Customer)

    async def customer_by_email(self, email: str) -> Customer | None:
        # Asked by POST: addresses do not belong into the backend's access log.
        found = await self._look_up("customer", {"email": email}, _Found)
        return found.customer

    async def customer_of_order(self, number: str, email: str) -> Customer | None:
        found = await self._look_up("order", {"number": number, "email": email}, _Found)
        return found.customer

    # -- orders --------------------------------------------------------------------------------------------------

    async def orders(self, customer: str) -> list[Order]:
        return (await self._get(_path("customers", customer, "orders"), _Orders)).orders

    async def order(self, customer: str, number: str) -> Order:
        return await self._get(_order(customer, number), Order)

    async def invoice(self, customer: str, number: str) -> Invoice:
        return await self._get(_order(customer, number, "invoice"), Invoice)

    async def slots(self, customer: str, number: str) -> list[Slot]:
        return (await self._get(_order(customer, number, "slots"), _Slots)).slots

    async def change_address(self, customer: str, number: str, address: Address, *, key: str) -> Order:
        return await self._change("PUT", _order(customer, number, "address"), address, Order, key)

    async def change_slot(self, customer: str, number: str, slot: Slot, *, key: str) -> Order:
        return await self._change("PUT", _order(customer, number, "slot"), slot, Order, key)

    async def change_quantity(self, customer: str, number: str, line: str, quantity: int, *, key: str) -> Order:
        path = _order(customer, number, "items", line, "quantity")
        return await self._change("PUT", path, {"quantity": quantity}, Order, key)

    async def cancel(self, customer: str, number: str, *, key: str) -> Order:
        return await self._change("POST", _order(customer, number, "cancellation"), {}, Order, key)

    # -- what comes back -----------------------------------------------------------------------------------------

    async def request_return(
        self, customer: str, number: str, lines: Mapping[str, int], reason: str, *, key: str
    ) -> Return:
        body = {"lines": dict(lines), "reason": reason}
        return await self._change("POST", _order(customer, number, "returns"), body, Return, key)

    async def exchange(self, customer: str, number: str, line: str, variant: str, *, key: str) -> Exchange:
        body = {"line": line, "variant": variant}
        return await self._change("POST", _order(customer, number, "exchanges"), body, Exchange, key)

    async def variants(self, customer: str, number: str, line: str) -> list[str]:
        return (await self._get(_order(customer, number, "items", line, "variants"), _Variants)).variants

    # -- the account ---------------------------------------------------------------------------------------------

    async def edit_customer(
        self, customer: str, *, name: str | None = None, email: str | None = None, phone: str | None = None, key: str
    ) -> Customer:
        told = {"name": name, "email": email, "phone": phone}
        body = {field: value for field, value in told.items() if value is not None}
        return await self._change("PATCH", _path("customers", customer), body, Customer, key)

    async def save_address(self, customer: str, address: Address, *, key: str) -> Customer:
        return await self._change("POST", _path("customers", customer, "addresses"), address, Customer, key)

    async def newsletter(self, customer: str, on: bool, *, key: str) -> Customer:
        return await self._change("PUT", _path("customers", customer, "newsletter"), {"on": on}, Customer, key)

    async def close_account(self, customer: str, *, key: str) -> date:
        return (await self._change("POST", _path("customers", customer, "closing"), {}, _Closing, key)).gone_by

    async def sign_in_mail(self, trouble: str, contact: str, *, key: str) -> Mail | None:
        body = {"trouble": trouble, "contact": contact}
        return (await self._change("POST", "sign-in-mails", body, _Mail, key)).mail

    async def membership(self, customer: str) -> Membership:
        return await self._get(_path("customers", customer, "membership"), Membership)

    async def gift_card(self, number: str, pin: str) -> GiftCard:
        return await self._look_up("gift-card", {"number": number, "pin": pin}, GiftCard)

    # -- what they think -----------------------------------------------------------------------------------------

    async def feedback(
        self, kind: str, category: str, text: str, *, customer: str | None = None, order: str | None = None, key: str
    ) -> str:
        body = {"kind": kind, "category": category, "text": text, "customer": customer, "order": order}
        return (await self._change("POST", "feedback", body, _Reference, key)).reference

    # -- the connection ------------------------------------------------------------------------------------------

    async def check(self) -> str:
        return (await self._get("health", _Health)).name

    async def close(self) -> None:
        await self._connection.close()

    # ------------------------------------------------------------------------------------------------------------

    async def _get(self, path: str, kind: type[T]) -> T:
        return _read(await self._connection.send("GET", path), kind)

    async def _look_up(self, what: str, body: Any, kind: type[T]) -> T:
        return _read(await self._connection.send("POST", f"lookups/{what}", json=body), kind)

    async def _change(self, method: str, path: str, body: Any, kind: type[T], key: str) -> T:
        headers = {"Idempotency-Key": checked_key(key)}
        sent = msgspec.to_builtins(body)
        return _read(await self._connection.send(method, path, json=sent, headers=headers), kind)


class _Found(msgspec.Struct):
    customer: Customer | None


class _Orders(msgspec.Struct):
    orders: list[Order]


class _Slots(msgspec.Struct):
    slots: list[Slot]


class _Variants(msgspec.Struct):
    variants: list[str]


class _Closing(msgspec.Struct):
    gone_by: date


class _Mail(msgspec.Struct):
    mail: Mail | None


class _Reference(msgspec.Struct):
    reference: str


class _Health(msgspec.Struct):
    name: str


class _Error(msgspec.Struct):
    code: str
    what: str = ""
    reason: str = ""
    field: str = ""
    task: str = ""
    facts: dict[str, Any] = {}


class _Refusal(msgspec.Struct):
    error: _Error


def _path(*parts: str) -> str:
    """Each part is one segment, whatever stands in it; the segments `.` and `..` would lead elsewhere."""
    if any(part in ("", ".", "..") for part in parts):
        raise NotFound("order" if "orders" in parts else "customer")
    return "/".join(quote(part, safe="") for part in parts)


def _order(customer: str, number: str, *more: str) -> str:
    return _path("customers", customer, "orders", number, *more)


def _read(response: httpx.Response, kind: type[T]) -> T:
    """The body as what it is to be, or the error that it tells of. What is neither is a backend out of order."""
    try:
        if response.is_success:
            return msgspec.json.decode(response.content, type=kind)
        error = msgspec.json.decode(response.content, type=_Refusal).error
    except msgspec.MsgspecError as nonsense:
        raise ShopUnavailable(f"the backend's answer ({response.status_code}) is not as openapi.yaml has it: {nonsense}"
                              ) from None
    raise _error(error, response)


def _error(error: _Error, response: httpx.Response) -> ShopError:
    if error.code == "not_found":
        return NotFound(error.what or "thing")
    if error.code == "refused":
        return Refused(error.reason, **_facts(error))
    if error.code == "bad_value":
        return BadValue(error.field, error.reason, **_facts(error))
    if error.code == "unsupported":
        return Unsupported(error.task)
    if error.code == "key_reused":
        return KeyReused(response.request.headers.get("Idempotency-Key", ""))
    if error.code == "unauthorised":
        return ShopUnavailable("the backend does not take our key; mend FRONTDESK_SHOP_KEY")
    return ShopUnavailable(f"the backend answered {response.status_code} {error.code}")


def _facts(error: _Error) -> dict[str, Any]:
    return {name: value for name, value in error.facts.items() if name in _FACTS}
