"""Claims, hand-backs, closings, messages and the bot's commits race over a bad network: what comes of it is linearisable."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from audit import owner_after
from linear import Op, check
from proxy import FaultProxy, Faults
from register import Held, step
from servers import Store

from bot.conversations import keys
from bot.conversations.acts import By
from bot.conversations.errors import Stale, StoreUnavailable
from bot.conversations.placement import Placement
from bot.conversations.record import message
from bot.conversations.store import Conversations, connect
from bot.conversations.turn import Commit, Handoff

SEED = int(os.environ.get("FAULTS_SEED", "1"))
#: Operations in all; the long command asks for more.
STEPS = int(os.environ.get("FAULTS_STEPS", "1500"))
#: In each round the network is new: connections that are spared are kept, and after a while all would be of that kind.
A_ROUND = 2500
#: Operations on one conversation: the search for an order grows with them.
ON_ONE = 120
AT_ONCE = 4
AGENTS = ("ada", "bea", "cleo")


class History:
    """Calls and results of all clients, by conversation."""

    def __init__(self) -> None:
        self.of: dict[str, list[Op]] = {}
        self.count = 0
        self.unknown = 0

    def note(self, cid: str, op: Op) -> None:
        self.of.setdefault(cid, []).append(op)
        self.count += 1
        self.unknown += op.result is None

    def came_twice(self, requests: Sequence[tuple[float, bytes]]) -> None:
        """Notes requests that came a second time, and when they were first: of one of the two nobody saw the answer.
        What the network delivered once more may be done then, though it was refused the first time; and what a client
        sent again, since its connection broke, may have been done the first time and be refused now."""
        for cid, ops in self.of.items():
            told = [(at, chunk) for at, chunk in requests if cid.encode() in chunk]
            ops += [Op(op.name, op.args, at) for at, chunk in told for op in ops
                    if op.args and op.called <= at <= op.returned
                    and all(arg.encode() in chunk for arg in op.args if isinstance(arg, str) and arg != "customer")]


class Arena:
    """A few conversations at a time, and clients that work on them without any regard for each other."""

    def __init__(self, url: str, good_url: str, seed: int) -> None:
        self.url, self.good_url = url, good_url
        self.dice = random.Random(seed)
        self.history = History()
        self.cids: list[str] = []
        self.played: Counter[str] = Counter()
        self.opened: list[Any] = []
        #: Set at the end, rather than cancelling: what is cancelled under way has an outcome that nobody noted.
        self.over = False

    def client(self, url: str = "") -> Conversations:
        client = connect(url or self.url, connections=2)
        client.connection_pool.connection_kwargs["socket_timeout"] = 1.0
        self.opened.append(client)
        return Conversations(client)

    async def call(self, cid: str, name: str, args: tuple[Any, ...], act: Any) -> None:
        called = time.monotonic()
        try:
            result = await act
        except Stale as stale:
            result = ("stale", stale.owner, stale.agent)
        except StoreUnavailable:
            self.history.note(cid, Op(name, args, called))
            self.played["unknown"] += 1
            return
        self.history.note(cid, Op(name, args, called, time.monotonic(), result))
        self.played[f"{name}: {result[0]}"] += 1

    async def customer(self) -> None:
        conversations = self.client()
        sent: list[tuple[str, str]] = []
        while not self.over:
            again = sent and self.dice.random() < 0.2
            cid, message_id = self.dice.choice(sent[-5:]) if again else (self.dice.choice(self.cids), secrets.token_hex(4))
            sent.append((cid, message_id))

            async def post(cid: str = cid, message_id: str = message_id) -> Any:
                return ("ok", (await conversations.post(cid, message_id, message_id)).seq)

            await self.call(cid, "post", ("customer", message_id), post())
            await asyncio.sleep(self.dice.random() * 0.01)

    async def agent(self, name: str) -> None:
        conversations = self.client()
        while not self.over:
            cid = self.dice.choice(self.cids)
            act = self.dice.choice(["claim", "claim", "say", "say", "step in", "release", "hand back", "close", "read",
                                    "transfer", "pass on", "assign"])
            epoch, message_id = 0, secrets.token_hex(4)
            colleague, team = self.dice.choice(AGENTS), self.dice.choice(("service", "support", "experts"))
            if act == "step in":
                try:
                    epoch = (await conversations.state(cid)).epoch
                except StoreUnavailable:
                    continue

            async def do(cid: str = cid, act: str = act, epoch: int = epoch, message_id: str = message_id,
                         colleague: str = colleague, team: str = team) -> Any:
                if act == "say":
                    return ("ok", (await conversations.say(cid, name, name, message_id, "said")).seq)
                if act == "claim":
                    await conversations.claim(cid, name, name)
                elif act == "step in":
                    await conversations.claim(cid, name, name, epoch, "bot")
                elif act == "release":
                    await conversations.release(cid, name, name)
                elif act == "hand back":
                    await conversations.hand_back(cid, name, name)
                elif act == "close":
                    await conversations.close(cid, name, name, "solved")
                elif act == "transfer":
                    await conversations.transfer(cid, Placement(team), By(name, name), held_by=name)
                elif act in ("assign", "pass on"):
                    held_by = name if act == "pass on" else ""
                    await conversations.assign(cid, colleague, colleague, By(name, name), held_by=held_by)
                else:
                    state = await conversations.state(cid)
                    return ("ok", state.owner, state.agent, state.epoch, state.seq)
                return ("ok",)

            args = {"say": (name, message_id), "read": (), "assign": (name, colleague),
                    "pass on": (name, colleague)}.get(act, (name, epoch))
            await self.call(cid, act, args, do())
            await asyncio.sleep(self.dice.random() * 0.005)

    async def worker(self) -> None:
        conversations = self.client()
        # It takes over a good line: a take whose outcome is unknown may have been of any conversation, and the search
        # would have to try them all. The product has no harm from one: the lease runs out.
        good = self.client(self.good_url)
        while not self.over:
            called = time.monotonic()
            seconds = self.dice.choice([0.01, 0.05, 0.5])
            turn = await good.take(seconds)
            if turn is None:
                await asyncio.sleep(0.005)
                continue
            self.history.note(turn.cid, Op("take", (turn.lease, seconds), called, time.monotonic(),
                                           ("ok", turn.epoch, len(turn.messages))))
            await asyncio.sleep(self.dice.random() * 0.08)
            replies, hands_over = self.dice.randrange(1, 3), self.dice.random() < 0.4
            commit = Commit(replies=[message("bot", "reply")] * replies,
                            handoff=Handoff("service", "why", {}) if hands_over else None)

            async def do(turn: Any = turn, commit: Any = commit) -> Any:
                return (await conversations.commit(turn, commit),)

            await self.call(turn.cid, "commit", (turn.lease, replies, hands_over), do())

    async def play(self, steps: int) -> None:
        """Until `steps` operations are done; a conversation that has had enough of them gives way to another."""
        opener = self.client()
        self.cids = [await self._open(opener) for _ in range(AT_ONCE)]
        clients = [asyncio.create_task(act) for act in
                   (self.customer(), self.customer(), self.worker(), self.worker(), *(map(self.agent, AGENTS)))]
        try:
            while self.history.count < steps:
                await asyncio.sleep(0.02)
                for client in clients:
                    if client.done():
                        client.result()
                for index, cid in enumerate(self.cids):
                    if len(self.history.of.get(cid, ())) >= ON_ONE:
                        self.cids[index] = await self._open(opener)
        finally:
            self.over = True
            await asyncio.gather(*clients)
            for opened in self.opened:
                await opened.connection_pool.disconnect()

    async def _open(self, opener: Conversations) -> str:
        while True:
            try:
                return (await opener.create())[0]
            except StoreUnavailable:
                continue


def violations(cid: str, ops: list[Op], records: list[dict[str, Any]]) -> list[str]:
    verdict = check(ops, Held(), step)
    found = []
    if not verdict.linearisable:
        told = {"no order explains": ops, "the longest that was found": verdict.order, "and then one of": verdict.stuck,
                "the log": records}
        found.append("\n".join([cid, *(f"{name}\n  " + "\n  ".join(map(str, of)) for name, of in told.items())]))
    if [record["seq"] for record in records] != list(range(1, len(records) + 1)):
        found.append(f"{cid}: the log has gaps")
    owner, agent = "bot", ""
    for record in records:
        name = record.get("event")
        if record["kind"] == "message" and record["from"] == "bot" and owner != "bot":
            found.append(f"{cid}: the bot spoke at {record['seq']} while {owner} {agent} had it")
        if record["kind"] == "message" and record["from"] == "agent" and (owner, agent) != ("agent", record["by"]["id"]):
            found.append(f"{cid}: {record['by']['id']} spoke at {record['seq']} while {owner} {agent} had it")
        if name == "claimed" and owner == "agent" and "assigned_by" not in record:
            found.append(f"{cid}: two owners at {record['seq']}")
        owner = owner_after(record, owner)
        agent = record["by"]["id"] if name == "claimed" else "" if owner != "agent" else agent
    return found


async def nowhere(conversations: Conversations, cids: list[str]) -> list[str]:
    """Conversations that nobody owns and no list shows, or two; or that wait for the bot and stand in no line."""
    found = []
    ready = await conversations.call("LRANGE", keys.READY, 0, -1)
    leased = await conversations.call("ZRANGE", keys.LEASES, 0, -1)
    for cid in cids:
        owners = [o for o in keys.OWNERS if await conversations.call("ZSCORE", keys.owned(o), cid) is not None]
        state = await conversations.state(cid)
        if owners != [state.owner]:
            found.append(f"{cid}: {state.owner} owns it, and it stands with {owners}")
        queues = [team for team, waiting in (await conversations.queues()).items() if cid in waiting]
        if queues != [state.team] * (state.owner == "queue"):
            found.append(f"{cid}: {state.owner} owns it, and it waits for {queues}")
        holders = [agent for agent in AGENTS if cid in await conversations.held(agent, 10_000)]
        if holders != [state.agent] * (state.owner == "agent"):
            found.append(f"{cid}: {state.owner} {state.agent} owns it, and {holders} hold it")
        waiting = await conversations.call("LLEN", keys.turns(cid))
        if ready.count(cid) + leased.count(cid) != bool(waiting):
            found.append(f"{cid}: {waiting} turns wait, {ready.count(cid)} times ready, {leased.count(cid)} times leased")
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    server = Store.redis(tmp_path / "store") or Store.valkey(tmp_path / "store")
    server.start()
    yield server
    server.kill()


@pytest.mark.timeout(3600)
async def test_races_over_a_bad_network_are_linearisable(store: Store) -> None:
    found: list[str] = []
    played, network = Counter[str](), Counter[str]()
    count = conversations = unknown = 0
    for begun in range(0, STEPS, A_ROUND):
        seed = SEED * 1000 + begun // A_ROUND
        faults = Faults(seed, delay=0.3, slow=0.03, cut=0.8, drop=0.03, duplicate=0.4, silence=0.03)
        async with FaultProxy("127.0.0.1", store.port, faults) as proxy:
            arena = Arena(f"redis://127.0.0.1:{proxy.port}/0", store.url, seed)
            await arena.play(min(A_ROUND, STEPS - begun))
        arena.history.came_twice([*proxy.duplicates, *proxy.unanswered])
        direct = Conversations(connect(store.url))
        for cid, ops in arena.history.of.items():
            found += violations(cid, ops, await direct.records(cid))
        found += await nowhere(direct, list(arena.history.of))
        # What is left to answer is nothing for the workers of the next.
        await direct.clear()
        await direct.client.connection_pool.disconnect()
        played += arena.played
        network += proxy.played
        count, unknown = count + arena.history.count, unknown + arena.history.unknown
        conversations += len(arena.history.of)
    print(f"\n{count} operations on {conversations} conversations, {unknown} of unknown outcome; network {dict(network)}; "
          f"{dict(sorted(played.items()))}")
    assert not found, "\n".join(found)
    assert played["transfer: ok"] and played["assign: ok"] and played["pass on: ok"], "nobody moved any"
    assert unknown and played["claim: ok"] and played["commit: lost"], "nothing raced"
