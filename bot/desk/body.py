"""What callers send, checked: an object, no field that is not known, each of its type and length."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from sanic import Request

from bot.conversations.record import BadText, clean, is_message_id
from bot.desk.errors import ApiError

#: Far above the length of any log; what is larger would overflow the store's numbers.
LARGEST_SEQ = 10**9
#: What no database's whole number holds.
_TOO_LARGE = 2**63
_LOCALE = re.compile(r"[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8}){0,5}")
#: A character of which only half is there.
_HALF = re.compile("[\ud800-\udfff]")
_NAMES = {str: "text", bool: "true or false", int: "a whole number", dict: "an object", list: "a list"}


def read(request: Request, required: Mapping[str, type] | None = None,
         optional: Mapping[str, type] | None = None) -> dict[str, Any]:
    """The fields of the request's JSON object, every one of a type as asked for (``object``: of any).

    Raises ApiError (400) with ``bad_json``, ``not_an_object``, ``unknown_field``, ``missing_field`` or ``bad_field``.
    An empty body is an empty object.
    """
    required, optional = required or {}, optional or {}
    found = anything(request)
    for name, value in found.items():
        kind = required.get(name) or optional.get(name)
        if kind is None:
            raise ApiError(400, "unknown_field", f"There is no field {name[:40]!r} here.", field=name[:40])
        if kind is not object and type(value) is not kind:
            raise bad(name, f"is to be {_NAMES[kind]}")
        if kind is int and not -_TOO_LARGE <= value < _TOO_LARGE:
            raise bad(name, "is larger than any that there is")
    for name in required:
        if name not in found:
            raise ApiError(400, "missing_field", f"The field {name!r} is missing.", field=name)
    return found


def anything(request: Request) -> dict[str, Any]:
    """The request's JSON object, its texts whole. Raises ApiError (400) with ``bad_json`` or ``not_an_object``."""
    try:
        found = whole(json.loads(request.body.decode("utf-8"), parse_constant=_no_constant)) if request.body else {}
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_json", "The body is not JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise ApiError(400, "not_an_object", "The body is not a JSON object.")
    return found


def asked(request: Request, name: str) -> str:
    """A text of the query, whole; empty where it is left out."""
    return str(whole(request.args.get(name, "")))


def whole(value: Any) -> Any:
    """What was sent without what cannot be written down, in UTF-8 or by Postgres: NULs, and half characters, which are
    replaced as in messages."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value.replace("\0", ""))
    if isinstance(value, list):
        return [whole(one) for one in value]
    if isinstance(value, dict):
        return {whole(name): whole(one) for name, one in value.items()}
    return value


def bad(name: str, why: str) -> ApiError:
    return ApiError(400, "bad_field", f"The field {name!r} {why}.", field=name)


def message_id(fields: Mapping[str, Any]) -> str:
    """The field ``id``: a sender's own id of a message."""
    value = fields["id"]
    if not is_message_id(value):
        raise bad("id", "is to be 1 to 64 characters of A-Z a-z 0-9 - _")
    return str(value)


def note(fields: Mapping[str, Any]) -> str:
    """The optional field ``note``, empty where nothing was written."""
    return clean(fields["note"]) if str(fields.get("note", "")).strip() else ""


def page(fields: Mapping[str, Any]) -> str:
    """The optional field ``page``. Agents get it as a link, so anything that is no web address is left out."""
    value = _line(fields.get("page", ""), 2000)
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in ("https", "http") and parts.netloc else ""


def locale(fields: Mapping[str, Any]) -> str:
    """The optional field ``locale``, such as ``en-GB``."""
    value = fields.get("locale", "")
    if value and not _LOCALE.fullmatch(value):
        raise bad("locale", "is to be a language tag such as en-GB")
    return str(value)


def browser(request: Request) -> str:
    """What the browser calls itself, for the agent who is asked for help with it."""
    return _line(request.headers.get("user-agent", ""), 300)


def number(raw: str | None) -> int:
    """A sequence number from a header or the query; 0 for anything that is none."""
    if raw is None or not raw.isascii() or not raw.isdigit():
        return 0
    return min(int(raw[:12]), LARGEST_SEQ)


def _line(value: str, limit: int) -> str:
    """One line of text, cut to `limit` characters."""
    try:
        return " ".join(clean(value[: 2 * limit], 2 * limit).split())[:limit]
    except BadText:
        return ""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
