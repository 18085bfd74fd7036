"""openapi.yaml is well formed, and says of each call what client and server do."""

from __future__ import annotations

import re

import httpx
import pytest
import yaml
from openapi_spec_validator import openapi_v31_spec_validator
from serving import FILE, KEY, serving

from actions.shop.backend import REASONS, RETURN_REASONS, SIGN_IN, STATES, TASKS
from actions.shop.embedded import SampleShop
from actions.shop.server import create_app

TOLD = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_the_file_is_openapi_3_1() -> None:
    assert TOLD["openapi"].startswith("3.1")
    assert list(openapi_v31_spec_validator.iter_errors(TOLD)) == []


def test_every_call_of_the_server_stands_in_it_and_no_other(sample_shop: SampleShop) -> None:
    app = create_app(sample_shop, KEY)
    served = {(method.lower(), "/" + re.sub(r"<(\w+)[^>]*>", r"{\1}", route.path))
              for route in app.router.routes for method in route.methods}
    told = {(method, path) for path, item in TOLD["paths"].items() for method in item if method != "parameters"}
    assert served == told


def test_every_change_asks_for_a_key_and_nothing_else_does() -> None:
    for path, item in TOLD["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            names = [parameter["$ref"].rpartition("/")[2] for parameter in operation.get("parameters", ())]
            changes = method in ("put", "patch", "post") and not path.startswith("/lookups/")
            assert ("Key" in names) == changes, (method, path)
            assert "401" in operation["responses"]


def test_it_knows_our_states_tasks_and_reasons() -> None:
    schemas = TOLD["components"]["schemas"]
    assert tuple(schemas["Order"]["properties"]["state"]["anyOf"][0]["enum"]) == STATES
    assert tuple(schemas["Order"]["properties"]["refused"]["propertyNames"]["enum"]) == TASKS
    text = FILE.read_text()
    assert all(word in text for word in (*RETURN_REASONS, *SIGN_IN))
    assert all(re.fullmatch("[a-z_]+", reason) for reason in REASONS)


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"bearer {KEY}x", KEY, "Basic x"])
async def test_without_the_key_nothing_is_told(sample_shop: SampleShop, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with serving(create_app(sample_shop, KEY)) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        for path in ("/customers/C-1001", "/health", "/nothing"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()) == (401, {"error": {"code": "unauthorised"}})


async def test_what_callers_do_wrong_is_said(sample_shop: SampleShop) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    async with serving(create_app(sample_shop, KEY)) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        path = "/customers/C-1010/orders/LM-104287"
        for body in (b"", b"{", b'{"quantity": "2"}', b'{"quantity": 2, "more": 1}', b'{"quantity": 1e99}', b"\xff"):
            answer = await http.put(f"{path}/items/1/quantity", content=body, headers={"Idempotency-Key": "k"})
            assert (answer.status_code, answer.json()["error"]["field"]) == (422, "body")
        for key in ("", "x" * 201):
            answer = await http.post(f"{path}/cancellation", json={}, headers={"Idempotency-Key": key})
            assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")
        for method, where in (("GET", "/nothing"), ("DELETE", path)):
            assert (await http.request(method, where)).status_code == 404
    assert await sample_shop.effects() == []
