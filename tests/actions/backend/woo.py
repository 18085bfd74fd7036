"""An emulator of WooCommerce's REST API v3, as it is documented: the parts that a backend of ours uses.

It enforces what the real one does: Basic authentication with the key's permission, pages of at most 100, parameters that
exist, fields that may be written, and the forms of its errors. It keeps what it holds in memory.
"""

from __future__ import annotations

import base64
import copy
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sanic import Request, Sanic
from sanic.config import Config
from sanic.exceptions import NotFound
from sanic.response import HTTPResponse, json

KEY, SECRET = "ck_0123456789abcdef", "cs_fedcba9876543210"
_STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed")
_ORDER_FIELDS = {"status", "billing", "shipping", "line_items", "meta_data", "customer_note"}
_CUSTOMER_FIELDS = {"email", "first_name", "last_name", "billing", "shipping", "meta_data"}
_LIST = {"page", "per_page", "order", "orderby"}


def address(**told: str) -> dict[str, str]:
    return {"first_name": "", "last_name": "", "company": "", "address_1": "", "address_2": "", "city": "", "state": "",
            "postcode": "", "country": "", "phone": "", **told}


def customer(number: int, first: str, last: str, email: str) -> dict[str, Any]:
    home = address(first_name=first, last_name=last, address_1="27 Tanner's Rise", city="Leeds", postcode="LS7 4QX",
                   country="GB", phone="07700 900142")
    return {"id": number, "email": email, "first_name": first, "last_name": last, "username": email.partition("@")[0],
            "role": "customer", "billing": {**home, "email": email}, "shipping": home, "meta_data": []}


def order(number: int, owner: int, status: str, day: str, email: str, *items: tuple[int, str, int, str]) -> dict[str, Any]:
    lines = [{"id": line, "name": f"{name} - M, navy", "parent_name": name, "product_id": line, "variation_id": 0,
              "quantity": count, "subtotal": str(Decimal(price) * count), "total": str(Decimal(price) * count),
              "sku": f"S{line}", "price": float(price), "meta_data": [
                  {"id": 1, "key": "pa_size", "value": "m", "display_key": "Size", "display_value": "M"},
                  {"id": 2, "key": "_reduced_stock", "value": "1", "display_key": "_reduced_stock", "display_value": "1"},
                  {"id": 3, "key": "pa_colour", "value": "navy", "display_key": "Colour", "display_value": "navy"}]}
             for line, name, count, price in items]
    there = address(first_name="A", last_name="B", address_1="5 Mill Lane", city="York", postcode="YO1 7AA", country="GB")
    return {"id": number, "number": str(number), "status": status, "currency": "GBP", "customer_id": owner,
            "date_created": f"{day}T10:00:00", "date_completed": f"{day}T18:00:00" if status == "completed" else None,
            "total": str(sum((Decimal(line["total"]) for line in lines), Decimal(0))),
            "billing": {**there, "email": email}, "shipping": there, "payment_method_title": "Visa", "line_items": lines,
            "shipping_lines": [{"id": 9, "method_title": "Flat rate", "total": "0.00"}], "refunds": [], "meta_data": []}


def rounded(order: dict[str, Any], places: int) -> dict[str, Any]:
    """An order as it is told: sums are kept exactly, and rounded to `dp` digits."""
    told = copy.deepcopy(order)
    for sums, names in ((told, ["total"]), *((line, ["total", "subtotal"]) for line in told["line_items"])):
        for name in names:
            sums[name] = str(Decimal(sums[name]).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    return told


@dataclass
class Woo:
    """What the shop holds, and each change it was asked to make."""

    permission: str = "read_write"
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    customers: dict[int, dict[str, Any]] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)

    def app(self) -> Sanic:
        app = Sanic("woo", config=Config({"ACCESS_LOG": False, "MOTD": False, "REGISTER": False, "AUTO_EXTEND": False},
                                         env_prefix=None), configure_logging=False)
        base = "/wp-json/wc/v3"
        app.register_middleware(self._authenticate, "request")
        app.add_route(self._list_orders, f"{base}/orders", methods=["GET"])
        app.add_route(self._one_order, f"{base}/orders/<number:int>", methods=["GET", "PUT"])
        app.add_route(self._list_customers, f"{base}/customers", methods=["GET"])
        app.add_route(self._one_customer, f"{base}/customers/<number:int>", methods=["GET", "PUT"])
        app.add_route(self._countries, f"{base}/data/countries", methods=["GET"])
        app.error_handler.add(NotFound, lambda request, error: fault(
            404, "rest_no_route", "No route was found matching the URL and request method."))
        return app

    async def _authenticate(self, request: Request) -> HTTPResponse | None:
        given = request.headers.get("authorization", "")
        wanted = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if given != wanted:
            return fault(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        if request.method != "GET" and self.permission == "read":
            return fault(401, "woocommerce_rest_authentication_error",
                         "The API key provided does not have write permissions.")
        return None

    async def _list_orders(self, request: Request) -> HTTPResponse:
        found = sorted(self.orders.values(), key=lambda one: one["date_created"], reverse=True)
        if "customer" in request.args:
            if not request.args.get("customer").isdigit():
                return invalid("customer")
            found = [one for one in found if one["customer_id"] == int(request.args.get("customer"))]
        if "search" in request.args:
            # Numbers, names and addresses too, and parts of them
            told = request.args.get("search").lower()
            found = [one for one in found if told in f"{one['id']} {one['billing']} {one['shipping']}".lower()]
        return paged(request, [rounded(one, 2) for one in found], {"customer", "status", "search"}, ("date", "id", "title"))

    async def _one_order(self, request: Request, number: int) -> HTTPResponse:
        found = self.orders.get(number)
        if found is None:
            return fault(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        if request.method == "PUT":
            body = request.json
            if wrong := set(body) - _ORDER_FIELDS:
                return invalid(*wrong)
            if body.get("status", "pending") not in _STATUSES:
                return invalid("status")
            changed = copy.deepcopy(found)
            for told in body.get("line_items", ()):
                line = next((one for one in changed["line_items"] if one["id"] == told.get("id")), None)
                if line is None:
                    return fault(400, "woocommerce_rest_invalid_item_id",
                                 "Order item ID provided is not associated with order.")
                line.update({name: told[name] for name in ("quantity", "total", "subtotal") if name in told})
            for which in ("billing", "shipping"):
                changed[which].update(body.get(which, {}))
            changed["status"] = body.get("status", changed["status"])
            changed["total"] = str(sum((Decimal(line["total"]) for line in changed["line_items"]), Decimal(0)))
            remember(changed, body)
            self.orders[number] = found = changed
            self.puts.append(f"orders/{number}")
        return json(rounded(found, int(request.args.get("dp", 2))))

    async def _list_customers(self, request: Request) -> HTTPResponse:
        found = list(self.customers.values())
        if "email" in request.args:
            if "@" not in request.args.get("email"):
                return invalid("email")
            found = [one for one in found if one["email"].lower() == request.args.get("email").lower()]
        return paged(request, found, {"email", "role"}, ("id", "name", "registered_date"))

    async def _one_customer(self, request: Request, number: int) -> HTTPResponse:
        found = self.customers.get(number)
        if found is None:
            return fault(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        if request.method == "PUT":
            body = request.json
            if wrong := set(body) - _CUSTOMER_FIELDS:
                return invalid(*wrong)
            email = body.get("email", found["email"])
            if any(one["email"] == email and one["id"] != number for one in self.customers.values()):
                return fault(400, "woocommerce_rest_customer_invalid_email", "Email address is invalid.")
            changed = copy.deepcopy(found)
            changed.update({name: body[name] for name in ("email", "first_name", "last_name") if name in body})
            for which in ("billing", "shipping"):
                changed[which].update(body.get(which, {}))
            remember(changed, body)
            self.customers[number] = found = changed
            self.puts.append(f"customers/{number}")
        return json(found)

    async def _countries(self, request: Request) -> HTTPResponse:
        return json([{"code": code, "name": name, "states": []} for code, name in (
            ("DE", "Germany"), ("FR", "France"), ("GB", "United Kingdom (UK)"), ("IE", "Ireland"))])


def remember(changed: dict[str, Any], body: dict[str, Any]) -> None:
    """Meta data without an id replaces what has its key, or joins."""
    for told in body.get("meta_data", ()):
        kept = [meta for meta in changed["meta_data"] if meta["key"] != told["key"]]
        changed["meta_data"] = [*kept, {"id": len(kept) + 1, **told}]


def paged(request: Request, found: list[dict[str, Any]], filters: set[str], orders: tuple[str, ...]) -> HTTPResponse:
    size, page = request.args.get("per_page", "10"), request.args.get("page", "1")
    if not size.isdigit() or not 1 <= int(size) <= 100:
        return invalid("per_page")
    if not page.isdigit() or int(page) < 1:
        return invalid("page")
    if request.args.get("orderby", orders[0]) not in orders or set(request.args) - filters - _LIST:
        return invalid("orderby")
    count, start = int(size), (int(page) - 1) * int(size)
    return json(found[start : start + count], headers={
        "X-WP-Total": str(len(found)), "X-WP-TotalPages": str(-(-len(found) // count))})


def fault(status: int, code: str, message: str) -> HTTPResponse:
    return json({"code": code, "message": message, "data": {"status": status}}, status)


def invalid(*names: str) -> HTTPResponse:
    return fault(400, "rest_invalid_param", f"Invalid parameter(s): {', '.join(names)}")
