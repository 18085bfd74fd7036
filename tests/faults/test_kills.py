"""Every process is killed at random while customers and agents write: nothing acknowledged is lost, nothing is there twice.

    make faults                              minutes: some kills, some hundred messages
    FAULTS_SECONDS=1500 FAULTS_MESSAGES=10000 FAULTS_KILLS=300 make faults

The order of kills, the faults of the network and what everybody writes are drawn by ``FAULTS_SEED``.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import audit
import pytest
from fleet import PASSWORD, Fleet, Supervised, home_like, ready
from players import Agent, Customer, Notes
from proxy import FaultProxy, Faults
from servers import BOTH, free_port, redis_and_postgres

from bot.conversations import keys
from bot.conversations.store import Conversations, connect
from bot.desk.staff import add_staff
from bot.settings import Settings

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.timeout(7200)]

SEED = int(os.environ.get("FAULTS_SEED", "1"))
#: It goes on until all three are reached; FAULTS_SECONDS is the least and half of the most.
SECONDS = float(os.environ.get("FAULTS_SECONDS", "12"))
MESSAGES = int(os.environ.get("FAULTS_MESSAGES", "60"))
KILLS = int(os.environ.get("FAULTS_KILLS", "6"))
CUSTOMERS = int(os.environ.get("FAULTS_CUSTOMERS", "12" if SECONDS < 60 else "48"))
#: What is killed, by weight: whatever takes long to come back less often, or nothing would ever be in work.
SUPERVISED = {"valkey": 10, "desk": 6, "assistant": 4, "supervisor": 1}
FLEET = {"store": 8, "desk": 8, "assistant": 4, "database": 2}
NETWORK = Faults(SEED, delay=0.2, slow=0.3, cut=0.15, drop=0.03, silence=0.02, duplicate=0.1)


class Run:
    """Players at work through bad networks, and somebody who kills."""

    def __init__(self, fleet: Supervised | Fleet, weights: dict[str, int], seed: int) -> None:
        self.fleet, self.weights, self.seed = fleet, weights, seed
        self.notes = Notes()
        self.customers: list[Customer] = []
        self.agents: list[Agent] = []
        self.proxies: list[FaultProxy] = []
        self.over = False
        self.begun = time.monotonic()

    async def play(self, stack: AsyncExitStack) -> None:
        """Until enough has happened; then until everybody is done and nothing waits."""
        self.proxies = [await stack.enter_async_context(FaultProxy("127.0.0.1", port, replace(NETWORK, seed=port and SEED)))
                        for port in self.fleet.ports]
        urls = [proxy.url for proxy in self.proxies]
        self.customers = [Customer(number, urls, self.notes, self.seed) for number in range(CUSTOMERS)]
        for name in ("Ada", "Bea", "Cleo"):
            email = f"{name.lower()}@example.org"
            await asyncio.to_thread(add_staff, self.fleet.settings, name, email, "agent", PASSWORD)
            self.agents.append(Agent(name, email, PASSWORD, urls, self.notes, self.seed))
        for player in (*self.customers, *self.agents):
            stack.push_async_callback(player.line.close)
        await asyncio.gather(*(customer.begin() for customer in self.customers), *(a.sign_in() for a in self.agents))
        following = [asyncio.create_task(customer.follow()) for customer in self.customers]
        working = [asyncio.create_task(p.write(lambda: self.over)) for p in self.customers]
        working += [asyncio.create_task(agent.work(lambda: self.over)) for agent in self.agents]
        tending = asyncio.create_task(self._tend())
        try:
            await self._kill([*following, *working, tending])
            self.over = True
            await asyncio.wait_for(asyncio.gather(*working), 120)
            await ready(self.fleet)
            await self._settle()
        finally:
            tasks = [*following, *working, tending]
            while pending := [task for task in tasks if not task.done()]:
                for task in pending:
                    task.cancel()
                await asyncio.wait(pending, timeout=0.2)

    async def _tend(self) -> None:
        while True:
            await asyncio.to_thread(self.fleet.tend)
            await asyncio.sleep(0.3)

    async def _kill(self, tasks: list[asyncio.Task[Any]]) -> None:
        dice = random.Random(f"kills {self.seed}")
        names, weights = list(self.weights), list(self.weights.values())
        pause = SECONDS / max(1, KILLS)
        told = 0.0
        while not self._enough():
            await asyncio.sleep(pause * dice.uniform(0.4, 1.6))
            await self._at_work()
            name, index = dice.choices(names, weights)[0], dice.randrange(8)
            await asyncio.to_thread(self.fleet.kill, name, index)
            for task in tasks:
                if task.done():
                    task.result()
            if time.monotonic() - told > 20:
                told = time.monotonic()
                print(f"  {told - self.begun:6.0f} s  {sum(self.fleet.kills.values()):4} kills  {len(self.notes.sent):6} messages",
                      flush=True)

    async def _at_work(self) -> None:
        """Until messages are taken again: killing what has not yet come back would test nothing."""
        before, deadline = len(self.notes.sent), time.monotonic() + 60
        while len(self.notes.sent) < before + 3 and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    def _enough(self) -> bool:
        passed = time.monotonic() - self.begun
        enough = len(self.notes.sent) >= MESSAGES and sum(self.fleet.kills.values()) >= KILLS and passed >= SECONDS
        return enough or passed > max(120.0, 2 * SECONDS)

    async def _settle(self) -> None:
        """Until the bot has nothing left to answer and every stream has shown everything."""
        store = Conversations(connect(self.fleet.settings.redis))
        deadline = time.monotonic() + 90
        try:
            while True:
                waiting = sum(await store.backlog())
                states = await store.states([customer.cid for customer in self.customers])
                behind = [c.cid for c, state in zip(self.customers, states, strict=True)
                          if (c.view[-1]["seq"] if c.view else 0) < state.seq]
                if not waiting and not behind:
                    return
                assert time.monotonic() < deadline, f"{waiting} conversations still wait for the bot, streams are behind: {behind}"
                await asyncio.sleep(0.3)
        finally:
            await store.client.connection_pool.disconnect()

    async def judge(self) -> dict[str, Any]:
        """What was found, and in which amount of what."""
        store = Conversations(connect(self.fleet.settings.redis))
        logs = {customer.cid: await store.records(customer.cid) for customer in self.customers}
        found = audit.wrong(self.notes) + audit.acknowledged(self.notes.sent, self.notes.tried, logs)
        turns = 0
        for customer in self.customers:
            log = logs[customer.cid]
            commits = int(await store.call("HGET", keys.conversation(customer.cid), "commits") or 0)
            answered, wrong = audit.answered_once(customer.cid, log, commits)
            turns += answered
            found += wrong + audit.log_is_sound(customer.cid, log) + audit.seen(customer.cid, customer.view, log)
            state = await store.state(customer.cid)
            owners = [owner for owner in keys.OWNERS if await store.call("ZSCORE", keys.owned(owner), customer.cid)]
            if owners != [state.owner]:
                found.append(f"{customer.cid}: {state.owner} has it, and it stands with {owners}")
        await store.client.connection_pool.disconnect()
        waits = sorted(self.notes.waits)
        network: dict[str, int] = {}
        for proxy in self.proxies:
            for name, count in proxy.played.items():
                network[name] = network.get(name, 0) + count
        return {
            "seed": self.seed, "seconds": round(time.monotonic() - self.begun), "kills": dict(self.fleet.kills),
            "kills in all": sum(self.fleet.kills.values()), "messages": len(self.notes.sent),
            "conversations": len(logs), "records": sum(map(len, logs.values())), "turns answered": turns,
            "network": network, "seen by players": dict(self.notes.counts),
            "acknowledged after, s": {"median": round(waits[len(waits) // 2], 2), "p99": round(waits[len(waits) * 99 // 100], 2),
                                      "longest": round(waits[-1], 2)},
            "violations": found,
        }


def report(name: str, told: dict[str, Any]) -> None:
    """A table for people, and JSON where ``FAULTS_REPORT`` names a folder."""
    print(f"\n{name}")
    for what, value in told.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"  {what:<24}{shown if what != 'violations' else len(value)}")
    for line in told["violations"][:20]:
        print(f"    {line}")
    if folder := os.environ.get("FAULTS_REPORT"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name.replace(' ', '-')}.json").write_text(json.dumps(told, indent=1))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_frontdesk_run_with_everything_embedded(product: Settings, tmp_path: Path, stack: AsyncExitStack) -> None:
    settings = Settings(home=home_like(product, tmp_path / "home"), port=free_port(), workers=2 if SECONDS > 60 else 1)
    fleet = Supervised(settings)
    fleet.start()
    stack.callback(fleet.stop)
    await ready(fleet)
    run = Run(fleet, SUPERVISED, SEED)
    await run.play(stack)
    told = await run.judge()
    report("kills under frontdesk run", told)
    assert told["violations"] == []
    assert told["kills in all"] >= KILLS and told["messages"] >= MESSAGES, "too little has happened to say anything"


LONG = "FAULTS_SECONDS" in os.environ


@pytest.mark.skipif(not LONG, reason="part of make faults")
@pytest.mark.skipif(not BOTH, reason="Redis and Postgres are not installed")
async def test_several_desks_and_assistants_on_redis_and_postgres(
    product: Settings, stack: AsyncExitStack
) -> None:
    folder, store, database = stack.enter_context(redis_and_postgres())
    quiet = replace(NETWORK, delay=0.1, slow=0.05, cut=0.1, silence=0.01)
    to_store = await stack.enter_async_context(FaultProxy("127.0.0.1", store.port, quiet))
    to_database = await stack.enter_async_context(FaultProxy("127.0.0.1", database.port, replace(quiet, duplicate=0)))
    fleet = Fleet(product, folder, store, database, redis_url=f"redis://127.0.0.1:{to_store.port}/0",
                  database_url=database.url.replace(str(database.port), str(to_database.port)))
    await asyncio.to_thread(fleet.start)
    stack.callback(fleet.stop)
    await ready(fleet)
    run = Run(fleet, FLEET, SEED)
    await run.play(stack)
    told = await run.judge()
    report("kills on Redis and Postgres", told)
    assert told["violations"] == []
    assert told["kills in all"] >= KILLS and told["messages"] >= MESSAGES, "too little has happened to say anything"
