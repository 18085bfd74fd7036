"""The live conversation on a real Valkey: turns, leases, ownership, and every lost race by its name."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
import redis.asyncio

from bot.conversations import keys
from bot.conversations.errors import IdReused, Missing, Stale, StoreUnavailable
from bot.conversations.record import message
from bot.conversations.store import Conversations, connect
from bot.conversations.turn import Commit, Handoff, Turn
from bot.settings import ROOT

HANDOFF = Handoff("support", "defect", {"at": 1.0})


async def begun(conversations: Conversations, *texts: str) -> str:
    cid, _ = await conversations.create()
    for number, text in enumerate(texts):
        await conversations.post(cid, f"m{number}", text)
    return cid


async def taken(conversations: Conversations, seconds: float = keys.LEASE_SECONDS) -> Turn:
    turn = await conversations.take(seconds)
    assert turn is not None
    return turn


async def queued(conversations: Conversations) -> str:
    cid = await begun(conversations, "help")
    assert await conversations.commit(await taken(conversations), Commit(handoff=HANDOFF)) == "ok"
    return cid


async def texts(conversations: Conversations, cid: str) -> list[str]:
    return [record.get("text") or record["event"] for record in await conversations.records(cid)]


async def test_a_token_opens_its_conversation_only(conversations: Conversations) -> None:
    cid, token = await conversations.create()
    other, other_token = await conversations.create()
    assert await conversations.opened_by(token) == cid
    secret = token.partition(".")[2]
    for wrong in ("", ".", cid, f"{other}.{secret}", f"{cid}:log.{secret}", f"{cid}.", token + "x", token.upper(),
                  "é.x", f"{cid}.é", f"{cid}.\ud800", "a" * 201 + ".b"):
        assert await conversations.opened_by(wrong) is None, wrong
    assert await conversations.opened_by(other_token) == other


async def test_messages_sent_in_a_burst_are_one_turn(conversations: Conversations) -> None:
    cid = await begun(conversations, "hello", "where is", "my parcel?")
    turn = await taken(conversations)
    assert (turn.cid, turn.text, turn.id) == (cid, "hello\nwhere is\nmy parcel?", f"{cid}-3")
    assert await conversations.take() is None


async def test_one_id_is_one_message(conversations: Conversations) -> None:
    cid = await begun(conversations)
    first = await conversations.post(cid, "a", "x")
    assert (first.seq, first.duplicate) == (1, False)
    again = await conversations.post(cid, "a", "x")
    assert (again.seq, again.duplicate) == (1, True)
    with pytest.raises(IdReused):
        await conversations.post(cid, "a", "y")
    assert len((await taken(conversations)).messages) == 1


async def test_posting_at_once_with_one_id_is_one_message(conversations: Conversations) -> None:
    cid = await begun(conversations)
    posted = await asyncio.gather(*(conversations.post(cid, "a", "x") for _ in range(20)))
    assert sorted(p.duplicate for p in posted) == [False] + [True] * 19
    assert {p.seq for p in posted} == {1}


async def test_posting_at_once_leaves_no_gap(conversations: Conversations) -> None:
    cid = await begun(conversations)
    posted = await asyncio.gather(*(conversations.post(cid, f"m{n}", f"{n}") for n in range(50)))
    assert sorted(p.seq for p in posted) == list(range(1, 51))
    assert [record["seq"] for record in await conversations.records(cid)] == list(range(1, 51))


async def test_a_commit_is_whole(conversations: Conversations) -> None:
    cid = await begun(conversations, "hello")
    turn = await taken(conversations)
    commit = Commit(replies=[message("bot", "Hi", html="<p>Hi</p>", buttons=[])], tracker_events=['{"event":"x"}'],
                    slots='{"a":1}')
    assert await conversations.commit(turn, commit) == "ok"
    assert await conversations.tracker(cid) == (['{"event":"x"}'], '{"a":1}')
    records = await conversations.records(cid)
    assert records[1]["buttons"] == [] and records[1]["seq"] == 2
    # Done is done: the same commit again changes nothing.
    assert await conversations.commit(turn, commit) == "ok"
    assert len(await conversations.records(cid)) == 2
    assert await conversations.take() is None


async def test_a_crash_before_the_commit_means_the_turn_is_done_again(conversations: Conversations) -> None:
    cid = await begun(conversations, "hello")
    crashed = await taken(conversations, 0.5)
    assert await conversations.take() is None
    await asyncio.sleep(0.6)
    second = await taken(conversations)
    assert second.id == crashed.id and second.messages == crashed.messages and second.commits == crashed.commits
    # The first was only slow, not dead: what it has to say comes too late.
    assert await conversations.commit(crashed, Commit(replies=[message("bot", "late")])) == "lost"
    assert await conversations.commit(second, Commit(replies=[message("bot", "once")])) == "ok"
    assert await texts(conversations, cid) == ["hello", "once"]


async def test_a_crash_after_the_commit_means_never_again(conversations: Conversations) -> None:
    await begun(conversations, "hello")
    turn = await taken(conversations, 0.5)
    assert await conversations.commit(turn, Commit(replies=[message("bot", "once")])) == "ok"
    await asyncio.sleep(0.6)
    assert await conversations.take() is None


async def test_a_lease_that_is_renewed_holds(conversations: Conversations) -> None:
    await begun(conversations, "hello")
    turn = await taken(conversations, 0.8)
    for _ in range(4):
        await asyncio.sleep(0.3)
        assert await conversations.renew(turn, 0.8)
        assert await conversations.take() is None
    await asyncio.sleep(0.9)
    assert await conversations.take() is not None
    assert not await conversations.renew(turn, 0.8)


async def test_two_workers_never_hold_one_conversation(conversations: Conversations) -> None:
    for number in range(10):
        await begun(conversations, f"hello {number}")
    turns = await asyncio.gather(*(conversations.take() for _ in range(30)))
    cids = [turn.cid for turn in turns if turn is not None]
    assert len(cids) == len(set(cids)) == 10


async def test_what_comes_while_the_bot_answers_is_the_next_turn(conversations: Conversations) -> None:
    cid = await begun(conversations, "one")
    turn = await taken(conversations)
    await conversations.post(cid, "x", "two")
    assert await conversations.take() is None
    await conversations.commit(turn, Commit(replies=[message("bot", "first answer")]))
    following = await taken(conversations)
    assert following.text == "two" and following.commits == 1 and following.unheard == []


async def test_what_comes_while_the_bot_hands_over_is_the_queues(conversations: Conversations) -> None:
    cid = await begun(conversations, "one")
    turn = await taken(conversations)
    await conversations.post(cid, "x", "two")
    assert await conversations.commit(turn, Commit(replies=[message("bot", "A person")], handoff=HANDOFF)) == "ok"
    assert await conversations.take() is None
    state = await conversations.state(cid)
    assert (state.owner, state.team, state.why, state.epoch) == ("queue", "support", "defect", 2)
    assert await conversations.packet(cid) == {"at": 1.0}
    assert await texts(conversations, cid) == ["one", "two", "A person", "handoff"]
    await conversations.post(cid, "y", "three")
    assert await conversations.take() is None


async def test_the_bot_cannot_talk_over_a_person(conversations: Conversations) -> None:
    cid = await begun(conversations, "one")
    turn = await taken(conversations)
    await conversations.claim(cid, "a1", "Ada", owner="bot")
    for commit in (Commit(replies=[message("bot", "late")]), Commit(handoff=HANDOFF)):
        assert await conversations.commit(turn, commit) in ("lost", "stale")
    assert (await conversations.state(cid)).agent == "a1"
    assert await texts(conversations, cid) == ["one", "claimed"]


async def test_a_commit_from_before_a_whole_round_is_refused(conversations: Conversations) -> None:
    """Taken by an agent and given back: the bot owns it again, but this is not the turn it began."""
    cid = await begun(conversations, "one")
    turn = await taken(conversations)
    await conversations.claim(cid, "a1", "Ada", owner="bot")
    await conversations.hand_back(cid, "a1", "Ada")
    await conversations.post(cid, "x", "two")
    now = await taken(conversations)
    assert await conversations.commit(turn, Commit(replies=[message("bot", "late")])) == "lost"
    assert await conversations.commit(now, Commit(replies=[message("bot", "good")])) == "ok"


async def test_the_epoch_fences_even_with_the_lease(conversations: Conversations, client: redis.asyncio.Redis) -> None:
    cid = await begun(conversations, "one")
    turn = await taken(conversations)
    await client.hincrby(keys.conversation(cid), "epoch", 1)
    assert await conversations.commit(turn, Commit(replies=[message("bot", "late")])) == "stale"
    assert await texts(conversations, cid) == ["one"]


async def test_the_bot_learns_what_was_said_meanwhile(conversations: Conversations) -> None:
    cid = await queued(conversations)
    await conversations.claim(cid, "a1", "Ada")
    await conversations.say(cid, "a1", "Ada", "s1", "It ships today")
    await conversations.note(cid, "a2", "Bea", "n1", "VIP")
    await conversations.post(cid, "x", "great")
    await conversations.hand_back(cid, "a1", "Ada", "all done")
    await conversations.post(cid, "y", "and returns?")
    turn = await taken(conversations)
    assert turn.text == "and returns?" and turn.returned
    assert [record["text"] for record in turn.unheard] == ["It ships today", "VIP", "great", "all done"]
    await conversations.commit(turn, Commit())
    await conversations.post(cid, "z", "thanks")
    turn = await taken(conversations)
    assert turn.unheard == [] and not turn.returned


async def test_claims(conversations: Conversations) -> None:
    cid = await queued(conversations)
    outcomes: list[Any] = await asyncio.gather(
        *(conversations.claim(cid, f"a{n}", f"Agent {n}") for n in range(8)), return_exceptions=True)
    winners = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    losers = [outcome for outcome in outcomes if isinstance(outcome, Stale)]
    assert len(winners) == 1 and len(losers) == 7
    assert {(loser.owner, loser.agent, loser.name) for loser in losers} == {
        ("agent", winners[0].agent, winners[0].agent_name)}
    with pytest.raises(Missing):
        await conversations.claim("nobody", "a1", "Ada")


async def test_only_the_holder_acts(conversations: Conversations) -> None:
    cid = await queued(conversations)
    for act in (conversations.release(cid, "a1", "Ada"), conversations.hand_back(cid, "a1", "Ada"),
                conversations.close(cid, "a1", "Ada", "solved"), conversations.say(cid, "a1", "Ada", "s", "x")):
        with pytest.raises(Stale):
            await act
    await conversations.claim(cid, "a1", "Ada")
    with pytest.raises(Stale, match="Ada"):
        await conversations.say(cid, "a2", "Bea", "s", "x")
    assert (await conversations.say(cid, "a1", "Ada", "s", "x")).duplicate is False
    assert (await conversations.say(cid, "a1", "Ada", "s", "x")).duplicate is True


async def test_who_is_given_back_stands_in_front(conversations: Conversations) -> None:
    first, second = await queued(conversations), await queued(conversations)
    await conversations.claim(first, "a1", "Ada")
    assert await conversations.ahead(second) == 0 and await conversations.ahead(first) is None
    await conversations.release(first, "a1", "Ada")
    assert await conversations.owned("queue") == [first, second]
    assert await conversations.ahead(second) == 1
    assert (await conversations.state(first)).waiting_since is not None


async def test_a_new_handoff_waits_from_now(conversations: Conversations) -> None:
    first = await queued(conversations)
    second = await queued(conversations)
    await conversations.claim(first, "a1", "Ada")
    await conversations.hand_back(first, "a1", "Ada")
    await conversations.post(first, "again", "still broken")
    await conversations.commit(await taken(conversations), Commit(handoff=HANDOFF))
    assert await conversations.owned("queue") == [second, first]


async def test_a_message_opens_a_closed_conversation_again(conversations: Conversations) -> None:
    cid = await queued(conversations)
    await conversations.claim(cid, "a1", "Ada")
    await conversations.close(cid, "a1", "Ada", "solved", "was easy")
    assert (await conversations.counts())["closed"] == 1
    posted = await conversations.post(cid, "x", "again")
    assert (await conversations.state(cid)).owner == "bot"
    assert (await taken(conversations)).messages[0]["seq"] == posted.seq
    assert (await texts(conversations, cid))[-4:] == ["was easy", "closed", "reopened", "again"]


async def test_idle_conversations_are_closed_unless_something_waits(conversations: Conversations) -> None:
    quiet, waiting, with_people = await begun(conversations), await begun(conversations, "hi"), None
    now = await conversations.now()
    assert await conversations.close_idle(now - 60) == []
    assert await conversations.close_idle(now + 1) == [quiet]
    await conversations.commit(await taken(conversations), Commit(handoff=HANDOFF))
    assert await conversations.close_idle(now + 60) == []
    assert (await conversations.state(waiting)).owner == "queue" and with_people is None


async def test_dropping_forgets_only_what_is_archived(conversations: Conversations, client: redis.asyncio.Redis) -> None:
    cid, other = await begun(conversations), await begun(conversations)
    assert not await conversations.drop(cid, 0)
    await conversations.close_idle(await conversations.now() + 1)
    assert not await conversations.drop(cid, 0)
    assert await conversations.drop(cid, 1)
    with pytest.raises(Missing):
        await conversations.state(cid)
    with pytest.raises(Missing):
        await conversations.post(cid, "a", "x")
    assert {key for key in await client.keys("*") if cid in key} == set()
    assert (await conversations.state(other)).owner == "closed"


async def test_a_mention_goes_with_its_conversation(conversations: Conversations) -> None:
    cid = await begun(conversations)
    await conversations.note(cid, "a1", "Ada", "n1", 'look, "mentions":', ["b1", "c1"])
    await conversations.read(cid, "c1")
    assert await conversations.unread_mentions("b1") == 1 and await conversations.mentioning("c1") == [(cid, False)]
    await conversations.close_idle(await conversations.now() + 1)
    assert await conversations.drop(cid, 2)
    assert await conversations.unread_mentions("b1") == 0
    assert await conversations.mentioning("b1") == await conversations.mentioning("c1") == []


async def test_typing_and_records_are_pushed(conversations: Conversations, client: redis.asyncio.Redis) -> None:
    pubsub = client.pubsub()
    await pubsub.subscribe(keys.LIVE)
    await pubsub.get_message(timeout=1)
    cid = await begun(conversations, "hi")
    await conversations.typing(cid, "customer", "", True)
    heard: list[str] = []
    while len(heard) < 3:
        if told := await pubsub.get_message(ignore_subscribe_messages=True, timeout=1):
            heard.append(told["data"])
    await pubsub.close()
    assert [f'"{kind}"' in told for kind, told in zip(("state", "record", "typing"), heard, strict=True)] == [True] * 3


async def test_presence(conversations: Conversations, client: redis.asyncio.Redis) -> None:
    await conversations.saw([])
    await conversations.saw(["a1", "a2"])
    await client.zincrby(keys.AGENTS, -keys.PRESENCE_SECONDS - 5, "a2")
    assert await conversations.present() == {"a1"}
    assert await conversations.present(keys.AWAY_SECONDS) == {"a1", "a2"}


async def test_an_open_console_keeps_its_agent_there_between_two_signs_of_life(
    conversations: Conversations, client: redis.asyncio.Redis
) -> None:
    await conversations.listens([])
    await conversations.saw(["a1", "a2"])
    for agent, since in (("a1", keys.SIGN_SECONDS - 10), ("a2", keys.SIGN_SECONDS + 10)):
        for key in (keys.AGENTS, keys.SIGNS):
            await client.zincrby(key, -since, agent)
    assert await conversations.present() == set()
    await client.zadd(keys.AGENTS, {"a2": await conversations.now()})
    await conversations.listens(["a1", "a2", "never seen"])
    assert await conversations.present() == {"a1"}
    # Who gives none any more was last there when they gave one, so that what they hold is given back as soon as ever.
    assert await conversations.present(keys.SIGN_SECONDS) == {"a1"}
    assert await conversations.present(keys.AWAY_SECONDS) == {"a1", "a2"}


async def test_rate_limits(conversations: Conversations) -> None:
    waits = [await conversations.wait_seconds("x", 3, 60) for _ in range(5)]
    assert waits[:3] == [0, 0, 0] and all(0 < wait <= 60 for wait in waits[3:])
    assert await conversations.wait_seconds("y", 3, 60) == 0
    await conversations.forget_limit("x")
    assert await conversations.wait_seconds("x", 3, 60) == 0


async def test_a_store_that_is_away(tmp_path: Any) -> None:
    conversations = Conversations(connect(f"unix://{tmp_path}/nothing.sock"))
    for call in (conversations.create(), conversations.take(), conversations.counts(), conversations.states(["a"]),
                 conversations.last_messages(["a"]), conversations.opened_by("a.b"), conversations.now()):
        with pytest.raises(StoreUnavailable):
            await call


async def test_all_that_is_kept_is_named_in_the_keys_module(
    conversations: Conversations, client: redis.asyncio.Redis
) -> None:
    cid = await queued(conversations)
    await conversations.claim(cid, "a1", "Ada", answer_within=60)
    await conversations.note(cid, "b1", "Bea", "n1", "look", ["a1"])
    other = await queued(conversations)
    await conversations.claim(other, "a1", "Ada")
    await conversations.snooze(other, "a1", "Ada", await conversations.now() + 60)
    await queued(conversations)
    await begun(conversations, "hi")
    await conversations.set_status("b1", "away")
    await conversations.saw(["a1"])
    await conversations.wait_seconds("x", 3, 60)
    named = keys.__doc__ or ""
    for key in await client.keys("*"):
        pattern = key
        for conversation in await client.keys("fd:c:*"):
            pattern = pattern.replace(conversation.split(":")[2], "C")
        pattern = pattern.replace("fd:limit:x", "fd:limit:N")
        for owner in keys.OWNERS:
            pattern = pattern.replace(f"fd:owned:{owner}", "fd:owned:O")
        pattern = pattern.replace("fd:queue:support", "fd:queue:T").replace(":a1", ":A")
        assert f"``{pattern}``" in named, key
    assert cid


async def test_a_restart_of_the_store_fails_nobody(conversations: Conversations, valkey: Any) -> None:
    cid, token = await conversations.create()
    # Several connections in the pool, all of which the restart makes stale.
    await asyncio.gather(*(conversations.post(cid, f"before-{i}", "x") for i in range(8)))
    valkey.stop()
    valkey.start()
    for i in range(16):
        assert not (await conversations.post(cid, f"after-{i}", "x")).duplicate
    assert [r["seq"] for r in await conversations.records(cid)] == list(range(1, 25))
    assert await conversations.opened_by(token) == cid


_CLOSED = """
import asyncio, sys, uvloop
from bot.conversations.store import connect

async def play():
    client = connect(sys.argv[1], connections=1)
    before = await client.ping()
    # As a store that is killed leaves it, when nothing has been read since.
    [connection] = client.connection_pool._connections
    connection._writer.transport.close()
    assert (before, await client.ping()) == (True, True)
    await client.close()

uvloop.new_event_loop().run_until_complete(play())
"""


def test_a_socket_that_uvloop_has_closed_is_a_broken_connection(valkey: Any) -> None:
    # In a process of its own, since only uvloop closes it so, and the tests' loop is Python's.
    done = subprocess.run([sys.executable, "-c", _CLOSED, valkey.url], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
