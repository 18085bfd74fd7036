"""Event streams: every record once, in order, without a gap, whatever happens in between."""

from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk, Events, running

from bot.conversations import keys
from bot.conversations.errors import StoreUnavailable
from bot.conversations.state import State
from bot.conversations.store import Conversations
from bot.database import DatabaseUnavailable, open_database
from bot.desk import hub, stream
from bot.desk.integrations import Integrations
from bot.desk.news import News
from bot.desk.staff import remove_staff, set_role
from bot.desk.stream import MOST_WAITING, REREAD, Feed, Item, Stream, event, record_event
from bot.settings import Settings

HandOff = Callable[..., Awaitable[None]]


async def eventually(check: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.01)


async def test_a_stream_begins_with_the_status_and_what_was_said(customer: Customer) -> None:
    await customer.say("a", "one")
    async with customer.events() as events:
        first, second = await events.next(), await events.next()
        assert first.name == "status" and first.data["owner"] == "bot" and first.data["ahead"] is None
        assert (second.name, second.id, second.data["text"]) == ("record", "1", "one")
        await customer.say("b", "zwei — 二\n2")
        live = await events.next("record")
        assert (live.id, live.data["text"]) == ("2", "zwei — 二\n2")


@pytest.mark.parametrize(("last", "wanted"), [
    ("0", [1, 2, 3]), ("2", [3]), ("-1", [1, 2, 3]), ("x", [1, 2, 3]), ("", [1, 2, 3]), ("99999999999999999999", [1, 2, 3]),
    ("4", [1, 2, 3]), ("1.5", [1, 2, 3]), ("1; DROP", [1, 2, 3]),
])
async def test_where_a_stream_resumes(customer: Customer, last: str, wanted: list[int]) -> None:
    for number in range(3):
        await customer.say(f"m{number}", "x")
    async with customer.events(last) as events:
        assert await events.records(len(wanted)) == wanted
        await customer.say("more", "x")
        assert await events.records(1) == [4]


async def test_nothing_is_lost_or_doubled_while_resuming_under_fire(customer: Customer) -> None:
    """One keeps posting; the other drops its stream again and again and resumes from what it saw last."""
    total = 80

    async def post() -> None:
        for number in range(total):
            assert (await customer.say(f"m{number}", f"line {number}")).status == 200

    posting = asyncio.create_task(post())
    seen: list[int] = []
    while len(seen) < total:
        async with customer.events(str(seen[-1] if seen else 0)) as events:
            for _ in range(min(7, total - len(seen))):
                seen += await events.records(1)
    await posting
    assert seen == list(range(1, total + 1))


async def test_many_streams_of_many_conversations(desk: Desk) -> None:
    customers = [await desk.customer() for _ in range(10)]

    async def follow(customer: Customer) -> list[int]:
        async with customer.events() as events:
            return await events.records(20)

    following = [asyncio.create_task(follow(customer)) for customer in customers for _ in range(3)]
    await eventually(lambda: desk.services.hub.open_streams == 30)
    for number in range(20):
        await asyncio.gather(*(customer.say(f"m{number}", "x") for customer in customers))
    for seqs in await asyncio.gather(*following):
        assert seqs == list(range(1, 21))
    await eventually(lambda: desk.services.hub.open_streams == 0)
    assert desk.services.hub._streams == {}


async def kill_subscribers(desk: Desk) -> None:
    await desk.services.conversations.call("CLIENT", "KILL", "TYPE", "pubsub")


async def test_a_killed_subscription_loses_nothing(desk: Desk, customer: Customer) -> None:
    async with customer.events() as events:
        await events.next("status")
        for number in range(30):
            if number % 6 == 3:
                await kill_subscribers(desk)
            await customer.say(f"m{number}", "x")
        assert await events.records(30) == list(range(1, 31))


async def test_a_killed_subscription_does_not_hide_a_change_of_owner(
    desk: Desk, customer: Customer, hand_off: HandOff
) -> None:
    await customer.say("a", "help")
    async with customer.events() as events:
        await events.records(1)
        await kill_subscribers(desk)
        await hand_off()
        while (await events.next("status")).data["owner"] != "queue":
            pass


async def test_a_console_starts_anew_after_a_killed_subscription(desk: Desk, agent: Agent) -> None:
    async with agent.events() as events:
        await events.next("counts")
        await kill_subscribers(desk)
        assert await events.ended()


async def test_messages_that_cannot_be_read_do_not_deafen_the_desk(
    desk: Desk, customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    async with customer.events() as events:
        for raw in ("not json", "[]", "{}", '{"type":"record","conversation":"x"}', "null"):
            await desk.services.conversations.call("PUBLISH", keys.LIVE, raw)
        await customer.say("a", "x")
        assert await events.records(1) == [1]


async def test_status_follows_the_owner_and_the_queue(desk: Desk, agent: Agent, hand_off: HandOff) -> None:
    first, second = await desk.customer(), await desk.customer()
    async with first.events() as one, second.events() as two:
        for customer in (first, second):
            await customer.say("a", "help")
            await hand_off()

        async def until(events: object, wanted: dict[str, object]) -> None:
            while not (await events.next("status")).data.items() >= wanted.items():  # type: ignore[attr-defined]
                pass

        await until(one, {"owner": "queue", "agent": None, "ahead": 0})
        await until(two, {"owner": "queue", "agent": None, "ahead": 1})
        await agent.act(first.cid, "claim")
        await until(one, {"owner": "agent", "agent": {"name": "Ada"}, "ahead": None})
        await until(two, {"owner": "queue", "agent": None, "ahead": 0})
        await agent.act(first.cid, "close", {"outcome": "solved"})
        await until(one, {"owner": "closed", "agent": None, "ahead": None})


async def test_a_change_is_told_also_where_the_store_stalls_at_it(
    desk: Desk, agent: Agent, customer: Customer, hand_off: HandOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    lobby, conversations = desk.services.lobby, desk.services.conversations
    await customer.say("a", "help")
    await hand_off()
    stalled = {"status", "queues"}
    status, queues = lobby.status, conversations.queues

    async def slow_status(state: State) -> dict[str, Any]:
        if "status" in stalled:
            stalled.remove("status")
            raise StoreUnavailable("it stalls")
        return await status(state)

    async def slow_queues() -> dict[str, list[str]]:
        if "queues" in stalled:
            stalled.remove("queues")
            raise StoreUnavailable("it stalls")
        return await queues()

    async with customer.events() as events, agent.events() as listening:
        await events.next("status")
        await listening.next("counts")
        monkeypatch.setattr(lobby, "status", slow_status)
        monkeypatch.setattr(conversations, "queues", slow_queues)
        await agent.act(customer.cid, "claim")
        while (await events.next("status")).data["owner"] != "agent":
            pass
        while (await listening.next("counts")).data["mine"] != 1:
            pass
    assert not stalled


async def test_typing_goes_to_the_other_side(
    desk: Desk, agent: Agent, customer: Customer, hand_off: HandOff, conversations: Conversations
) -> None:
    await customer.say("a", "help")
    async with customer.events() as mine, agent.events() as theirs:
        await mine.next("status")
        await theirs.next("counts")
        await hand_off()
        assert (await mine.next("typing")).data == {"from": "bot", "name": "", "typing": True}
        assert (await theirs.next("typing")).data == {"conversation": customer.cid, "from": "bot", "typing": True}
        await agent.act(customer.cid, "claim")
        await customer.post("typing", {"typing": True})
        assert (await theirs.next("typing")).data == {"conversation": customer.cid, "from": "customer", "typing": True}
        await agent.act(customer.cid, "typing", {"typing": False})
        # The customer's own typing was not sent back to them.
        assert (await mine.next("typing")).data == {"from": "agent", "name": "Ada", "typing": False}


async def test_the_console_hears_of_everything(desk: Desk, agent: Agent, hand_off: HandOff) -> None:
    async with agent.events() as events:
        assert (await events.next()).name == "counts"
        customer = await desk.customer()
        await customer.say("a", "help")
        record = await events.next("record")
        assert record.data["conversation"] == customer.cid and record.data["record"]["text"] == "help"
        await hand_off(replies=[{"kind": "message", "from": "bot", "text": "A moment", "evidence": {"route": "human"}}])
        assert (await events.next("record")).data["record"]["evidence"] == {"route": "human"}
        while (summary := (await events.next("conversation")).data)["owner"] != "queue":
            pass
        assert summary["last"]["text"] == "A moment"
        counts = (await events.next("counts")).data
        assert {name: counts[name] for name in ("queue", "mine", "agents", "bot", "closed", "mentions", "teams")} == {
            "queue": 1, "mine": 0, "agents": 0, "bot": 0, "closed": 0, "mentions": 0, "teams": {"support": 1}}
        await agent.act(customer.cid, "claim")
        while (counts := (await events.next("counts")).data)["mine"] != 1:
            pass
        assert [counts[name] for name in ("queue", "mine", "agents", "bot", "closed")] == [0, 1, 1, 0, 0]


async def test_an_open_console_keeps_its_agent_present(desk: Desk, agent: Agent) -> None:
    async with agent.events() as events:
        await events.next("counts")
        assert await desk.services.conversations.present() == {agent.member.id}


async def test_a_console_that_answers_no_more_keeps_nobody_present(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the desk writes to a machine that sleeps goes nowhere, and for long nothing says so."""
    monkeypatch.setattr(hub, "PING_SECONDS", 1)
    async with running(settings) as desk:  # type: ignore[arg-type]
        agent, conversations = await desk.agent("Ada"), desk.services.conversations
        async with agent.events() as events:
            await events.next("counts")
            await conversations.call("ZINCRBY", keys.AGENTS, -keys.PRESENCE_SECONDS, agent.member.id)
            await asyncio.sleep(2.1)
            assert await conversations.present() == {agent.member.id}, "a stream holds between two signs"
            await conversations.call("ZINCRBY", keys.SIGNS, -keys.SIGN_SECONDS, agent.member.id)
            await asyncio.sleep(2.1)
            assert await conversations.present() == set()
            # From the last sign on, not from the end of the stream.
            assert await conversations.present(keys.SIGN_SECONDS - 5) == set()
            assert (await agent.send("POST", "here")).status == 204
            await asyncio.sleep(2.1)
            assert await conversations.present() == {agent.member.id}


async def test_behind_a_key_there_is_no_browser_to_answer(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PING_SECONDS", 1)
    async with running(settings) as desk:  # type: ignore[arg-type]
        sent = {"name": "Warehouse", "scopes": ["conversations:read"]}
        key, secret = await asyncio.to_thread(desk.services.integrations.add, sent, "Ada")
        async with listening(desk, secret) as events:
            await events.next("counts")
            await desk.services.conversations.call("DEL", keys.AGENTS, keys.SIGNS)
            await asyncio.sleep(2.1)
            assert await desk.services.conversations.present() == {f"key:{key.id}"}


@asynccontextmanager
async def listening(desk: Desk, secret: str) -> AsyncIterator[Events]:
    """A console's stream by API key."""
    async with desk.http.get("/api/console/events", headers={"Authorization": f"Bearer {secret}"}) as response:
        assert response.status == 200
        yield Events(response)


async def removed(desk: Desk, agent: Agent) -> None:
    await asyncio.to_thread(remove_staff, desk.settings, agent.member.email)


async def another_password(desk: Desk, agent: Agent) -> None:
    await asyncio.to_thread(desk.services.staff.set_password, agent.member.email, "another long one")


async def another_role(desk: Desk, agent: Agent) -> None:
    await asyncio.to_thread(set_role, desk.settings, agent.member.email, "editor")


async def signed_out(desk: Desk, agent: Agent) -> None:
    assert (await desk.call("DELETE", "/api/session", headers=agent.headers)).status == 204


@pytest.mark.parametrize(("leave", "status"), [(removed, 401), (another_password, 401), (another_role, 403),
                                               (signed_out, 401)])
async def test_who_may_not_listen_any_more_hears_nothing_more(
    desk: Desk, agent: Agent, leave: Callable[[Desk, Agent], Awaitable[None]], status: int
) -> None:
    bea = await desk.agent("Bea")
    async with agent.events() as events, bea.events() as hers:
        await events.next("counts")
        await hers.next("counts")
        await desk.services.hub.check()
        await leave(desk, agent)
        await desk.services.hub.check()
        assert await events.ended(1)
        await asyncio.sleep(0.1)  # until its connection is closed: the next call is not to go out on it
        # Nor do they come in again by what was known of them a moment ago.
        assert (await agent.get("conversations")).status == status
        await (await desk.customer()).say("a", "x")
        await hers.next("record")


async def test_who_was_removed_is_not_present(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PING_SECONDS", 1)
    async with running(settings) as desk:  # type: ignore[arg-type]
        agent, conversations = await desk.agent("Ada"), desk.services.conversations
        async with agent.events() as events:
            await events.next("counts")
            await removed(desk, agent)
            await desk.services.hub.check()
            await conversations.call("DEL", keys.AGENTS)
            await asyncio.sleep(2.1)
            assert await conversations.present() == set()


async def test_a_revoked_key_ends_its_stream_within_five_seconds_on_every_desk(desk: Desk, settings: Settings) -> None:
    integrations = desk.services.integrations
    made = [await asyncio.to_thread(integrations.add, {"name": name, "scopes": ["conversations:read"]}, "Ada")
            for name in ("Warehouse", "Shop")]
    async with listening(desk, made[0][1]) as events, listening(desk, made[1][1]) as others:
        await events.next("counts")
        await others.next("counts")
        # As another desk does it.
        await asyncio.to_thread(Integrations(open_database(settings.database)).revoke, made[0][0].id)
        assert await events.ended(5)
        await asyncio.sleep(0.1)
        assert (await desk.call("GET", "/api/console/conversations", token=made[0][1])).status == 401
        await (await desk.customer()).say("a", "x")
        await others.next("record")


async def test_listening_keeps_no_session_alive(desk: Desk, agent: Agent) -> None:
    client = desk.services.conversations.client
    [key] = await client.keys("fd:session:*")
    async with agent.events() as events:
        await events.next("counts")
        await client.expire(key, 60)
        await desk.services.hub.check()
        assert (await agent.send("POST", "here")).status == 204
        assert await client.ttl(key) <= 60
        await client.delete(key)
        await desk.services.hub.check()
        assert await events.ended(1)


async def test_an_outage_sends_nobody_away(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def away() -> None:
        asked.append(True)
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(hub, "CHECK_SECONDS", 0.05)
    async with running(settings) as desk:  # type: ignore[arg-type]
        agent, customer = await desk.agent("Ada"), await desk.customer()
        async with agent.events() as events:
            await events.next("counts")
            with monkeypatch.context() as patched:
                patched.setattr(desk.services.staff, "all", away)
                await eventually(lambda: len(asked) > 2)
                await customer.say("a", "x")
                await events.next("record")
            await removed(desk, agent)
            assert await events.ended(2)


async def test_silence_is_broken_by_comments(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PING_SECONDS", 1)
    async with running(settings) as desk:  # type: ignore[arg-type]
        customer, agent = await desk.customer(), await desk.agent("Ada")
        async with customer.events() as mine, agent.events() as theirs:
            for events in (mine, theirs):
                with pytest.raises(TimeoutError):
                    while True:
                        await events.next(timeout=1.6)
                assert events.comments >= 1
        [(_, seen)] = await desk.services.conversations.client.zrange(keys.AGENTS, 0, -1, withscores=True)
        assert time.time() - seen < 2.5


async def test_stopping_ends_streams_promptly(desk: Desk, agent: Agent, customer: Customer) -> None:
    async with customer.events() as mine, agent.events() as theirs:
        await mine.next("status")
        await theirs.next("counts")
        begun = time.monotonic()
        await desk.stop()
        assert time.monotonic() - begun < 1.5
        assert await mine.ended(1) and await theirs.ended(1)


async def test_the_17th_stream_of_a_conversation_ends_the_first(desk: Desk, customer: Customer) -> None:
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(customer.events())
        for _ in range(16):
            last = await stack.enter_async_context(customer.events())
        assert await first.ended()
        await customer.say("a", "x")
        assert await last.records(1) == [1]


async def test_a_client_that_reads_nothing_is_let_go(
    desk: Desk, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_WAITING", 8)
    _, writer = await asyncio.open_connection(desk.url.split("/")[2].split(":")[0], int(desk.url.split(":")[2]),
                                                   limit=2**10)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    head = f"GET /api/widget/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {customer.token}\r\n\r\n"
    writer.write(head.encode())
    await eventually(lambda: desk.services.hub.open_streams == 1)
    # More than all the buffers on the way hold.
    async with customer.events() as events:
        posted = 0
        while len(desk.services.hub.streams(customer.cid)) == 2 and posted < 4000:
            await desk.services.conversations.post(customer.cid, f"m{posted}", "😀" * 2000)
            posted += 1
            if posted % 4 == 0:
                await events.records(4)
        assert len(desk.services.hub.streams(customer.cid)) == 1, "the slow client was kept"
    writer.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
@pytest.mark.parametrize("side", ["console", "widget"])
async def test_a_client_that_vanished_without_a_word_is_let_go(
    settings: object, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    monkeypatch.setattr(hub, "PING_SECONDS", 1)
    monkeypatch.setattr(stream, "SILENT_SECONDS", 1.0)
    async with running(settings) as desk:  # type: ignore[arg-type]
        agent, customer = await desk.agent("Ada"), await desk.customer()
        proof = f"Cookie: {agent.cookie}" if side == "console" else f"Authorization: Bearer {customer.token}"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(desk.url.rpartition(":")[2]))
        writer.write(f"GET /api/{side}/events HTTP/1.1\r\nHost: x\r\n{proof}\r\n\r\n".encode())
        assert b"200" in await reader.readline()
        assert desk.services.hub.open_streams == 1
        # From now on this end of the connection takes nothing in, as a machine that sleeps: no FIN, no RST, no ACK.
        drop = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
        program = struct.pack("HP", 1, ctypes.addressof(drop))
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER
        await eventually(lambda: desk.services.hub.open_streams == 0, 15)
        writer.close()


# -- the parts, without a network ----------------------------------------------------------------------------------


async def test_a_feed_reads_what_it_missed(conversations: Conversations) -> None:
    cid, _ = await conversations.create()
    for number in range(6):
        await conversations.post(cid, f"m{number}", "x")
    records = await conversations.records(cid)
    items = [Item(record["seq"], record_event(record)) for record in records]
    feed = Feed(conversations, cid, 0)
    assert await feed.take([items[0], items[0]]) == items[0].data
    # 3 came, 2 did not: both are read from the log, and so is all that stands there.
    assert await feed.take([items[2]]) == b"".join(item.data for item in items[1:])
    assert await feed.take(items) == b""
    assert await feed.take([REREAD]) == b""
    await conversations.post(cid, "m6", "x")
    assert b"id: 7\n" in await feed.take([REREAD])
    assert await feed.take([Item(0, b"status")]) == b"status"


async def test_a_full_stream_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = []
    slow = Stream(conversation="c")
    slow.cut = lambda: cut.append(True)
    for _ in range(MOST_WAITING):
        slow.put(Item(0, b"x"))
    assert not slow.ended
    slow.put(Item(0, b"x"))
    assert slow.ended and cut == [True]
    assert await slow.get() == []


def test_an_event_is_one_line_of_data() -> None:
    data = event("record", {"text": "a\nb\r\u2028</script>"}, 3)
    assert data.startswith(b"id: 3\nevent: record\ndata: ") and data.endswith(b"}\n\n")
    assert data.count(b"\n") == 4


async def test_a_queue_that_takes_long_to_read_is_read_less_often(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With thousands who wait, reading all of them at each change would take the time of those who chat."""
    looks = 0

    async def slow(self: News) -> None:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.1)

    monkeypatch.setattr("bot.desk.news._QUEUE_SOON", 0.01)
    monkeypatch.setattr(News, "_tell_queue", slow)
    async with running(settings) as desk:
        end = time.monotonic() + 1.0  # it rests for nearly two seconds after a look that took a tenth of one
        while time.monotonic() < end:
            desk.services.lobby.changed()
            await asyncio.sleep(0.01)
        assert looks == 1
        desk.services.lobby.changed()
        await eventually(lambda: looks == 2)
