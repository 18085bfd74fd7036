"""The whole document, made once from the calls and shapes."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from bot.desk.integrations import SCOPES, scope_for
from bot.desk.openapi import console, customers, editors, settings
from bot.desk.openapi.schema import Call, Schema, ref
from bot.desk.openapi.shapes import SHAPES

#: Parts of the document by the name that readers see.
TAGS: dict[str, tuple[str, tuple[Call, ...]]] = {
    "Customers and sessions": ("What the widget calls, signing in, and what anybody may ask.", customers.CALLS),
    "Conversations": ("What agents do.", console.CALLS),
    "Set-up": ("Teams, agents, hours, canned replies, macros, webhooks and keys.", settings.CALLS),
    "Knowledge base": ("What editors do.", editors.CALLS),
}
_INFO = """JSON in UTF-8. Calls of the console take a session, with the header `X-Frontdesk: 1` for changes, or an API
key with the scope that each names. Calls of the widget take the token of their conversation. What fields mean, which
rules hold and what the errors are stands in docs/api.md; webhooks and keys in docs/webhooks.md."""
_SCHEMES: dict[str, Schema] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "frontdesk", "description": "Set by signing in."},
    "key": {"type": "http", "scheme": "bearer",
            "description": f"An API key, `fdk_…`, with one of the scopes {', '.join(SCOPES)}."},
    "conversation": {"type": "http", "scheme": "bearer", "description": "The token of a conversation."},
}
#: Open to anybody.
_OPEN = {"/health", "/api/openapi.json", "/api/docs", "/api/widget/config", "/api/widget/conversations",
         "/api/widget/resume"}


def calls() -> list[Call]:
    return [call for _, part in TAGS.values() for call in part]


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1. Not to be changed by whoever asks for it."""
    paths: dict[str, dict[str, Any]] = {}
    for tag, (_, part) in TAGS.items():
        for call in part:
            place = paths.setdefault(call.path, {})
            if call.method.lower() in place:
                raise ValueError(f"{call.method} {call.path} stands in the document twice")
            place[call.method.lower()] = _operation(tag, call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Frontdesk", "version": "0.1.0", "description": _INFO},
        "tags": [{"name": tag, "description": about} for tag, (about, _) in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": SHAPES,
            "responses": {"Error": {"description": "A refusal.", "content": _json(ref("Error"))}},
            "securitySchemes": _SCHEMES,
        },
    }


def _operation(tag: str, call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": _name(call), "summary": call.summary, "tags": [tag], "security": _security(call),
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
              for name in re.findall(r"{(\w+)}", call.path)),
            *({"name": name, "in": "query", "schema": schema} for name, schema in call.query.items()),
            *({"name": name, "in": "header", "schema": schema} for name, schema in call.header.items())],
        "responses": {
            **{str(status): {"description": call.summary, **_body(out)} for status, out in call.out.items()},
            "default": {"$ref": "#/components/responses/Error"}},
    }
    if call.sent is not None:
        required = isinstance(call.sent, str) or bool(call.sent.get("required"))
        found["requestBody"] = {"required": required, **_body(call.sent)}
    if scope := scope_for(call.method, call.path):
        found["description"] = f"By API key: scope `{scope}`."
    return found


def _security(call: Call) -> list[dict[str, list[str]]]:
    if call.path in _OPEN or (call.path, call.method) == ("/api/session", "POST"):
        return []
    if call.path.startswith("/api/widget"):
        return [{"conversation": []}]
    keys: list[dict[str, list[str]]] = [{"key": []}] if scope_for(call.method, call.path) else []
    return [{"session": []}, *keys]


def _body(shape: Schema | str | None) -> dict[str, Any]:
    if shape is None:
        return {}
    return {"content": {shape: {}} if isinstance(shape, str) else _json(shape)}


def _json(shape: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": shape}}


def _name(call: Call) -> str:
    """An id for programs that make clients of the document, such as ``post_conversations_cid_claim``."""
    words = [word.lower() for word in re.findall(r"\w+", call.path) if word not in ("api", "console")]
    return "_".join([call.method.lower(), *words])
