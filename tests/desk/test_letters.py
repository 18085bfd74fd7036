"""Answers by mail: who gets them, each message once, and the link that leads back."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk, running

from bot.conversations import keys
from bot.conversations.customer import Customer as Known
from bot.conversations.customer import Identity
from bot.conversations.errors import OtherCustomer, StoreUnavailable
from bot.conversations.letters import GATHER_SECONDS, Letter, next_letter
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.mail.postman import NotTaken
from bot.settings import Settings

LATER = GATHER_SECONDS + 1


@pytest.fixture
async def waiting(customer: Customer, hand_off: Callable[..., Awaitable[None]]) -> Customer:
    await customer.say("m1", "My tent leaks")
    await hand_off()
    return customer


async def mails(desk: Desk) -> list[Any]:
    """What has gone out, oldest first."""
    await desk.services.postman.run()
    files = sorted(desk.settings.outbox.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]


async def attend(desk: Desk) -> int:
    return await desk.services.correspondence.run(await desk.services.conversations.now() + LATER)


async def say_for_minutes(agent: Agent, customer: Customer, conversations: Conversations, *texts: str) -> list[int]:
    """An agent says these, the last of them now and each two minutes after the one before; returns their seqs."""
    seqs = []
    for text in texts:
        seqs.append((await agent.act(customer.cid, "messages", {"id": text, "text": text})).json["seq"])
    for place, seq in enumerate(seqs):
        record = await conversations.record(customer.cid, seq)
        assert record is not None
        record["at"] -= 120 * (len(texts) - 1 - place)
        await conversations.call("LSET", keys.log(customer.cid), seq - 1, json.dumps(record))
    return seqs


def code_of(mail: Any) -> str:
    found = re.search(r"(\S+)#frontdesk=([\w-]+)", mail.get_content())
    assert found, mail.get_content()
    return found[2]


async def resume(desk: Desk, code: str, token: str = "") -> Any:
    return await desk.call("POST", "/api/widget/resume", token=token, json={"code": code})


async def test_an_answer_goes_out_once_with_all_that_was_said_in_a_minute(
    desk: Desk, waiting: Customer, agent: Agent
) -> None:
    said = {"email": "ada@example.org", "name": " Ada ", "text": "It leaks at the seam", "id": "m2"}
    assert (await waiting.post("mail", said)).status == 204
    status = (await waiting.get("conversation")).json["status"]
    assert (status["owner"], status["mail"]) == ("queue", "ada@example.org")
    await agent.act(waiting.cid, "claim")
    shown = (await agent.get(f"conversations/{waiting.cid}")).json
    assert shown["conversation"]["via"] == "mail" and shown["conversation"]["verified"] is False
    assert shown["customer"] == {"name": "Ada", "email": "ada@example.org", "verified": False, "by": None}
    assert [r["text"] for r in shown["records"] if r.get("from") == "customer" and r["kind"] == "message"] == [
        "My tent leaks", "It leaks at the seam"]
    await agent.act(waiting.cid, "messages", {"id": "a1", "text": "Sorry about that. $link {{x}}"})
    await agent.act(waiting.cid, "messages", {"id": "a2", "text": "A new one is on its way."})
    assert await desk.services.correspondence.run() == 0, "it went out while it could still be changed"
    first, second = await asyncio.gather(attend(desk), attend(desk))
    assert first + second >= 1 and await attend(desk) == 0
    [mail] = await mails(desk)
    assert mail["To"] == "ada@example.org" and "Larkmoor" in mail["Subject"]
    text = mail.get_content()
    assert text.startswith("Hello Ada,") and text.count("Ada wrote:") == 1
    assert "Sorry about that. $link {{x}}\n\nA new one is on its way." in text
    assert f"http://localhost:{desk.settings.port}/#frontdesk=" in text


async def test_what_was_taken_back_or_read_does_not_go_out(desk: Desk, waiting: Customer, agent: Agent) -> None:
    await waiting.post("mail", {"email": "ada@example.org"})
    await agent.act(waiting.cid, "claim")
    seq = (await agent.act(waiting.cid, "messages", {"id": "a1", "text": "Wrong window"})).json["seq"]
    assert (await agent.act(waiting.cid, f"messages/{seq}/delete", {})).status == 200
    assert await attend(desk) == 0 and await mails(desk) == []
    seq = (await agent.act(waiting.cid, "messages", {"id": "a2", "text": "Are you there?"})).json["seq"]
    assert (await waiting.post("read", {"seq": seq})).status == 204
    assert await attend(desk) == 0 and await mails(desk) == []
    for wrong in (0, -1, 10**9 + 1, 10**30):
        assert (await waiting.post("read", {"seq": wrong})).json["error"]["field"] == "seq"


@pytest.mark.parametrize("how", ["close", "handback"])
async def test_the_chat_is_told_where_answers_go_for_as_long_as_they_go(
    desk: Desk, waiting: Customer, agent: Agent, how: str
) -> None:
    """Whoever is not told so does not say what was read, and is mailed it."""
    await waiting.post("mail", {"email": "ada@example.org"})
    await agent.act(waiting.cid, "claim")
    seq = (await agent.act(waiting.cid, "messages", {"id": "a1", "text": "A new one is on its way."})).json["seq"]
    assert (await agent.act(waiting.cid, how, {"outcome": "solved"} if how == "close" else {})).status == 200
    assert (await waiting.get("conversation")).json["status"]["mail"] == "ada@example.org"
    assert (await waiting.post("read", {"seq": seq})).status == 204
    assert await attend(desk) == 0 and await mails(desk) == []


async def test_a_stream_that_is_open_keeps_an_answer_waiting_and_does_not_lose_it(
    desk: Desk, waiting: Customer, agent: Agent, conversations: Conversations
) -> None:
    """Behind a proxy it stays open for a while after the customer's machine went to sleep."""
    await waiting.post("mail", {"email": "ada@example.org"})
    await agent.act(waiting.cid, "claim")
    await waiting.post("read", {"seq": 10**9})  # no more than there is
    await agent.act(waiting.cid, "messages", {"id": "a1", "text": "Are you there?"})
    async with waiting.events() as events:
        await events.next("status")
        assert await attend(desk) == 0 and await attend(desk) == 0
    await conversations.call("ZADD", keys.HERE, 0, waiting.cid)
    assert await attend(desk) == 1 and len(await mails(desk)) == 1 and await attend(desk) == 0


async def test_what_waited_while_they_were_here_goes_as_one_mail_without_what_they_read(
    desk: Desk, waiting: Customer, agent: Agent, conversations: Conversations
) -> None:
    await waiting.post("mail", {"email": "ada@example.org"})
    await agent.act(waiting.cid, "claim")
    seqs = await say_for_minutes(agent, waiting, conversations, "One", "Two", "Three", "Four")
    async with waiting.events() as events:
        await events.next("status")
        assert await attend(desk) == 0
    await conversations.call("ZADD", keys.HERE, 0, waiting.cid)
    await waiting.post("read", {"seq": seqs[0]})
    assert await attend(desk) == 1 and await attend(desk) == 0
    [mail] = await mails(desk)
    assert "Two\n\nThree\n\nFour" in mail.get_content() and "One" not in mail.get_content()


async def test_desks_that_look_at_different_times_mail_each_message_once(
    desk: Desk, waiting: Customer, agent: Agent, conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    await waiting.post("mail", {"email": "ada@example.org"})
    await agent.act(waiting.cid, "claim")
    await say_for_minutes(agent, waiting, conversations, "One", "Two", "Three")
    now = await conversations.now()
    correspondence = desk.services.correspondence

    async def late(cid: str, seq: int) -> None:
        """One desk has mailed, and not noted it yet."""

    with monkeypatch.context() as held:
        held.setattr(correspondence.letters, "done", late)
        assert await correspondence.run(now - 30) == 1
    for _ in range(3):
        await attend(desk)
    texts = [mail.get_content() for mail in await mails(desk)]
    assert [[word for word in ("One", "Two", "Three") if word in text] for text in texts] == [["One", "Two"], ["Three"]]


async def test_a_mail_that_another_desk_has_begun_goes_whole(
    desk: Desk, waiting: Customer, agent: Agent, conversations: Conversations
) -> None:
    await waiting.post("mail", {"email": "ada@example.org"})
    await agent.act(waiting.cid, "claim")
    first, *_, last = await say_for_minutes(agent, waiting, conversations, "One", "Two", "Three")
    await desk.services.correspondence.letters.end_of(waiting.cid, Letter(first, last, []))  # and then it died
    assert await desk.services.correspondence.run(await conversations.now() - 30) == 0
    assert await attend(desk) == 1
    [mail] = await mails(desk)
    assert "One\n\nTwo\n\nThree" in mail.get_content()


async def test_who_is_not_answered_by_mail_leaves_no_trace_of_what_they_read(
    customer: Customer, conversations: Conversations
) -> None:
    await customer.say("m1", "Hello")
    assert (await customer.post("read", {"seq": 1})).status == 204
    assert not await conversations.call("EXISTS", keys.READ)


async def test_the_link_opens_the_conversation_once_and_then_brings_another(
    desk: Desk, waiting: Customer, agent: Agent, conversations: Conversations
) -> None:
    await waiting.post("mail", {"email": "ada@example.org"})
    await agent.act(waiting.cid, "claim")
    await agent.act(waiting.cid, "messages", {"id": "a1", "text": "A new one is on its way."})
    await agent.act(waiting.cid, "close", {"outcome": "solved"})
    await attend(desk)
    code = code_of((await mails(desk))[0])
    assert code not in str(await conversations.call("KEYS", "*")), "the code itself is kept"
    # Where the conversation is open the code is left for another device.
    here = await resume(desk, code, waiting.token)
    assert (here.status, here.json) == (200, {"conversation": waiting.cid, "token": None})
    opened = (await resume(desk, code)).json
    again = Customer(desk, opened["conversation"], opened["token"])
    assert again.cid == waiting.cid and again.token != waiting.token
    assert (await again.say("m9", "Thank you")).status == 200
    assert (await waiting.get("conversation")).status == 200, "the first browser has lost it"
    used = await resume(desk, code)
    assert (used.status, used.code) == (409, "link_used")
    fresh = code_of((await mails(desk))[-1])
    assert fresh != code and (await resume(desk, fresh)).status == 200
    for _ in range(2):
        assert (await resume(desk, code)).status == 409
    assert (await resume(desk, code)).status == 429
    assert (await resume(desk, "x" * 32)).status == 404 and (await resume(desk, "")).status == 404


async def test_who_opens_a_link_does_not_inherit_who_the_customer_proved_to_be(
    desk: Desk, waiting: Customer, agent: Agent, conversations: Conversations
) -> None:
    """The address may be mistyped, shared, or that of a friend whom the mail was passed on to."""
    amara = Identity(Known("C-1001", "Amara", "amara@example.com"), "digest", 60)
    await conversations.identify(waiting.cid, amara)
    await asyncio.to_thread(desk.services.customers.note, [await conversations.state(waiting.cid)])
    await waiting.post("mail", {"email": "ada@example.org"})
    letters = desk.services.correspondence.letters
    code, another = [await letters.code(waiting.cid) for _ in range(2)]
    assert (await resume(desk, code, waiting.token)).json["token"] is None
    assert (await agent.summary(waiting.cid))["verified"] is True, "who is here already has opened nothing"
    async with agent.events() as events:
        assert (await resume(desk, code)).status == 200
        while (await events.next("conversation")).data["verified"]:
            pass
    shown = (await agent.get(f"conversations/{waiting.cid}")).json
    assert shown["conversation"]["verified"] is False
    assert shown["customer"] == {"name": None, "email": "ada@example.org", "verified": False, "by": None}
    bob = Identity(Known("C-1002", "Bob", "bob@example.com"), "digest-2", 60)
    with pytest.raises(OtherCustomer):
        await conversations.identify(waiting.cid, bob)
    await conversations.identify(waiting.cid, amara)
    assert (await agent.get(f"conversations/{waiting.cid}")).json["customer"]["verified"] is True
    assert (await resume(desk, another)).status == 200
    assert (await conversations.state(waiting.cid)).customer is None


async def test_who_writes_by_a_link_is_not_whom_another_browser_introduced(
    desk: Desk, waiting: Customer, agent: Agent, conversations: Conversations
) -> None:
    await waiting.post("mail", {"email": "ada@example.org"})
    opened = (await resume(desk, await desk.services.correspondence.letters.code(waiting.cid))).json
    other = Customer(desk, opened["conversation"], opened["token"])
    amara = Identity(Known("C-1001", "Amara", "amara@example.com"), "digest", 60)
    for says, known in ((waiting.say("m2", "It is me"), True), (other.say("m3", "Where is it?"), False),
                        (other.post("mail", {"email": "eve@example.org", "text": "Here", "id": "m4"}), False)):
        await conversations.identify(waiting.cid, amara, waiting.token)
        assert (await says).status < 300
        assert (await agent.summary(waiting.cid))["verified"] is known


async def test_the_desk_forgets_in_time_whom_it_wrote_to(
    desk: Desk, waiting: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await waiting.post("mail", {"email": "ada@example.org"})
    await desk.services.correspondence.send_link(waiting.cid)
    assert len(await mails(desk)) == 1
    await desk.services.sweeps.run()
    assert desk.services.outbox.counts() == {"sent": 1}
    monkeypatch.setattr("bot.desk.sweeps.KEPT_SECONDS", -1.0)
    await desk.services.sweeps.run()
    assert desk.services.outbox.counts() == {}


async def test_an_old_code_is_remembered_but_opens_nothing(desk: Desk, waiting: Customer) -> None:
    await waiting.post("mail", {"email": "ada@example.org"})
    letters = desk.services.correspondence.letters
    code = await letters.code(waiting.cid)
    [key] = await desk.services.conversations.call("KEYS", keys.resume("*"))
    await desk.services.conversations.call("EXPIRE", key, keys.RESUME_REMEMBERED - keys.RESUME_SECONDS - 1)
    assert (await resume(desk, code)).code == "link_used"
    assert len(await mails(desk)) == 1


@pytest.mark.parametrize("for_good", [True, False])
async def test_the_agent_is_told_once_what_could_not_be_mailed(
    desk: Desk, waiting: Customer, agent: Agent, monkeypatch: pytest.MonkeyPatch, for_good: bool
) -> None:
    def refuse(self: Any, mail: Any) -> None:
        raise NotTaken("550 no such user", for_good)

    monkeypatch.setattr("bot.mail.postman.Folder.deliver", refuse)
    monkeypatch.setattr("bot.mail.outbox.RETRIES", (-1.0, -1.0))
    await waiting.post("mail", {"email": "ada@example.org"})
    await agent.act(waiting.cid, "claim")
    seq = (await agent.act(waiting.cid, "messages", {"id": "a1", "text": "A new one is on its way."})).json["seq"]
    assert await attend(desk) == 1 and await mails(desk) == []

    async def away(*_: Any) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as outage:
        outage.setattr(desk.services.correspondence.letters, "unmailed", away)
        with pytest.raises(StoreUnavailable):
            await attend(desk)
    assert await attend(desk) == 0
    told = [r for r in (await agent.get(f"conversations/{waiting.cid}")).json["records"] if r.get("event") == "unmailed"]
    assert [(r["kind"], r["of"], r["email"]) for r in told] == [("internal", seq, "ada@example.org")]
    await desk.services.correspondence.letters.unmailed(waiting.cid, seq, "ada@example.org")
    last = (await waiting.get("conversation")).json["records"][-1]
    assert (last["seq"], last["kind"], "email" in last) == (told[0]["seq"], "internal", False)


@pytest.mark.parametrize("address", ["", "ada", "ada@", "a b@example.org", "ada@example", "ada@example.org, eve@example.org",
                                     "ada@example.org\nBcc: eve@example.org", "<ada@example.org>", "x" * 300 + "@example.org",
                                     "ada..l@example.org", ".ada@example.org", "ada.@example.org", "jürgen@example.org"])
async def test_an_address_that_is_none(waiting: Customer, address: str) -> None:
    answer = await waiting.post("mail", {"email": address})
    assert (answer.status, answer.json["error"]["field"]) == (400, "email")


async def test_an_address_is_taken_only_where_people_will_answer(customer: Customer) -> None:
    await customer.say("m1", "Hello")
    for said in ({"email": "ada@example.org"}, {"email": "ada@example.org", "text": "x", "id": "m2"}):
        answer = await customer.post("mail", said)
        assert (answer.status, answer.code) == (409, "refused")
    assert [r["text"] for r in (await customer.get("conversation")).json["records"]] == ["Hello"]


async def test_a_link_leads_only_to_pages_of_ours(settings: Settings) -> None:
    ours = replace(settings, widget_origins=("https://shop.example",), public_url="https://chat.example")
    async with running(ours) as desk:
        conversations, link = desk.services.conversations, desk.services.correspondence._link
        for page, wanted in (("https://shop.example/tents?x=1#top", "https://shop.example/tents?x=1"),
                             ("https://evil.example/", "https://chat.example/"),
                             ("https://shop.example.evil.example/", "https://chat.example/"),
                             ("https://shop.example@evil.example/", "https://chat.example/"),
                             ("http://[", "https://chat.example/"), ("", "https://chat.example/")):
            cid, _ = await conversations.create(page)
            page, _, code = (await link(await conversations.state(cid))).partition("#frontdesk=")
            assert page == wanted and (await resume(desk, code)).json["conversation"] == cid


async def test_what_is_wrong_with_one_conversation_keeps_no_answer_from_others(
    desk: Desk, agent: Agent, hand_off: Callable[..., Awaitable[None]], conversations: Conversations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cids = []
    for number in range(3):
        customer = await desk.customer()
        await customer.say("m1", "My tent leaks")
        await hand_off()
        await customer.post("mail", {"email": f"ada{number}@example.org"})
        await agent.act(customer.cid, "claim")
        await agent.act(customer.cid, "messages", {"id": "a1", "text": "A new one is on its way."})
        cids.append(customer.cid)
    whole = desk.services.correspondence._page

    def page(state: State) -> str:
        if state.id == cids[1]:
            raise ValueError("Invalid IPv6 URL")
        return whole(state)

    with monkeypatch.context() as broken:
        broken.setattr(desk.services.correspondence, "_page", page)
        assert await attend(desk) == 2 and await attend(desk) == 0
    assert len(await conversations.call("KEYS", keys.resume("*"))) == 2, "a code was made for a mail that never went"
    assert await attend(desk) == 1
    assert {mail["To"] for mail in await mails(desk)} == {f"ada{number}@example.org" for number in range(3)}


def test_a_letter_ends_with_what_can_be_changed_no_more() -> None:
    def said(seq: int, at: float) -> dict[str, Any]:
        return {"seq": seq, "at": at, "kind": "message", "from": "agent", "text": f"{seq}", "by": {"id": "a", "name": "A"}}

    records = [said(5, 100.0), said(6, 159.0), said(7, 161.0)]
    for now in (159.9, 161.0, 219.0):
        assert next_letter(records, now) is None, "what could still be taken back went out"
    for now, last in ((219.1, 6), (221.0, 6), (221.1, 7), (9999.0, 7)):
        letter = next_letter(records, now)
        assert letter is not None and (letter.first, letter.last) == (5, last)
    taken_back = {"seq": 8, "at": 218.0, "kind": "internal", "from": "agent", "event": "deleted", "of": 6}
    letter = next_letter([*records, taken_back], 219.1)
    assert letter is not None and [record["seq"] for record in letter.messages] == [5] and letter.last == 6
    assert next_letter([{**said(5, 100.0), "from": "customer"}], 999.0) is None


def test_who_never_stops_writing_delays_no_letter_beyond_two_minutes() -> None:
    records = [{"seq": seq, "at": 100.0 + seq, "kind": "message", "from": "agent", "text": "and", "by": {"id": "a"}}
               for seq in range(1, 601)]
    letter = next_letter(records, 221.0)
    assert letter is not None and (letter.first, letter.last) == (1, 60)
