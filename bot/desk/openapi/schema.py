"""Words to write shapes and calls with, in JSON Schema as OpenAPI 3.1 takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
ANY: Schema = {}
#: Seconds since 1970 by the server's clock.
TIME: Schema = {"type": "number", "description": "Seconds since 1970."}
MESSAGE_ID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$",
                      "description": "The sender's own id; the same id twice is one message."}


def obj(required: Mapping[str, Schema] | None = None, **optional: Schema) -> Schema:
    """An object: fields that are always there, and fields that may be."""
    found: Schema = {"type": "object", "properties": {**(required or {}), **optional}}
    if required:
        found["required"] = sorted(required)
    return found


def some(**required: Schema) -> Schema:
    """An object all of whose fields are always there."""
    return obj(required)


def loose(note: str) -> Schema:
    """An object that is not described further."""
    return {"type": "object", "additionalProperties": True, "description": note}


def arr(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def null(schema: Schema) -> Schema:
    """This, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def enum(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


@dataclass(frozen=True)
class Call:
    """One call of the interface. `out` is the shape of its answer by status, None for one without a body, a text for
    the media type of one that is not JSON; `sent` that of the body, or its media type; `query` names parameters."""

    method: str
    path: str
    summary: str
    out: Mapping[int, Schema | str | None]
    sent: Schema | str | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    #: Header parameters.
    header: Mapping[str, Schema] = field(default_factory=dict)


def get(path: str, summary: str, out: Schema | str, **query: Schema) -> Call:
    return Call("GET", path, summary, {200: out}, None, query)


def post(path: str, summary: str, out: Schema | str | None, sent: Schema | str | None = None, status: int = 0,
         **query: Schema) -> Call:
    return Call("POST", path, summary, {status or (204 if out is None else 200): out}, sent, query)


def put(path: str, summary: str, out: Schema, sent: Schema) -> Call:
    return Call("PUT", path, summary, {200: out}, sent)


def delete(path: str, summary: str, **query: Schema) -> Call:
    return Call("DELETE", path, summary, {204: None}, None, query)
