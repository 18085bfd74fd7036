"""The assistant is killed (kill -9) while the shop's backend works on a change: it is done once, and told once.

    FAULTS_SECONDS=60 python -m pytest tests/faults/test_kills_in_a_call.py

The real assistant, a real Valkey and each backend: the sample shop's file, the example server of the REST interface as a
process of its own, and WooCommerce's API as emulated in tests/actions. Between assistant and server stands a gate that
loses the request before it arrives, or the answer after the work was done.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fleet import environ_of, home_like
from own_valkey import Valkey
from servers import free_port

from actions.shop import sample
from bot.conversations import keys
from bot.conversations.customer import Customer, Identity
from bot.conversations.store import Conversations, connect
from bot.settings import ROOT, Settings

sys.path.insert(0, str(ROOT / "tests" / "actions" / "backend"))
from serving import serving
from woo import KEY, SECRET, Woo, customer, order

pytestmark = [
    pytest.mark.skipif(float(os.environ.get("FAULTS_SECONDS", "0")) < 60, reason="a minute each; make faults"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.timeout(600),
]
SHOP_KEY = "a key for the kills"


@dataclass
class Gate:
    """Passes HTTP on to `port`. Of a change while it is `armed`, the request is lost (``before``) or its answer
    (``after``), by the part of the path that `armed` names."""

    port: int
    armed: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)
    url: str = ""

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            inner, outer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                while True:
                    request = await _message(reader)
                    line = request.split(b"\r\n", 1)[0].decode()
                    name = next((name for name in self.armed if name in line and not line.startswith("GET")), "")
                    if not line.startswith("GET"):
                        self.seen.append(line)
                    if self.armed.get(name) == "before":
                        self.held.add(name)
                        await asyncio.Event().wait()
                    outer.write(request)
                    answer = await _message(inner)
                    if self.armed.get(name) == "after":
                        self.held.add(name)
                        await asyncio.Event().wait()
                    writer.write(answer)
            finally:
                outer.close()
                writer.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
    return head + await reader.readexactly(length)


@asynccontextmanager
async def gate(port: int) -> AsyncIterator[Gate]:
    made = Gate(port)
    server = await asyncio.start_server(made.pass_on, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        if "pass_on" in repr(task):
            task.cancel()


@contextmanager
def process(log: Path, settings: Settings, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        running = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=out, stderr=out,
                                   env={**environ_of(settings), "PYTHONPATH": str(ROOT)})
    try:
        yield running
    finally:
        running.kill()
        running.wait()


class Talk:
    """One signed-in customer."""

    def __init__(self, conversations: Conversations, cid: str) -> None:
        self.conversations, self.cid = conversations, cid

    @classmethod
    async def begin(cls, conversations: Conversations, who: str) -> Talk:
        proved = Customer(who, "Somebody", f"{who}@example.org".lower(), "token")
        return cls(conversations, (await conversations.create(identity=Identity(proved, f"{who}-kill", 600)))[0])

    async def say(self, text: str) -> None:
        await self.conversations.post(self.cid, f"m{len(await self.conversations.records(self.cid))}", text)

    async def said(self) -> list[str]:
        """What the bot has said since the customer's last message."""
        records = await self.conversations.records(self.cid)
        last = max(i for i, record in enumerate(records) if record["from"] == "customer")
        return [record["text"] for record in records[last + 1:] if record["from"] == "bot"]

    async def hears(self, words: str, seconds: float = 120) -> list[str]:
        for _ in range(int(seconds * 5)):
            if any(words in text for text in await self.said()):
                return await self.said()
            await asyncio.sleep(0.2)
        raise AssertionError(f"{words!r} was not said, but {await self.said()}")

    async def ask(self, text: str, words: str) -> list[str]:
        await self.say(text)
        return await self.hears(words)

    async def is_leased(self) -> bool:
        return bool(await self.conversations.call("HGET", keys.conversation(self.cid), "work") in (b"leased", "leased"))


async def until(true: Any, seconds: float = 60) -> None:
    for _ in range(int(seconds * 20)):
        found = true()
        if await found if asyncio.iscoroutine(found) else found:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


def rows(file: Path, sql: str) -> list[Any]:
    with sqlite3.connect(file) as db:
        found = db.execute(sql).fetchall()
    db.close()
    return found


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as made:
        yield made


@pytest.fixture
async def conversations(valkey: Valkey) -> AsyncIterator[Conversations]:
    made = Conversations(connect(valkey.url))
    yield made
    await made.client.close()
    await made.client.connection_pool.disconnect()


async def test_the_rest_interface(
    product: Settings, valkey: Valkey, conversations: Conversations, tmp_path: Path, stack: AsyncExitStack
) -> None:
    """A cancelling whose answer is lost and a refund whose request is, in the same killed process."""
    port = free_port()
    shop_home = Settings(home=tmp_path / "shop", shop_key=SHOP_KEY)
    sample.load(shop_home)
    stack.enter_context(process(tmp_path / "shop.log", shop_home, "bot.cli", "shop", "serve", "--port", str(port)))
    between = await stack.enter_async_context(gate(port))
    settings = Settings(home=home_like(product, tmp_path / "home"), redis_url=valkey.url, shop="rest",
                        shop_url=between.url, shop_key=SHOP_KEY, shop_timeout=20)
    cancels, refunds = [await Talk.begin(conversations, who) for who in ("C-1004", "C-1008")]
    file = sample.path(shop_home)
    with process(tmp_path / "assistant.log", settings, "bot.assistant") as assistant:
        await cancels.ask("cancel my order please", "Shall I cancel")
        await refunds.ask("i want to return the skerry phone, changed my mind", "Shall I set that up")
        between.armed = {"/cancellation": "after", "/returns": "before"}
        await cancels.say("yes")
        await refunds.say("yes")
        await until(lambda: len(between.held) == 2)
        assistant.kill()
        assistant.wait()
    assert await cancels.said() == await refunds.said() == []
    # The one was done already, the other not.
    assert [what for (what,) in rows(file, "select what from effects")] == ["cancel"]
    between.armed = {}
    with process(tmp_path / "assistant.log", settings, "bot.assistant"):
        assert len(await cancels.hears("is cancelled")) == 1
        assert len(await refunds.hears("Your return is R-102811-1")) == 1
    assert sorted(what for (what,) in rows(file, "select what from effects")) == ["cancel", "request_return"]
    assert rows(file, "select reference from returns") == [("R-102811-1",)]
    # Each was sent twice, the second time under the same key, or it would stand there twice or be refused.
    assert sum("/cancellation" in line for line in between.seen) == sum("/returns" in line for line in between.seen) == 2


async def test_the_sample_shops_file(
    product: Settings, valkey: Valkey, conversations: Conversations, tmp_path: Path
) -> None:
    settings = Settings(home=home_like(product, tmp_path / "home"), redis_url=valkey.url)
    sample.load(settings)
    file = sample.path(settings)
    talk = await Talk.begin(conversations, "C-1004")
    with process(tmp_path / "assistant.log", settings, "bot.assistant") as assistant:
        await talk.ask("cancel my order please", "Shall I cancel")
        # Another holds the file, so that the change waits in the middle of it.
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("begin immediate")
        await talk.say("yes")
        await until(talk.is_leased)
        await asyncio.sleep(1)
        assert await talk.said() == []
        assistant.kill()
        assistant.wait()
        lock.execute("rollback")
        lock.close()
    with process(tmp_path / "assistant.log", settings, "bot.assistant"):
        assert len(await talk.hears("is cancelled")) == 1
    assert rows(file, "select what from effects") == [("cancel",)]


async def test_woocommerce(
    product: Settings, valkey: Valkey, conversations: Conversations, tmp_path: Path, stack: AsyncExitStack
) -> None:
    woo = Woo(orders={1041: order(1041, 7, "on-hold", "2026-03-01", "amara@example.com", (1, "Rill jacket", 2, "119.00"))},
              customers={7: customer(7, "Amara", "Okafor", "amara@example.com")})
    url = await stack.enter_async_context(serving(woo.app()))
    between = await stack.enter_async_context(gate(int(url.rpartition(":")[2])))
    settings = Settings(home=home_like(product, tmp_path / "home"), redis_url=valkey.url, shop="woocommerce",
                        shop_url=between.url, shop_key=f"{KEY}:{SECRET}", shop_timeout=20)
    talk = await Talk.begin(conversations, "7")
    with process(tmp_path / "assistant.log", settings, "bot.assistant") as assistant:
        await talk.ask("cancel my order please", "Shall I cancel")
        between.armed = {"/orders/1041": "after"}
        await talk.say("yes")
        await until(lambda: bool(between.held))
        assistant.kill()
        assistant.wait()
    assert woo.orders[1041]["status"] == "cancelled" and await talk.said() == []
    between.armed = {}
    with process(tmp_path / "assistant.log", settings, "bot.assistant"):
        assert len(await talk.hears("is cancelled")) == 1
    assert len(between.seen) == 1, "what the shop says was done under this key is not asked for again"
