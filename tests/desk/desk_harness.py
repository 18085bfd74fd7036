"""A desk over real HTTP on a port of its own, and small clients for its two sides."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import conforms
from compiled import compile_for

from bot.desk.app import create_app
from bot.desk.services import Services
from bot.desk.staff import Member
from bot.settings import Settings

PASSWORD = "correct horse battery"  # noqa: S105


@dataclass
class Answer:
    """A whole answer, read."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@dataclass
class Event:
    name: str
    data: Any
    id: str = ""


class Events:
    """Reads a stream event by event; comments are counted."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.comments = 0

    async def next(self, name: str = "", timeout: float = 5.0) -> Event:
        """The next event, or the next of that name. Raises EOFError when the stream ends."""
        async with _within(timeout):
            while True:
                event = await self._read()
                if not name or event.name == name:
                    return event

    async def records(self, count: int, timeout: float = 10.0) -> list[int]:
        """The seqs of the next `count` records."""
        return [(await self.next("record", timeout)).data["seq"] for _ in range(count)]

    async def ended(self, timeout: float = 5.0) -> bool:
        try:
            while True:
                await self.next(timeout=timeout)
        except (EOFError, aiohttp.ClientError):
            return True

    async def _read(self) -> Event:
        event = Event("", None)
        while True:
            line = await self.response.content.readline()
            if not line:
                raise EOFError
            text = line.decode().rstrip("\n")
            if not text and event.name:
                return event
            name, _, value = text.partition(": ")
            if text.startswith(":"):
                self.comments += 1
            elif name == "event":
                event.name = value
            elif name == "id":
                event.id = value
            elif name == "data":
                event.data = json.loads(value)


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """asyncio.timeout of later Pythons."""
    task = asyncio.current_task()
    assert task is not None
    fired = False

    def fire() -> None:
        nonlocal fired
        fired = True
        task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, fire)
    try:
        yield
    except asyncio.CancelledError:
        if fired:
            raise TimeoutError(f"nothing within {seconds} s") from None
        raise
    finally:
        timer.cancel()


@dataclass
class Customer:
    """One customer with one conversation."""

    desk: Desk
    cid: str
    token: str

    async def get(self, path: str) -> Answer:
        return await self.desk.call("GET", f"/api/widget/{path}", token=self.token)

    async def post(self, path: str, body: Any) -> Answer:
        return await self.desk.call("POST", f"/api/widget/{path}", token=self.token, json=body)

    async def say(self, message_id: str, text: str) -> Answer:
        return await self.post("messages", {"id": message_id, "text": text})

    @asynccontextmanager
    async def events(self, last: str = "0") -> AsyncIterator[Events]:
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": last}
        async with self.desk.http.get("/api/widget/events", headers=headers) as response:
            assert response.status == 200, await response.text()
            assert response.content_type == "text/event-stream"
            yield Events(response)


@dataclass
class Agent:
    """A signed-in member of staff."""

    desk: Desk
    member: Member
    cookie: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie, "X-Frontdesk": "1"}

    async def get(self, path: str) -> Answer:
        return await self.desk.call("GET", f"/api/console/{path}", headers={"Cookie": self.cookie})

    async def act(self, cid: str, what: str, body: Any = None) -> Answer:
        path = f"/api/console/conversations/{cid}/{what}"
        return await self.desk.call("POST", path, headers=self.headers, json={} if body is None else body)

    async def send(self, method: str, path: str, body: Any = None) -> Answer:
        """A change that is no act on a conversation."""
        return await self.desk.call(method, f"/api/console/{path}", headers=self.headers, json=body)

    async def summary(self, cid: str) -> Any:
        return (await self.get(f"conversations/{cid}")).json["conversation"]

    @asynccontextmanager
    async def events(self) -> AsyncIterator[Events]:
        async with self.desk.http.get("/api/console/events", headers={"Cookie": self.cookie}) as response:
            assert response.status == 200, await response.text()
            yield Events(response)


@dataclass
class Desk:
    """A running desk."""

    url: str
    services: Services
    http: aiohttp.ClientSession
    stop: Callable[[], Awaitable[None]]
    settings: Settings = field(repr=False)

    async def call(self, method: str, path: str, token: str = "", headers: dict[str, str] | None = None,
                   json: Any = None, data: Any = None, params: Any = None) -> Answer:
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        async with self.http.request(method, path, headers=sent, json=json, data=data, params=params) as response:
            answer = Answer(response.status, response.headers, await response.read())
        conforms.check(method, path, answer.status, response.content_type, answer.body)
        return answer

    async def customer(self, **fields: Any) -> Customer:
        made = await self.call("POST", "/api/widget/conversations", json=fields)
        assert made.status == 201, made.body
        return Customer(self, made.json["conversation"], made.json["token"])

    async def hire(self, name: str, role: str = "agent") -> Member:
        return await asyncio.to_thread(self.services.staff.add, name, f"{name.lower()}@example.org", role, PASSWORD)

    async def agent(self, name: str, role: str = "agent") -> Agent:
        """Hires somebody and signs them in."""
        member = await self.hire(name, role)
        body = {"email": member.email, "password": PASSWORD}
        signed = await self.call("POST", "/api/session", headers={"X-Frontdesk": "1"}, json=body)
        assert signed.status == 200, signed.body
        return Agent(self, member, signed.headers["Set-Cookie"].split(";")[0])


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Desk]:
    """Starts a desk and stops it as the real one is stopped."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = listening.getsockname()[1]
    app = create_app(settings)
    server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    compile_for(app)
    await server.before_start()
    await server.after_start()
    stopped = False

    async def stop() -> None:
        nonlocal stopped
        if stopped:
            return
        stopped = True
        await server.before_stop()
        server.close()
        for connection in list(server.connections):
            connection.close_if_idle()
        for _ in range(200):
            if not server.connections:
                break
            await asyncio.sleep(0.01)
        for connection in list(server.connections):
            connection.abort()
        await server.after_stop()

    url = f"http://127.0.0.1:{port}"
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        try:
            yield Desk(url, app.ctx.services, http, stop, settings)
        finally:
            await stop()
