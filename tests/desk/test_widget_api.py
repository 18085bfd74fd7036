"""The customers' calls of docs/api.md, row by row, and everything a customer could send that is not fine."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from desk_harness import Customer, Desk, running
from multidict import CIMultiDict

from bot.conversations.record import message
from bot.conversations.store import Conversations
from bot.conversations.turn import Commit
from bot.settings import Settings


async def test_config(desk: Desk) -> None:
    answer = await desk.call("GET", "/api/widget/config")
    assert answer.status == 200
    assert set(answer.json) == {"shop", "welcome", "texts", "starters", "max_text", "max_file_mb"}
    assert answer.json["max_text"] == 2000 and answer.json["shop"] == "Larkmoor"
    assert answer.json["welcome"]


async def test_a_conversation_is_minted_with_page_locale_and_browser(desk: Desk) -> None:
    answer = await desk.call("POST", "/api/widget/conversations", headers={"User-Agent": "Test 1.0\x1b[31m"[:8]},
                             json={"page": "https://larkmoor.example/a", "locale": "de-AT"})
    assert answer.status == 201
    state = await desk.services.conversations.state(answer.json["conversation"])
    assert (state.page, state.locale, state.browser) == ("https://larkmoor.example/a", "de-AT", "Test 1.0")
    assert answer.json["token"].startswith(answer.json["conversation"] + ".")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", ["javascript:alert(1)", "http://", "http://[", "https://[::1", "https://a\u2100b.example/"])
async def test_a_page_that_is_no_web_address_is_left_out(desk: Desk, page: str) -> None:
    customer = await desk.customer(page=page)
    assert (await desk.services.conversations.state(customer.cid)).page == ""


async def test_the_token_is_not_kept_in_the_store(desk: Desk, customer: Customer) -> None:
    secret = customer.token.partition(".")[2]
    kept = await desk.services.conversations.call("HGETALL", f"fd:c:{customer.cid}")
    assert secret not in json.dumps(kept)


async def test_history_and_status(customer: Customer) -> None:
    await customer.say("a", "one")
    await customer.say("b", "two")
    answer = await customer.get("conversation?after=1")
    assert answer.status == 200
    assert answer.json["conversation"] == customer.cid
    assert answer.json["status"] == {"owner": "bot", "agent": None, "ahead": None, "wait": None, "away": None, "mail": None}
    assert [(r["seq"], r["text"], r["from"], r["id"]) for r in answer.json["records"]] == [(2, "two", "customer", "b")]
    assert len((await customer.get("conversation")).json["records"]) == 2


@pytest.mark.parametrize("after", ["-1", "x", "", "1e9", "99999999999999999999999", "%00", "٣"])
async def test_a_number_that_is_none_reads_from_the_start_or_past_the_end(customer: Customer, after: str) -> None:
    await customer.say("a", "one")
    answer = await customer.get(f"conversation?after={after}")
    assert answer.status == 200
    assert len(answer.json["records"]) == (0 if after.startswith("999") else 1)


@pytest.mark.parametrize("text", [
    "<script>alert(1)</script>", "/restart", '/intent{"x":1}', "😀👨‍👩‍👧", "مرحبا كيف حالك", "=1+1", "{{7*7}}", "a\nb\tc",
    "0", "x" * 2000, "😀" * 2000,
])
async def test_what_people_type_is_text(customer: Customer, text: str) -> None:
    answer = await customer.say("a", text)
    assert answer.status == 200 and answer.json == {"id": "a", "seq": 1, "duplicate": False}
    [record] = (await customer.get("conversation")).json["records"]
    assert record["text"] == text


@pytest.mark.parametrize(("raw", "kept"), [
    ('"a\\u0000b\\u001b[31m"', "ab[31m"), ('"\\ud800 half"', "\ufffd half"), ('"\\u202eevil"', "evil"),
    ('"a\\r\\nb"', "a\nb"), ('"  x  "', "x"), ('"\\ud83d\\ude00"', "😀"),
])
async def test_unwanted_characters_are_taken_out(desk: Desk, customer: Customer, raw: str, kept: str) -> None:
    body = b'{"id":"a","text":' + raw.encode() + b"}"
    assert (await desk.call("POST", "/api/widget/messages", customer.token, data=body)).status == 200
    [record] = (await customer.get("conversation")).json["records"]
    assert record["text"] == kept


@pytest.mark.parametrize(("body", "code"), [
    (b"", "missing_field"), (b"{", "bad_json"), (b"\xff\xfe", "bad_json"), (b'{"id":"a","text":"\xff"}', "bad_json"),
    (b"[]", "not_an_object"), (b'"text"', "not_an_object"), (b"null", "not_an_object"), (b"1", "not_an_object"),
    (b"[" * 30_000, "bad_json"), (b'{"id":"a","text":NaN}', "bad_json"), (b"\x00\x01\x02", "bad_json"),
    (b'{"id":"a"}', "missing_field"), (b'{"text":"a"}', "missing_field"), (b'{"id":"a","text":1}', "bad_field"),
    (b'{"id":"a","text":null}', "bad_field"), (b'{"id":1,"text":"a"}', "bad_field"),
    (b'{"id":"","text":"a"}', "bad_field"), (b'{"id":"a b","text":"a"}', "bad_field"),
    (b'{"id":"' + b"a" * 65 + b'","text":"a"}', "bad_field"), (b'{"id":"a\\n","text":"a"}', "bad_field"),
    (b'{"id":"a","text":"a","sender":"bot"}', "unknown_field"), (b'{"id":"a","text":"a","\\ud800":1}', "unknown_field"),
    (b'{"id":"a","text":""}', "text_empty"), (b'{"id":"a","text":" \\u0000\\n "}', "text_empty"),
    (b'{"id":"a","text":"' + b"x" * 2001 + b'"}', "text_too_long"),
    (b'{"id":"a","text":"a","choice":{"seq":1,"index":0}}', "missing_field"),
])
async def test_bodies_that_are_refused(desk: Desk, customer: Customer, body: bytes, code: str) -> None:
    answer = await desk.call("POST", "/api/widget/messages", customer.token, data=body)
    assert (answer.status, answer.code) == (400, code)
    assert (await customer.get("conversation")).json["records"] == []


@pytest.mark.parametrize(("path", "body", "refused"), [
    ("messages", b'{"id":"a","attachments":["\\ud800"]}', (400, "attachment_unknown")),
    ("messages", b'{"id":"a","choice":{"topic":"\\ud800"}}', (400, "choice_unknown")),
    ("mail", b'{"email":"\\ud800\\u0000@x"}', (400, "bad_field")), ("resume", b'{"code":"\\ud800"}', (404, "not_found")),
    ("identity", b'{"identity":"\\ud800"}', (401, "identity_refused")),
])
async def test_half_characters_are_no_fault_of_the_desk(
    desk: Desk, customer: Customer, path: str, body: bytes, refused: tuple[int, str]
) -> None:
    answer = await desk.call("POST", f"/api/widget/{path}", customer.token, data=body)
    assert (answer.status, answer.code) == refused


@pytest.mark.parametrize("size", [65_537, 100_000, 3_000_000])
async def test_a_body_that_is_too_large(desk: Desk, customer: Customer, size: int) -> None:
    answer = await desk.call("POST", "/api/widget/messages", customer.token, data=io.BytesIO(b"x" * size))
    assert (answer.status, answer.code) == (413, "too_large")
    assert (await customer.say("a", "still there")).status == 200


async def test_a_large_body_in_chunks(desk: Desk, customer: Customer) -> None:
    async def chunks() -> Any:
        for _ in range(100):
            yield b"x" * 1000

    answer = await desk.call("POST", "/api/widget/messages", customer.token, data=chunks())
    assert (answer.status, answer.code) == (413, "too_large")


@pytest.mark.parametrize("path", ["conversation", "messages", "typing", "events"])
async def test_tokens_that_open_nothing(desk: Desk, customer: Customer, path: str) -> None:
    other = await desk.customer()
    secret = customer.token.partition(".")[2]
    for token in ("", "x", ".", customer.cid, f"{customer.cid}.", f"{other.cid}.{secret}", f"nobody.{secret}",
                  f"{customer.cid}:log.{secret}", customer.token + "x", customer.token[:-1], "a" * 5000 + ".b"):
        method = "GET" if path in ("conversation", "events") else "POST"
        answer = await desk.call(method, f"/api/widget/{path}", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.code) == (401, "unauthorised"), token
    basic = await desk.call("GET", "/api/widget/conversation", headers={"Authorization": f"Basic {customer.token}"})
    assert basic.status == 401
    in_url = await desk.call("GET", f"/api/widget/conversation?token={customer.token}")
    assert in_url.status == 401


async def test_an_id_is_one_message(customer: Customer) -> None:
    first = await customer.say("a", "hello")
    again = await customer.say("a", "hello")
    assert again.json == {**first.json, "duplicate": True}
    other = await customer.say("a", "something else")
    assert (other.status, other.code) == (409, "id_reused")
    assert len((await customer.get("conversation")).json["records"]) == 1


async def test_a_choice_is_the_buttons_title_and_carries_its_payload(
    customer: Customer, conversations: Conversations
) -> None:
    await customer.say("a", "refund")
    turn = await conversations.take()
    assert turn is not None
    reply = message("bot", "Which?", buttons=[{"title": "The tent"}, {"title": "The stove"}],
                    payloads=['/order{"n":"1"}', '/order{"n":"2"}'], evidence={"route": "orders"})
    assert await conversations.commit(turn, Commit(replies=[reply])) == "ok"
    shown = (await customer.get("conversation")).json["records"][1]
    assert shown["buttons"] == [{"title": "The tent"}, {"title": "The stove"}]
    assert "payloads" not in shown and "evidence" not in shown

    assert (await customer.post("messages", {"id": "b", "choice": {"seq": 2, "index": 1}})).json["seq"] == 3
    posted = await conversations.record(customer.cid, 3)
    assert posted is not None
    assert (posted["text"], posted["payload"]) == ("The stove", '/order{"n":"2"}')
    assert "payload" not in (await customer.get("conversation?after=2")).json["records"][0]
    # The same press again is the same message.
    again = await customer.post("messages", {"id": "b", "choice": {"seq": 2, "index": 1}})
    assert again.json == {"id": "b", "seq": 3, "duplicate": True}


@pytest.mark.parametrize(("choice", "code"), [
    ({"seq": 1, "index": 0}, "choice_unknown"), ({"seq": 9, "index": 0}, "choice_unknown"),
    ({"seq": 0, "index": 0}, "choice_unknown"), ({"seq": -1, "index": 0}, "choice_unknown"),
    ({"seq": 10**30, "index": 0}, "choice_unknown"), ({"seq": 2, "index": 0}, "choice_unknown"),
    ({"seq": 2, "index": -1}, "choice_unknown"), ({"seq": "1", "index": 0}, "bad_field"),
    ({"seq": True, "index": 0}, "bad_field"), ({"seq": 1}, "bad_field"), ({}, "bad_field"),
    ({"seq": 1, "index": 0, "payload": "/x"}, "unknown_field"), ("x", "bad_field"),
])
async def test_choices_that_were_not_offered(
    customer: Customer, conversations: Conversations, choice: Any, code: str
) -> None:
    await customer.say("a", "hello")
    turn = await conversations.take()
    assert turn is not None
    await conversations.commit(turn, Commit(replies=[message("bot", "Hi")]))
    answer = await customer.post("messages", {"id": "b", "choice": choice})
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize("topic", ["", "nothing", 1, None, ["gift-cards"], {}, "x" * 5000])
async def test_topics_that_nobody_published(customer: Customer, topic: Any) -> None:
    answer = await customer.post("messages", {"id": "b", "choice": {"topic": topic}})
    assert (answer.status, answer.code) == (400, "choice_unknown")


async def test_a_burst_of_50_passes_in_order(customer: Customer) -> None:
    for number in range(50):
        assert (await customer.say(f"m{number}", f"line {number}")).json["seq"] == number + 1


async def test_more_than_90_messages_a_minute_are_too_many(customer: Customer) -> None:
    answers = [await customer.say(f"m{number}", "x") for number in range(91)]
    assert [answer.status for answer in answers[:90]] == [200] * 90
    assert (answers[90].status, answers[90].code) == (429, "too_many")
    assert 1 <= int(answers[90].headers["Retry-After"]) <= 60


async def test_more_than_30_conversations_a_minute_from_one_address_are_too_many(desk: Desk) -> None:
    for _ in range(30):
        await desk.customer()
    answer = await desk.call("POST", "/api/widget/conversations", json={})
    assert (answer.status, answer.code) == (429, "too_many")
    assert int(answer.headers["Retry-After"]) >= 1


async def test_typing(customer: Customer) -> None:
    assert (await customer.post("typing", {"typing": True})).status == 204
    assert (await customer.post("typing", {"typing": "yes"})).code == "bad_field"
    assert (await customer.post("typing", {})).code == "missing_field"


async def test_customers_never_see_notes(desk: Desk, customer: Customer, conversations: Conversations) -> None:
    await customer.say("a", "hello")
    await conversations.note(customer.cid, "x", "Ada", "n1", "a difficult one")
    answer = await customer.get("conversation")
    assert [record["kind"] for record in answer.json["records"]] == ["message", "internal"]
    assert b"difficult" not in answer.body
    async with customer.events() as events:
        await events.records(1)
        assert set((await events.next("record")).data) == {"seq", "at", "kind"}


async def test_the_token_of_one_conversation_shows_nothing_of_another(desk: Desk, customer: Customer) -> None:
    other = await desk.customer()
    await other.say("a", "my secret")
    assert (await customer.get("conversation")).json["records"] == []
    assert (await customer.get(f"conversation?conversation={other.cid}")).json["conversation"] == customer.cid


@pytest.mark.parametrize(("proxies", "told", "limited"), [(0, "{n}.1.1.1", True), (1, "9.9.9.9, {n}.1.1.1", False),
                                                          (1, "{n}.1.1.1, 9.9.9.9", True), (2, "{n}.1.1.1, 9.9.9.9", False),
                                                          (1, "{n}.1.1.1\n9.9.9.9", True), (1, "9.9.9.9\n{n}.1.1.1", False),
                                                          (2, "{n}.1.1.1\n9.9.9.9", False),
                                                          (1, "2001:db8::{n}:1", True), (1, "2001:db8:0:{n}::1", False),
                                                          (1, "::ffff:{n}.1.1.1", False), (1, "no address {n}", False),
                                                          (1, "9.9.9.9:10{n}", True), (1, "{n}.1.1.1:443", False),
                                                          (1, "[2001:db8::{n}:1]:10{n}", True), (1, "[2001:db8::{n}]", True),
                                                          (1, "[2001:db8:0:{n}::1]:443", False)])
async def test_behind_proxies_limits_go_by_what_the_outermost_saw(
    settings: Settings, proxies: int, told: str, limited: bool
) -> None:
    """What a caller wrote into the header itself stands further left or above, and counts for nothing."""
    async with running(replace(settings, proxies=proxies)) as desk:
        statuses = set()
        for number in range(1, 35):
            headers = CIMultiDict(("X-Forwarded-For", line) for line in told.format(n=number).split("\n"))
            async with desk.http.post("/api/widget/conversations", json={}, headers=headers) as answer:
                statuses.add(answer.status)
    assert statuses == ({201, 429} if limited else {201})
