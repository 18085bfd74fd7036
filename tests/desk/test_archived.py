"""Archived conversations in the console: to be read, not to be changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace

import pytest
from desk_harness import Agent, Desk, running

from bot.conversations.state import State
from bot.conversations.turn import Commit
from bot.database import open_database, writing
from bot.desk import lists
from bot.reports import archive
from bot.settings import Settings


async def closed(desk: Desk, agent: Agent, hand_off: Callable[..., Awaitable[None]], text: str) -> str:
    customer = await desk.customer()
    await customer.say("a", text)
    await hand_off()
    await agent.act(customer.cid, "claim")
    assert (await agent.act(customer.cid, "close", {"outcome": "solved"})).status == 200
    return customer.cid


async def test_the_closed_view_shows_live_ones_first(
    settings: Settings, hand_off: Callable[..., Awaitable[None]]
) -> None:
    async with running(replace(settings, keep_days=0.0)) as desk:
        agent = await desk.agent("Ada")
        old = await closed(desk, agent, hand_off, "the old one")
        live = (await agent.get(f"conversations/{old}")).json
        await desk.services.upkeep.run()
        new = await closed(desk, agent, hand_off, "the new one")

        listed = (await agent.get("conversations?view=closed")).json
        assert [summary["id"] for summary in listed["conversations"]] == [new, old]
        assert [summary["last"]["text"] for summary in listed["conversations"]] == ["the new one", "the old one"]
        assert listed["counts"]["closed"] == 2
        # It reads as it did when it was live.
        assert (await agent.get(f"conversations/{old}")).json == live
        assert [r["seq"] for r in (await agent.get(f"conversations/{old}?after=3")).json["records"]] == [4]
        for what, body in (("claim", {}), ("messages", {"id": "x", "text": "x"}), ("notes", {"id": "y", "text": "x"}),
                           ("release", {}), ("handback", {}), ("close", {"outcome": "spam"}), ("typing", {"typing": True})):
            answer = await agent.act(old, what, body)
            assert (answer.status, answer.code) == (409, "closed"), what


async def test_what_is_older_than_the_settings_say_is_swept_away(
    settings: Settings, hand_off: Callable[..., Awaitable[None]]
) -> None:
    async with running(replace(settings, keep_days=0.0)) as desk:
        old = await closed(desk, await desk.agent("Ada"), hand_off, "the old one")
        await desk.services.upkeep.run()
        await desk.services.sweeps.run()
        assert desk.services.archive.find(old) is not None, "by default all is kept"
    async with running(replace(settings, keep_days=0.0, archive_days=1e-6)) as desk:
        agent = await desk.agent("Bea")
        await desk.services.sweeps.run()
        assert (await agent.get(f"conversations/{old}")).status == 404
        await desk.services.filler.sweep()
        assert (await agent.get("search?q=old")).json["hits"] == []
        await desk.services.upkeep.run()
        assert (await agent.get("conversations?view=closed")).json["conversations"] == []


async def test_the_closed_view_goes_back_to_the_first_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """2,250 of them, of which the archive has most; some were closed at the same moment, and one in five has a tag."""
    monkeypatch.setattr(lists, "_LOOKED_AT", 700)
    async with running(settings) as desk:
        agent, services = await desk.agent("Ada"), desk.services
        plain = State(id="", owner="closed", team="support", epoch=3)
        rows = [replace(plain, id=f"c{number:04}", updated=float(number // 2), tags=["late"] if number % 5 == 0 else [])
                for number in range(2000)]
        await asyncio.to_thread(put_in, desk, rows)
        live = [(await services.conversations.create())[0] for _ in range(250)]
        for cid in live:
            await services.conversations.post(cid, "m", "hello")
            turn = await services.conversations.take()
            assert turn is not None and await services.conversations.commit(turn, Commit()) == "ok"
        while await services.conversations.close_idle(await services.conversations.now() + 60):
            pass

        async def all_of(query: str) -> list[str]:
            found: list[str] = []
            cursor = ""
            while cursor is not None:
                answer = (await agent.get(f"conversations?view=closed{query}{cursor and '&before=' + cursor}")).json
                found += [summary["id"] for summary in answer["conversations"]]
                cursor = answer["next"]
            return found

        found = await all_of("")
        assert len(found) == len(set(found)) == 2250 and set(found[:250]) == set(live)
        assert found[250:] == [state.id for state in sorted(rows, key=lambda one: (one.updated, one.id), reverse=True)]
        assert await all_of("&tag=late") == [cid for cid in found[250:] if int(cid[1:]) % 5 == 0]
        assert len(await all_of("&team=support")) == 2000


def put_in(desk: Desk, states: Sequence[State]) -> None:
    """As the archive keeps them, in one go."""
    engine = open_database(desk.settings.database)
    with writing(engine) as connection:
        connection.execute(archive.CONVERSATIONS.insert(), [
            {"id": state.id, "created": state.created, "closed": state.updated, "seq": state.seq, "outcome": "",
             "state": json.dumps(asdict(state)), "packet": None, "alone": True} for state in states])
    engine.dispose()


async def test_a_customer_whose_conversation_is_archived_begins_anew(
    settings: Settings, hand_off: Callable[..., Awaitable[None]]
) -> None:
    async with running(replace(settings, keep_days=0.0)) as desk:
        customer, agent = await desk.customer(), await desk.agent("Ada")
        await customer.say("a", "help")
        await hand_off()
        await agent.act(customer.cid, "claim")
        await agent.act(customer.cid, "close", {"outcome": "solved"})
        await desk.services.upkeep.run()
        answer = await customer.say("b", "hello?")
        assert (answer.status, answer.code) == (401, "unauthorised")
