"""What the desk has the workshop do, through its real process and the published index: suggestions by the customer's
newest words, and what an editor tries."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desk_harness import Agent, Answer, Desk, running
from own_valkey import Valkey
from product import product, pytest_collection_finish

from bot.desk import workshop as desk_workshop
from bot.desk.errors import ApiError
from bot.desk.suggestions import newest
from bot.desk.workshop import Job, Workshop
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


#: Stands in for the process, since the real one takes seconds to start.
_STAND_IN = """
import json, os, sys, time
out = os.fdopen(int(sys.argv[1]), "w", buffering=1)
for line in sys.stdin:
    told = json.loads(line)
    if told["call"] == "hang":
        continue
    if told["call"] == "die":
        os._exit(1)
    if told["call"] == "leave a child" and os.fork() == 0:
        # Whoever reads sees the end only when nobody has the pipe any more.
        time.sleep(1)
        os._exit(0)
    if told["call"] == "slow":
        time.sleep(2)
    if told["call"] == "refuse":
        print(json.dumps({"id": told["id"], "error": told["args"]}), file=out)
    else:
        print(json.dumps({"id": told["id"], "result": os.getpid()}), file=out)
"""


@pytest.fixture
async def workshop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workshop]:
    really = asyncio.create_subprocess_exec

    async def started(program: str, *arguments: str, **more: Any) -> asyncio.subprocess.Process:
        return await really(program, "-c", _STAND_IN, arguments[-1], **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", started)
    (settings.home / "logs").mkdir(exist_ok=True)
    made = Workshop(settings)
    yield made
    await made.stop()


async def test_a_workshop_that_dies_is_told_and_started_anew(workshop: Workshop) -> None:
    first = await workshop.call("who")
    assert await workshop.call("who") == first
    with pytest.raises(ApiError, match="ended unexpectedly; please try again") as told:
        await workshop.call("die")
    assert (told.value.status, told.value.code) == (503, "unavailable")
    second = await workshop.call("who")
    job = workshop.begin("hang")
    os.kill(second, signal.SIGKILL)
    await job_ended(job)
    assert job.error is not None and job.error["code"] == "unavailable"
    assert len({first, second, await workshop.call("who")}) == 3


async def job_ended(job: Job) -> None:
    while job.state == "working":  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_who_comes_while_it_is_let_go_is_answered_by_the_next(workshop: Workshop) -> None:
    first = await workshop.call("leave a child")
    _, second = await asyncio.gather(workshop._end(), workshop.call("slow"))
    assert second != first


async def test_it_goes_when_nobody_has_needed_it_for_long(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_workshop, "_LOOKS_EVERY", 0.01)
    first = await workshop.call("who")
    await asyncio.sleep(0.05)
    assert await workshop.call("who") == first
    monkeypatch.setattr(desk_workshop, "_IDLE", 0.0)
    while workshop._process is not None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    monkeypatch.setattr(desk_workshop, "_IDLE", 600.0)
    assert await workshop.call("who") != first


async def test_during_a_publish_nothing_else_is_begun(workshop: Workshop) -> None:
    publish = workshop.begin("publish")
    with pytest.raises(ApiError, match="A publish is at work") as told:
        workshop.begin("publish")
    assert (told.value.status, told.value.code) == (409, "publishing")
    await job_ended(publish)
    assert workshop.begin("check").state == "working"


@pytest.mark.parametrize(("code", "shown", "status"), [
    ("publishing", "publishing", 409), ("moved", "moved", 409), ("bad_entry", "bad_entry", 400), ("internal", "internal", 500),
    ("whatever", "refused", 409),
])
async def test_what_the_workshop_refuses_has_its_code(workshop: Workshop, code: str, shown: str, status: int) -> None:
    with pytest.raises(ApiError, match="Not now") as told:
        await workshop.call("refuse", code=code, message="Not now")
    assert (told.value.code, told.value.status) == (shown, status)
