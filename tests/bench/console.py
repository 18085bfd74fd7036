"""From a customer's message to the agents' console: over the real HTTP both ways."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import uvloop
from load import PATIENCE, Events, Http

from bot.settings import ROOT

if TYPE_CHECKING:
    from targets import Frontdesk

#: Seconds between two messages.
_EVERY = 0.05
_EMAIL, _PASSWORD = "bench@localhost", "a password for the bench only"


def latencies(target: Frontdesk, questions: list[str], number: int) -> list[float]:
    """Seconds from when each of `number` messages was due to the console's event with it; infinite where none came."""
    subprocess.run([sys.executable, "-m", "bot.cli", "staff", "add", _EMAIL, "--name", "Bench", "--stdin"], input=_PASSWORD, text=True, check=True, cwd=ROOT, env=target.environ,
                   capture_output=True)
    pairs = target.conversations(20)
    uvloop.install()
    return asyncio.run(_latencies(target.port, pairs, questions, number))


async def _latencies(port: int, pairs: list[tuple[str, str]], questions: list[str], number: int) -> list[float]:
    loop = asyncio.get_running_loop()
    cookie = await _signed_in(port)
    sent: dict[tuple[str, str], float] = {}
    times: list[float] = []

    def heard(name: str, data: bytes) -> None:
        if name == "record":
            told: Any = json.loads(data)
            begun = sent.pop((told["conversation"], told["record"].get("id", "")), None)
            if begun is not None:
                times.append(time.monotonic() - begun)

    await loop.create_connection(lambda: Events("/api/console/events", f"Cookie: {cookie}\r\n", heard), "127.0.0.1", port)
    await asyncio.sleep(1)
    _, http = await loop.create_connection(Http, "127.0.0.1", port)
    began = time.monotonic()
    for i in range(number):
        # Due whether or not the one before was answered in time, as in load.py.
        due = began + i * _EVERY
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        cid, token = pairs[i % len(pairs)]
        sent[cid, f"c{i}"] = due
        status, body = await http.post("/api/widget/messages", {"id": f"c{i}", "text": questions[i % len(questions)]},
                                       f"Authorization: Bearer {token}\r\n")
        if status != 200:
            raise RuntimeError(f"a message was refused: {status} {body!r}")
    until = time.monotonic() + PATIENCE
    while sent and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return times + [float("inf")] * len(sent)


async def _signed_in(port: int) -> str:
    """The session's cookie. Read from the raw answer, since load.py's connection keeps no headers."""
    body = json.dumps({"email": _EMAIL, "password": _PASSWORD}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/session/ HTTP/1.1\r\nHost: bench\r\nX-Frontdesk: 1\r\nContent-Type: application/json\r\n"
                 b"Connection: close\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    for line in head.split("\r\n"):
        if line.lower().startswith("set-cookie:"):
            return line.split(":", 1)[1].split(";")[0].strip()
    raise RuntimeError(f"the bench could not sign in: {head.splitlines()[0]}")
