"""The sample shop as a backend: each change and the note that it was made are one SQLite transaction."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from actions.shop import rules, sample
from actions.shop.backend import (
    FEEDBACK,
    RETURN_REASONS,
    SIGN_IN,
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
from actions.shop.checks import checked_address, checked_email, checked_key, checked_name, checked_phone, checked_text
from actions.shop.errors import BadValue, KeyReused, NotFound, Refused, ShopUnavailable
from actions.shop.invoices import invoice
from actions.shop.numbers import Numbers

T = TypeVar("T")
#: Seconds that a call waits for another's transaction.
_PATIENCE = 5.0
_SEND_WITHIN = 14
_LINK = "https://larkmoor.example"
_NUMBERS = Numbers("LM-", 6)


class SampleShop:
    """Larkmoor, as :class:`actions.shop.backend.Backend`. `today` is the shop's clock."""

    def __init__(self, file: Path, today: Callable[[], date] = date.today) -> None:
        self.file = file
        self.today = today

    @cached_property
    def terms(self) -> Terms:
        goods = json.loads((sample.SOURCE / "products.json").read_text(encoding="utf-8"))
        return Terms(_NUMBERS, rules.MOST, rules.RETURN_DAYS, "United Kingdom", tuple(one["name"] for one in goods))

    # -- who -----------------------------------------------------------------------------------------------------

    async def customer(self, customer: str) -> Customer:
        return await self._read(lambda db: _customer(_customer_body(db, customer)))

    async def customer_by_email(self, email: str) -> Customer | None:
        def find(db: sqlite3.Connection) -> Customer | None:
            row = db.execute("select body from customers where email = ?", (email.strip(),)).fetchone()
            return _customer(json.loads(row[0])) if row else None

        return await self._read(find)

    async def customer_of_order(self, number: str, email: str) -> Customer | None:
        def find(db: sqlite3.Connection) -> Customer | None:
            row = db.execute(
                "select c.body from orders o join customers c on c.id = o.customer where o.number = ? and c.email = ?",
                (_NUMBERS.written(number), email.strip()),
            ).fetchone()
            return _customer(json.loads(row[0])) if row else None

        return await self._read(find)

    # -- orders --------------------------------------------------------------------------------------------------

    async def orders(self, customer: str) -> list[Order]:
        def find(db: sqlite3.Connection) -> list[Order]:
            rows = db.execute(
                "select body from orders where customer = ? order by placed_at desc, number desc", (customer,)
            )
            return [_order(json.loads(row[0]), self.today()) for row in rows]

        return await self._read(find)

    async def order(self, customer: str, number: str) -> Order:
        return await self._read(lambda db: self._order(db, customer, number)[0])

    async def invoice(self, customer: str, number: str) -> Invoice:
        def make(db: sqlite3.Connection) -> Invoice:
            order, body = self._order(db, customer, number)
            _allow(order, "invoice")
            return invoice(order, _customer(_customer_body(db, customer)), body["totals"])

        return await self._read(make)

    async def slots(self, customer: str, number: str) -> list[Slot]:
        return await self._read(lambda db: rules.slots(self._order(db, customer, number)[0], self.today()))

    async def change_address(self, customer: str, number: str, address: Address, *, key: str) -> Order:
        address = checked_address(address)

        def change(db: sqlite3.Connection) -> Order:
            order, body = self._order(db, customer, number)
            _allow(order, "change_address")
            body["delivery"]["address"] = _filled(address, ("line1", "line2", "town", "postcode", "country"))
            return self._keep(db, body)

        return await self._once(key, "change_address", [customer, number, address], Order, change)

    async def change_slot(self, customer: str, number: str, slot: Slot, *, key: str) -> Order:
        if slot.day < self.today():
            raise BadValue("day", "past")

        def change(db: sqlite3.Connection) -> Order:
            order, body = self._order(db, customer, number)
            _allow(order, "change_slot")
            if slot not in rules.slots(order, self.today()):
                raise Refused("no_such_slot", day=slot.day)
            body["delivery"].update(expected_day=slot.day.isoformat(), slot=slot.window)
            return self._keep(db, body)

        return await self._once(key, "change_slot", [customer, number, slot], Order, change)

    async def change_quantity(self, customer: str, number: str, line: str, quantity: int, *, key: str) -> Order:
        if quantity < 1:
            raise BadValue("quantity", "too_small", least=1)

        def change(db: sqlite3.Connection) -> Order:
            order, body = self._order(db, customer, number)
            item = _line(order, line)
            _allow(order, "change_quantity")
            if quantity > rules.MOST:
                raise Refused("too_many", most=rules.MOST)
            body["items"][order.items.index(item)]["quantity"] = quantity
            _sum_up(body)
            return self._keep(db, body)

        return await self._once(key, "change_quantity", [customer, number, line, quantity], Order, change)

    async def cancel(self, customer: str, number: str, *, key: str) -> Order:
        def change(db: sqlite3.Connection) -> Order:
            order, body = self._order(db, customer, number)
            _allow(order, "cancel")
            body["state"] = "cancelled"
            body["delivery"]["expected_day"] = None
            if body["payment"]["paid"]:
                _refund(body, "pending", order.total, ())
            return self._keep(db, body)

        return await self._once(key, "cancel", [customer, number], Order, change)

    # -- what comes back -----------------------------------------------------------------------------------------

    async def request_return(
        self, customer: str, number: str, lines: Mapping[str, int], reason: str, *, key: str
    ) -> Return:
        if reason not in RETURN_REASONS:
            raise BadValue("reason", "form", wanted=RETURN_REASONS)
        if not lines:
            raise BadValue("lines", "empty")

        def change(db: sqlite3.Connection) -> Return:
            order, body = self._order(db, customer, number)
            _allow(order, "return")
            before = {line for refund in order.refunds for line in refund.lines or [i.line for i in order.items]}
            for line, quantity in lines.items():
                item = _line(order, line)
                if not 1 <= quantity <= item.quantity:
                    too = "too_small" if quantity < 1 else "too_large"
                    raise BadValue("quantity", too, least=1, most=item.quantity)
                if line in before:
                    raise Refused("returned_before", item=item.name)
            lost = rules.is_lost(order, self.today())
            amount = rules.refund_amount(order, lines, body["totals"], self.today())
            reference = _refund(body, "pending" if lost else "requested", amount, tuple(lines))
            made = Return(
                reference, number, tuple(lines), amount, reason, collected=order.delivery.method == "large item",
                send_by=None if lost else self.today() + timedelta(days=_SEND_WITHIN),
            )
            db.execute("insert into returns values (?, ?, ?)", (reference, number, _json(made)))
            self._keep(db, body)
            return made

        return await self._once(key, "request_return", [customer, number, dict(lines), reason], Return, change)

    async def exchange(self, customer: str, number: str, line: str, variant: str, *, key: str) -> Exchange:
        def change(db: sqlite3.Connection) -> Exchange:
            order, body = self._order(db, customer, number)
            item = _line(order, line)
            _allow(order, "exchange")
            exchanged = body.setdefault("exchanged", {})
            if line in exchanged:
                raise Refused("exchanged_before", item=item.name)
            if any(line in (refund.lines or (line,)) for refund in order.refunds):
                raise Refused("returned_before", item=item.name)
            if _same(variant, item.variant):
                raise Refused("same_variant", item=item.name)
            offered = _variants(db, item)
            chosen = next((one for one in offered if _same(one, variant)), None)
            if chosen is None:
                raise Refused("no_such_variant", item=item.name, offered=offered)
            reference = f"X-{number[-6:]}-{line}"
            exchanged[line] = {"reference": reference, "variant": chosen}
            self._keep(db, body)
            return Exchange(reference, number, line, chosen, self.today() + timedelta(days=_SEND_WITHIN))

        return await self._once(key, "exchange", [customer, number, line, variant], Exchange, change)

    async def variants(self, customer: str, number: str, line: str) -> list[str]:
        return await self._read(lambda db: _variants(db, _line(self._order(db, customer, number)[0], line)))

    # -- the account ---------------------------------------------------------------------------------------------

    async def edit_customer(
        self, customer: str, *, name: str | None = None, email: str | None = None, phone: str | None = None, key: str
    ) -> Customer:
        given = {
            "name": None if name is None else checked_name(name),
            "email": None if email is None else checked_email(email),
            "phone": None if phone is None else checked_phone(phone),
        }
        given = {field: value for field, value in given.items() if value is not None}
        if not given:
            raise BadValue("name", "empty")

        def change(db: sqlite3.Connection) -> Customer:
            body = _customer_body(db, customer)
            if "email" in given:
                held = db.execute("select id from customers where email = ?", (given["email"],)).fetchone()
                if held and held[0] != customer:
                    raise Refused("email_taken")
            return _keep_customer(db, {**body, **given})

        return await self._once(key, "edit_customer", [customer, given], Customer, change)

    async def save_address(self, customer: str, address: Address, *, key: str) -> Customer:
        address = checked_address(address)

        def change(db: sqlite3.Connection) -> Customer:
            body = _customer_body(db, customer)
            saved = body["addresses"]
            told = _filled(address, ("label", "line1", "line2", "town", "postcode", "country"))
            labels = [one["label"].lower() for one in saved]
            if not address.label and saved:
                saved[0] = {**told, "label": saved[0]["label"]}
            elif address.label.lower() in labels:
                saved[labels.index(address.label.lower())] = told
            else:
                saved.append({"label": "Home", **told})
            return _keep_customer(db, body)

        return await self._once(key, "save_address", [customer, address], Customer, change)

    async def newsletter(self, customer: str, on: bool, *, key: str) -> Customer:
        def change(db: sqlite3.Connection) -> Customer:
            return _keep_customer(db, {**_customer_body(db, customer), "newsletter": on})

        return await self._once(key, "newsletter", [customer, on], Customer, change)

    async def close_account(self, customer: str, *, key: str) -> date:
        gone = self.today() + timedelta(days=30)

        def change(db: sqlite3.Connection) -> date:
            _keep_customer(db, {**_customer_body(db, customer), "newsletter": False, "closes_on": gone.isoformat()})
            return gone

        return await self._once(key, "close_account", [customer], date, change)

    async def sign_in_mail(self, trouble: str, contact: str, *, key: str) -> Mail | None:
        if trouble not in SIGN_IN:
            raise BadValue("trouble", "form", wanted=SIGN_IN)

        def change(db: sqlite3.Connection) -> Mail | None:
            body = _by_contact(db, contact)
            if body is None:
                return None
            if trouble == "unlock":
                _keep_customer(db, {**body, "locked": False})
            # Made from the key, so that the same call gives the same link.
            link = f"{_LINK}/account/{trouble}/{hashlib.sha256(key.encode()).hexdigest()[:24]}"
            values = {"name": body["name"], "user_name": body["email"], "link": link}
            return Mail(body["email"], f"sign_in_{trouble}", values)

        return await self._once(key, "sign_in_mail", [trouble, contact], Mail | None, change)  # type: ignore[arg-type]

    async def membership(self, customer: str) -> Membership:
        def find(db: sqlite3.Connection) -> Membership:
            body = _customer_body(db, customer)
            if not body["member"]:
                return Membership(False)
            # 100 points are worth £5.
            worth = Decimal(body["points"] // 100 * 5)
            return Membership(True, "Larkmoor Circle", body["points"], worth, self.today() + timedelta(days=140))

        return await self._read(find)

    async def gift_card(self, number: str, pin: str) -> GiftCard:
        def find(db: sqlite3.Connection) -> GiftCard:
            digits = "".join(char for char in number if char.isdigit())
            row = db.execute("select body from gift_cards where number = ?", (digits,)).fetchone()
            body = json.loads(row[0]) if row else None
            if body is None or body["pin"] != pin.strip():
                raise NotFound("gift card")
            return GiftCard(digits[-4:], Decimal(str(body["balance"])), "GBP", _day(body["expires_at"]))

        return await self._read(find)

    # -- what they think -----------------------------------------------------------------------------------------

    async def feedback(
        self, kind: str, category: str, text: str, *, customer: str | None = None, order: str | None = None, key: str
    ) -> str:
        if kind not in FEEDBACK:
            raise BadValue("kind", "form", wanted=FEEDBACK)
        text = checked_text("text", text, 4000)
        category = checked_text("category", category, 60)

        def change(db: sqlite3.Connection) -> str:
            count = db.execute("select count(*) from feedback").fetchone()[0]
            reference = f"{kind[0].upper()}-{100_001 + count}"
            db.execute("insert into feedback values (?, ?, ?, ?, ?, ?, ?)",
                       (reference, kind, category, customer, order, text, _now()))
            return reference

        return await self._once(key, "feedback", [kind, category, text, customer, order], str, change)

    # -- the connection ------------------------------------------------------------------------------------------

    async def check(self) -> str:
        count = await self._read(lambda db: db.execute("select count(*) from orders").fetchone()[0])
        return f"the embedded sample shop, {count} orders"

    async def close(self) -> None:
        pass

    async def effects(self) -> list[dict[str, str]]:
        """Every change made so far, oldest first: ``key``, ``what``, ``at``."""
        def find(db: sqlite3.Connection) -> list[dict[str, str]]:
            rows = db.execute("select key, what, at from effects order by rowid")
            return [dict(zip(("key", "what", "at"), row, strict=True)) for row in rows]

        return await self._read(find)

    # ------------------------------------------------------------------------------------------------------------

    async def _read(self, find: Callable[[sqlite3.Connection], T]) -> T:
        def work() -> T:
            with self._open() as db:
                return find(db)

        return await asyncio.to_thread(work)

    async def _once(
        self, key: str, what: str, asked: Any, kind: type[T], change: Callable[[sqlite3.Connection], T]
    ) -> T:
        """Makes a change, unless it was made under this key; then answers what was answered."""
        checked_key(key)
        digest = hashlib.sha256(msgspec.json.encode([what, asked])).hexdigest()

        def work() -> T:
            with self._open() as db:
                db.execute("begin immediate")
                row = db.execute("select digest, result from effects where key = ?", (key,)).fetchone()
                if row:
                    if row[0] != digest:
                        raise KeyReused(key)
                    return msgspec.json.decode(row[1], type=kind)
                result = change(db)
                db.execute("insert into effects values (?, ?, ?, ?, ?)", (key, what, _now(), digest, _json(result)))
                db.commit()
                return result

        return await asyncio.to_thread(work)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(f"{self.file.as_uri()}?mode=rw", uri=True, timeout=_PATIENCE, isolation_level=None)
        except sqlite3.Error as error:
            raise ShopUnavailable(f"{self.file} cannot be opened ({error}); `frontdesk setup` makes it") from error
        try:
            yield db
        except sqlite3.Error as error:
            raise ShopUnavailable(f"{self.file} cannot be used ({error})") from error
        finally:
            # What was not committed by now is undone.
            db.close()

    def _order(self, db: sqlite3.Connection, customer: str, number: str) -> tuple[Order, dict[str, Any]]:
        row = db.execute("select body from orders where number = ? and customer = ?",
                         (_NUMBERS.written(number), customer)).fetchone()
        if row is None:
            raise NotFound("order")
        body = json.loads(row[0])
        return _order(body, self.today()), body

    def _keep(self, db: sqlite3.Connection, body: Mapping[str, Any]) -> Order:
        db.execute("update orders set state = ?, body = ? where number = ?",
                   (body["state"], json.dumps(body), body["number"]))
        return _order(body, self.today())


def _order(body: Mapping[str, Any], today: date) -> Order:
    """The sample's own form of an order as ours."""
    delivery = body["delivery"]
    address = delivery.get("address")
    order = Order(
        number=body["number"], customer=body["customer"], state=body["state"],
        placed=date.fromisoformat(body["placed_at"]), payment=body["payment"]["method"],
        items=tuple(
            Item(str(n), i["sku"], i["name"], i["variant"], i["quantity"], Decimal(str(i["unit_price"])))
            for n, i in enumerate(body["items"], 1)
        ),
        total=Decimal(str(body["totals"]["total"])),
        delivery=Delivery(
            method=delivery["method"], address=Address(**address) if address else None,
            carrier=delivery.get("carrier") or "", tracking=delivery.get("tracking") or "",
            url=f"{_LINK}/track/{delivery['tracking']}" if delivery.get("tracking") else "",
            expected=_day(delivery.get("expected_day")), slot=delivery.get("slot") or "",
            delivered=_day(body.get("delivered_at")),
        ),
        refunds=tuple(_refunds(body)),
    )
    return replace(order, refused=rules.refused(order, today))


def _refunds(body: Mapping[str, Any]) -> Iterator[Refund]:
    """The source's one refund, which names articles, then those asked for here, which name lines."""
    first = body.get("refund")
    if first:
        skus = first.get("items")
        lines = tuple(str(n) for n, i in enumerate(body["items"], 1) if skus and i["sku"] in skus)
        yield Refund(f"R-{body['number'][-6:]}", first["state"], Decimal(str(first["amount"])), lines,
                     _day(first.get("arrived_at")), _day(first.get("paid_at")))
    for told in body.get("refunds", ()):
        yield Refund(told["reference"], told["state"], Decimal(told["amount"]), tuple(told["lines"]))


def _refund(body: dict[str, Any], state: str, amount: Decimal, lines: tuple[str, ...]) -> str:
    """Adds a refund to an order; returns its reference."""
    refunds = body.setdefault("refunds", [])
    reference = f"R-{body['number'][-6:]}-{len(refunds) + 1}"
    refunds.append({"reference": reference, "state": state, "amount": str(amount), "lines": lines})
    return reference


def _sum_up(body: dict[str, Any]) -> None:
    """Counts an order's totals anew after its items changed; a discount keeps its share."""
    totals = body["totals"]
    goods = sum((Decimal(str(i["unit_price"])) * i["quantity"] for i in body["items"]), Decimal(0))
    discount = rules.discount(goods, totals)
    rest = Decimal(str(totals["delivery"])) + Decimal(str(totals["gift_wrap"]))
    totals.update(goods=float(goods), discount=float(discount), total=float(goods - discount + rest))


def _allow(order: Order, task: str) -> None:
    reason = order.refused.get(task)
    if reason == "too_late":
        raise Refused(reason, days=rules.RETURN_DAYS)
    if reason:
        raise Refused(reason)


def _line(order: Order, line: str) -> Item:
    for item in order.items:
        if item.line == line:
            return item
    raise NotFound("item")


def _variants(db: sqlite3.Connection, item: Item) -> list[str]:
    """Each size in each colour, as an order writes them: "M, navy"."""
    row = db.execute("select body from products where sku = ?", (item.sku,)).fetchone()
    if row is None:
        return []
    told = json.loads(row[0])["variants"]
    made = [", ".join(part for part in pair if part) for pair in product(told["size"] or [""], told["colour"] or [""])]
    return [variant for variant in made if variant and not _same(variant, item.variant)]


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _customer_body(db: sqlite3.Connection, customer: str) -> dict[str, Any]:
    row = db.execute("select body from customers where id = ?", (customer,)).fetchone()
    if row is None:
        raise NotFound("customer")
    found: dict[str, Any] = json.loads(row[0])
    return found


def _by_contact(db: sqlite3.Connection, contact: str) -> dict[str, Any] | None:
    """The customer with this e-mail or, in any spacing, this phone number."""
    row = db.execute("select body from customers where email = ?", (contact.strip(),)).fetchone()
    if row:
        found: dict[str, Any] = json.loads(row[0])
        return found
    digits = _digits(contact)
    if len(digits) < 7:
        return None
    bodies = (json.loads(row[0]) for row in db.execute("select body from customers"))
    return next((body for body in bodies if _digits(body["phone"]) == digits), None)


def _digits(phone: str) -> str:
    """A phone number's digits, with a leading 0 read as the shop's own country."""
    digits = "".join(char for char in phone if char.isdigit())
    return "44" + digits[1:] if digits.startswith("0") and not digits.startswith("00") else digits.removeprefix("00")


def _customer(body: Mapping[str, Any]) -> Customer:
    return Customer(
        id=body["id"], name=body["name"], email=body["email"], phone=body["phone"],
        addresses=tuple(Address(**address) for address in body["addresses"]), newsletter=body["newsletter"],
        locked=body["locked"], two_factor=body["two_factor"],
    )


def _keep_customer(db: sqlite3.Connection, body: Mapping[str, Any]) -> Customer:
    db.execute("update customers set email = ?, name = ?, body = ? where id = ?",
               (body["email"], body["name"], json.dumps(body), body["id"]))
    return _customer(body)


def _filled(address: Address, fields: tuple[str, ...]) -> dict[str, str]:
    return {field: getattr(address, field) for field in fields if getattr(address, field)}


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _json(result: Any) -> str:
    return msgspec.json.encode(result).decode()


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
