"""A server of the REST interface of ``openapi.yaml``, over any backend: the example to write one's own by.

``frontdesk shop serve`` runs it over the sample shop.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec
from sanic import Request, Sanic
from sanic.config import Config
from sanic.exceptions import SanicException
from sanic.response import HTTPResponse

from actions.shop.backend import Address, Backend, Slot
from actions.shop.errors import BadValue, KeyReused, NotFound, Refused, ShopUnavailable, Unsupported

log = logging.getLogger(__name__)

T = TypeVar("T")
Handler = Callable[..., Awaitable[HTTPResponse]]
_CONFIG = {"ACCESS_LOG": False, "AUTO_EXTEND": False, "MOTD": False, "REGISTER": False, "REQUEST_MAX_SIZE": 65_536}


class _Unauthorised(Exception):
    """The key is missing or wrong."""


class _Quantity(msgspec.Struct, forbid_unknown_fields=True):
    quantity: int


class _Lines(msgspec.Struct, forbid_unknown_fields=True):
    lines: dict[str, int]
    reason: str


class _Variant(msgspec.Struct, forbid_unknown_fields=True):
    line: str
    variant: str


class _Edit(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    email: str | None = None
    phone: str | None = None


class _On(msgspec.Struct, forbid_unknown_fields=True):
    on: bool


class _SignIn(msgspec.Struct, forbid_unknown_fields=True):
    trouble: str
    contact: str


class _Feedback(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    category: str
    text: str
    customer: str | None = None
    order: str | None = None


class _Email(msgspec.Struct, forbid_unknown_fields=True):
    email: str


class _OrderAndEmail(msgspec.Struct, forbid_unknown_fields=True):
    number: str
    email: str


class _Card(msgspec.Struct, forbid_unknown_fields=True):
    number: str
    pin: str


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


def create_app(shop: Backend, key: str, name: str = "shop") -> Sanic:
    """The server as a Sanic app; callers have to send `key` as bearer token."""
    app = Sanic(name, config=Config(_CONFIG, env_prefix=None), configure_logging=False)

    async def authorise(request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {key}".encode()):
            raise _Unauthorised

    def on(method: str, path: str) -> Callable[[Handler], Handler]:
        return cast(Callable[[Handler], Handler], app.route(path, methods=[method], unquote=True))

    app.register_middleware(authorise, "request")

    @on("GET", "/health")
    async def health(request: Request) -> HTTPResponse:
        return _json({"name": await shop.check()})

    @on("POST", "/lookups/customer")
    async def look_up_customer(request: Request) -> HTTPResponse:
        return _json({"customer": await shop.customer_by_email(_body(request, _Email).email)})

    @on("POST", "/lookups/order")
    async def look_up_order(request: Request) -> HTTPResponse:
        told = _body(request, _OrderAndEmail)
        return _json({"customer": await shop.customer_of_order(told.number, told.email)})

    @on("POST", "/lookups/gift-card")
    async def look_up_gift_card(request: Request) -> HTTPResponse:
        told = _body(request, _Card)
        return _json(await shop.gift_card(told.number, told.pin))

    @on("GET", "/customers/<customer>")
    async def customer(request: Request, customer: str) -> HTTPResponse:
        return _json(await shop.customer(customer))

    @on("PATCH", "/customers/<customer>")
    async def edit(request: Request, customer: str) -> HTTPResponse:
        told = _body(request, _Edit)
        return _json(await shop.edit_customer(
            customer, name=told.name, email=told.email, phone=told.phone, key=_key(request)))

    @on("POST", "/customers/<customer>/addresses")
    async def save_address(request: Request, customer: str) -> HTTPResponse:
        return _json(await shop.save_address(customer, _body(request, Address), key=_key(request)))

    @on("PUT", "/customers/<customer>/newsletter")
    async def newsletter(request: Request, customer: str) -> HTTPResponse:
        return _json(await shop.newsletter(customer, _body(request, _On).on, key=_key(request)))

    @on("POST", "/customers/<customer>/closing")
    async def close_account(request: Request, customer: str) -> HTTPResponse:
        _body(request, _Nothing)
        return _json({"gone_by": await shop.close_account(customer, key=_key(request))})

    @on("GET", "/customers/<customer>/membership")
    async def membership(request: Request, customer: str) -> HTTPResponse:
        return _json(await shop.membership(customer))

    @on("GET", "/customers/<customer>/orders")
    async def orders(request: Request, customer: str) -> HTTPResponse:
        return _json({"orders": await shop.orders(customer)})

    @on("GET", "/customers/<customer>/orders/<number>")
    async def order(request: Request, customer: str, number: str) -> HTTPResponse:
        return _json(await shop.order(customer, number))

    @on("GET", "/customers/<customer>/orders/<number>/invoice")
    async def invoice(request: Request, customer: str, number: str) -> HTTPResponse:
        return _json(await shop.invoice(customer, number))

    @on("GET", "/customers/<customer>/orders/<number>/slots")
    async def slots(request: Request, customer: str, number: str) -> HTTPResponse:
        return _json({"slots": await shop.slots(customer, number)})

    @on("PUT", "/customers/<customer>/orders/<number>/address")
    async def change_address(request: Request, customer: str, number: str) -> HTTPResponse:
        return _json(await shop.change_address(customer, number, _body(request, Address), key=_key(request)))

    @on("PUT", "/customers/<customer>/orders/<number>/slot")
    async def change_slot(request: Request, customer: str, number: str) -> HTTPResponse:
        return _json(await shop.change_slot(customer, number, _body(request, Slot), key=_key(request)))

    @on("GET", "/customers/<customer>/orders/<number>/items/<line>/variants")
    async def variants(request: Request, customer: str, number: str, line: str) -> HTTPResponse:
        return _json({"variants": await shop.variants(customer, number, line)})

    @on("PUT", "/customers/<customer>/orders/<number>/items/<line>/quantity")
    async def change_quantity(request: Request, customer: str, number: str, line: str) -> HTTPResponse:
        quantity = _body(request, _Quantity).quantity
        return _json(await shop.change_quantity(customer, number, line, quantity, key=_key(request)))

    @on("POST", "/customers/<customer>/orders/<number>/cancellation")
    async def cancel(request: Request, customer: str, number: str) -> HTTPResponse:
        _body(request, _Nothing)
        return _json(await shop.cancel(customer, number, key=_key(request)))

    @on("POST", "/customers/<customer>/orders/<number>/returns")
    async def request_return(request: Request, customer: str, number: str) -> HTTPResponse:
        told = _body(request, _Lines)
        return _json(await shop.request_return(customer, number, told.lines, told.reason, key=_key(request)))

    @on("POST", "/customers/<customer>/orders/<number>/exchanges")
    async def exchange(request: Request, customer: str, number: str) -> HTTPResponse:
        told = _body(request, _Variant)
        return _json(await shop.exchange(customer, number, told.line, told.variant, key=_key(request)))

    @on("POST", "/sign-in-mails")
    async def sign_in_mail(request: Request) -> HTTPResponse:
        told = _body(request, _SignIn)
        return _json({"mail": await shop.sign_in_mail(told.trouble, told.contact, key=_key(request))})

    @on("POST", "/feedback")
    async def feedback(request: Request) -> HTTPResponse:
        told = _body(request, _Feedback)
        reference = await shop.feedback(told.kind, told.category, told.text, customer=told.customer, order=told.order,
                                        key=_key(request))
        return _json({"reference": reference})

    app.error_handler.add(Exception, _answer)
    return app


def _json(data: Any, status: int = 200) -> HTTPResponse:
    return HTTPResponse(msgspec.json.encode(data), status, content_type="application/json")


def _body(request: Request, kind: type[T]) -> T:
    """The request's body. Raises BadValue for one that is not as openapi.yaml has it."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadValue("body", "form", said=str(error)[:200]) from None


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise BadValue("Idempotency-Key", "form" if key else "empty")
    return str(key)


async def _answer(request: Request, error: Exception) -> HTTPResponse:
    """The one error handler: each refusal with its status and code, and nothing of what went wrong inside."""
    if isinstance(error, _Unauthorised):
        return _json({"error": {"code": "unauthorised"}}, 401)
    if isinstance(error, NotFound):
        return _json({"error": {"code": "not_found", "what": error.what}}, 404)
    if isinstance(error, Refused):
        return _json({"error": {"code": "refused", "reason": error.reason, "facts": error.facts}}, 409)
    if isinstance(error, KeyReused):
        return _json({"error": {"code": "key_reused"}}, 409)
    if isinstance(error, BadValue):
        told = {"code": "bad_value", "field": error.field, "reason": error.reason, "facts": error.facts}
        return _json({"error": told}, 422)
    if isinstance(error, Unsupported):
        return _json({"error": {"code": "unsupported", "task": error.task}}, 501)
    if isinstance(error, ShopUnavailable):
        return _json({"error": {"code": "unavailable"}}, 503)
    if isinstance(error, SanicException) and 400 <= getattr(error, "status_code", 500) < 500:
        return _json({"error": {"code": "not_found", "what": "address"}}, 404)
    log.error("%s failed", request.method, exc_info=error)
    return _json({"error": {"code": "internal"}}, 500)
