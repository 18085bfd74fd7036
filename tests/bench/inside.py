"""Inside one assistant: the CPU of a turn by part, and what a turn costs late in a long conversation.

The same objects as in `python -m bot.assistant`, on a store of their own, with clocks of this thread's CPU around the
parts. Prints one JSON object: seconds of CPU per turn.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import asyncio
import itertools
import json
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
warnings.simplefilter("ignore")

import uvloop
from own_valkey import Valkey

from actions.tasks import finding
from bot.assistant import launcher, training, without_tensorflow
from bot.conversations.store import Conversations, connect
from bot.judgement import assembly
from bot.settings import read
from kb_index.encoder import load_encoder

without_tensorflow.install()
from rasa.core.actions.action import RemoteAction

from bot.assistant import actions_in_process
from bot.assistant.agent import TurnAgent
from bot.assistant.tracker_store import TurnTrackerStore
from bot.assistant.worker import Worker

#: Turns of a conversation whose cost is told.
MARKS = (1, 10, 60, 200)


class Clocks:
    """CPU by part. A part that runs within another is taken from that one."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._open: list[float] = []

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        self._open.append(0.0)
        begun = time.thread_time()
        try:
            yield
        finally:
            whole = time.thread_time() - begun
            self.spent[part] = self.spent.get(part, 0.0) + whole - self._open.pop()
            if self._open:
                self._open[-1] += whole

    def wrap(self, holder: Any, name: str, part: Callable[..., str]) -> None:
        really = getattr(holder, name)
        if asyncio.iscoroutinefunction(really):
            async def timed(*args: Any, **kwargs: Any) -> Any:
                with self.of(part(*args, **kwargs)):
                    return await really(*args, **kwargs)
        else:
            def timed(*args: Any, **kwargs: Any) -> Any:
                with self.of(part(*args, **kwargs)):
                    return really(*args, **kwargs)
        setattr(holder, name, timed)


async def main(questions: list[str], turns: int, long: bool) -> dict[str, Any]:
    settings = read()
    launcher.quiet_rasa("WARNING")
    actions_in_process.install()
    with tempfile.TemporaryDirectory(prefix="fd-") as folder:
        valkey = Valkey(Path(folder))
        valkey.start()
        try:
            return await measured(settings, valkey.url, questions, turns, long)
        finally:
            valkey.stop()


async def measured(settings: Any, url: str, questions: list[str], turns: int, long: bool) -> dict[str, Any]:
    store = Conversations(connect(url))
    trackers = TurnTrackerStore(None)
    agent = TurnAgent.load(training.model(settings), tracker_store=trackers,
                           action_endpoint=actions_in_process.ActionsInProcess())
    assert agent.processor is not None
    encoder = load_encoder(settings.encoder)
    worker = Worker(store, agent, trackers, assembly.shared(settings))
    clocks = Clocks()
    nlu = agent.processor.model_metadata.nlu_target
    clocks.wrap(agent.processor.graph_runner, "run",
                lambda inputs, targets: "rest of NLU" if targets == [nlu] else "policies")
    clocks.wrap(type(encoder), "encode", lambda *_: "encoder")
    # Bound when it was made, before the line above.
    clocks.wrap(worker.classifier, "encode", lambda *_: "encoder")
    clocks.wrap(type(encoder), "occluded", lambda *_: "words for the agent")
    clocks.wrap(RemoteAction, "run", lambda *_: "action")
    for name in ("take", "commit", "tracker", "state", "records"):
        clocks.wrap(store, name, lambda *_: "store client")
    asked = iter(questions)
    encoder.encode(list(itertools.islice(asked, 20)))
    finding.warm()
    answers: list[float] = []
    handoffs: list[float] = []
    alone: list[float] = []

    async def one(cid: str, number: int) -> float | None:
        """The CPU of one turn from taking it to its commit; None where the bot does not have the conversation."""
        question = next(asked)
        await store.post(cid, f"m{number}", question)
        begun = time.thread_time()
        turn = await store.take()
        if turn is None:
            return None
        await worker._handle(turn)
        return time.thread_time() - begun

    async def back(cid: str) -> bool:
        """Gives it back to the bot where a person has it now."""
        if (await store.state(cid)).owner == "bot":
            return False
        await store.claim(cid, "bench", "Bench")
        await store.hand_back(cid, "bench", "Bench")
        return True

    for number in range(turns + 20):
        if number == 20:
            clocks.spent.clear()
            answers.clear()
            handoffs.clear()
        if number % 5 == 0:
            cid, _ = await store.create()
        spent = await one(cid, number)
        if spent is None:
            continue
        # What follows is the bench's own, not the turn's.
        kept = dict(clocks.spent)
        (handoffs if await back(cid) else answers).append(spent)
        begun = time.thread_time()
        encoder.encode([next(asked)])
        alone.append(time.thread_time() - begun)
        clocks.spent = kept
    done = len(answers) + len(handoffs)
    whole = sum(answers) + sum(handoffs)
    told: dict[str, Any] = {
        "turns": done, "encoder_alone": statistics.fmean(alone), "turn": whole / done,
        # Means, since they are divided by one.
        "answer": statistics.fmean(answers), "handoff": statistics.fmean(handoffs) if handoffs else None,
        "parts": {part: spent / done for part, spent in clocks.spent.items()},
    }
    told["parts"]["rest of Rasa and worker"] = told["turn"] - sum(told["parts"].values())
    if long:
        told["by_number"] = await by_number(store, one, back)
    await store.client.close()
    return told


async def by_number(store: Conversations, one: Any, back: Any) -> dict[str, float]:
    """CPU of the turns around each of `MARKS`, in several conversations; turns that people got are left out."""
    costs: dict[int, list[float]] = {mark: [] for mark in MARKS}
    # Questions differ in what they cost by more than turns do.
    for _ in range(16):
        cid, _ = await store.create()
        number = attempt = 0
        while number < max(MARKS) + 4 and attempt < 600:
            attempt += 1
            spent = await one(cid, attempt)
            if spent is None or await back(cid):
                continue
            number += 1
            for mark in MARKS:
                if mark <= number < mark + 5:
                    costs[mark].append(spent)
    return {str(mark): statistics.median(found) for mark, found in costs.items() if found}


if __name__ == "__main__":
    told = json.load(sys.stdin)
    uvloop.install()
    json.dump(asyncio.run(main(told["questions"], told["turns"], told["long"])), sys.stdout)
