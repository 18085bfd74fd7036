"""Search over everything said, what a customer wrote before, and conversations to take away, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from email import message_from_bytes, policy
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk, running

from bot.conversations import keys
from bot.conversations.customer import Customer as Known
from bot.conversations.customer import Identity
from bot.conversations.record import encode, event, message
from bot.conversations.store import Conversations
from bot.desk.filler import Filler
from bot.reports import transcript
from bot.reports.archive import keep
from bot.settings import Settings

HandOff = Callable[..., Awaitable[None]]


async def search(agent: Agent, query: str, wanted: int = 1, **more: Any) -> list[dict[str, Any]]:
    """The hits, once there are as many: the index is filled a moment after something is said."""
    for _ in range(200):
        answer = await agent.desk.call("GET", "/api/console/search", headers={"Cookie": agent.cookie}, params={"q": query, **more})
        assert answer.status == 200, answer.body
        if len(answer.json["hits"]) >= wanted:
            return list(answer.json["hits"])
        await asyncio.sleep(0.05)
    raise AssertionError(f"{query!r} is not found {wanted} times")


async def identified(conversations: Conversations, cid: str, who: Known) -> None:
    await conversations.identify(cid, Identity(who, f"{cid}{who.id}", 60))


async def test_what_is_said_is_found_live_closed_and_archived(
    desk: Desk, customer: Customer, agent: Agent, hand_off: HandOff, conversations: Conversations,
) -> None:
    await customer.say("m1", "The zip of my tent is stuck")
    await hand_off(replies=[message("bot", "I've told a colleague about the zip")])
    await agent.act(customer.cid, "claim")
    await agent.act(customer.cid, "notes", {"id": "n1", "text": "known zip fault of batch 7"})
    hits = await search(agent, "zip", 3)
    assert [(hit["kind"], hit["from"], hit["seq"]) for hit in hits] == [
        ("note", "agent", 5), ("message", "bot", 2), ("message", "customer", 1)]
    assert hits[0]["parts"] == [["", "known "], ["hit", "zip"], ["", " fault of batch 7"]]
    assert hits[0]["conversation"]["id"] == customer.cid and hits[0]["conversation"]["owner"] == "agent"
    await agent.act(customer.cid, "close", {"outcome": "solved"})
    assert (await search(agent, "stuck"))[0]["conversation"]["owner"] == "closed"
    await keep(conversations, desk.services.archive, 0)
    [hit] = await search(agent, "stuck")
    assert hit["conversation"]["id"] == customer.cid and hit["conversation"]["last"]["text"].startswith("I've told")


async def test_another_desk_finds_the_same_and_one_that_was_down_fills_in(
    settings: Settings, desk: Desk, customer: Customer, agent: Agent, hand_off: HandOff, conversations: Conversations,
) -> None:
    async with running(settings) as other:
        await customer.say("m1", "first words")
        await search(agent, "first")
        there = Agent(other, agent.member, agent.cookie)
        await search(there, "first")
        await desk.stop()
        await other.stop()
    # Nobody listens while this is said, archived and forgotten, and that stays.
    await conversations.post(customer.cid, "m2", "second words")
    gone, _ = await conversations.create()
    await conversations.post(gone, "m1", "third words")
    await hand_off()
    await hand_off()
    await conversations.claim(gone, "a1", "Ada")
    await conversations.close(gone, "a1", "Ada", "solved")
    services = desk.services
    assert await keep(conversations, services.archive, 0) == 1
    async with running(settings) as third:
        back = Agent(third, agent.member, agent.cookie)
        assert len(await search(back, "words", 3)) == 3
        again = Filler(conversations, services.archive, services.index, services.customers)
        await again.sweep()
        assert len(await search(back, "words", 3)) == 3


async def test_search_is_for_staff_and_takes_any_text(desk: Desk, customer: Customer, agent: Agent) -> None:
    await customer.say("m1", "the seam")
    await search(agent, "seam")
    editor = await desk.agent("Eve", "editor")
    assert (await editor.get("search?q=seam")).status == 403
    assert (await desk.call("GET", "/api/console/search?q=seam")).status == 401
    for query in ("", "%22", "seam%22%20OR%20%22x", "%00", "%ff%fe", "NOT", "*", "%27;DROP TABLE said;--", "a" * 3000):
        answer = await agent.get(f"search?q={query}")
        assert answer.status == 200 and answer.json["hits"] == [], query
    assert (await agent.get("search")).json == {"hits": [], "more": False}
    assert (await agent.get("search?q=seam&offset=-4")).json["hits"][0]["seq"] == 1
    assert (await agent.get("search?q=seam&offset=1")).json == {"hits": [], "more": False}


async def test_edited_and_deleted_messages_are_found_and_taken_away_as_they_are_now(
    customer: Customer, agent: Agent, hand_off: HandOff, conversations: Conversations,
) -> None:
    await customer.say("m1", "hello")
    await hand_off()
    await agent.act(customer.cid, "claim")
    await agent.act(customer.cid, "messages", {"id": "a1", "text": "a slip of the pen"})
    await agent.act(customer.cid, "messages", {"id": "a2", "text": "not for you"})
    await search(agent, "slip")
    script = conversations._scripts["say"]
    for name, of, text in (("edited", 4, "well put"), ("deleted", 5, "")):
        body = encode(event(name, of=of, **({"text": text} if text else {})))
        await script(conversations.client, customer.cid, agent.member.id, f"e{of}", "d", body, "owner")
    [hit] = await search(agent, "well put")
    assert hit["seq"] == 4 and (await agent.get("search?q=slip")).json["hits"] == []
    assert (await agent.get("search?q=not+for")).json["hits"] == []
    told = (await agent.get(f"conversations/{customer.cid}/transcript")).body.decode()
    assert "well put" in told and "slip" not in told and "not for you" not in told and "was deleted" in told


async def test_what_a_customer_wrote_before_stands_beside_what_they_write_now(
    desk: Desk, agent: Agent, hand_off: HandOff, conversations: Conversations,
) -> None:
    grace, other = Known("c1", "Grace Jones", "grace@example.org", "token"), Known("c2", "Otto", "otto@example.org", "code")
    cids = []
    for number, who in enumerate((grace, grace, other, Known("c9", "G", "GRACE@example.org", "order", "LM-1"), None, grace)):
        customer = await desk.customer()
        if who:
            await identified(conversations, customer.cid, who)
        await customer.say("m1", f"question {number}")
        cids.append(customer.cid)
    await search(agent, "question", 6)
    # The first is over, in the archive, and forgotten by the store.
    await hand_off()
    await agent.act(cids[0], "claim")
    await agent.act(cids[0], "close", {"outcome": "solved"})
    await keep(conversations, desk.services.archive, 0)
    for _ in range(100):
        found = (await agent.get(f"conversations/{cids[5]}/earlier")).json["conversations"]
        if len(found) == 3:
            break
        await asyncio.sleep(0.05)
    assert [summary["id"] for summary in found] == [cids[3], cids[1], cids[0]]
    shown = (await agent.get(f"conversations/{cids[0]}")).json
    assert shown["customer"] == {"name": "Grace Jones", "email": "grace@example.org", "verified": True, "by": "token"}
    assert (await agent.get(f"conversations/{cids[4]}/earlier")).json == {"conversations": []}
    assert (await agent.get(f"conversations/{cids[4]}")).json["customer"] is None
    assert (await agent.get("conversations/a:b/earlier")).status == 404


async def noted(desk: Desk, cid: str, by: str) -> None:
    for _ in range(300):
        if (found := await asyncio.to_thread(desk.services.customers.of, cid)) and found.by == by:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it was never noted as proved by {by!r}")


async def test_who_it_was_before_a_conversation_was_opened_again_is_not_who_it_is(
    desk: Desk, customer: Customer, agent: Agent, hand_off: HandOff, conversations: Conversations,
) -> None:
    grace, path = Known("c1", "Grace Jones", "grace@example.org"), f"conversations/{customer.cid}"
    reply = {"shortcut": "hello", "title": "Greeting", "text": "Hello {{customer.name}}"}
    boss = await desk.agent("Ruth", "supervisor")
    assert (await boss.send("POST", "settings/canned", reply)).status == 201
    await identified(conversations, customer.cid, grace)
    await customer.say("m1", "Where is my order?")
    await hand_off()
    await agent.act(customer.cid, "claim")
    known = {"name": "Grace Jones", "email": "grace@example.org", "verified": True, "by": "token"}
    assert (await agent.get(path)).json["customer"] == known
    assert (await agent.get(f"{path}/canned/greeting")).json["text"] == "Hello Grace Jones"
    await noted(desk, customer.cid, "token")
    await agent.act(customer.cid, "close", {"outcome": "solved"})
    assert (await agent.get(path)).json["customer"] == known
    await customer.say("m2", "I am somebody else at this browser")
    told = (await agent.get(path)).json
    assert told["conversation"]["verified"] is False
    earlier = {**known, "verified": False, "by": None, "earlier": True}
    assert told["customer"] == earlier
    nobody = await agent.act(customer.cid, "transcript")
    assert (nobody.status, nobody.json["error"]["field"]) == (400, "to"), "the words of one would go to the other"
    assert (await agent.get(f"{path}/canned/greeting")).json["missing"] == ["customer.name"]
    # Nor once it is over again and in the archive.
    await noted(desk, customer.cid, "")
    archived = desk.services.archive
    state, packet = await conversations.state(customer.cid), await conversations.packet(customer.cid)
    await asyncio.to_thread(archived.copy, state, packet, await conversations.records(customer.cid))
    await conversations.call("RENAME", keys.conversation(customer.cid), "elsewhere")
    assert (await agent.get(path)).json["customer"] == earlier
    assert (await agent.act(customer.cid, "transcript")).json["error"]["field"] == "to"
    await conversations.call("RENAME", "elsewhere", keys.conversation(customer.cid))
    await desk.services.correspondence.letters.write_to(customer.cid, "otto@example.org", "Otto")
    otto = {"name": "Otto", "email": "otto@example.org", "verified": False, "by": None}
    assert (await agent.get(path)).json["customer"] == otto
    await identified(conversations, customer.cid, grace)
    assert (await agent.get(path)).json["customer"] == known


async def test_a_transcript_has_what_was_said_and_no_note(
    customer: Customer, agent: Agent, hand_off: HandOff,
) -> None:
    await customer.say("m1", "<script>alert(1)</script> & **bold**")
    await hand_off(replies=[message("bot", "See **this**: [help](https://larkmoor.example) <img src=x onerror=alert(1)>")])
    await agent.act(customer.cid, "claim")
    await agent.act(customer.cid, "messages", {"id": "a1", "text": "Hello,\nI am Ada"})
    await agent.act(customer.cid, "notes", {"id": "n1", "text": "a secret note"})
    text = await agent.get(f"conversations/{customer.cid}/transcript?format=txt")
    assert text.headers["Content-Disposition"] == f'attachment; filename="conversation-{customer.cid}.txt"'
    told = text.body.decode()
    assert told.startswith("Conversation with Larkmoor, ") and "Ada joined" in told and "secret" not in told
    assert told.index("<script>alert(1)</script> & **bold**") < told.index("Assistant, ") < told.index("Hello,\nI am Ada")
    page = await agent.get(f"conversations/{customer.cid}/transcript?format=html")
    html = page.body.decode()
    assert "&lt;script&gt;alert(1)" in html and "<strong>this</strong>" in html and "secret" not in html
    assert "<script" not in html and "<img" not in html and 'rel="noopener noreferrer"' in html
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert (await agent.get(f"conversations/{customer.cid}/transcript?format=exe")).status == 400
    assert (await agent.get("conversations/nothing/transcript")).status == 404
    mine = await customer.get("transcript?format=txt")
    assert mine.body == text.body
    assert (await customer.desk.call("GET", "/api/widget/transcript")).status == 401
    assert (await (await customer.desk.customer()).get("transcript")).status == 404


async def test_a_customer_cannot_keep_the_desk_busy_with_transcripts(
    customer: Customer, agent: Agent, hand_off: HandOff, monkeypatch: pytest.MonkeyPatch,
) -> None:
    await customer.say("m1", "hello")
    shown, answer = message("bot", "**kept**", html="<p>as in the chat</p>"), message("bot", "a ![tent](x)", html="<img>")
    await hand_off(replies=[shown, answer])
    rendered = []
    monkeypatch.setattr(transcript, "render", lambda text, pictures: rendered.append(text) or "<p>in words</p>")
    html = (await customer.get("transcript?format=html")).body.decode()
    assert "<p>as in the chat</p>" in html and "<p>in words</p>" in html and rendered == ["a ![tent](x)"]
    assert [(await customer.get("transcript")).status for _ in range(10)] == [200] * 9 + [429]
    assert (await agent.get(f"conversations/{customer.cid}/transcript")).status == 200


async def test_a_transcript_is_mailed_once(
    desk: Desk, customer: Customer, agent: Agent, conversations: Conversations,
) -> None:
    await customer.say("m1", "my words")
    path = f"conversations/{customer.cid}/transcript"
    nobody = await agent.act(customer.cid, "transcript")
    assert (nobody.status, nobody.json["error"]["field"]) == (400, "to")
    assert (await agent.act(customer.cid, "transcript", {"to": "no address"})).status == 400
    assert (await agent.act(customer.cid, "transcript", {"to": "a@b.example\nBcc: c@d.example"})).status == 400
    assert (await agent.act(customer.cid, "transcript", {"to": f"{'a' * 400}@b.example"})).status == 400
    sent = await agent.act(customer.cid, "transcript", {"to": "grace@example.org"})
    assert sent.json == {"to": "grace@example.org", "duplicate": False}, path
    assert (await agent.act(customer.cid, "transcript", {"to": "grace@example.org"})).json["duplicate"] is True
    for _ in range(100):
        if mails := list(desk.settings.outbox.glob("*.eml")):
            break
        await asyncio.sleep(0.05)
    [mail] = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mails]
    assert mail["To"] == "grace@example.org" and mail["Subject"] == "Your conversation with Larkmoor"
    [file] = list(mail.iter_attachments())
    assert file.get_filename() == f"conversation-{customer.cid}.txt" and "my words" in file.get_content()
    # Once it is known who the customer is, it goes to them.
    await identified(conversations, customer.cid, Known("c1", "Grace", "jo@example.org"))
    for _ in range(100):
        answer = await agent.act(customer.cid, "transcript")
        if answer.status == 200:
            break
        await asyncio.sleep(0.05)
    assert answer.json["to"] == "jo@example.org"
