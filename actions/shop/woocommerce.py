"""WooCommerce as a backend, by its REST API v3 (https://woocommerce.github.io/woocommerce-rest-api-docs/).

What WooCommerce itself can do is done; the rest is refused as ``by_person`` and left to people: returns, exchanges,
slots, invoices, the newsletter and memberships belong to extensions of many kinds. docs/shop-backend.md has the table.

WooCommerce knows no idempotency keys. Each change here is one PUT that says how things are to be, not what to add to
them, so that it can arrive twice; a digest of its key goes along into the order's or customer's meta data, in the same
PUT. A change whose digest is found there was made, whatever has happened since.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import msgspec

from actions.shop.backend import (
    SIGN_IN,
    STATES,
    TASKS,
    Address,
    Customer,
    Delivery,
    Exchange,
    GiftCard,
    Invoice,
    Item,
    Mail,
    Membership,
    Order,
    Refund,
    Return,
    Slot,
    Terms,
)
from actions.shop.checks import checked_address, checked_email, checked_key, checked_name, checked_phone
from actions.shop.connection import Connection
from actions.shop.errors import BadValue, KeyReused, NotFound, Refused, ShopUnavailable, Unsupported
from actions.shop.numbers import Numbers

_PAGE = 100
#: Orders looked at for one customer: the newest.
_MOST_ORDERS = 300
_MOST_PIECES = 999
#: WooCommerce's states as ours. "completed" means sent; that it arrived is not known. What extensions add,
#: and a failed payment, goes by its own word.
_STATES = {"pending": "received", "on-hold": "received", "processing": "being_packed", "completed": "with_carrier",
           "cancelled": "cancelled", "refunded": "returned"}
_UNPAID = frozenset(("pending", "on-hold"))
#: No orders yet, or no longer any.
_HIDDEN = frozenset(("trash", "auto-draft", "draft", "checkout-draft"))
_CHANGES = ("change_address", "change_quantity", "cancel")
_META = "_frontdesk_"
#: Digits behind the point. WooCommerce rounds what it tells to the pence, and has more: net of tax a piece costs 8.325.
_EXACTLY = 6
#: What WooCommerce would keep of the old address, since it changes only what is named.
_LEFT = {"state": "", "company": ""}
#: Written by WooCommerce's own Shipment Tracking extension, where a shop has it.
_TRACKING = "_wc_shipment_tracking_items"
_GUEST = "guest-"

_Body = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


def _documented(asks: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Makes an answer that is not as WooCommerce documents it, as extensions leave them, ShopUnavailable."""

    @wraps(asks)
    async def asked(*given: P.args, **named: P.kwargs) -> T:
        try:
            return await asks(*given, **named)
        except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            raise ShopUnavailable(f"an answer that is not as WooCommerce documents it: {error!r}") from None

    return asked


class WooCommerceShop:
    """A :class:`actions.shop.backend.Backend` over WooCommerce.

    A customer's id is that of WooCommerce. Who bought without an account is ``guest-ORDER`` and has the orders without
    one that bear the e-mail address of that order, which is the first of them: the same in whatever way they prove who
    they are, and after the next purchase.
    """

    terms = Terms(Numbers(), lacks=frozenset((
        "newsletter", "close_account", "membership_status", "gift_card_balance", "complaint", "praise", "leave_review",
    )))

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._countries: dict[str, str] = {}

    @classmethod
    def open(cls, url: str, key: str, timeout: float) -> WooCommerceShop:
        """`url` is the shop's address, `key` is ``CONSUMER_KEY:CONSUMER_SECRET``."""
        name, _, secret = key.partition(":")
        return cls(Connection(f"{url}/wp-json/wc/v3", timeout, auth=(name, secret)))

    # -- who -----------------------------------------------------------------------------------------------------

    @_documented
    async def customer(self, customer: str) -> Customer:
        if customer.startswith(_GUEST):
            return _guest([await self._order_body(customer, customer.removeprefix(_GUEST))])
        return await self._customer(await self._customer_body(customer))

    @_documented
    async def customer_by_email(self, email: str) -> Customer | None:
        with suppress(BadValue):
            told = checked_email(email)
            found = await self._get("customers", email=told, role="all")
            # Asked in any case: the time that it takes must not tell who has an account.
            guests = await self._guest_bodies(told)
            for body in found if isinstance(found, list) else ():
                return await self._customer(body)
            if guests:
                return _guest(guests)
        return None

    @_documented
    async def customer_of_order(self, number: str, email: str) -> Customer | None:
        told = email.strip().casefold()
        try:
            body = await self._get(f"orders/{_id(number, 'order')}")
        except NotFound:
            # As many questions as for an order that is there.
            await self._get("customers", per_page=1, role="all")
            return None
        if not body["customer_id"]:
            if told and told == _email(body):
                return _guest(await self._guest_bodies(told) or [body])
            await self._get("customers", per_page=1, role="all")
            return None
        customer = await self.customer(str(body["customer_id"]))
        return customer if told and told in (_email(body), customer.email.casefold()) else None

    # -- orders --------------------------------------------------------------------------------------------------

    @_documented
    async def orders(self, customer: str) -> list[Order]:
        if customer.startswith(_GUEST):
            body = await self._order_body(customer, customer.removeprefix(_GUEST))
            return [await self._order(one) for one in await self._guest_bodies(_email(body)) or [body]]
        bodies: list[_Body] = []
        page, pages = 1, 1
        while page <= pages and len(bodies) < _MOST_ORDERS:
            answer = await self._connection.send("GET", "orders", params={
                "customer": _id(customer, "customer"), "per_page": _PAGE, "page": page, "orderby": "date",
                "order": "desc"})
            bodies += _read(answer)
            total = answer.headers.get("X-WP-TotalPages", "1")
            pages = int(total) if total.isascii() and total.isdigit() else 1
            page += 1
        return [await self._order(body) for body in bodies if body["status"] not in _HIDDEN]

    async def order(self, customer: str, number: str) -> Order:
        return await self._order(await self._order_body(customer, number))

    async def invoice(self, customer: str, number: str) -> Invoice:
        raise Unsupported("invoice")

    async def slots(self, customer: str, number: str) -> list[Slot]:
        await self._order_body(customer, number)
        return []

    async def change_address(self, customer: str, number: str, address: Address, *, key: str) -> Order:
        address = checked_address(address)
        shipping = {
            "address_1": address.line1, "address_2": address.line2, "city": address.town,
            "postcode": address.postcode, "country": await self._country_code(address.country), **_LEFT,
        }
        return await self._change_order(customer, number, "change_address", {"shipping": shipping}, key)

    async def change_slot(self, customer: str, number: str, slot: Slot, *, key: str) -> Order:
        raise Unsupported("change_slot")

    @_documented
    async def change_quantity(self, customer: str, number: str, line: str, quantity: int, *, key: str) -> Order:
        if quantity < 1:
            raise BadValue("quantity", "too_small", least=1)
        if quantity > _MOST_PIECES:
            raise Refused("too_many", most=_MOST_PIECES)
        body = await self._order_body(customer, number, dp=_EXACTLY)
        item = next((item for item in body["line_items"] if str(item["id"]) == line), None)
        if item is None:
            raise NotFound("item")
        if not item["quantity"]:
            raise Refused("by_person")
        # A quantity alone would leave the line's sums as they were; a discount keeps its share.
        sums = {name: str((Decimal(item[name]) / item["quantity"] * quantity).quantize(Decimal(1).scaleb(-_EXACTLY)))
                for name in ("subtotal", "total")}
        change = {"line_items": [{"id": item["id"], "quantity": quantity, **sums}]}
        asked = {"line": line, "quantity": quantity}
        return await self._change_order(customer, number, "change_quantity", change, key, asked)

    async def cancel(self, customer: str, number: str, *, key: str) -> Order:
        return await self._change_order(customer, number, "cancel", {"status": "cancelled"}, key)

    # -- what comes back -----------------------------------------------------------------------------------------

    async def request_return(
        self, customer: str, number: str, lines: Mapping[str, int], reason: str, *, key: str
    ) -> Return:
        raise Unsupported("return")

    async def exchange(self, customer: str, number: str, line: str, variant: str, *, key: str) -> Exchange:
        raise Unsupported("exchange")

    async def variants(self, customer: str, number: str, line: str) -> list[str]:
        raise Unsupported("exchange")

    # -- the account ---------------------------------------------------------------------------------------------

    async def edit_customer(
        self, customer: str, *, name: str | None = None, email: str | None = None, phone: str | None = None, key: str
    ) -> Customer:
        change: _Body = {}
        if name is not None:
            first, _, last = checked_name(name).partition(" ")
            change.update(first_name=first, last_name=last)
        if email is not None:
            change["email"] = checked_email(email)
        if phone is not None:
            change["billing"] = {"phone": checked_phone(phone)}
        if not change:
            raise BadValue("name", "empty")
        return await self._change_customer(customer, "edit_customer", change, key)

    async def save_address(self, customer: str, address: Address, *, key: str) -> Customer:
        address = checked_address(address)
        which = "billing" if address.label.casefold() in ("billing", "invoice") else "shipping"
        told = {"address_1": address.line1, "address_2": address.line2, "city": address.town,
                "postcode": address.postcode, "country": await self._country_code(address.country), **_LEFT}
        return await self._change_customer(customer, "save_address", {which: told}, key)

    async def newsletter(self, customer: str, on: bool, *, key: str) -> Customer:
        raise Unsupported("newsletter")

    async def close_account(self, customer: str, *, key: str) -> date:
        # WooCommerce would delete it at once and for good, orders left without an owner: a person decides that.
        raise Unsupported("close_account")

    @_documented
    async def sign_in_mail(self, trouble: str, contact: str, *, key: str) -> Mail | None:
        if trouble not in SIGN_IN:
            raise BadValue("trouble", "form", wanted=SIGN_IN)
        if trouble not in ("password", "user_name"):
            raise Unsupported("sign_in_mail")
        checked_key(key)
        if "@" not in contact:
            return None  # WooCommerce finds nobody by phone number
        with suppress(BadValue):
            for body in await self._get("customers", email=checked_email(contact), role="all"):
                link = self._connection.url.removesuffix("/wp-json/wc/v3") + "/my-account/"
                values = {"name": _name(body), "user_name": body["username"],
                          "link": link + ("lost-password/" if trouble == "password" else "")}
                return Mail(body["email"], f"sign_in_{trouble}", values)
        return None

    async def membership(self, customer: str) -> Membership:
        raise Unsupported("membership")

    async def gift_card(self, number: str, pin: str) -> GiftCard:
        raise Unsupported("gift_card")

    # -- what they think -----------------------------------------------------------------------------------------

    async def feedback(
        self, kind: str, category: str, text: str, *, customer: str | None = None, order: str | None = None, key: str
    ) -> str:
        raise Unsupported("feedback")

    # -- the connection ------------------------------------------------------------------------------------------

    async def check(self) -> str:
        await self._get("orders", per_page=1)
        return "WooCommerce answers"

    async def close(self) -> None:
        await self._connection.close()

    # ------------------------------------------------------------------------------------------------------------

    async def _get(self, path: str, **params: str | int) -> Any:
        return _read(await self._connection.send("GET", path, params=params))

    @_documented
    async def _order_body(self, customer: str, number: str, **params: int) -> _Body:
        """The order as WooCommerce has it, if it is this customer's. Raises NotFound."""
        body: _Body = await self._get(f"orders/{_id(number, 'order')}", **params)
        if body["status"] in _HIDDEN or not await self._is_theirs(body, customer):
            raise NotFound("order")
        return body

    async def _is_theirs(self, body: _Body, customer: str) -> bool:
        if body["customer_id"]:
            return str(body["customer_id"]) == customer
        if not customer.startswith(_GUEST):
            return False
        first = customer.removeprefix(_GUEST)
        if first == str(body["id"]):
            return True
        other = await self._get(f"orders/{_id(first, 'order')}")
        return not other["customer_id"] and bool(_email(body)) and _email(body) == _email(other)

    @_documented
    async def _guest_bodies(self, email: str) -> list[_Body]:
        """The orders without an account that bear this e-mail address, newest first."""
        # The search looks into other fields as well, and takes what only begins so.
        found = await self._get("orders", search=email, per_page=_PAGE, orderby="date", order="desc") if email else []
        return [body for body in found
                if not body["customer_id"] and _email(body) == email and body["status"] not in _HIDDEN]

    async def _customer_body(self, customer: str) -> _Body:
        body: _Body = await self._get(f"customers/{_id(customer, 'customer')}")
        return body

    @_documented
    async def _change_order(
        self, customer: str, number: str, task: str, change: _Body, key: str, asked: _Body | None = None
    ) -> Order:
        body = await self._order_body(customer, number)
        mark = _mark(key, task, {"number": number, **(change if asked is None else asked)})
        if _is_made(body, mark, key):
            return await self._order(body)
        reason = (await self._order(body)).refused.get(task)
        if reason:
            raise Refused(reason)
        changed = {**change, "meta_data": [mark]}
        return await self._order(_read(await self._connection.send("PUT", f"orders/{body['id']}", json=changed)))

    @_documented
    async def _change_customer(self, customer: str, task: str, change: _Body, key: str) -> Customer:
        if customer.startswith(_GUEST):
            raise Unsupported(task)
        body = await self._customer_body(customer)
        mark = _mark(key, task, change)
        if not _is_made(body, mark, key):
            sent = {**change, "meta_data": [mark]}
            body = _read(await self._connection.send("PUT", f"customers/{body['id']}", json=sent))
        return await self._customer(body)

    @_documented
    async def _order(self, body: _Body) -> Order:
        state = _STATES.get(body["status"], body["status"].removeprefix("wc-"))
        refused = {task: "by_person" for task in TASKS if task not in _CHANGES}
        if state != "received":
            refused.update({task: state if state in STATES else "by_person" for task in _CHANGES})
        parcels = [item for meta in body.get("meta_data", ()) if meta["key"] == _TRACKING
                   and isinstance(meta["value"], list) for item in meta["value"] if isinstance(item, dict)]
        methods = [_told(line["method_title"]) for line in body.get("shipping_lines", ()) if line["method_title"]]
        completed = body.get("date_completed")
        sent_to = body["shipping"] if body["shipping"].get("address_1") else body["billing"]
        return Order(
            number=str(body["id"]), customer=str(body["customer_id"] or f"{_GUEST}{body['id']}"), state=state,
            placed=date.fromisoformat(body["date_created"][:10]),
            items=tuple(_item(item) for item in body["line_items"]),
            total=Decimal(body["total"]), currency=body["currency"], payment=_told(body["payment_method_title"]),
            delivery=Delivery(
                method=", ".join(methods), address=await self._address(sent_to),
                carrier=" and ".join(dict.fromkeys(filter(None, map(_carrier, parcels)))),
                tracking=" and ".join(str(one["tracking_number"]) for one in parcels if one.get("tracking_number")),
                url=next((one["custom_tracking_link"] for one in parcels if one.get("custom_tracking_link")), ""),
                sent=date.fromisoformat(completed[:10]) if completed and state == "with_carrier" else None,
            ),
            unpaid=body["status"] in _UNPAID and not body.get("date_paid"),
            refunds=tuple(Refund(f"{body['id']}-{refund['id']}", "paid", abs(Decimal(refund["total"])))
                          for refund in body.get("refunds", ())),
            refused=refused,
        )

    @_documented
    async def _customer(self, body: _Body) -> Customer:
        addresses = [await self._address(body[which], which.title()) for which in ("shipping", "billing")]
        return Customer(
            id=str(body["id"]), name=_name(body), email=body["email"], phone=body["billing"].get("phone", ""),
            addresses=tuple(address for address in addresses if address is not None),
        )

    async def _address(self, body: _Body, label: str = "") -> Address | None:
        if not body.get("address_1"):
            return None
        code = str(body.get("country", ""))
        country = (await self._names()).get(code, code)
        return Address(body["address_1"], body.get("city", ""), body.get("postcode", ""), country,
                       body.get("address_2", ""), label)

    async def _country_code(self, country: str) -> str:
        """WooCommerce's code of a country that is named or already coded. Raises BadValue."""
        told = country.strip().casefold()
        for code, name in (await self._names()).items():
            if told in (code.casefold(), name.casefold(), name.partition(" (")[0].casefold()):
                return code
        raise BadValue("country", "form")

    @_documented
    async def _names(self) -> dict[str, str]:
        """Names of the countries by their codes; they are asked for once."""
        if not self._countries:
            self._countries = {one["code"]: one["name"] for one in await self._get("data/countries")}
        return self._countries


def _read(answer: Any) -> Any:
    """The answer's JSON, or the error that it tells of."""
    try:
        body = msgspec.json.decode(answer.content)
    except msgspec.MsgspecError as error:
        raise ShopUnavailable(f"an answer ({answer.status_code}) that is no JSON: {error}") from None
    if answer.is_success:
        return body
    code = body.get("code", "") if isinstance(body, dict) else ""
    if answer.status_code in (401, 403):
        raise ShopUnavailable(f"WooCommerce does not take our key ({code}); mend FRONTDESK_SHOP_KEY, which has to have "
                              "the permission Read/Write")
    if code in ("woocommerce_rest_shop_order_invalid_id", "woocommerce_rest_invalid_id"):
        raise NotFound("customer" if code == "woocommerce_rest_invalid_id" else "order")
    if code == "woocommerce_rest_customer_invalid_email":
        # What WooCommerce says of an address that another account has; its form we have checked.
        raise Refused("email_taken")
    raise ShopUnavailable(f"WooCommerce answered {answer.status_code} {code}")


def _item(body: _Body) -> Item:
    chosen = [_told(meta["display_value"]) for meta in body.get("meta_data", ())
              if not str(meta["key"]).startswith("_") and isinstance(meta.get("display_value"), str)]
    # Extensions put lines into an order that are of no pieces.
    price = (Decimal(body["total"]) / (body["quantity"] or 1)).quantize(Decimal("0.01"))
    return Item(str(body["id"]), body.get("sku") or "", _told(body.get("parent_name") or body["name"]),
                ", ".join(chosen), body["quantity"], price)


def _told(text: str) -> str:
    """A text as it is read: WordPress keeps some of its titles with HTML's entities."""
    return html.unescape(text)


def _carrier(parcel: _Body) -> str:
    """The name of a parcel's carrier; the extension keeps those it knows as "royal-mail"."""
    name = str(parcel.get("tracking_provider") or parcel.get("custom_tracking_provider") or "")
    if not re.fullmatch(r"[a-z0-9-]+", name):
        return name
    return " ".join(word.upper() if len(word) < 4 else word.title() for word in name.split("-"))


def _name(body: _Body) -> str:
    return f"{body['first_name']} {body['last_name']}".strip() or str(body.get("username", ""))


def _guest(bodies: Sequence[_Body]) -> Customer:
    """Whoever has these orders, newest first."""
    billing = bodies[0]["billing"]
    return Customer(f"{_GUEST}{bodies[-1]['id']}", f"{billing['first_name']} {billing['last_name']}".strip(),
                    billing["email"], billing.get("phone", ""))


def _email(body: _Body) -> str:
    return str(body["billing"].get("email") or "").strip().casefold()


def _id(value: str, what: str) -> int:
    """An id of WooCommerce's, which is a number; "#1042" is how its mails write an order's."""
    digits = value.strip().removeprefix("#")
    if not digits.isascii() or not digits.isdigit() or not 0 < int(digits[:16]) < 10**12:
        raise NotFound(what)
    return int(digits)


def _mark(key: str, task: str, asked: Any) -> _Body:
    """What notes in meta data that a change was made: a digest of its key, and one of what was asked for."""
    name = hashlib.sha256(checked_key(key).encode()).hexdigest()[:24]
    told = hashlib.sha256(msgspec.json.encode([task, asked], order="sorted")).hexdigest()[:24]
    return {"key": _META + name, "value": told}


def _is_made(body: _Body, mark: _Body, key: str) -> bool:
    """Whether the change was made before. Raises KeyReused where the key was used for another one."""
    for meta in body.get("meta_data", ()):
        if meta["key"] == mark["key"]:
            if meta["value"] != mark["value"]:
                raise KeyReused(key)
            return True
    return False
