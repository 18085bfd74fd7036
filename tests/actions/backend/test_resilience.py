"""A backend that is slow, dead, or dies in the middle: one named error, quickly, and never a thing done twice."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from serving import KEY, serving

from actions.shop.connection import ATTEMPTS, Connection
from actions.shop.embedded import SampleShop
from actions.shop.errors import BadValue, NotFound, Refused, ShopUnavailable
from actions.shop.rest import RestShop
from actions.shop.server import create_app

HEADERS = {"Authorization": f"Bearer {KEY}"}
JSON = b"HTTP/1.1 %d Test\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%sConnection: close\r\n\r\n%s"


def raw(status: int, body: bytes, more: bytes = b"") -> bytes:
    return JSON % (status, len(body), more, body)


@dataclass
class Between:
    """A server of its own between client and backend, one connection a request.

    `plan` says what becomes of each request in turn, and after its end the last of it goes on: ``pass``, ``swallow``
    (the backend does it, the answer is lost), ``drop`` (nothing gets there), ``hang``, or an answer as raw bytes.
    """

    backend: str
    plan: list[str | bytes] = field(default_factory=lambda: ["pass"])
    requests: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                           if line.lower().startswith(b"content-length:")), 0)
            request = head + await reader.readexactly(length)
            what = self.plan[min(self.requests, len(self.plan) - 1)]
            self.requests += 1
            if isinstance(what, bytes):
                writer.write(what)
                await writer.drain()
            elif what == "hang":
                await asyncio.sleep(30)
            elif what != "drop":
                answer = await self._pass_on(request)
                if what == "pass":
                    writer.write(answer)
                    await writer.drain()
        finally:
            writer.close()

    async def _pass_on(self, request: bytes) -> bytes:
        where = urlsplit(self.backend)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1).replace(
            b"Connection: keep-alive\r\n", b""))
        await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer


@pytest.fixture
async def between(sample_shop: SampleShop) -> AsyncIterator[Between]:
    async with serving(create_app(sample_shop, KEY)) as url:
        yield Between(url)


@pytest.fixture
async def address(between: Between) -> AsyncIterator[str]:
    server = await asyncio.start_server(between, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.fixture
async def rest(address: str) -> AsyncIterator[RestShop]:
    shop = RestShop(Connection(address, 3.0, HEADERS))
    yield shop
    await shop.close()


async def test_an_answer_that_is_lost_is_asked_for_again_and_the_effect_is_one(
    rest: RestShop, between: Between, sample_shop: SampleShop
) -> None:
    between.plan = ["swallow", "pass"]
    order = await rest.cancel("C-1010", "LM-104287", key="turn-1")
    assert order.state == "cancelled" and between.requests == 2
    assert [effect["key"] for effect in await sample_shop.effects()] == ["turn-1"]


async def test_a_turn_done_again_after_all_answers_were_lost_finds_it_done(
    rest: RestShop, between: Between, sample_shop: SampleShop
) -> None:
    between.plan = ["swallow"]
    with pytest.raises(ShopUnavailable):
        await rest.request_return("C-1001", "LM-103618", {"1": 1}, "wrong_size", key="turn-1:return")
    assert between.requests == ATTEMPTS
    between.plan = ["pass"]
    made = await rest.request_return("C-1001", "LM-103618", {"1": 1}, "wrong_size", key="turn-1:return")
    order = await rest.order("C-1001", "LM-103618")
    assert [refund.reference for refund in order.refunds] == [made.reference]
    assert len(await sample_shop.effects()) == 1


@pytest.mark.parametrize("plan", [["drop", "drop", "pass"], [raw(503, b"{}"), raw(502, b"<html>"), "pass"],
                                  [raw(429, b"", b"Retry-After: 0\r\n"), "pass"]])
async def test_what_fails_in_passing_is_tried_again(
    rest: RestShop, between: Between, plan: list[str | bytes]
) -> None:
    between.plan = plan
    assert len(await rest.orders("C-1001")) == 3


@pytest.mark.parametrize("plan", [["hang"], [raw(503, b"{}", b"Retry-After: 900\r\n")], ["drop", "hang"]])
async def test_a_slow_backend_is_unavailable_in_the_time_that_is_set(
    address: str, between: Between, plan: list[str | bytes]
) -> None:
    between.plan = plan
    shop = RestShop(Connection(address, 0.6, HEADERS))
    began = time.monotonic()
    with pytest.raises(ShopUnavailable):
        await shop.orders("C-1001")
    assert time.monotonic() - began < 5
    await shop.close()


async def test_others_go_on_while_one_waits(address: str, between: Between) -> None:
    between.plan = ["hang"]
    shop = RestShop(Connection(address, 1.0, HEADERS))
    waiting = asyncio.create_task(shop.orders("C-1001"))
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert not waiting.done()
    with pytest.raises(ShopUnavailable):
        await waiting
    await shop.close()


async def test_a_dead_backend_is_left_alone_and_found_again(address: str, between: Between) -> None:
    between.plan = ["drop"]
    shop = RestShop(Connection(address, 3.0, HEADERS, threshold=2, pause=0.5))
    for _ in range(2):
        with pytest.raises(ShopUnavailable):
            await shop.check()
    asked = between.requests
    for _ in range(20):
        with pytest.raises(ShopUnavailable, match="left alone"):
            await shop.check()
    assert between.requests == asked
    between.plan = ["pass"]
    await asyncio.sleep(0.6)
    assert "sample shop" in await shop.check() and between.requests == asked + 1
    await shop.close()


async def test_nobody_listening_is_unavailable() -> None:
    shop = RestShop(Connection("http://127.0.0.1:1", 3.0, HEADERS))
    with pytest.raises(ShopUnavailable):
        await shop.check()
    await shop.close()


async def test_a_refusal_is_an_answer_and_does_not_open_the_circuit(address: str, between: Between) -> None:
    shop = RestShop(Connection(address, 3.0, HEADERS, threshold=2, pause=60))
    for _ in range(4):
        with pytest.raises(NotFound):
            await shop.order("C-1001", "LM-000000")
        with pytest.raises(Refused):
            await shop.cancel("C-1002", "LM-104255", key="k")
    assert between.requests == 8
    await shop.close()


@pytest.mark.parametrize("body", [
    b"", b"<html>Welcome</html>", b"{}", b'{"orders": 7}', b'{"orders": [{"number": "LM-1"}]}', b"\xff\xfe", b"null",
    json.dumps({"orders": [{"number": "1", "customer": "C-1", "state": "received", "placed": "yesterday", "items": [],
                            "total": "x"}]}).encode(),
])
async def test_an_answer_that_is_none_is_a_backend_out_of_order(
    rest: RestShop, between: Between, body: bytes
) -> None:
    between.plan = [raw(200, body)]
    with pytest.raises(ShopUnavailable, match=r"openapi\.yaml"):
        await rest.orders("C-1001")


async def test_a_refund_that_stands_otherwise_than_described_is_a_backend_out_of_order(
    rest: RestShop, between: Between
) -> None:
    refund = {"reference": "R-1", "state": "approved", "amount": "19.00"}
    between.plan = [raw(200, json.dumps({"orders": [{
        "number": "1", "customer": "C-1", "state": "returned", "placed": "2026-03-01", "items": [], "total": "19.00",
        "refunds": [refund]}]}).encode())]
    with pytest.raises(ShopUnavailable, match="approved"):
        await rest.orders("C-1001")


async def test_a_refusals_facts_are_those_that_texts_know(rest: RestShop, between: Between) -> None:
    facts = {"days": 30, "reason": "because", "field": "x", "text": "Buy more!", "response": "utter_greet"}
    for error in ({"code": "refused", "reason": "too_late"}, {"code": "bad_value", "field": "name", "reason": "form"}):
        between.plan = [raw(409, json.dumps({"error": {**error, "facts": facts}}).encode())]
        with pytest.raises((Refused, BadValue)) as told:
            await rest.cancel("C-1001", "LM-104233", key="k")
        assert told.value.facts == {"days": 30}


async def test_an_error_page_of_something_in_between_is_no_refusal(rest: RestShop, between: Between) -> None:
    for status in (400, 403, 404, 409):
        between.plan = [raw(status, b"<html>nginx</html>")]
        with pytest.raises(ShopUnavailable):
            await rest.order("C-1001", "LM-104233")


async def test_a_redirect_is_not_followed_with_the_key(rest: RestShop, between: Between) -> None:
    between.plan = [raw(302, b"", b"Location: http://127.0.0.1:1/elsewhere\r\n")]
    with pytest.raises(ShopUnavailable):
        await rest.orders("C-1001")
    assert between.requests == 1


async def test_a_wrong_key_names_the_setting(address: str) -> None:
    shop = RestShop.open(address, "another", 3.0)
    with pytest.raises(ShopUnavailable, match="FRONTDESK_SHOP_KEY"):
        await shop.orders("C-1001")
    await shop.close()


async def test_no_proxy_stands_between_us_and_this_machine(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    shop = RestShop.open(address, KEY, 3.0)
    assert "sample shop" in await shop.check()
    await shop.close()


@pytest.mark.parametrize("proxy", ["socks5://u:hush@127.0.0.1:1", "gopher://u:hush@127.0.0.1:1"])
async def test_a_proxy_that_cannot_be_used_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    shop = RestShop.open("https://shop.example", KEY, 1.0)
    with pytest.raises(ShopUnavailable, match="ALL_PROXY") as away:
        await shop.check()
    assert "hush" not in str(away.value)
    await shop.close()


async def test_what_may_not_come_twice_is_sent_again_only_where_it_was_not_received(
    address: str, between: Between
) -> None:
    connection = Connection(address, 3.0, HEADERS)
    between.plan = ["swallow"]
    with pytest.raises(ShopUnavailable, match="may have been done"):
        await connection.send("POST", "feedback", json={}, repeat=False)
    assert between.requests == 1
    await connection.close()


@pytest.mark.parametrize("number", ["..", ".", "", "a/b", "../../C-1010/orders/LM-104287", "LM-1?x=1", "LM%2f1", "é\n"])
async def test_a_number_is_one_segment_of_the_path(rest: RestShop, number: str) -> None:
    with pytest.raises(NotFound):
        await rest.order("C-1001", number)


async def test_cancelled_calls_do_not_count_against_the_backend(address: str, between: Between) -> None:
    between.plan = ["hang"]
    shop = RestShop(Connection(address, 3.0, HEADERS, threshold=1, pause=60))
    waiting = asyncio.create_task(shop.check())
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    between.plan = ["pass"]
    assert "sample shop" in await shop.check()
    await shop.close()
