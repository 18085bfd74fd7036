"""Assistants as processes: ready, at work, stopped, killed in the middle of a turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from play import Customer, at_work, until

from bot.assistant.worker import Worker
from bot.conversations.store import Conversations
from bot.settings import ROOT, Settings

_STUCK = """
import asyncio, sys
from bot.assistant import __main__, without_tensorflow
from bot.conversations.store import Conversations

without_tensorflow.install()
from bot.assistant.worker import Worker

Conversations.take.__defaults__ = Conversations.renew.__defaults__ = (2.0,)
really = Worker._answer

async def then_hang(self, turn):
    await really(self, turn)
    print("answered", flush=True)
    await asyncio.sleep(600)

Worker._answer = then_hang
sys.exit(__main__.main())
"""

_SAYS_THAT_IT_WAITS = """
import sys
from bot.assistant import __main__

class Input:
    def read(self):
        print("waits", flush=True)
        return sys.__stdin__.read()

sys.stdin = Input()
sys.exit(__main__.main())
"""


@contextmanager
def process(*arguments: str, home: Path, redis_url: str) -> Iterator[subprocess.Popen[str]]:
    environ = {**os.environ, "FRONTDESK_HOME": str(home), "FRONTDESK_REDIS_URL": redis_url}
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environ, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


async def test_it_starts_answers_and_stops_on_sigterm(
    conversations: Conversations, customer: Customer, workshop: Settings, valkey: object
) -> None:
    with process("-m", "bot.assistant", home=workshop.home, redis_url=valkey.url) as running:  # type: ignore[attr-defined]
        await customer.say("How do I reset my password?")

        async def signed_on() -> bool:
            return await conversations.workers() == 1

        await until(signed_on, 60)
        (reply,) = await customer.answered()
        assert reply["evidence"]["entry"] == "account-password-reset"
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=20)
    assert running.returncode == 0, told
    assert "is ready after" in told and "has stopped" in told and "Traceback" not in told
    assert await conversations.workers() == 0


async def test_killed_before_the_commit_the_turn_is_done_again_exactly_once(
    conversations: Conversations, customer: Customer, worker: Worker, workshop: Settings, valkey: object
) -> None:
    await customer.say("How do I reset my password?")
    with process("-c", _STUCK, home=workshop.home, redis_url=valkey.url) as running:  # type: ignore[attr-defined]
        assert running.stdout is not None and running.stdout.readline() == "answered\n", running.stderr
        assert await customer.heard() == []
        running.send_signal(signal.SIGKILL)
        running.wait(10)
    async with at_work(worker):
        assert len(await customer.answered()) == 1
    events, _ = await conversations.tracker(customer.cid)
    assert sum('"event": "user"' in event for event in events) == 1


@pytest.mark.parametrize(("missing", "told"), [
    ("models", "no trained model"), ("index", "nothing is published"), ("encoder", "no usable encoder")])
def test_what_is_missing_is_one_line_and_a_status(
    tmp_path: Path, workshop: Settings, missing: str, told: str
) -> None:
    for name in ("encoder", "reranker", "judgement", "models", "index"):
        if name != missing:
            (tmp_path / name).symlink_to(workshop.home / name)
    environ = {**os.environ, "FRONTDESK_HOME": str(tmp_path), "FRONTDESK_REDIS_URL": "unix:///nowhere"}
    done = subprocess.run([sys.executable, "-m", "bot.assistant"], cwd=ROOT, env=environ, capture_output=True,
                          text=True, timeout=100)
    assert done.returncode == 1 and told in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


def test_told_to_wait_it_looks_for_nothing_before_its_input_ends(tmp_path: Path) -> None:
    environ = {**os.environ, "FRONTDESK_HOME": str(tmp_path), "FRONTDESK_REDIS_URL": "unix:///nowhere"}
    with subprocess.Popen([sys.executable, "-c", _SAYS_THAT_IT_WAITS, "--wait"], cwd=ROOT, env=environ, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        try:
            # Had it looked before, it would have ended: there is no model.
            assert waiting.stdout is not None and waiting.stdout.readline() == "waits\n"
            _, told = waiting.communicate("", timeout=60)
        finally:
            waiting.kill()
    assert waiting.returncode == 1 and "no trained model" in told
