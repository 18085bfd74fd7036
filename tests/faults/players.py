"""Customers and agents over HTTP, who repeat what was not acknowledged, as widget and console do, and note what was."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=8, connect=3)
_STREAM = aiohttp.ClientTimeout(total=None, connect=3, sock_read=25)
#: What a page says when the network fails it in any way.
FAILURES = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError)

QUESTIONS = (
    "How do I return something?", "How long does standard delivery take?", "How do I reset my password?",
    "what does gift wrapping cost", "can i change the email address of my account", "Do you deliver on Sundays?",
    "where are you based", "Thank you, that helped", "I would like to know more about that", "when do I get my money back",
)
FOR_PEOPLE = ("0", "can I talk to a person please", "The kettle I got from you leaks at the base")


@dataclass(frozen=True)
class Sent:
    """One message that its sender was told is stored."""

    conversation: str
    sender: str
    id: str
    text: str
    seq: int


@dataclass
class Notes:
    """What all players saw."""

    sent: list[Sent] = field(default_factory=list)
    #: Ids that were sent at least once, acknowledged or not.
    tried: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    #: Seconds from the first attempt until a message was acknowledged.
    waits: list[float] = field(default_factory=list)


class Line:
    """One person's way to the desks: another one at each failure."""

    def __init__(self, urls: Sequence[str], notes: Notes, dice: random.Random, address: str = "127.0.0.1") -> None:
        self.urls, self.notes, self.dice = urls, notes, dice
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(address, 0), limit=0),
                                          cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT)
        self._at = dice.randrange(len(urls))

    @property
    def url(self) -> str:
        return self.urls[self._at % len(self.urls)]

    def other(self) -> None:
        self._at += 1

    async def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None,
                   stop: Callable[[], bool] = lambda: False) -> tuple[int, Any]:
        """The answer, asked for until there is one that is no outage. Status 0 where `stop` said so first."""
        pause = 0.1
        while not stop():
            try:
                async with self.http.request(method, self.url + path, json=body, headers=headers) as answer:
                    raw = await answer.read()
                    if answer.status == 429:
                        self.notes.counts["told to wait"] += 1
                        await asyncio.sleep(min(5.0, float(answer.headers.get("Retry-After", 1))))
                        continue
                    if answer.status < 500:
                        return answer.status, json.loads(raw) if raw else None
                    self.notes.counts[f"answered {answer.status}"] += 1
                    if answer.status != 503:
                        self.notes.wrong.append(f"{method} {path}: {answer.status} {raw[:200]!r}")
            except FAILURES as error:
                self.notes.counts[f"network: {type(error).__name__}"] += 1
            self.other()
            await asyncio.sleep(pause * (0.5 + self.dice.random()))
            pause = min(1.0, 2 * pause)
        return 0, None

    async def close(self) -> None:
        await self.http.close()


class Customer:
    """One conversation, written to and followed on its stream."""

    def __init__(self, number: int, urls: Sequence[str], notes: Notes, seed: int) -> None:
        self.dice = random.Random(f"customer {seed} {number}")
        self.name = f"c{number}"
        self.notes = notes
        self.line = Line(urls, notes, self.dice, f"127.0.0.{2 + number % 200}")
        self.cid = self.token = ""
        self.count = 0
        #: Records as they came on the stream.
        self.view: list[dict[str, Any]] = []
        self.status: dict[str, Any] = {}
        self._grown = asyncio.Event()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def begin(self) -> None:
        status, made = await self.line.call("POST", "/api/widget/conversations", {"locale": "en-GB"})
        assert status == 201, (status, made)
        self.cid, self.token = made["conversation"], made["token"]

    async def say(self, text: str) -> Sent | None:
        """Sends until it is acknowledged."""
        self.count += 1
        message_id = f"{self.name}-{self.count}"
        self.notes.tried.add(message_id)
        begun = time.monotonic()
        status, answer = await self.line.call("POST", "/api/widget/messages", {"id": message_id, "text": text}, self.headers)
        if status != 200:
            self.notes.refused.append(f"{self.cid} {message_id}: {status} {answer}")
            return None
        self.notes.waits.append(time.monotonic() - begun)
        self.notes.counts["customer messages"] += 1
        sent = Sent(self.cid, "customer", message_id, text, answer["seq"])
        self.notes.sent.append(sent)
        return sent

    async def write(self, over: Callable[[], bool]) -> None:
        """Writes until told that it is enough; mostly one message and then a wait for its answer."""
        while not over():
            for _ in range(self.dice.choice((1, 1, 1, 2, 3))):
                for_people = self.dice.random() < (0.04 if self.status.get("owner", "bot") == "bot" else 0.0)
                sent = await self.say(self.dice.choice(FOR_PEOPLE if for_people else QUESTIONS))
            if sent is not None:
                await self._answered(sent.seq, self.dice.uniform(0.5, 6))
            await asyncio.sleep(self.dice.uniform(0.1, 1.0))

    async def _answered(self, seq: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.view and self.view[-1]["seq"] > seq and self.view[-1].get("from") in ("bot", "agent"):
                return
            self._grown.clear()
            try:
                await asyncio.wait_for(self._grown.wait(), 0.5)
            except asyncio.TimeoutError:
                continue

    async def follow(self) -> None:
        """The stream, resumed from the last record for ever; what comes twice or out of order is noted as wrong."""
        while True:
            last = self.view[-1]["seq"] if self.view else 0
            try:
                headers = {**self.headers, "Last-Event-ID": str(last)}
                async with self.line.http.get(f"{self.line.url}/api/widget/events", headers=headers, timeout=_STREAM) as answer:
                    if answer.status == 200:
                        async for name, data in events(answer):
                            self._take(name, data)
                        self.notes.counts["streams that ended"] += 1
                    elif answer.status not in (503,):
                        self.notes.wrong.append(f"{self.cid}: the stream was refused with {answer.status}")
            except FAILURES as error:
                self.notes.counts[f"streams cut: {type(error).__name__}"] += 1
            self.line.other()
            await asyncio.sleep(self.dice.uniform(0.05, 0.5))

    def _take(self, name: str, data: Any) -> None:
        if name == "status":
            self.status = data
        elif name == "record":
            expected = self.view[-1]["seq"] + 1 if self.view else 1
            if data["seq"] != expected:
                self.notes.wrong.append(f"{self.cid}: the stream sent {data['seq']} where {expected} was due")
            self.view.append(data)
            self._grown.set()


async def events(answer: aiohttp.ClientResponse) -> Any:
    """Name and data of each whole event; one that was cut off half-way does not count."""
    name, data = "", ""
    while line := await answer.content.readline():
        text = line.decode(errors="replace")
        if not text.endswith("\n"):
            return
        text = text.rstrip("\n")
        if not text:
            if data:
                yield name, json.loads(data)
            name = data = ""
        elif text.startswith("event: "):
            name = text[7:]
        elif text.startswith("data: "):
            data = text[6:]


class Agent:
    """Works through the queue: claims, answers, hands back, releases, closes."""

    def __init__(self, name: str, email: str, password: str, urls: Sequence[str], notes: Notes, seed: int) -> None:
        self.dice = random.Random(f"agent {seed} {name}")
        self.name, self.email, self.password, self.notes = name, email, password, notes
        self.line = Line(urls, notes, self.dice)
        self.cookie = ""
        self.count = 0
        #: Up to where each conversation was answered.
        self.answered: dict[str, int] = {}

    async def sign_in(self) -> None:
        while True:
            try:
                async with self.line.http.post(f"{self.line.url}/api/session", headers={"X-Frontdesk": "1"},
                                               json={"email": self.email, "password": self.password}) as answer:
                    if answer.status == 200:
                        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
                        return
                    if answer.status == 401:
                        self.notes.wrong.append(f"{self.email} could not sign in")
            except FAILURES:
                pass
            self.line.other()
            await asyncio.sleep(0.5)

    async def act(self, cid: str, what: str, body: Any) -> tuple[int, Any]:
        headers = {"Cookie": self.cookie, "X-Frontdesk": "1"}
        status, answer = await self.line.call("POST", f"/api/console/conversations/{cid}/{what}", body, headers)
        self.notes.counts[f"{what}: {status}"] += 1
        if status not in (200, 409):
            self.notes.wrong.append(f"{self.name} {what} {cid}: {status} {answer}")
        return status, answer

    async def look(self, path: str) -> Any:
        status, answer = await self.line.call("GET", f"/api/console/{path}", headers={"Cookie": self.cookie})
        if status != 200:
            self.notes.wrong.append(f"{self.name} GET {path}: {status} {answer}")
            if status == 401:
                await self.sign_in()
            return {"conversations": [], "records": []}
        return answer

    async def work(self, over: Callable[[], bool]) -> None:
        while not over():
            mine = (await self.look("conversations?view=mine"))["conversations"]
            queue = (await self.look("conversations?view=queue"))["conversations"]
            if queue and len(mine) < 12:
                for waiting in queue[: self.dice.randrange(1, 4)]:
                    await self.act(waiting["id"], "claim", {})
            for summary in mine:
                await self.tend(summary)
            await asyncio.sleep(self.dice.uniform(0.1, 0.6))

    async def tend(self, summary: dict[str, Any]) -> None:
        cid = summary["id"]
        found = await self.look(f"conversations/{cid}?after={self.answered.get(cid, 0)}")
        asked = [record for record in found["records"] if record["from"] == "customer"]
        if asked and await self.say(cid, f"About your message {asked[-1]['seq']}: this is what I found."):
            self.answered[cid] = asked[-1]["seq"]
        what = self.dice.random()
        if what < 0.25:
            await self.act(cid, "handback", {"note": "All is told."} if what < 0.1 else {})
        elif what < 0.3:
            await self.act(cid, "release", {})
        elif what < 0.4:
            await self.act(cid, "close", {"outcome": "solved"})

    async def say(self, cid: str, text: str) -> bool:
        self.count += 1
        message_id = f"{self.name}-{self.count}"
        self.notes.tried.add(message_id)
        status, answer = await self.act(cid, "messages", {"id": message_id, "text": text})
        if status == 200:
            self.notes.counts["agent messages"] += 1
            self.notes.sent.append(Sent(cid, self.name, message_id, text, answer["seq"]))
        return status == 200
