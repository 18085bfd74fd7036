"""What the network does to commands: one arrives twice, or late, after its sender gave it up. None may act twice."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversations import keys
from bot.conversations.acts import By
from bot.conversations.errors import Stale
from bot.conversations.placement import Placement
from bot.conversations.record import message
from bot.conversations.store import Conversations
from bot.conversations.turn import Commit, Handoff


class Wire:
    """Notes each script that goes out, so that it can be delivered again."""

    def __init__(self, conversations: Conversations, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.conversations = conversations
        really = conversations._run

        async def note(name: str, *args: Any) -> Any:
            self.sent.append((name, *args))
            return await really(name, *args)

        monkeypatch.setattr(conversations, "_run", note)

    async def again(self, number: int = -1) -> Any:
        name, *args = self.sent[number]
        return await self.conversations._scripts[name](self.conversations.client, *args)


@pytest.fixture
def wire(conversations: Conversations, monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(conversations, monkeypatch)


async def queued(conversations: Conversations) -> str:
    cid, _ = await conversations.create()
    await conversations.post(cid, "m1", "a person, please")
    turn = await conversations.take()
    assert turn is not None
    assert await conversations.commit(turn, Commit(handoff=Handoff("service", "person", {}))) == "ok"
    return cid


async def test_a_change_of_owner_that_arrives_twice_is_made_once_and_both_are_told_so(
    conversations: Conversations, wire: Wire
) -> None:
    cid = await queued(conversations)
    for act in (conversations.claim(cid, "a", "Ada"), conversations.release(cid, "a", "Ada", "back soon"),
                conversations.claim(cid, "a", "Ada"), conversations.hand_back(cid, "a", "Ada", "solved")):
        state = await act
        assert (await wire.again())[0] == "ok"
        assert await conversations.state(cid) == state


@pytest.mark.parametrize("handoff", [None, Handoff("service", "person", {})])
async def test_a_commit_that_arrives_twice_is_made_once_and_both_are_told_so(
    conversations: Conversations, wire: Wire, handoff: Handoff | None
) -> None:
    cid, _ = await conversations.create()
    await conversations.post(cid, "m1", "hello")
    turn = await conversations.take()
    assert turn is not None
    assert await conversations.commit(turn, Commit(replies=[message("bot", "hello!")], handoff=handoff)) == "ok"
    state, records = await conversations.state(cid), await conversations.records(cid)
    assert await wire.again() == ["ok", len(records)]
    assert (await conversations.state(cid), await conversations.records(cid)) == (state, records)
    # Of a turn that another worker has, it is another's.
    if handoff is None:
        await conversations.post(cid, "m2", "and now?")
        late, second = await conversations.take(0), await conversations.take()
        assert late is not None and second is not None
        assert await conversations.commit(late, Commit(replies=[message("bot", "too late")])) == "lost"
        assert await conversations.commit(second, Commit(replies=[message("bot", "this")])) == "ok"


async def test_the_acts_of_the_desk_that_arrive_twice_are_done_once(conversations: Conversations, wire: Wire) -> None:
    cid, other = await queued(conversations), await queued(conversations)
    await conversations.claim(other, "a", "Ada")
    by, until = By("a", "Ada"), await conversations.now() + 60
    for act in (conversations.assign(cid, "a", "Ada", by), conversations.transfer(cid, Placement("tents"), by, note="look"),
                conversations.assign(cid, "a", "Ada", By(), capacity=2), conversations.snooze(cid, "a", "Ada", until),
                conversations.tag(cid, by, ["pole"], []), conversations.prioritise(cid, Placement("tents", priority="high"),
                                                                                  by, epoch=5),
                conversations.merge(cid, other, "a", "Ada")):
        state = await act
        assert (await wire.again())[0] == "ok"
        assert await conversations.state(cid) == state
    assert [record.get("event") for record in await conversations.records(other)].count("merged") == 1
    seq = (await conversations.say(other, "a", "Ada", "m", "said")).seq
    await conversations.delete(other, "a", "Ada", seq)
    assert (await wire.again())[0] == "ok"
    assert [record.get("event") for record in await conversations.records(other)].count("deleted") == 1


async def test_what_arrives_after_the_conversation_moved_on_does_nothing(conversations: Conversations, wire: Wire) -> None:
    cid = await queued(conversations)
    await conversations.route(cid, Placement("service"), epoch=2)
    route = len(wire.sent) - 1
    await conversations.claim(cid, "a", "Ada", answer_within=60)
    await conversations.snooze(cid, "a", "Ada", await conversations.now() + 60)
    snooze = len(wire.sent) - 1
    await conversations.transfer(cid, Placement("tents"), By("a", "Ada"), held_by="a")
    transfer = len(wire.sent) - 1
    await conversations.claim(cid, "a", "Ada")
    await conversations.tag(cid, By("a", "Ada"), ["pole"], [])
    state = await conversations.state(cid)
    for number in (route, snooze, transfer):
        assert (await wire.again(number))[0] == "stale"
        assert await conversations.state(cid) == state


async def test_what_is_put_in_again_stands_where_it_stood(conversations: Conversations) -> None:
    """As a backup and its restore do it: what points to a conversation is made anew from its state."""
    waiting, held, asleep = [await queued(conversations) for _ in range(3)]
    await conversations.route(waiting, Placement("tents", priority="high", due_first=5e9), epoch=2)
    await conversations.claim(held, "a", "Ada", answer_within=60)
    await conversations.note(held, "b", "Bea", "n", "look", ["c"])
    await conversations.claim(asleep, "a", "Ada")
    await conversations.snooze(asleep, "a", "Ada", 4e9)
    dumps = {cid: await conversations.dump(cid) for cid in (waiting, held, asleep)}
    before = [await seen(conversations, cid) for cid in dumps]
    await conversations.clear()
    for cid, parts in dumps.items():
        assert parts is not None and await conversations.load(cid, parts)
    assert [await seen(conversations, cid) for cid in dumps] == before
    assert await conversations.queues() == {"tents": [waiting]} and await conversations.held("a") == [held, asleep]
    assert await conversations.mentioning("c") == [(held, True)]


async def seen(conversations: Conversations, cid: str) -> list[Any]:
    places = [keys.owned("queue"), keys.owned("agent"), keys.queue("tents"), keys.held("a"), keys.SNOOZED, keys.ANSWERS]
    return [await conversations.state(cid), *[await conversations.call("ZSCORE", place, cid) for place in places[2:]],
            *[await conversations.call("ZSCORE", place, cid) is not None for place in places[:2]]]


async def test_a_claim_that_arrives_late_does_nothing(conversations: Conversations, wire: Wire) -> None:
    cid = await queued(conversations)
    await conversations.claim(cid, "a", "Ada")
    claim = len(wire.sent) - 1
    state = await conversations.release(cid, "a", "Ada")
    # It waits in the queue again, as when the claim was sent; Ada has forgotten that she ever asked.
    assert (await wire.again(claim))[0] == "stale"
    assert await conversations.state(cid) == state


async def test_a_change_between_look_and_act_that_led_back_is_no_reason_to_refuse(
    conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    cid = await queued(conversations)
    really, met = conversations._run, []

    async def interfere(name: str, *args: Any) -> Any:
        if name == "give" and not met:
            met.append(name)
            await conversations.claim(cid, "b", "Bea")
            await conversations.release(cid, "b", "Bea")
        return await really(name, *args)

    monkeypatch.setattr(conversations, "_run", interfere)
    assert (await conversations.claim(cid, "a", "Ada")).agent == "a"
    with pytest.raises(Stale):
        await conversations.claim(cid, "b", "Bea")


async def test_a_take_that_arrives_twice_takes_one_conversation(conversations: Conversations, wire: Wire) -> None:
    """Else the first would stay leased to nobody, and its customer wait until the lease ends."""
    for name in ("one", "two"):
        cid, _ = await conversations.create()
        await conversations.post(cid, "m1", name)
    first = await conversations.take()
    assert first is not None
    again = await wire.again()
    assert (again[0], again[3]) == (first.cid, first.attempts)
    second = await conversations.take()
    assert second is not None and second.cid != first.cid and second.attempts == 1
    assert await conversations.commit(first, Commit(replies=[message("bot", "hello!")])) == "ok"


async def test_a_turn_that_is_taken_again_is_the_same_turn(conversations: Conversations) -> None:
    cid, _ = await conversations.create()
    await conversations.post(cid, "m1", "cancel my order")
    await conversations.post(cid, "m2", "the sofa")
    first = await conversations.take(seconds=0)
    await conversations.post(cid, "m3", "hello?")
    again = await conversations.take()
    assert first is not None and again is not None
    # A side effect of the first attempt bears its id; with another id it would be done twice.
    assert (again.id, again.text, again.attempts) == (first.id, "cancel my order\nthe sofa", 2)
    assert again.unheard == []
    assert await conversations.commit(again, Commit(replies=[message("bot", "done")])) == "ok"
    rest = await conversations.take()
    assert rest is not None and (rest.text, rest.attempts, rest.unheard) == ("hello?", 1, [])


async def test_a_clock_set_back_keeps_nobody_waiting_or_present(conversations: Conversations) -> None:
    """The server's is the only clock. That it is set back by a day is the same as all that is noted being a day ahead."""
    cid, _ = await conversations.create()
    await conversations.post(cid, "m1", "hello")
    assert await conversations.take() is not None
    await conversations.saw(["a"])
    now = await conversations.now()
    await conversations.call("ZADD", keys.WORKERS, now, "w")
    assert await conversations.present() == {"a"} and await conversations.workers() == 1
    for key in (keys.LEASES, keys.AGENTS, keys.WORKERS):
        for member in await conversations.call("ZRANGE", key, 0, -1):
            await conversations.call("ZINCRBY", key, 86400, member)
    again = await conversations.take()
    assert again is not None and again.cid == cid
    assert await conversations.present() == set() and await conversations.workers() == 0
