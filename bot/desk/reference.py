"""The interface described: the OpenAPI document, and the same as a page that needs no script."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.desk.openapi.document import TAGS, document

_HEADERS = {"Cache-Control": "public, max-age=300"}


async def as_document(_: Request) -> HTTPResponse:
    return HTTPResponse(_document(), 200, _HEADERS, content_type="application/json")


async def as_page(_: Request) -> HTTPResponse:
    return HTTPResponse(_page(), 200, _HEADERS, content_type="text/html; charset=utf-8")


@cache
def _document() -> str:
    return json.dumps(document(), ensure_ascii=False)


@cache
def _page() -> str:
    found = document()
    parts = []
    for number, (tag, (about, calls)) in enumerate(TAGS.items()):
        shown = "".join(_operation(call.path, call.method, found["paths"][call.path][call.method.lower()])
                        for call in calls)
        parts.append(f'<section aria-labelledby="part{number}"><h2 id="part{number}">{escape(tag)}</h2>'
                     f"<p>{escape(about)}</p>{shown}</section>")
    shapes = "".join(f'<details id="shape-{name}"><summary><b>{name}</b></summary>{_shape(shape)}</details>'
                     for name, shape in found["components"]["schemas"].items())
    links = "".join(f'<li><a href="#part{number}">{escape(tag)}</a></li>' for number, tag in enumerate(TAGS))
    info = escape(found["info"]["description"]).replace("`X-Frontdesk: 1`", "<code>X-Frontdesk: 1</code>")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>The interface of Frontdesk</title><style>{_STYLE}</style></head><body>
<a class="skip" href="#main">Skip to the calls</a>
<header><h1>The interface of Frontdesk</h1><p>{info}</p>
<p>For programs: <a href="/api/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<nav aria-label="Parts"><ul>{links}<li><a href="#shapes">Shapes</a></li></ul></nav></header>
<main id="main">{"".join(parts)}
<section aria-labelledby="shapes"><h2 id="shapes">Shapes</h2><p>What several calls share.</p>{shapes}</section></main>
</body></html>
"""


def _operation(path: str, method: str, told: dict[str, Any]) -> str:
    rows = []
    for parameter in told["parameters"]:
        rows.append(f"<dt>{escape(parameter['name'])} <i>in {parameter['in']}</i></dt>"
                    f"<dd>{_type(parameter['schema'])}</dd>")
    if "requestBody" in told:
        rows.append(f"<dt>Body</dt><dd>{_content(told['requestBody'])}</dd>")
    for status, response in told["responses"].items():
        if status != "default":
            rows.append(f"<dt>Answer {status}</dt><dd>{_content(response)}</dd>")
    who = [{"session": "a session", "key": "an API key", "conversation": "the conversation's token"}[name]
           for way in told["security"] for name in way]
    access = f"With {' or '.join(who)}." if who else "Open to anybody."
    if "description" in told:
        access += " " + escape(told["description"]).replace("`", "")
    return (f'<details id="{told["operationId"]}"><summary><span class="method {method.lower()}">{method}</span> '
            f"<code>{escape(path)}</code> <span>{escape(told['summary'])}</span></summary>"
            f"<p>{access}</p><dl>{''.join(rows)}</dl></details>")


def _content(told: dict[str, Any]) -> str:
    if "content" not in told:
        return "nothing"
    [(media, body)] = told["content"].items()
    return _shape(body["schema"]) if "schema" in body else escape(media)


def _shape(schema: dict[str, Any]) -> str:
    """An object as a list of its fields, anything else as a type."""
    note = f"<p>{escape(schema['description']).replace('`', '')}</p>" if "description" in schema else ""
    if not schema.get("properties"):
        return note or _type(schema)
    needed = schema.get("required", ())
    fields = "".join(f"<li><code>{escape(name)}{'' if name in needed else '?'}</code> {_type(field)}</li>"
                     for name, field in schema["properties"].items())
    return f"{note}<ul>{fields}</ul>"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#shape-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(value)}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("properties"):
        return _shape(schema)
    kinds = schema.get("type", "anything")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


_STYLE = """
:root{color-scheme:light dark;--ink:#1d2521;--soft:#4b5852;--line:#d5dcd8;--ground:#fbfcfb;--raised:#fff;--link:#1f5c4d}
@media(prefers-color-scheme:dark){:root{--ink:#e8eeea;--soft:#a9b7b0;--line:#38423d;--ground:#161b18;--raised:#1e2521;--link:#8ed4bf}}
*{box-sizing:border-box}body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
header,main{max-width:62rem;margin:0 auto;padding:1rem clamp(.8rem,3vw,2rem)}h1{font-size:1.7rem;margin:.5rem 0}
h2{font-size:1.25rem;margin:2rem 0 .2rem}p{margin:.4rem 0;color:var(--soft)}a{color:var(--link)}
nav ul{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;padding:0;margin:.8rem 0 0;list-style:none}
.skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;padding:.5rem;background:var(--raised)}
details{margin:.4rem 0;border:1px solid var(--line);border-radius:8px;background:var(--raised)}
summary{padding:.55rem .8rem;cursor:pointer;overflow-wrap:anywhere}summary span:last-child{color:var(--soft)}
details>:not(summary){margin-left:.9rem;margin-right:.9rem}details>:last-child{margin-bottom:.8rem}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:6px}
code{font:.92em ui-monospace,monospace;overflow-wrap:anywhere}dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 .2rem}
dt i{font-weight:400;color:var(--soft)}ul{margin:.2rem 0;padding-left:1.2rem}
.method{display:inline-block;min-width:4.2rem;font:700 .8rem ui-monospace,monospace}
""".strip()


blueprint = Blueprint("reference", url_prefix="/api")
blueprint.add_route(as_document, "/openapi.json", methods=["GET"])
blueprint.add_route(as_page, "/docs", methods=["GET"])
