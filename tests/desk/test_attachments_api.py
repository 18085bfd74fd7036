"""Attachments over HTTP: both ways, bound to their conversation, given to nobody else and never run."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from desk_harness import Agent, Answer, Customer, Desk, running
from PIL import Image

from bot.conversations.store import Conversations
from bot.reports.archive import keep
from bot.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "attachments"))
import files

HandOff = Callable[..., Awaitable[None]]


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    async with running(replace(settings, attachment_mb=1)) as desk:
        yield desk


async def send(customer: Customer, name: str, data: bytes) -> Answer:
    return await customer.desk.call("POST", f"/api/widget/attachments?name={quote(name)}", token=customer.token, data=BytesIO(data))


async def attach(agent: Agent, cid: str, name: str, data: bytes) -> Answer:
    path = f"/api/console/conversations/{cid}/attachments?name={quote(name)}"
    return await agent.desk.call("POST", path, headers=agent.headers, data=data)


async def stored(customer: Customer, name: str = "photo.jpg", data: bytes = b"") -> dict[str, Any]:
    answer = await send(customer, name, data or files.photo())
    assert answer.status == 201, answer.body
    return dict(answer.json["attachment"])


async def test_a_picture_goes_to_the_agent_and_a_document_comes_back(
    customer: Customer, agent: Agent, hand_off: HandOff,
) -> None:
    photo = await stored(customer)
    assert photo["name"] == "photo.jpg" and photo["type"] == "image/jpeg" and (photo["width"], photo["height"]) == (32, 64)
    sent = await customer.post("messages", {"id": "m1", "text": "the pole", "attachments": [photo["id"]]})
    assert sent.status == 200
    await hand_off()
    await agent.act(customer.cid, "claim")
    [record, *_] = (await agent.get(f"conversations/{customer.cid}")).json["records"]
    assert record["attachments"] == [photo] and record["text"] == "the pole"
    picture = await agent.get(f"attachments/{photo['id']}")
    assert picture.status == 200 and Image.open(BytesIO(picture.body)).size == (32, 64)
    label = (await attach(agent, customer.cid, "label für dich.pdf", files.PDF)).json["attachment"]
    # Not before it is sent.
    assert (await customer.get(f"attachments/{label['id']}")).status == 404
    said = await agent.act(customer.cid, "messages", {"id": "a1", "attachments": [label["id"]]})
    assert said.status == 200
    record = (await customer.get("conversation?after=0")).json["records"][-1]
    assert record["attachments"] == [label] and record["text"] == ""
    document = await customer.get(f"attachments/{label['id']}")
    assert document.body == files.PDF and document.headers["Content-Type"] == "application/pdf"
    assert document.headers["Content-Disposition"] == (
        "attachment; filename=\"label f_r dich.pdf\"; filename*=UTF-8''label%20f%C3%BCr%20dich.pdf")
    summary = (await agent.get("conversations?view=mine")).json["conversations"][0]
    assert summary["last"]["text"] == "[label für dich.pdf]"


async def test_a_file_is_only_looked_at(customer: Customer) -> None:
    photo = await stored(customer)
    answer = await customer.get(f"attachments/{photo['id']}")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert b"Fernhill" not in answer.body


async def test_nobody_else_gets_it(desk: Desk, customer: Customer) -> None:
    photo = await stored(customer)
    path = f"/api/widget/attachments/{photo['id']}"
    other = await desk.customer()
    editor = await desk.agent("Eve", "editor")
    assert (await other.get(f"attachments/{photo['id']}")).status == 404
    assert (await desk.call("GET", path)).status == 401
    assert (await desk.call("GET", f"/api/console/attachments/{photo['id']}")).status == 401
    assert (await editor.get(f"attachments/{photo['id']}")).status == 403
    assert (await customer.get(f"attachments/{quote('../frontdesk.db', safe='')}")).status == 404
    stolen = await other.post("messages", {"id": "m1", "attachments": [photo["id"]]})
    assert (stolen.status, stolen.code) == (400, "attachment_unknown")
    # It lies outside of what the desk serves, under a name that says nothing.
    found = [path for path in desk.settings.attachments.rglob("*") if path.is_file()]
    assert [path.name for path in found] == [photo["id"]] and oct(found[0].parent.stat().st_mode)[-3:] == "700"


@pytest.mark.parametrize(("name", "data", "status", "code"), [
    ("a.png", files.PAGE, 400, "not_what_it_says"), ("a.svg", files.PAGE, 400, "type_refused"),
    ("a.png", b"", 400, "not_what_it_says"), ("a.pdf", files.PDF + bytes(1_000_001), 413, "too_large"),
    ("a.pdf", files.PDF + bytes(3_900_000), 413, "too_large"), ("", files.PDF, 400, "type_refused"),
], ids=["page", "svg", "empty", "large", "larger", "nameless"])
async def test_what_cannot_be_taken_is_refused_with_its_reason(
    customer: Customer, name: str, data: bytes, status: int, code: str,
) -> None:
    answer = await send(customer, name, data)
    assert (answer.status, answer.code) == (status, code), answer.body
    # The connection is still good for the next try.
    assert (await send(customer, "a.pdf", files.PDF)).status == 201


async def test_an_endless_upload_is_cut_off(desk: Desk, customer: Customer) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(400):
            yield bytes(65_536)

    import aiohttp

    with pytest.raises(aiohttp.ClientError):
        await desk.call("POST", "/api/widget/attachments?name=a.pdf", token=customer.token, data=endless())
    assert (await desk.call("GET", "/health")).status == 200


async def test_a_message_says_which_files(customer: Customer) -> None:
    photo = await stored(customer)
    for body in ({"id": "m1", "attachments": []}, {"id": "m1", "text": " ", "attachments": []},
                 {"id": "m1", "attachments": ["nothing"]}, {"id": "m1", "attachments": [photo["id"]] * 2},
                 {"id": "m1", "attachments": [7]}, {"id": "m1", "attachments": [str(n) for n in range(6)]},
                 {"id": "m1", "attachments": [photo["id"]], "choice": {"seq": 1, "index": 0}}):
        assert (await customer.post("messages", body)).status == 400, body
    assert (await customer.post("messages", {"id": "m1", "attachments": [photo["id"]]})).json["seq"] == 1
    again = await customer.post("messages", {"id": "m1", "attachments": [photo["id"]]})
    assert again.json == {"id": "m1", "seq": 1, "duplicate": True}
    two = await customer.post("messages", {"id": "m2", "attachments": [photo["id"]]})
    assert (two.status, two.code) == (400, "attachment_unknown")
    assert (await customer.post("messages", {"id": "m1", "text": "x"})).code == "id_reused"


async def test_uploads_are_counted(customer: Customer) -> None:
    answers = [await send(customer, "a.pdf", files.PDF) for _ in range(31)]
    assert [answer.status for answer in answers[:30]] == [201] * 30
    assert answers[30].code == "too_many" and answers[30].headers["Retry-After"]


async def test_a_file_of_a_message_that_was_taken_back_is_gone_for_the_customer(
    customer: Customer, agent: Agent, hand_off: HandOff,
) -> None:
    await customer.say("m1", "hello")
    await hand_off()
    await agent.act(customer.cid, "claim")
    file = (await attach(agent, customer.cid, "wrong.pdf", files.PDF)).json["attachment"]["id"]
    sent = await agent.act(customer.cid, "messages", {"id": "a1", "attachments": [file]})
    assert (await customer.get(f"attachments/{file}")).status == 200
    assert (await agent.act(customer.cid, f"messages/{sent.json['seq']}/delete")).status == 200
    assert (await customer.get(f"attachments/{file}")).status == 404
    assert (await agent.get(f"attachments/{file}")).status == 200
    assert "wrong.pdf" not in (await customer.get("transcript")).body.decode()


async def test_an_agent_needs_the_header_and_a_conversation(desk: Desk, customer: Customer, agent: Agent) -> None:
    path = f"/api/console/conversations/{customer.cid}/attachments?name=a.pdf"
    assert (await desk.call("POST", path, headers={"Cookie": agent.cookie}, data=files.PDF)).status == 403
    assert (await attach(agent, "nothing", "a.pdf", files.PDF)).status == 404
    assert (await attach(agent, "bad:id", "a.pdf", files.PDF)).status == 404


async def test_what_nobody_sent_goes_after_a_day_and_what_was_sent_stays_beyond_the_archive(
    desk: Desk, customer: Customer, agent: Agent, hand_off: HandOff, conversations: Conversations,
) -> None:
    sent, left, noted = await stored(customer), await stored(customer), await stored(customer)
    attachments = desk.services.attachments
    await customer.post("messages", {"id": "m1", "attachments": [sent["id"]]})
    # As a desk leaves it that dies between the message and noting where it stands, and one that dies before.
    attachments.claim([noted["id"]], customer.cid, "customer", "m2")
    await conversations.post(customer.cid, "m2", "", attachments=[noted])
    attachments.claim([left["id"]], customer.cid, "customer", "m3")
    await desk.services.sweeps.run()
    assert attachments.find(left["id"]) is not None, "an upload has a day"
    await hand_off()
    await agent.act(customer.cid, "claim")
    await agent.act(customer.cid, "close", {"outcome": "solved"})
    await keep(conversations, desk.services.archive, 0)
    await desk.services.sweeps.run(time.time() + 1)
    assert attachments.find(left["id"]) is None
    assert {path.name for path in desk.settings.attachments.rglob("*") if path.is_file()} == {sent["id"], noted["id"]}
    found = await agent.get(f"conversations/{customer.cid}")
    assert [record["attachments"][0]["id"] for record in found.json["records"][:2]] == [sent["id"], noted["id"]]
    assert (await agent.get(f"attachments/{noted['id']}")).status == 200


async def test_the_scan_program_decides(settings: Settings, tmp_path: Path) -> None:
    program = tmp_path / "scan"
    verdict = tmp_path / "verdict"
    program.write_text(f"#!/bin/sh\nexit $(cat {verdict})\n")
    await asyncio.to_thread(os.chmod, program, 0o700)
    async with running(replace(settings, scan_command=str(program))) as desk:
        customer = await desk.customer()
        for told, status, code in ((0, 201, None), (1, 400, "file_refused"), (2, 503, "not_scanned")):
            verdict.write_text(str(told))
            answer = await send(customer, "a.pdf", files.PDF)
            assert answer.status == status and (code is None or answer.code == code)
        assert answer.headers["Retry-After"]
        assert len([path for path in desk.settings.attachments.rglob("*") if path.is_file()]) == 1
