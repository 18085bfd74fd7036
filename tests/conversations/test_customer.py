"""Who a customer is: bound by an identity token or by a turn's commit, never passed on to somebody else."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
import redis.asyncio

from bot.conversations import keys
from bot.conversations.customer import Customer, Identity
from bot.conversations.errors import Missing, OtherCustomer, Replayed
from bot.conversations.letters import Letters
from bot.conversations.proofs import TRIES, Codes
from bot.conversations.record import message
from bot.conversations.store import Conversations
from bot.conversations.turn import Commit, Turn

AMARA = Customer("C-1", "Amara", "amara@example.com")
TOMASZ = Customer("C-2", "Tomasz", "tomasz@example.org")


def identity(customer: Customer, digest: str) -> Identity:
    return Identity(customer, digest, 60)


async def said(conversations: Conversations, cid: str, text: str = "hello") -> Turn:
    await conversations.post(cid, text.replace(" ", "-"), text)
    turn = await conversations.take()
    assert turn is not None
    return turn


async def test_a_token_says_who_it_is_from_the_start_or_later(conversations: Conversations) -> None:
    first, _ = await conversations.create(identity=identity(AMARA, "t1"))
    assert (await conversations.state(first)).customer == AMARA
    later, _ = await conversations.create()
    assert (await conversations.state(later)).customer is None
    await conversations.identify(later, identity(TOMASZ, "t2"))
    assert (await conversations.state(later)).customer == TOMASZ
    assert (await said(conversations, later)).customer == TOMASZ
    with pytest.raises(Missing):
        await conversations.identify("nothere", identity(TOMASZ, "t3"))


async def test_a_token_counts_once_but_may_come_again_for_its_conversation(
    conversations: Conversations, client: redis.asyncio.Redis
) -> None:
    cid, _ = await conversations.create(identity=identity(AMARA, "t1"))
    await conversations.identify(cid, identity(AMARA, "t1"))
    other, _ = await conversations.create()
    with pytest.raises(Replayed):
        await conversations.identify(other, identity(AMARA, "t1"))
    with pytest.raises(Replayed):
        await conversations.create(identity=identity(AMARA, "t1"))
    assert (await conversations.state(other)).customer is None
    assert 0 < await client.ttl("fd:jti:t1") <= 60


async def test_of_twenty_who_replay_a_token_at_once_one_wins(conversations: Conversations) -> None:
    outcomes = await asyncio.gather(
        *(conversations.create(identity=identity(AMARA, "t")) for _ in range(20)), return_exceptions=True)
    assert sum(not isinstance(outcome, Replayed) for outcome in outcomes) == 1


async def test_another_persons_token_does_not_take_over_a_conversation(
    conversations: Conversations, client: redis.asyncio.Redis
) -> None:
    cid, _ = await conversations.create(identity=identity(AMARA, "t1"))
    with pytest.raises(OtherCustomer):
        await conversations.identify(cid, identity(TOMASZ, "t2"))
    assert (await conversations.state(cid)).customer == AMARA
    # It was not used up: the widget begins a new conversation with it.
    new, _ = await conversations.create(identity=identity(TOMASZ, "t2"))
    assert (await conversations.state(new)).customer == TOMASZ


async def test_a_turn_that_proves_it_commits_it_with_everything_else(conversations: Conversations) -> None:
    cid, _ = await conversations.create()
    proved = Customer("C-1", "Amara", "amara@example.com", by="order", order="LM-104233")
    turn = await said(conversations, cid)
    assert turn.customer is None
    assert await conversations.commit(turn, Commit(replies=[message("bot", "Thank you")], customer=proved)) == "ok"
    state = await conversations.state(cid)
    assert state.customer == proved and proved.scope == "order"
    assert Customer.of_slot(json.loads(json.dumps(proved.as_slot()))) == proved
    turn = await said(conversations, cid, "and now")
    assert turn.customer == proved
    await conversations.commit(turn, Commit(replies=[message("bot", "Well")]))
    assert (await conversations.state(cid)).customer == proved


async def test_what_a_lost_turn_proved_is_not_kept(conversations: Conversations) -> None:
    cid, _ = await conversations.create()
    await conversations.post(cid, "1", "hello")
    late = await conversations.take(seconds=0)
    again = await conversations.take()
    assert late is not None and again is not None
    assert await conversations.commit(late, Commit(customer=AMARA)) == "lost"
    assert (await conversations.state(cid)).customer is None


@pytest.mark.parametrize("mailed", [False, True])
async def test_a_proof_in_the_chat_passes_no_conversation_on_to_another_customer(
    conversations: Conversations, mailed: bool
) -> None:
    """Not where the customer is known, nor where they came by a mailed link and have to prove it again."""
    cid, _ = await conversations.create(identity=identity(AMARA, "t1"))
    if mailed:
        letters = Letters(conversations)
        await letters.resume(await letters.code(cid))
    turn = await said(conversations, cid)
    assert turn.whose == AMARA.id and (turn.customer is None) is mailed
    other = replace(AMARA, id="C-1002", by="order", order="LM-1")
    assert await conversations.commit(turn, Commit(customer=other)) == "other"
    assert (await conversations.state(cid)).customer == turn.customer
    # It is given back and done again; a code to the mailbox that they are known by proves the same person.
    assert (turn := await conversations.take()) is not None
    again = replace(AMARA, by="order", order="LM-2")
    assert await conversations.commit(turn, Commit(customer=again)) == "ok"
    assert (await conversations.state(cid)).customer == again


async def test_a_turn_worked_out_for_somebody_else_is_done_again(conversations: Conversations) -> None:
    """Who signs in while the bot thinks is not told what was thought for a stranger."""
    cid, _ = await conversations.create()
    turn = await said(conversations, cid)
    await conversations.identify(cid, identity(AMARA, "t1"))
    assert await conversations.commit(turn, Commit(replies=[message("bot", "Who are you?")])) == "changed"
    assert len(await conversations.records(cid)) == 1
    again = await conversations.take()
    assert again is not None and again.customer == AMARA and again.id == turn.id and again.attempts == 1
    assert await conversations.commit(again, Commit(replies=[message("bot", "Hello Amara")])) == "ok"
    assert await conversations.take() is None


async def test_who_comes_by_a_mailed_link_is_not_told_what_was_worked_out_for_the_customer(
    conversations: Conversations
) -> None:
    cid, _ = await conversations.create(identity=identity(AMARA, "t1"))
    letters = Letters(conversations)
    code, turn = await letters.code(cid), await said(conversations, cid)
    assert (await letters.resume(code))[1] is not None
    assert await conversations.commit(turn, Commit(replies=[message("bot", "Your order, Amara")])) == "changed"
    again = await conversations.take()
    assert again is not None and again.customer is None and again.id == turn.id


async def test_a_conversation_that_was_closed_opens_for_nobody_in_particular(conversations: Conversations) -> None:
    cid, _ = await conversations.create(identity=identity(AMARA, "t1"))
    assert await conversations.close_idle(await conversations.now() + 10) == [cid]
    assert (await said(conversations, cid)).customer is None
    with pytest.raises(OtherCustomer):
        await conversations.identify(cid, identity(TOMASZ, "t2"))
    await conversations.identify(cid, identity(AMARA, "t3"))
    assert (await conversations.state(cid)).customer == AMARA


@pytest.mark.parametrize(("since", "known"), [(0, AMARA), (keys.INTRODUCED_SECONDS + 1, None)])
async def test_who_comes_back_with_a_token_is_known_when_the_conversation_opens_again(
    conversations: Conversations, client: redis.asyncio.Redis, since: float, known: Customer | None
) -> None:
    cid, _ = await conversations.create(identity=identity(AMARA, "t1"))
    for number in range(2):
        assert await conversations.close_idle(await conversations.now() + 10) == [cid]
        if number == 0:
            await conversations.identify(cid, identity(AMARA, "t2"))
            await client.hincrbyfloat(keys.conversation(cid), "introduced", -since)
        turn = await said(conversations, cid, f"hello {number}")
        assert turn.customer == (known if number == 0 else None), "one introduction counts for one opening"
        await conversations.commit(turn, Commit())


@pytest.mark.parametrize("closed", [False, True])
async def test_the_page_of_one_browser_introduces_nobody_who_came_by_a_mailed_link_in_another(
    conversations: Conversations, closed: bool
) -> None:
    """The mail may have gone to somebody else, or been passed on."""
    cid, token = await conversations.create(identity=identity(AMARA, "t1"))
    letters = Letters(conversations)
    _, mailed = await letters.resume(await letters.code(cid))
    assert mailed is not None
    if closed:
        assert await conversations.close_idle(await conversations.now() + 10) == [cid]
    await conversations.identify(cid, identity(AMARA, "t2"), token)
    await conversations.post(cid, "m1", "where is my order", token=mailed)
    turn = await conversations.take()
    assert turn is not None and turn.customer is None
    await conversations.commit(turn, Commit())
    # Whose page said so in both is known in both.
    await conversations.identify(cid, identity(AMARA, "t3"), mailed)
    await conversations.identify(cid, identity(AMARA, "t4"), token)
    for number, by in enumerate((token, mailed)):
        await conversations.post(cid, f"again{number}", "it is me", token=by)
        assert (await conversations.state(cid)).customer == AMARA


async def test_a_code_is_right_once_and_only_for_its_conversation(conversations: Conversations) -> None:
    codes = Codes(conversations)
    code = await codes.make("c1", AMARA, "turn-1")
    assert len(code) == 6 and code.isdigit()
    assert await codes.check("c2", code, "turn-2") is None
    assert await codes.check("c1", f" {code[:3]} {code[3:]} ", "turn-3") == AMARA
    assert await codes.check("c1", code, "turn-3") == AMARA  # the same turn, done again after a crash
    assert await codes.check("c1", code, "turn-4") is None


async def test_the_same_turn_makes_the_same_code(conversations: Conversations) -> None:
    code = await Codes(conversations).make("c1", AMARA, "turn-1")
    assert await Codes(conversations).make("c1", AMARA, "turn-1") == code
    assert await Codes(conversations).make("c1", AMARA, "turn-2") != code
    assert await Codes(conversations).check("c1", code, "turn-3") is None


async def test_tries_are_limited_and_a_repeated_turn_is_one_try(conversations: Conversations) -> None:
    codes = Codes(conversations)
    code = await codes.make("c1", AMARA, "turn-0")
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(3):
        assert await codes.check("c1", wrong, "turn-1") is None
    for n in range(2, TRIES + 1):
        assert await codes.check("c1", wrong, f"turn-{n}") is None
    assert await codes.check("c1", code, "turn-9") is None


async def test_a_code_for_nobody_is_never_right(conversations: Conversations, client: redis.asyncio.Redis) -> None:
    codes = Codes(conversations)
    code = await codes.make("c1", None, "turn-1")
    assert await codes.check("c1", code, "turn-2") is None
    assert 0 < await client.ttl(keys.code("c1")) <= keys.CODE_SECONDS


async def test_neither_code_nor_token_id_stands_in_the_store(
    conversations: Conversations, client: redis.asyncio.Redis
) -> None:
    code = await Codes(conversations).make("c1", AMARA, "turn-1")
    assert code not in json.dumps(await client.hgetall(keys.code("c1")))
