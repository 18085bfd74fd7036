"""What the desk has the workshop do, through its real process and the published index: suggestions by the customer's
newest words, and what an editor tries."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desk_harness import Agent, Answer, Desk, running
from own_valkey import Valkey
from product import product, pytest_collection_finish

from bot.desk.suggestions import newest
from bot.settings import Settings

__all__ = ["product", "pytest_collection_finish"]


def said(*texts: tuple[str, str]) -> list[dict[str, object]]:
    return [{"seq": n, "kind": "message", "from": sender, "text": text} for n, (sender, text) in enumerate(texts, 1)]


def test_the_newest_words_are_as_many_messages_as_it_takes() -> None:
    assert newest([]) == ""
    assert newest(said(("customer", "How do I return a tent?"), ("bot", "Like so."), ("customer", "by post"))) == "How do I return a tent?\nby post"
    assert newest(said(("customer", "hi"), ("agent", "Hello, I am Ada"), ("customer", "my tent has a hole"))) == "my tent has a hole"
    assert newest(said(("customer", ""), ("customer", "ok"), ("customer", ""))) == "ok"


@pytest.fixture
async def desk(product: Settings, tmp_path: Path, valkey: Valkey) -> AsyncIterator[Desk]:
    for part in ("encoder", "reranker", "judgement", "models"):
        (tmp_path / part).symlink_to(product.home / part)
    for part in ("index", "cache"):
        shutil.copytree(product.home / part, tmp_path / part)
    shutil.copy(product.home / "frontdesk.db", tmp_path)
    async with running(replace(product, home=tmp_path, redis_url=valkey.url, port=0)) as desk:
        yield desk


async def test_an_agent_gets_answers_to_send(desk: Desk) -> None:
    agent: Agent = await desk.agent("Ada")
    customer = await desk.customer()
    path = f"conversations/{customer.cid}/suggestions"
    assert (await agent.get(path)).json == {"suggestions": []}
    await customer.say("m1", "hello")
    await customer.say("m2", "How do I reset my password?")
    answer = await agent.get(path)
    assert answer.status == 200, answer.body
    [first, *others] = answer.json["suggestions"]
    assert first["entry"] == "account-password-reset" and len(others) == 4 and first["score"] >= others[0]["score"]
    assert first["url"] == f"{desk.url}/help/account-password-reset"
    page = await desk.call("GET", "/help/account-password-reset")
    assert page.status == 200 and first["html"].split("\n")[0] in page.body.decode()
    found = (await agent.get("kb?q=delivery+cost")).json["suggestions"]
    assert found and found[0]["entry"].startswith("delivery")
    assert (await agent.get("kb?q=")).json == {"suggestions": []} == (await agent.get("kb")).json
    editor = await desk.agent("Eve", "editor")
    assert (await editor.get("kb?q=x")).status == 403
    assert (await agent.get("conversations/nothing/suggestions")).status == 404


async def test_what_an_editor_tries_first_is_made_ready_before(desk: Desk) -> None:
    editor, agent = await desk.agent("Eve", "editor"), await desk.agent("Ada")

    async def post(who: Agent, path: str, body: Any = None) -> Answer:
        return await desk.call("POST", f"/api/editor/{path}", headers=who.headers, json=body)

    assert (await post(agent, "try/ready")).status == 403
    workshop = desk.services.workshop
    assert workshop.jobs == {}
    for _ in range(2):
        assert (await post(editor, "try/ready")).status == 204
    [made] = workshop.jobs.values()
    tried = await post(editor, "try", {"text": "How do I reset my password?"})
    assert tried.json["published"]["entry"] == "account-password-reset"
    assert made.state == "done", made.error
    # It is there, so nothing is to be done.
    assert (await post(editor, "try/ready")).status == 204 and len(workshop.jobs) == 1
