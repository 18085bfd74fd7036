"""Archived conversations in the console: to be read, not to be changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from desk_harness import Agent, Desk, running

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
