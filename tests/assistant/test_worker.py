"""The worker on a real Valkey with the real model: each message answered, once, by whoever owns the conversation."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
from typing import Any

import pytest
from own_valkey import Valkey
from play import Customer, at_work, republish, until
from rasa.shared.core.events import SlotSet
from rasa_sdk import Tracker

from actions import turn
from actions.shop import sample
from actions.shop.embedded import SampleShop
from actions.tasks import form
from bot.assistant import worker as worker_module
from bot.assistant.worker import Worker
from bot.conversations import keys, packet
from bot.conversations.customer import Customer as Known
from bot.conversations.customer import Identity
from bot.conversations.errors import StoreUnavailable
from bot.conversations.letters import Letters
from bot.conversations.record import for_customer
from bot.conversations.store import Conversations
from bot.masking import Masking
from bot.settings import Settings
from kb_index import snapshot

QUESTION = "How do I reset my password?"
FAULT = "my new kettle is broken, it does not heat any more"


async def test_a_question_is_answered_with_its_evidence(worker: Worker, customer: Customer, workshop: Settings) -> None:
    async with at_work(worker):
        await customer.say(QUESTION)
        (reply,) = await customer.answered()
    live = snapshot.load_current(workshop.index)
    evidence = reply["evidence"]
    entry = live.entries[live.position[evidence["entry"]]]
    assert entry.id == "account-password-reset" and reply["text"] == entry.answer
    assert reply["html"] == live.html[live.position[entry.id]]
    assert (evidence["version"], evidence["snapshot"]) == (entry.version, live.name)
    assert evidence["decision"] == "answer" and 0 < evidence["confidence"] <= 1
    assert evidence["candidates"][0]["entry"] == entry.id
    assert len(reply.get("buttons", [])) == len(reply.get("payloads", [])) <= 3


async def test_a_burst_is_answered_once(worker: Worker, customer: Customer, conversations: Conversations) -> None:
    await customer.say("hi", "I have a question", QUESTION)
    async with at_work(worker):
        await customer.answered()
        (turns,) = await conversations.call("HMGET", keys.conversation(customer.cid), "commits")
    assert turns == "1"
    events, _ = await conversations.tracker(customer.cid)
    said = [e["text"] for e in map(json.loads, events) if e["event"] == "user"]
    assert said == [f"hi\nI have a question\n{QUESTION}"]


async def test_a_button_pressed_in_a_burst_is_a_turn_of_its_own(
    worker: Worker, customer: Customer, conversations: Conversations
) -> None:
    await customer.say("hi", QUESTION)
    await customer.say("Where is it?", payload="entry:returns-address")
    await customer.say("How long does delivery take?", "thanks")
    async with at_work(worker):
        replies = await customer.answered()
    assert [reply["answers"] for reply in replies] == [[1, 2], [3], [4, 5]]
    assert [reply["evidence"]["entry"] for reply in replies][:2] == ["account-password-reset", "returns-address"]


async def test_a_fault_goes_to_the_queue_with_its_packet(
    worker: Worker, customer: Customer, conversations: Conversations
) -> None:
    async with at_work(worker):
        await customer.say(QUESTION)
        await customer.answered()
        await customer.say(FAULT)
        await customer.answered()
    state = await conversations.state(customer.cid)
    assert (state.owner, state.team, state.why) == ("queue", "support", "fault")
    assert await conversations.owned("queue") == [customer.cid] and await conversations.ahead(customer.cid) == 0
    last = (await customer.log())[-1]
    assert (last["kind"], last["event"]) == ("event", "handoff")
    told = await conversations.packet(customer.cid)
    assert told is not None
    assert told["why"]["route"] == "support" and told["why"]["intent"] == "report_defect"
    assert told["why"]["words"] and all(word in FAULT for word in told["why"]["words"])
    assert told["who"] == {"verified": False, "name": None, "email": None, "by": None, "browser": "Firefox", "locale": "en-GB",
                           "page": "https://larkmoor.example/sofas"}
    shown = [tried for tried in told["tried"] if tried["shown"]]
    assert [tried["entry"] for tried in shown] == ["account-password-reset"] and shown[0]["question"]
    assert told["told"] == (await customer.heard())[-1]
    assert [(line["line"], line["seqs"]) for line in told["summary"]] == [
        (f"Customer: {QUESTION}", [1]), (f"The bot answered: {shown[0]['question']}", [2]), (f"Customer: {FAULT}", [3])]


@pytest.mark.parametrize(("text", "why"), [("0", "person"), ("I want to talk to a human being", "person")])
async def test_who_asks_for_a_person_gets_one(
    worker: Worker, customer: Customer, conversations: Conversations, text: str, why: str
) -> None:
    async with at_work(worker):
        await customer.say(text)
        await customer.answered()
    state = await conversations.state(customer.cid)
    assert (state.owner, state.team, state.why) == ("queue", "service", why)


async def test_zero_in_a_burst_is_heard(worker: Worker, customer: Customer) -> None:
    await customer.say("how long does delivery take", "0")
    async with at_work(worker):
        await customer.answered()
    assert await customer.owner() == "queue"


async def test_after_the_handoff_the_bot_is_silent(
    worker: Worker, customer: Customer, conversations: Conversations
) -> None:
    async with at_work(worker):
        await customer.say("0")
        await customer.answered()
        heard = await customer.heard()
        await customer.say("hello?", QUESTION, "0")
        await asyncio.sleep(0.3)
        assert await customer.heard() == heard and await conversations.backlog() == (0, 0)
        await conversations.claim(customer.cid, "a1", "Ada")
        await customer.say("are you there?")
        await asyncio.sleep(0.3)
        assert await customer.heard() == heard and await customer.owner() == "agent"


async def test_handed_back_the_bot_knows_what_was_said(
    workers: list[Worker], customer: Customer, conversations: Conversations
) -> None:
    """Also when another worker has the next turn, which has to load the tracker."""
    first, second = workers
    async with at_work(first):
        await customer.say("0")
        await customer.answered()
    await customer.say("my order is late")
    await conversations.claim(customer.cid, "a1", "Ada")
    await conversations.say(customer.cid, "a1", "Ada", "x1", "I have sent it again.")
    await conversations.hand_back(customer.cid, "a1", "Ada", note="parcel sent twice")
    async with at_work(second):
        await customer.say(QUESTION)
        replies = await customer.answered()
    assert replies[-1]["evidence"]["entry"] == "account-password-reset" and await customer.owner() == "bot"
    events, _ = await conversations.tracker(customer.cid)
    said = [(e["event"], e["text"]) for e in map(json.loads, events) if e["event"] in ("user", "bot")]
    assert said[2:5] == [("user", "my order is late"), ("bot", "I have sent it again."), ("bot", "parcel sent twice")]
    assert said[5] == ("user", QUESTION) and len(said) == 7


async def test_of_a_long_talk_with_people_the_bot_knows_the_end(
    worker: Worker, customer: Customer, conversations: Conversations
) -> None:
    """All of it would be too much for one commit."""
    await conversations.claim(customer.cid, "a1", "Ada", owner="bot")
    for number in range(60):
        await conversations.say(customer.cid, "a1", "Ada", f"x{number}", f"line {number}")
    await conversations.hand_back(customer.cid, "a1", "Ada")
    async with at_work(worker):
        await customer.say(QUESTION)
        await customer.answered()
    events, _ = await conversations.tracker(customer.cid)
    said = [event["text"] for event in map(json.loads, events) if event["event"] == "bot"]
    assert "line 59" in said and "line 5" not in said


@pytest.mark.parametrize("agent_says", ["I'd keep it, I've added a discount.", ""])
async def test_a_question_from_before_people_had_it_is_no_longer_open(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings, valkey: Valkey,
    monkeypatch: pytest.MonkeyPatch, agent_says: str,
) -> None:
    """The yes to what an agent said, or to nothing, cancels no order."""
    sample.load(workshop)
    monkeypatch.setenv("FRONTDESK_REDIS_URL", valkey.url)
    await conversations.identify(customer.cid, Identity(Known("C-1004", "Gwen", "gwen@example.org"), "t4", 60))
    async with at_work(worker):
        await customer.say("cancel LM-104281", payload="task:cancel_order")
        assert "Shall I cancel it" in (await customer.answered())[-1]["text"]
        await conversations.claim(customer.cid, "a1", "Ada", owner="bot")
        if agent_says:
            await conversations.say(customer.cid, "a1", "Ada", "x1", agent_says)
        await conversations.hand_back(customer.cid, "a1", "Ada")
        await customer.say("ok great thanks")
        await customer.answered()
        await customer.say("yes")
        await customer.answered()
    order = await SampleShop(sample.path(workshop)).order("C-1004", "LM-104281")
    assert order.state == "received" and worker.trackers._kept[customer.cid].tracker.active_loop_name is None


@pytest.mark.parametrize("text", ["/restart", '/intent{"x":1}', "/greet", " /answer", "/", '/handoff{"failed": 7}',
                                  "/session_start", '/greet@1.0{"failed": 3}'])
async def test_commands_of_rasa_are_text(
    worker: Worker, customer: Customer, conversations: Conversations, text: str
) -> None:
    async with at_work(worker):
        await customer.say(text)
        replies = await customer.answered()
    assert replies and replies[0]["text"]
    events = [json.loads(event) for event in (await conversations.tracker(customer.cid))[0]]
    assert {"restart", "session_started"} & {event["event"] for event in events} == set()
    (heard,) = [event for event in events if event["event"] == "user"]
    assert heard["text"].startswith("\u2215") and heard["parse_data"]["entities"] == []
    assert heard["parse_data"]["judgement"]["why"]
    assert (await conversations.records(customer.cid))[0]["text"] == text


async def test_a_pressed_button_is_what_it_stands_for(worker: Worker, customer: Customer) -> None:
    async with at_work(worker):
        await customer.say("Where is it?", payload="entry:returns-address")
        (reply,) = await customer.answered()
        assert reply["evidence"]["entry"] == "returns-address"
        assert reply["evidence"]["why"] == "chosen by the customer"
        await customer.say("Gone", payload="entry:no-such-entry")
        await customer.answered()
    assert await customer.owner() == "queue"


@pytest.mark.parametrize(("payload", "why"), [("human", "person"), ("none", "unsure"), ("bogus", "unsure")])
async def test_the_other_buttons_lead_to_people(
    worker: Worker, customer: Customer, conversations: Conversations, payload: str, why: str
) -> None:
    async with at_work(worker):
        await customer.say("A title", payload=payload)
        await customer.answered()
    state = await conversations.state(customer.cid)
    assert (state.owner, state.why) == ("queue", why)


@pytest.mark.parametrize(("payload", "owner"), [
    ("entry:returns-address", "bot"), ("topic:returns", "bot"), ("none", "queue"),
])
async def test_a_button_pressed_in_the_middle_of_a_task_is_no_answer_to_its_question(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings, payload: str, owner: str,
) -> None:
    """"None of these" is no reason, nor is "It does not fit"."""
    sample.load(workshop)
    await conversations.identify(customer.cid, Identity(Known("C-1003", "Priya", "priya@example.com"), "t9", 60))
    async with at_work(worker):
        await customer.say("I'd like to return the toaster from my last order", payload="task:return_item")
        asked = (await customer.answered())[-1]["text"]
        assert "why" in asked
        await customer.say("None of these: it does not fit", payload=payload)
        last = (await customer.answered())[-1]["text"]
    assert await customer.owner() == owner and (last == asked) is (owner == "bot")


async def test_a_file_without_a_word_is_kept_for_people(
    worker: Worker, customer: Customer, conversations: Conversations,
) -> None:
    async with at_work(worker):
        await customer.send("pole.jpg")
        [kept] = await customer.answered()
        assert "kept" in kept["text"] and kept["buttons"] == [{"title": "Talk to a person"}]
        # With words it is the words that are answered.
        await customer.send("seam.jpg", "How can I track my order?")
        answers = [record["text"] for record in (await customer.answered())[1:]]
        assert answers and not any("kept" in text for text in answers) and await customer.owner() == "bot"
        await customer.say("Talk to a person", payload="human")
        await customer.answered()
    assert await customer.owner() == "queue"
    packet = await conversations.packet(customer.cid)
    assert packet is not None
    lines = [line["line"] for line in packet["summary"]]
    assert lines[0] == "Customer: [pole.jpg]" and "Customer: Talk to a person" in lines


async def test_orders_that_were_looked_up_are_there_for_who_takes_over(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings, valkey: Valkey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sample.load(workshop)
    monkeypatch.setenv("FRONTDESK_REDIS_URL", valkey.url)
    async with at_work(worker):
        await customer.say("hi can you track order LM-104260 for me? email h.brandt@example.com", payload="task:track_order")
        await customer.answered()
        await customer.say("Talk to a person", payload="human")
        await customer.answered()
    packet = await conversations.packet(customer.cid)
    assert packet is not None
    [looked_up] = packet["lookups"]
    order = looked_up["order"]
    assert looked_up["what"] == "order LM-104260" and order["number"] == "LM-104260" and order["items"]
    assert order["state"].replace("_", " ") in looked_up["result"] and looked_up["ms"] >= 0


async def test_a_file_in_the_middle_of_a_task_does_not_end_it(worker: Worker, customer: Customer) -> None:
    async with at_work(worker):
        await customer.say("Where is my order?", payload="task:track_order")
        asked = (await customer.answered())[-1]["text"]
        await customer.send("label.jpg")
        *_, kept, _, again = await customer.answered()
    assert "kept" in kept["text"] and again["text"] == asked and await customer.owner() == "bot"


@pytest.mark.parametrize("text", ["\U0001f600", "مرحبا أين طلبي", "<script>alert(1)</script>", "\ufffd", "a" * 2000,
                                  "word " * 399, "\n\n?\n", '{"a": [1]}', "=1+1", "[x](javascript:alert(1))"])
async def test_whatever_is_typed_is_answered(worker: Worker, customer: Customer, text: str) -> None:
    async with at_work(worker):
        await customer.say(text)
        replies = await customer.answered()
    assert replies and all(reply["text"] and reply["html"] for reply in replies)


async def test_a_worker_that_died_loses_nothing_and_doubles_nothing(
    worker: Worker, customer: Customer, conversations: Conversations
) -> None:
    await customer.say(QUESTION)
    lost = await conversations.take(0.2)
    assert lost is not None and lost.attempts == 1
    answer = await worker._answer(lost)
    worker.trackers.forget(customer.cid)
    async with at_work(worker):
        replies = await customer.answered()
        # The dead one comes back from a long sleep and would commit what it had.
        assert await conversations.commit(lost, answer) == "lost"
    assert len(replies) == len(await customer.heard()) == 1
    events, _ = await conversations.tracker(customer.cid)
    assert sum(json.loads(event)["event"] == "user" for event in events) == 1


async def test_two_workers_never_answer_one_conversation_twice(
    workers: list[Worker], conversations: Conversations
) -> None:
    customers = [Customer(conversations, (await conversations.create())[0]) for _ in range(12)]
    # Small talk, which the bot answers each time
    greetings = ["hello", "good morning", "hi there"]
    async with at_work(*workers):
        for greeting in greetings:
            await asyncio.gather(*(one.say(greeting) for one in customers))
            await asyncio.gather(*(one.answered() for one in customers))
    for one in customers:
        log = await one.log()
        assert [record["from"] for record in log] == ["customer", "bot"] * 3
        events, _ = await conversations.tracker(one.cid)
        said = [e["text"] for e in map(json.loads, events) if e["event"] == "user"]
        assert said == greetings


async def test_a_turn_that_lost_its_conversation_says_nothing(
    worker: Worker, customer: Customer, conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = worker.agent.processor
    assert processor is not None
    thinking, go_on = asyncio.Event(), asyncio.Event()
    really = processor.handle_message

    async def slowly(message: Any) -> Any:
        thinking.set()
        await go_on.wait()
        return await really(message)

    monkeypatch.setattr(processor, "handle_message", slowly)
    async with at_work(worker):
        await customer.say(QUESTION)
        await asyncio.wait_for(thinking.wait(), 10)
        await conversations.claim(customer.cid, "a1", "Ada", owner="bot")
        go_on.set()
        await asyncio.sleep(0.3)
    assert await customer.heard() == [] and await conversations.tracker(customer.cid) == ([], None)
    assert not worker.trackers.has(customer.cid, 0)


async def test_what_was_done_while_an_agent_stepped_in_is_told_to_them(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings, valkey: Valkey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sample.load(workshop)
    monkeypatch.setenv("FRONTDESK_REDIS_URL", valkey.url)
    await conversations.identify(customer.cid, Identity(Known("C-1004", "Gwen", "gwen@example.org"), "t5", 60))
    really = SampleShop.cancel

    async def slowly(*given: Any, **named: Any) -> Any:
        order = await really(*given, **named)
        await conversations.claim(customer.cid, "a1", "Ada", owner="bot")
        return order

    monkeypatch.setattr(SampleShop, "cancel", slowly)
    async with at_work(worker):
        await customer.say("cancel LM-104281", payload="task:cancel_order")
        heard = len(await customer.answered())
        await customer.say("yes")

        async def told() -> bool:
            return (await customer.log())[-1]["kind"] == "note"

        await until(told)
    note = (await customer.log())[-1]
    assert "is cancelled, free of charge" in note["text"] and "text" not in for_customer(note)
    assert len(await customer.heard()) == heard and await customer.owner() == "agent"


async def test_a_lease_is_kept_while_a_turn_takes_long(
    workers: list[Worker], customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "LEASE_SECONDS", 0.6)
    monkeypatch.setattr(Conversations.take, "__defaults__", (0.6,))
    monkeypatch.setattr(Conversations.renew, "__defaults__", (0.6,))
    calls = []
    for one in workers:
        processor = one.agent.processor
        assert processor is not None

        async def slowly(message: Any, really: Any = processor.handle_message) -> Any:
            calls.append(message)
            await asyncio.sleep(1.5)
            return await really(message)

        monkeypatch.setattr(processor, "handle_message", slowly)
    async with at_work(*workers):
        await customer.say(QUESTION)
        assert len(await customer.answered()) == 1
    assert len(calls) == 1


async def test_a_lease_that_ran_out_does_not_mix_two_attempts_of_one_worker(
    worker: Worker, customer: Customer, conversations: Conversations, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As after a laptop's sleep: the same process takes the conversation while its first attempt still hangs."""
    endpoint = worker.agent.action_endpoint
    assert endpoint is not None
    waits, calls, really = [1.4, 0.8], [], endpoint.request
    leases, really_take = [0.3], conversations.take

    async def slowly(**call: Any) -> Any:
        calls.append(call)
        await asyncio.sleep(waits.pop(0) if waits else 0)
        return await really(**call)

    async def take() -> Any:
        turn = await really_take(30)
        if turn is not None and leases:
            await conversations.renew(turn, leases.pop())
        return turn

    monkeypatch.setattr(endpoint, "request", slowly)
    monkeypatch.setattr(conversations, "take", take)
    async with at_work(worker):
        await customer.say(QUESTION)
        await customer.answered()
    assert len(await customer.heard()) == 1 and len(calls) == 2
    assert "failed (attempt" not in caplog.text
    events, _ = await conversations.tracker(customer.cid)
    assert sum(json.loads(event)["event"] == "user" for event in events) == 1
    assert worker.trackers.has(customer.cid, 1)
    said = [event for event in worker.trackers._kept[customer.cid].tracker.events if event.type_name == "user"]
    assert len(said) == 1


async def test_a_new_snapshot_is_picked_up_by_a_running_worker(
    worker: Worker, customer: Customer, workshop: Settings
) -> None:
    async with at_work(worker):
        await customer.say(QUESTION)
        (before,) = await customer.answered()
        old = snapshot.load_current(workshop.index)
        newer = republish(old, workshop, {"account-password-reset": "Please ring us."})
        try:
            await customer.say(QUESTION)
            after = (await customer.answered())[-1]
        finally:
            snapshot.make_current(workshop.index, old.name)
        await customer.say(QUESTION)
        again = (await customer.answered())[-1]
    assert after["text"] == "Please ring us." and after["evidence"]["snapshot"] == newer
    assert after["evidence"]["version"] != before["evidence"]["version"]
    assert again["text"] == before["text"] and again["evidence"]["snapshot"] == old.name


async def test_an_answer_for_verified_customers_is_told_to_no_one_else(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings
) -> None:
    name, secret = "account-password-reset", "Whisper the word seagull."
    old = snapshot.load_current(workshop.index)
    question = old.entries[old.position[name]].question
    republish(old, workshop, {name: secret}, {name: "verified"})
    try:
        async with at_work(worker):
            for text, payload in ((QUESTION, ""), ("the first", f"entry:{name}"), ("Account", "topic:account")):
                await customer.say(text, payload=payload)
                last = (await customer.answered())[-1]
                told = json.dumps(for_customer(last))
                assert "seagull" not in told and question not in told, told
            assert await customer.owner() == "bot"
            slip = Known("C-1001", "Amara", "amara@example.com", by="order", order="LM-104287")
            await conversations.identify(customer.cid, Identity(slip, "t0", 60))
            await customer.say(QUESTION)
            assert "seagull" not in json.dumps(for_customer((await customer.answered())[-1])), "a parcel slip opened it"
            await conversations.identify(customer.cid, Identity(Known("C-1001", "Amara", "amara@example.com"), "t1", 60))
            await customer.say(QUESTION)
            assert (await customer.answered())[-1]["text"] == secret
            await customer.say("Account", payload="topic:account")
            assert [button["title"] for button in (await customer.answered())[-1]["buttons"]]
    finally:
        snapshot.make_current(workshop.index, old.name)


async def test_what_is_for_agents_only_is_told_to_no_customer(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings
) -> None:
    name, secret = "account-password-reset", "Whisper the word seagull."
    old = snapshot.load_current(workshop.index)
    entry = old.entries[old.position[name]]
    republish(old, workshop, {name: secret}, {name: "agents"})
    await conversations.identify(customer.cid, Identity(Known("C-1001", "Amara", "amara@example.com"), "t2", 60))
    try:
        async with at_work(worker):
            for text, payload in ((QUESTION, ""), ("Account", "topic:account"), ("the first", f"entry:{name}")):
                await customer.say(text, payload=payload)
                await customer.answered()
            told = json.dumps([for_customer(record) for record in await customer.log() if record["from"] != "customer"])
    finally:
        snapshot.make_current(workshop.index, old.name)
    assert "seagull" not in told and entry.question not in told, told
    assert await customer.owner() == "queue"


async def failing(message: Any) -> None:
    raise RuntimeError("it breaks every time")


async def test_a_turn_that_always_fails_ends_with_people_after_three_attempts(
    worker: Worker, customer: Customer, conversations: Conversations, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await customer.say("first")
    calls = []

    async def counted(message: Any) -> None:
        calls.append(message)
        await failing(message)

    monkeypatch.setattr(worker.agent.processor, "handle_message", counted)
    async with at_work(worker):
        await customer.answered()
        await asyncio.sleep(0.3)
    assert len(calls) == 3 and caplog.text.count("failed (attempt") == 3
    (text,) = await customer.heard()
    assert "something went wrong" in text
    state = await conversations.state(customer.cid)
    assert (state.owner, state.team) == ("queue", "service")
    told = await conversations.packet(customer.cid)
    assert told is not None and "failed" in told["why"]["reason"]
    assert told["summary"] == [{"line": "Customer: first", "seqs": [1]}]


async def test_a_turn_that_killed_three_workers_is_not_tried_again(
    worker: Worker, customer: Customer, conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    await customer.say("poison")
    for _ in range(3):
        assert await conversations.take(0.0) is not None
        await asyncio.sleep(0.01)
    calls = []
    monkeypatch.setattr(worker.agent.processor, "handle_message", calls.append)
    async with at_work(worker):
        await customer.answered()
    assert calls == [] and await customer.owner() == "queue"


async def test_a_turn_that_hangs_has_failed(
    worker: Worker, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hanging(message: Any) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(worker_module, "_PATIENCE", 0.2)
    monkeypatch.setattr(worker.agent.processor, "handle_message", hanging)
    async with at_work(worker):
        await customer.say(QUESTION)
        await customer.answered()
    assert await customer.owner() == "queue"


@pytest.mark.parametrize("claimed", [False, True])
async def test_who_takes_over_reads_that_a_change_may_have_been_made(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings,
    monkeypatch: pytest.MonkeyPatch, claimed: bool,
) -> None:
    """Every attempt at the yes dies after the shop has done it; or an agent takes the conversation meanwhile."""
    sample.load(workshop)
    await conversations.identify(customer.cid, Identity(Known("C-1004", "Gwen", "gwen@example.org"), "t7", 60))
    really, attempts = worker.agent.processor.handle_message, []

    async def dying(message: Any) -> None:
        attempts.append(await really(message))
        if claimed:
            await conversations.claim(customer.cid, "a1", "Ada", owner="bot")
        raise asyncio.TimeoutError

    async with at_work(worker):
        await customer.say("cancel LM-104281", payload="task:cancel_order")
        await customer.answered()
        monkeypatch.setattr(worker.agent.processor, "handle_message", dying)
        await customer.say("yes")

        async def told() -> bool:
            last = (await customer.log())[-1]
            return last["kind"] == "note" or last.get("event") == "handoff"

        await until(told)
    if claimed:
        assert len(attempts) == 1 and "may have gone through" in (await customer.log())[-1]["text"]
        return
    assert len(attempts) == 3 and "may have gone through" in (await customer.heard())[-1]
    packet = await conversations.packet(customer.cid)
    assert packet is not None and packet["what"]["order"] == "LM-104281" and packet["lookups"]
    assert "may be done" in packet["what"]["values"]


async def test_a_shop_that_keeps_a_task_too_long_is_tried_again_later(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sample.load(workshop)
    await conversations.identify(customer.cid, Identity(Known("C-1004", "Gwen", "gwen@example.org"), "t8", 60))

    async def hangs(*_: Any, **__: Any) -> None:
        await asyncio.sleep(3600)

    async with at_work(worker):
        await customer.say("cancel LM-104281", payload="task:cancel_order")
        await customer.answered()
        with monkeypatch.context() as patch:
            patch.setattr(SampleShop, "cancel", hangs)
            patch.setattr(form, "_PATIENCE", 0.2)
            await customer.say("yes")
            assert "can't reach our order system" in (await customer.answered())[-1]["text"]
        await customer.say("try again")
        assert "is cancelled, free of charge" in (await customer.answered())[-1]["text"]
    assert await customer.owner() == "bot"


async def test_not_even_a_broken_packet_keeps_a_customer_from_people(
    worker: Worker, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("by")

    monkeypatch.setattr(packet, "summarise", lambda records: broken() if records else [])
    async with at_work(worker):
        await customer.say("0")
        await customer.answered()
    assert await customer.owner() == "queue" and len(await customer.heard()) == 1


async def test_success_forgets_earlier_failures(
    worker: Worker, customer: Customer, conversations: Conversations
) -> None:
    await customer.say("hello")
    assert await conversations.take(0.0) is not None
    await asyncio.sleep(0.01)
    async with at_work(worker):
        await customer.answered()
    await customer.say("hello again")
    turn = await conversations.take(0.0)
    assert turn is not None and turn.attempts == 1


async def test_two_unclear_turns_in_a_row_end_with_people(worker: Worker, customer: Customer) -> None:
    async with at_work(worker):
        await customer.say("\U0001f600")
        (reply,) = await customer.answered()
        assert reply["evidence"]["decision"] == "abstain" and reply["payloads"][0] == "human"
        assert all(payload.startswith("topic:") for payload in reply["payloads"][1:])
        await customer.say("?!")
        await customer.answered()
    assert await customer.owner() == "queue"


async def test_a_failing_action_says_so_and_brings_people(
    worker: Worker, customer: Customer, conversations: Conversations, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    endpoint = worker.agent.action_endpoint
    monkeypatch.setitem(endpoint.executor.actions, "action_answer", breaks)  # type: ignore[union-attr]
    async with at_work(worker):
        await customer.say(QUESTION)
        (reply,) = await customer.answered()
    assert "something went wrong" in reply["text"] and await customer.owner() == "queue"
    told = await conversations.packet(customer.cid)
    assert told is not None and told["why"]["reason"] == "the action action_answer failed"
    assert "the action action_answer failed" in caplog.text


async def test_a_task_that_fails_at_the_yes_says_so_and_brings_people(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rasa would take it for a form that does not want the message, and answer the yes with a rule."""
    sample.load(workshop)
    await conversations.identify(customer.cid, Identity(Known("C-1004", "Gwen", "gwen@example.org"), "t6", 60))

    async def breaks(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SampleShop, "cancel", breaks)
    async with at_work(worker):
        await customer.say("cancel LM-104281", payload="task:cancel_order")
        heard = len(await customer.answered())
        await customer.say("yes please")
        (reply,) = (await customer.answered())[heard:]
    assert "something went wrong" in reply["text"] and "may have gone through" in reply["text"]
    assert await customer.owner() == "queue"
    told = await conversations.packet(customer.cid)
    assert told is not None and told["why"]["reason"] == "the task cancel_order failed"
    assert told["what"]["order"] == "LM-104281" and "may be done" in told["what"]["values"]


async def test_workers_sign_on_and_off(workers: list[Worker], conversations: Conversations) -> None:
    async with at_work(*workers):
        async def both() -> bool:
            return await conversations.workers() == 2

        await until(both)
    assert await conversations.workers() == 0


async def test_an_outage_of_the_store_is_survived(
    worker: Worker, customer: Customer, valkey: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with at_work(worker):
        await customer.say("hello")
        await customer.answered()
        with caplog.at_level(logging.WARNING):
            valkey.stop()
            await asyncio.sleep(0.5)
            valkey.start()

        async def sent() -> bool:
            # Each connection of the pool that the outage cut says so once.
            try:
                await customer.say("hello again")
            except StoreUnavailable:
                return False
            return True

        await until(sent)
        assert len(await customer.answered()) == 2
    assert "cannot be reached" in caplog.text


async def test_nothing_of_a_dialogue_stands_in_the_logs(
    worker: Worker, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of one that goes well nor of one that fails with the customer's words in the error."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Masking(logging.Formatter("%(levelname)s %(name)s: %(message)s")))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers, handler])
    monkeypatch.setattr(root, "level", logging.INFO)
    said = "I am Zebedee Quill, zebedee@example.com, 07700 900142, LM-104233, 27 Tanner's Rise, LS7 4QX"
    async with at_work(worker):
        await customer.say(QUESTION, said)
        await customer.answered()

        async def fail(message: object) -> None:
            raise ValueError("cannot read zebedee@example.com of LM-104233 at 27 Tanner's Rise")

        monkeypatch.setattr(worker.agent.processor, "handle_message", fail)
        await customer.say(said)
        await customer.answered()
    told = out.getvalue()
    assert "Traceback" in told and "[e-mail]" in told
    for word in ("Zebedee", "zebedee", "104233", "900142", "Tanner", "LS7", QUESTION):
        assert word not in told, word


async def test_who_it_is_reaches_the_actions_and_the_packet(
    workers: list[Worker], customer: Customer, conversations: Conversations
) -> None:
    """Told by the page between two turns, and known to whichever worker has the next one."""
    first, second = workers
    amara = Known("C-1001", "Amara Okafor", "amara@example.com")
    async with at_work(first):
        await customer.say(QUESTION)
        await customer.answered()
        await conversations.identify(customer.cid, Identity(amara, "t1", 60))
    async with at_work(second):
        await customer.say(QUESTION)
        await customer.answered()
        assert second.trackers.slot(customer.cid, "customer") == amara.as_slot()
        await customer.say("0")
        await customer.answered()
    told = await conversations.packet(customer.cid)
    assert told is not None
    who = {name: told["who"][name] for name in ("verified", "name", "email", "by")}
    assert who == {"verified": True, "name": "Amara Okafor", "email": "amara@example.com", "by": "token"}


async def test_who_proves_to_be_another_customer_is_told_to_start_a_new_chat(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings, valkey: Valkey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here whoever came by a mailed link, which leaves the conversation its customer's."""
    sample.load(workshop)
    monkeypatch.setenv("FRONTDESK_REDIS_URL", valkey.url)
    await conversations.identify(customer.cid, Identity(Known("C-1001", "Amara", "amara@example.com"), "t0", 60))
    letters = Letters(conversations)
    await letters.resume(await letters.code(customer.cid))
    async with at_work(worker):
        await customer.say("where is LM-104260? my email is h.brandt@example.com", payload="task:track_order")
        told = " ".join(record["text"] for record in await customer.answered())
    assert "start a new chat" in told and "LM-104260" not in told
    assert (await conversations.state(customer.cid)).customer is None


async def test_a_task_of_a_conversation_that_ended_is_not_gone_on_with(
    worker: Worker, customer: Customer, conversations: Conversations, workshop: Settings,
) -> None:
    """Whoever opens it again may be somebody else at that browser."""
    sample.load(workshop)
    await conversations.identify(customer.cid, Identity(Known("C-1004", "Gwen", "gwen@example.org"), "t4", 60))
    async with at_work(worker):
        await customer.say("cancel LM-104281", payload="task:cancel_order")
        heard = len(await customer.answered())
        assert customer.cid in await conversations.close_idle(await conversations.now() + 1)
        await customer.say("hello")
        told = " ".join(record["text"] for record in (await customer.answered())[heard:])
        assert told and "LM-104281" not in told
        await customer.say("0")
        await customer.answered()
    packet = await conversations.packet(customer.cid)
    assert packet is not None and packet["lookups"] == [] and not packet["what"]["values"]


async def test_what_a_turn_proves_is_committed_with_it(
    worker: Worker, customer: Customer, conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An action that finds out who it is sets the slot; the commit keeps it, and the next turn knows it."""
    proved = Known("C-1010", "Dorothy", "dot@example.com", by="order", order="LM-104287")
    real = worker.agent.processor.handle_message

    async def prove(message: Any) -> Any:
        answer = await real(message)
        tracker = await worker.trackers.retrieve(message.sender_id)
        assert tracker is not None
        tracker.update(SlotSet("customer", proved.as_slot()))
        await worker.trackers.save(tracker)
        return answer

    monkeypatch.setattr(worker.agent.processor, "handle_message", prove)
    async with at_work(worker):
        await customer.say(QUESTION)
        await customer.answered()
        assert (await conversations.state(customer.cid)).customer == proved
        monkeypatch.setattr(worker.agent.processor, "handle_message", real)
        await customer.say(QUESTION)
        await customer.answered()
    assert worker.trackers.slot(customer.cid, "customer") == proved.as_slot()
    assert (await conversations.state(customer.cid)).customer == proved


async def test_an_action_has_the_turns_id_as_its_key_in_every_attempt(
    worker: Worker, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys_seen: list[str] = []
    executor = worker.agent.processor.action_endpoint.executor
    real = executor.run

    async def run(call: Any) -> Any:
        keys_seen.append(turn.key(Tracker.from_dict(call["tracker"]), "cancel"))
        if len(keys_seen) == 1:
            await customer.say("and one more thing")
            raise asyncio.CancelledError  # as where the process dies
        return await real(call)

    monkeypatch.setattr(executor, "run", run)
    await customer.say(QUESTION)
    taken = await worker.conversations.take(seconds=0.05)
    assert taken is not None
    with contextlib.suppress(asyncio.CancelledError):
        await worker._handle(taken)
    worker.trackers.forget(customer.cid)
    await asyncio.sleep(0.1)
    async with at_work(worker):
        await customer.answered()
    assert keys_seen[:2] == [f"{taken.id}:cancel"] * 2
