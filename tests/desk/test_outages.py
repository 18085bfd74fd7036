"""The store or the database is away: callers are told so, nothing is half done, and all goes on afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk, running

from bot.conversations.store import Conversations
from bot.settings import ROOT, Settings


async def test_the_store_goes_down_and_comes_back(desk: Desk, agent: Agent, customer: Customer, valkey: Any) -> None:
    await customer.say("a", "before")
    async with customer.events() as events:
        await events.records(1)
        valkey.stop()
        for answer in (await customer.say("b", "during"), await customer.get("conversation"),
                       await desk.call("POST", "/api/widget/conversations", json={}), await customer.get("events"),
                       await agent.get("conversations"), await agent.get("events"),
                       await desk.call("GET", "/api/session", headers=agent.headers),
                       await desk.call("POST", "/api/session", headers=agent.headers, json={"email": "", "password": ""})):
            assert (answer.status, answer.code) == (503, "unavailable")
            assert answer.headers["Retry-After"] == "2"
        health = await desk.call("GET", "/health")
        assert (health.status, health.json["ok"], health.json["store"]) == (503, False, "unavailable")
        assert (await desk.call("GET", "/api/widget/config")).status == 200
        valkey.start()
        # What was acknowledged is there; what was refused is not, and is taken when sent again.
        assert (await customer.say("b", "during")).json == {"id": "b", "seq": 2, "duplicate": False}
        # The stream stayed open over the outage and goes on by itself.
        assert await events.records(1) == [2]
    assert (await desk.call("GET", "/health")).json["ok"] is True
    assert (await desk.call("GET", "/api/session", headers=agent.headers)).status == 200


async def test_the_store_dies_while_messages_come_in(desk: Desk, customer: Customer, valkey: Any) -> None:
    """Whatever was acknowledged is kept, and sending the rest again makes each message stand there once."""
    acknowledged: dict[str, int] = {}

    async def post(number: int) -> None:
        answer = await customer.say(f"m{number}", f"line {number}")
        if answer.status == 200:
            acknowledged[f"m{number}"] = answer.json["seq"]
            if len(acknowledged) == 5:
                valkey.stop(signal.SIGKILL)

    await asyncio.gather(*(post(number) for number in range(40)))
    assert 5 <= len(acknowledged) < 40, "all came in before it died"
    valkey.start()
    for number in range(40):
        assert (await customer.say(f"m{number}", f"line {number}")).status == 200
    records = (await customer.get("conversation")).json["records"]
    assert sorted(record["id"] for record in records) == sorted(f"m{number}" for number in range(40))
    assert {record["id"]: record["seq"] for record in records}.items() >= acknowledged.items()


async def test_a_store_that_takes_no_writes_is_unavailable(desk: Desk, customer: Customer) -> None:
    client = desk.services.conversations.client
    await client.config_set("maxmemory", "1")
    try:
        answer = await customer.say("a", "x")
        assert (answer.status, answer.code) == (503, "unavailable")
    finally:
        await client.config_set("maxmemory", "0")
    assert (await customer.say("a", "x")).json["seq"] == 1


async def test_a_desk_that_starts_before_the_store(settings: Settings, valkey: Any) -> None:
    valkey.stop()
    async with running(settings) as desk:
        assert (await desk.call("GET", "/health")).status == 503
        valkey.start()
        customer = await desk.customer()
        async with customer.events() as events:
            await events.next("status")
            await customer.say("a", "x")
            assert await events.records(1) == [1]


async def test_the_database_is_away(desk: Desk, agent: Agent, customer: Customer) -> None:
    desk.services.sessions._known.clear()
    told, help = [(await desk.call("GET", path)) for path in ("/api/widget/config", "/help")]
    assert told.status == help.status == 200
    database = desk.settings.home / "frontdesk.db"
    aside = desk.settings.home / "aside"
    for path in desk.settings.home.glob("frontdesk.db*"):
        path.rename(desk.settings.home / path.name.replace("frontdesk.db", "aside"))
    database.mkdir()
    answer = await desk.call("GET", "/api/session", headers=agent.headers)
    assert (answer.status, answer.code) == (503, "unavailable")
    # Customers do not need it.
    assert (await customer.say("a", "x")).status == 200
    assert (await desk.call("GET", "/api/widget/config")).json == told.json
    assert (await desk.call("GET", "/help")).body == help.body
    database.rmdir()
    for path in desk.settings.home.glob("aside*"):
        path.rename(desk.settings.home / path.name.replace("aside", "frontdesk.db"))
    assert not aside.exists()
    assert (await desk.call("GET", "/api/session", headers=agent.headers)).status == 200


async def test_a_fault_of_ours_shows_no_trace(
    desk: Desk, customer: Customer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(Conversations, "post", broken)
    answer = await customer.say("a", "x")
    assert (answer.status, answer.code) == (500, "internal")
    assert b"42" not in answer.body and b"Traceback" not in answer.body
    assert "the secret is 42" in caplog.text


# -- the process --------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def start(settings: Settings, port: int, **more: str) -> subprocess.Popen[bytes]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    environ |= {"FRONTDESK_HOME": str(settings.home), "FRONTDESK_REDIS_URL": settings.redis, "FRONTDESK_PORT": str(port)}
    with (settings.home / "log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "bot.desk"], env={**environ, **more}, cwd=ROOT,
                                stdout=subprocess.PIPE, stderr=log)


def healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


def test_the_process_runs_and_stops(settings: Settings) -> None:
    port = free_port()
    process = start(settings, port)
    try:
        health = healthy(port, process, settings.home / "log")
        assert health["ok"] is True and health["assistant"]["workers"] == 0
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert output == b""
    log = (settings.home / "log").read_text()
    assert "ERROR" not in log and "Traceback" not in log and "rasa" not in log


def test_there_is_room_for_all_who_come_back_at_once(settings: Settings) -> None:
    """Whoever finds none is silently dropped and tries again a second later, then three, then seven."""
    port = free_port()
    process = start(settings, port)
    callers = [socket.socket() for _ in range(400)]
    try:
        healthy(port, process, settings.home / "log")
        process.send_signal(signal.SIGSTOP)
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        waiting = select.poll()
        for caller in callers:
            waiting.register(caller, select.POLLOUT)
        time.sleep(0.2)
        assert len(waiting.poll(0)) == len(callers)
    finally:
        for caller in callers:
            caller.close()
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("more", "status", "said"), [
    ({"FRONTDESK_PORT": "none"}, 2, "FRONTDESK_PORT='none'"),
    ({"FRONTDESK_DATABASE_URL": "sqlite:////dev/null/x/y.db"}, 1, "/dev/null"),
])
def test_the_process_says_why_it_cannot_start(settings: Settings, more: dict[str, str], status: int, said: str) -> None:
    process = start(settings, free_port(), **more)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == status
    log = (settings.home / "log").read_text()
    assert said in log and output == b""


def test_the_process_says_that_its_port_is_taken(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(settings, taken.getsockname()[1])
        process.communicate(timeout=20)
    assert process.returncode == 1
    assert "cannot listen" in (settings.home / "log").read_text()


def test_the_desk_imports_neither_rasa_nor_what_trains(settings: Settings) -> None:
    code = ("import sys, bot.desk.app; "
            "print([m for m in ('rasa', 'rasa_sdk', 'torch', 'tensorflow', 'faiss', 'onnxruntime', 'numpy') if m in sys.modules])")
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert output.stdout.strip() == b"[]"
