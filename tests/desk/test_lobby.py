"""What waiting customers are told: whether anybody is there, for how long they wait, and that it is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk

from bot.conversations.store import Conversations
from bot.conversations.waits import THIN, Waits
from bot.desk.lobby import Lobby
from bot.roster.hours import DAYS

HandOff = Callable[..., Awaitable[None]]
SHUT = {"name": "Never", "timezone": "Europe/Berlin", "week": {}, "holidays": []}
#: Open for a while in three days, whatever day it is.
SOON = {"name": "Soon", "timezone": "UTC", "holidays": [],
        "week": {DAYS[(datetime.now(timezone.utc).weekday() + 3) % 7]: [["09:00", "10:00"]]}}


@pytest.fixture
async def waiting(customer: Customer, hand_off: HandOff) -> Customer:
    await customer.say("m1", "a person, please")
    await hand_off()
    return customer


async def look(desk: Desk) -> None:
    desk.services.rota.changed()
    await desk.services.lobby.look()


async def status(customer: Customer) -> Any:
    return (await customer.get("conversation")).json["status"]


async def test_nobody_is_there_until_an_agent_is(desk: Desk, waiting: Customer) -> None:
    await look(desk)
    assert (await status(waiting))["away"] == {"opens": None}
    async with waiting.events() as events:
        agent = await desk.agent("Ada")
        await desk.services.conversations.saw([agent.member.id])
        await look(desk)
        while (await events.next("status")).data["away"] is not None:
            pass
    assert (await status(waiting))["away"] is None
    await agent.act(waiting.cid, "claim")
    assert (await status(waiting))["away"] is None


@pytest.mark.parametrize(("hours", "opens"), [(SHUT, False), (SOON, True)])
async def test_closed_is_closed_whoever_is_there(
    desk: Desk, agent: Agent, waiting: Customer, hours: Any, opens: bool
) -> None:
    roster, services = desk.services.roster, desk.services
    kept = roster.add("hours", hours, "Ada", [])
    for team in roster.all("teams"):
        fields = {name: value for name, value in team.items() if name not in ("id", "revision", "updated", "updated_by")}
        roster.save("teams", team["id"], team["revision"], {**fields, "hours": kept["id"]}, "Ada", [])
    await services.conversations.saw([agent.member.id])
    await look(desk)
    away = (await status(waiting))["away"]
    assert away is not None and (away["opens"] is not None) is opens
    if opens:
        assert away["opens"] > await services.conversations.now()


async def test_the_wait_is_told_once_it_is_known_and_kept_for_the_next_start(
    desk: Desk, agent: Agent, waiting: Customer, conversations: Conversations
) -> None:
    await conversations.saw([agent.member.id])
    await look(desk)
    assert (await status(waiting))["wait"] is None
    state = await conversations.state(waiting.cid)
    learned = Waits()
    learned.staffed(0, 1)
    for number in range(THIN * 2 + 5):
        learned.seen(number * 300.0, [f"c{number}"], [f"c{number - 1}"])
    lobby = desk.services.lobby
    lobby._waits[state.team] = learned
    async with waiting.events() as events:
        await look(desk)
        lobby.changed()
        while (told := (await events.next("status")).data["wait"]) is None:
            pass
    assert 0 < told["low"] < told["high"]
    await lobby._keep()
    again = Lobby(conversations, desk.services.rota)
    await again.look()
    assert again.told(state, 0)["wait"] is not None
    await agent.act(waiting.cid, "claim")
    assert (await status(waiting))["wait"] is None


async def test_it_learns_from_what_happens(
    desk: Desk, agent: Agent, hand_off: HandOff, conversations: Conversations
) -> None:
    customers = [await desk.customer() for _ in range(3)]
    for customer in customers:
        await customer.say("m1", "a person, please")
        await hand_off()
    await conversations.saw([agent.member.id])
    await desk.services.dispatch.run()
    await look(desk)
    team = (await conversations.state(customers[0].cid)).team
    waits = desk.services.lobby._waits[team]
    assert set(waits.waiting) == {customer.cid for customer in customers}
    for customer in customers:
        await agent.act(customer.cid, "claim")
        await look(desk)
    # Three waited and nobody left; two were taken from under others.
    assert (waits.left.count, waits.left.events) == (3, 0.0)
    assert waits.taken.count == 2 and waits.first.count >= 1
