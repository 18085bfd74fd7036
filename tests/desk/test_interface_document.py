"""The OpenAPI document is valid, has every call there is and no other, and its page can be read by anybody."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from conforms import NotDescribed, check
from desk_harness import Agent, Customer, Desk
from openapi_spec_validator import openapi_v31_spec_validator

from bot.desk.app import MODULES
from bot.desk.openapi.document import calls, document
from bot.desk.openapi.shapes import SHAPES
from bot.roster.roster import KINDS


def routes() -> set[str]:
    """Each call of the interface; parameters are written out where the document has them one by one."""
    found = set()
    for module in MODULES:
        for route in module.blueprint._future_routes:
            path = (module.blueprint.url_prefix or "") + route.uri
            if not path.startswith(("/api/", "/health")):
                continue
            path = re.sub(r"<(\w+):\w+>", lambda hit: f"{{{hit[1].upper()}}}", path).rstrip("/")
            kinds = KINDS if "{KIND}" in path else [""]
            found |= {f"{method} {path.replace('{KIND}', kind)}" for method in route.methods if method != "HEAD" for kind in kinds}
    return found


def test_every_call_is_in_the_document_and_the_reverse() -> None:
    described = {f"{call.method} {call.path}" for call in calls()}
    assert routes() - described == set(), "add these to bot/desk/openapi: a line each in CALLS"
    assert described - routes() == set(), "the desk has these no more"


def test_the_document_is_valid() -> None:
    openapi_v31_spec_validator.validate(document())
    ids = [operation["operationId"] for place in document()["paths"].values() for operation in place.values()]
    assert len(ids) == len(set(ids))


def test_every_shape_is_used() -> None:
    used = set(re.findall(r"#/components/schemas/(\w+)", str(document())))
    assert used == set(SHAPES)


async def test_the_desk_serves_document_and_page(desk: Desk) -> None:
    served = await desk.call("GET", "/api/openapi.json")
    assert served.status == 200 and served.json == document()
    page = await desk.call("GET", "/api/docs")
    assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    assert "<script" not in text and "default-src 'self'" in page.headers["Content-Security-Policy"]
    for call in calls():
        assert call.path in text

    ids, links = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found = dict(attrs)
            ids.extend([found["id"]] if "id" in found else [])
            links.extend([found["href"][1:]] if (found.get("href") or "").startswith("#") else [])

    Reader().feed(text)
    assert len(ids) == len(set(ids)) and set(links) <= set(ids) and len(links) > 50


@pytest.mark.parametrize(("status", "body"), [
    (200, b'{"me": {"id": "a", "status": "online", "capacity": 3, "more": 1}}'), (200, b'{"me": {"id": "a"}}'),
    (201, b"{}"), (400, b'{"error": "no"}'), (200, b'{"me": {"id": "a", "status": "asleep", "capacity": 3}}'),
])
def test_an_answer_that_is_not_described_is_noticed(status: int, body: bytes) -> None:
    with pytest.raises(NotDescribed):
        check("POST", "/api/console/me", status, "application/json", body)
    check("POST", "/api/console/me", 200, "application/json", b'{"me": {"id": "a", "status": "online", "capacity": 3}}')


async def test_answers_are_compared_with_it_by_the_harness(desk: Desk, agent: Agent, customer: Customer) -> None:
    """Whatever a test asks of a desk goes through this; here the documents are broken to see that."""
    from bot.desk.openapi import document as module

    broken: dict[str, Any] = module.document()["paths"]["/api/console/desk"]["get"]["responses"]
    kept = broken.pop("200")
    try:
        with pytest.raises(NotDescribed):
            await agent.get("desk")
    finally:
        broken["200"] = kept
    assert (await agent.get("desk")).status == 200
