"""Receivers of webhooks on ports of their own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from receiver import Receiver

sys.path.insert(0, str(Path(__file__).parents[1] / "desk"))
sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[], Awaitable[Receiver]]]:
    runners = []

    async def serve() -> Receiver:
        receiver = Receiver()
        app = web.Application()
        app.router.add_post("/hooks", receiver.take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
        return receiver

    yield serve
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def receiver(serve: Callable[[], Awaitable[Receiver]]) -> Receiver:
    return await serve()
