"""Every way a call can fail, as the JSON of docs/api.md: no other page, no stack trace, ever leaves the desk."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from sanic import Request, Sanic
from sanic.exceptions import MethodNotSupported, PayloadTooLarge, SanicException
from sanic.response import HTTPResponse

from bot.conversations.errors import (
    IdReused,
    Missing,
    OtherCustomer,
    Refused,
    Replayed,
    Stale,
    StoreUnavailable,
)
from bot.conversations.record import BadText
from bot.database import DatabaseUnavailable
from bot.library.errors import BadImport, Edited, NoSuchArticle, Taken
from bot.roster import errors as roster
from kb_index.errors import BadEntry

log = logging.getLogger(__name__)

#: Sanic's signal that :func:`install` listens to.
SIGNAL = "http.lifecycle.read_head"
#: A body that is too large is read up to this many bytes, so that its sender gets to read the answer.
_DRAINED = 4_000_000

_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding[ \t]*:", re.IGNORECASE | re.MULTILINE)


class ApiError(Exception):
    """A refusal with a code of docs/api.md. `more` joins the error object, `headers` the response."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None,
                 **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}
        self.more = more


def answer(error: ApiError) -> HTTPResponse:
    body = {"error": {"code": error.code, "message": str(error), **error.more}}
    # ASCII, because a message may quote half a character from the request.
    return HTTPResponse(json.dumps(body), error.status, error.headers, content_type="application/json")


def translate(error: Exception) -> ApiError | None:
    """The refusal that an exception stands for, or None when it is a fault of ours."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, BadText):
        return ApiError(400, error.code, str(error))
    if isinstance(error, Missing):
        return ApiError(404, "not_found", "There is no such conversation.")
    if isinstance(error, IdReused):
        return ApiError(409, "id_reused", "This message id was already used for another text.")
    if isinstance(error, Replayed):
        return ApiError(401, "identity_refused", "This identity token is not taken: it was used before.")
    if isinstance(error, OtherCustomer):
        return ApiError(409, "other_customer", "This conversation is another customer's; begin a new one.")
    if isinstance(error, Stale):
        return _stale(error)
    if isinstance(error, Refused):
        return ApiError(409, error.code, str(error))
    if isinstance(error, roster.BadItem):
        return ApiError(400, "bad_field", str(error), field=error.field)
    if isinstance(error, roster.NoSuchItem):
        return ApiError(404, "not_found", str(error))
    if isinstance(error, roster.InUse):
        return ApiError(409, "in_use", str(error))
    if isinstance(error, roster.SwitchedOff):
        return ApiError(409, "refused", str(error))
    if isinstance(error, (Edited, roster.Edited)):
        return ApiError(409, "edited", str(error), now=error.now)
    if isinstance(error, Taken):
        return ApiError(409, "taken", str(error))
    if isinstance(error, NoSuchArticle):
        return ApiError(404, "not_found", str(error))
    if isinstance(error, (BadEntry, BadImport)):
        return ApiError(400, "bad_entry", str(error))
    if isinstance(error, (StoreUnavailable, DatabaseUnavailable)):
        log.warning("%s", error)
        return ApiError(503, "unavailable", "Nothing was accepted; please send it again.", {"Retry-After": "2"})
    if isinstance(error, SanicException):
        return _of_sanic(error)
    return None


def _stale(error: Stale) -> ApiError:
    owner = {
        "owner": error.owner,
        "agent": {"id": error.agent, "name": error.name} if error.owner == "agent" else None,
    }
    if error.owner == "closed":
        return ApiError(409, "closed", "This conversation is closed.", owner=owner)
    whose = {"bot": "the bot", "queue": "the queue", "agent": error.name or "another agent"}
    return ApiError(409, "stale", f"This conversation is with {whose.get(error.owner, error.owner)} now.", owner=owner)


def _of_sanic(error: SanicException) -> ApiError | None:
    status = getattr(error, "status_code", 500)
    if isinstance(error, MethodNotSupported):
        return ApiError(405, "method_not_allowed", "This address does not take that method.", dict(error.headers))
    if isinstance(error, PayloadTooLarge):
        return ApiError(413, "too_large", "This is more than 64 kB.")
    if status == 404:
        return ApiError(404, "not_found", "There is nothing at this address.")
    if status == 503:
        return ApiError(503, "unavailable", "This took too long; please send it again.", {"Retry-After": "2"})
    if 400 <= status < 500:
        return ApiError(status, "bad_request", "This is not a request that can be understood.")
    return None


async def handle(request: Request, error: Exception) -> HTTPResponse:
    """The one error handler of the app."""
    found = translate(error)
    if found is None and request.method == "NONE":
        # The request line or its headers could not be read: the framework fails in several ways then.
        found = ApiError(400, "bad_request", "This is not a request that can be understood.")
    if found is None:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        found = ApiError(500, "internal", "Something went wrong here. It has been noted.")
    if isinstance(error, PayloadTooLarge):
        await _drain(request)
    return answer(found)


async def _drain(request: Request) -> None:
    """Closing on a sender that still sends would reset the connection and lose our answer with it."""
    stream = request.stream
    if stream is None or not stream.request_body:
        return
    stream.request_max_size = _DRAINED
    try:
        async for _ in stream:
            pass
    except SanicException:
        stream.keep_alive = False


async def check_head(head: bytes) -> None:
    """Refuses a body whose end is in doubt; what is raised here becomes a 400.

    The framework would wait for ever on a negative length, and a proxy in front might see another request than we do.
    """
    lengths = _LENGTH.findall(head)
    if lengths and (len(lengths) > 1 or not lengths[0].isdigit() or _CHUNKED.search(head)):
        raise ValueError("the length of the body is in doubt")


def install(app: Sanic) -> None:
    app.error_handler.add(Exception, handle)
    app.add_signal(check_head, SIGNAL)
