"""Fixtures around a running desk."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from desk_harness import Agent, Customer, Desk, running
from playwright.async_api import Page, async_playwright

from bot.conversations.store import Conversations
from bot.conversations.turn import Commit, Handoff
from bot.settings import Settings

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    async with running(settings) as desk:
        yield desk


@pytest.fixture
async def customer(desk: Desk) -> Customer:
    return await desk.customer(page="https://larkmoor.example/tents", locale="en-GB")


@pytest.fixture
async def agent(desk: Desk) -> Agent:
    return await desk.agent("Ada")


@pytest.fixture
def hand_off(conversations: Conversations) -> Callable[..., Awaitable[None]]:
    """Plays the assistant that hands the waiting turns of any conversation over to people."""
    async def hand_off(why: str = "asked for a person", replies: list[dict[str, Any]] | None = None) -> None:
        turn = await conversations.take()
        assert turn is not None
        packet = {"at": 1.0, "why": {"reason": why}}
        commit = Commit(replies=replies or [], handoff=Handoff("support", why, packet))
        assert await conversations.commit(turn, commit) == "ok"

    return hand_off


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """An empty page of a real browser."""
    if _CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(30_000)
        yield page
        await browser.close()
