"""Whether answers of a desk are as the OpenAPI document has them. The harness asks this of every answer that it gets."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from bot.desk.openapi.document import document
from bot.desk.openapi.schema import Schema


class NotDescribed(AssertionError):
    """A desk answers other than bot/desk/openapi says; not an error of the test that calls it."""


def check(method: str, path: str, status: int, media: str, body: bytes) -> None:
    """Raises NotDescribed. What is no route of the interface answers as it likes."""
    found = _operation(method, urlsplit(path).path)
    if found is None or (status == 405 and b"method_not_allowed" in body):
        return
    place, operation = found
    told = operation["responses"].get(str(status))
    if told is None and status < 400:
        raise NotDescribed(f"{place} answers {status}, which is not in bot/desk/openapi")
    if told is None:
        told = document()["components"]["responses"]["Error"]
    content = told.get("content")
    if content is None:
        if body:
            raise NotDescribed(f"{place} answers {status} with a body; bot/desk/openapi knows of none")
        return
    if "application/json" not in content:
        return
    if media.partition(";")[0] != "application/json":
        raise NotDescribed(f"{place} answers {status} with {media}, not with JSON as bot/desk/openapi has it")
    for error in _validator(place, status).iter_errors(json.loads(body)):
        at = "/".join(map(str, error.absolute_path)) or "the body"
        raise NotDescribed(f"{place} answers {status} otherwise than bot/desk/openapi says, at {at}: {error.message[:400]}")


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    # Those without a parameter first: /settings/agents/X is no /settings/KIND/X.
    paths = sorted(document()["paths"], key=lambda path: (path.count("{"), path))
    return [(re.compile(re.sub(r"\\?{\w+\\?}", "[^/]+", path)), path) for path in paths]


def _operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    for pattern, name in _patterns():
        if pattern.fullmatch(path.rstrip("/")):
            operation = document()["paths"][name].get(method.lower())
            if operation is not None:
                return f"{method} {name}", operation
    return None


@cache
def _validator(place: str, status: int) -> Draft202012Validator:
    method, path = place.split(" ")
    operation = document()["paths"][path][method.lower()]
    told = operation["responses"].get(str(status)) or document()["components"]["responses"]["Error"]
    schema = closed(told["content"]["application/json"]["schema"])
    shapes = {name: closed(shape) for name, shape in document()["components"]["schemas"].items()}
    return Draft202012Validator({**schema, "components": {"schemas": shapes}})


def closed(schema: Schema) -> Schema:
    """The same without room for fields that are not described: clients should bear those, tests should not."""
    found = {name: closed(value) if isinstance(value, dict) and name != "properties" else value
             for name, value in schema.items()}
    if "properties" in schema:
        found["properties"] = {name: closed(value) for name, value in schema["properties"].items()}
        found.setdefault("additionalProperties", False)
    for name in ("anyOf",):
        if name in schema:
            found[name] = [closed(one) for one in schema[name]]
    return found
