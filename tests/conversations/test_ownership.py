"""Ownership under any order of acts: a state machine that plays customers, workers and agents on the real Valkey."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from own_valkey import Valkey

from bot.conversations import keys
from bot.conversations.errors import IdReused, Stale
from bot.conversations.record import message
from bot.conversations.store import Conversations, connect
from bot.conversations.turn import Commit, Handoff, Turn

AGENTS = st.sampled_from(["ada", "bea"])


class Ownership(RuleBasedStateMachine):
    """Plays against the store and keeps a model of it: who owns, which epoch, what stands in the log."""

    url: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.conversations = Conversations(connect(self.url, connections=2))
        self.owner, self.agent, self.epoch = "bot", "", 1
        self.log: list[str] = []
        self.unanswered = 0
        self.turns: list[Turn] = []
        #: The only turn whose commit may succeed.
        self.valid: Turn | None = None
        self.ids = 0

    def run(self, act: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(act)

    def teardown(self) -> None:
        self.run(self.conversations.client.close())
        self.run(self.conversations.client.connection_pool.disconnect())
        self.loop.close()

    @initialize()
    def begin(self) -> None:
        self.run(self.conversations.call("FLUSHALL"))
        self.cid, _ = self.run(self.conversations.create())

    # -- acts ------------------------------------------------------------------------------------------------------

    @rule()
    def post(self) -> None:
        self.ids += 1
        if self.owner == "closed":
            self.log.append("reopened")
            self._owned("bot")
        posted = self.run(self.conversations.post(self.cid, f"m{self.ids}", f"text {self.ids}"))
        self.log.append(f"text {self.ids}")
        if self.owner == "bot":
            self.unanswered += 1
        assert (posted.seq, posted.duplicate) == (len(self.log), False)

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def post_again(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, self.ids))
        posted = self.run(self.conversations.post(self.cid, f"m{number}", f"text {number}"))
        assert posted.duplicate and self.log[posted.seq - 1] == f"text {number}"
        with pytest.raises(IdReused):
            self.run(self.conversations.post(self.cid, f"m{number}", "another text"))

    @rule()
    def take(self) -> None:
        turn = self.run(self.conversations.take(60))
        free = self.owner == "bot" and self.unanswered > 0 and self.valid is None
        assert (turn is not None) == free
        if turn is not None:
            assert len(turn.messages) == self.unanswered and turn.epoch == self.epoch
            self.turns.append(turn)
            self.valid = turn

    @precondition(lambda self: self.valid is not None)
    @rule(clock_was_set_back=st.booleans())
    def lease_runs_out(self, clock_was_set_back: bool) -> None:
        self.run(self.conversations.call("ZADD", keys.LEASES, 1e12 if clock_was_set_back else 1, self.cid))
        # Only the next take notices; until then the slow worker's commit would still be good. It is noticed now.
        turn = self.run(self.conversations.take(60))
        assert turn is not None and self.valid is not None and turn.lease != self.valid.lease
        # The same turn, whatever came since: its side effects bear its id.
        assert (turn.id, turn.text) == (self.valid.id, self.valid.text)
        self.turns.append(turn)
        self.valid = turn

    @precondition(lambda self: self.turns)
    @rule(data=st.data(), replies=st.integers(0, 2), hands_over=st.booleans())
    def commit(self, data: st.DataObject, replies: int, hands_over: bool) -> None:
        turn = data.draw(st.sampled_from(self.turns))
        handoff = Handoff("support", "why", {"at": 1}) if hands_over else None
        commit = Commit(replies=[message("bot", f"reply {n}") for n in range(replies)], handoff=handoff)
        outcome = self.run(self.conversations.commit(turn, commit))
        if turn is not self.valid:
            assert outcome in ("lost", "stale")
            return
        assert outcome == "ok"
        self.valid = None
        self.unanswered -= len(turn.messages)
        self.log += [f"reply {n}" for n in range(replies)]
        if hands_over:
            self.log.append("handoff")
            self._owned("queue")

    @rule(agent=AGENTS, may_step_in=st.sampled_from([False, False, False, True]))
    def claim(self, agent: str, may_step_in: bool) -> None:
        owner = "bot" if may_step_in else "queue"
        self._change(self.conversations.claim(self.cid, agent, agent, owner=owner), self.owner == owner,
                     "claimed", "agent", agent)

    @rule(agent=AGENTS, off=st.integers(-1, 1))
    def claim_as_seen(self, agent: str, off: int) -> None:
        act = self.conversations.claim(self.cid, agent, agent, epoch=self.epoch + off)
        self._change(act, self.owner == "queue" and off == 0, "claimed", "agent", agent)

    @rule(agent=AGENTS)
    def release(self, agent: str) -> None:
        self._change(self.conversations.release(self.cid, agent, agent), self._holds(agent), "released", "queue")

    @rule(agent=AGENTS)
    def hand_back(self, agent: str) -> None:
        self._change(self.conversations.hand_back(self.cid, agent, agent), self._holds(agent), "handed_back", "bot")

    @rule(agent=AGENTS)
    def close(self, agent: str) -> None:
        self._change(self.conversations.close(self.cid, agent, agent, "solved"), self._holds(agent), "closed", "closed")

    @rule(agent=AGENTS)
    def say(self, agent: str) -> None:
        self.ids += 1
        act = self.conversations.say(self.cid, agent, agent, f"s{self.ids}", "said")
        if self._holds(agent):
            assert self.run(act).seq == len(self.log) + 1
            self.log.append("said")
        else:
            with pytest.raises(Stale) as caught:
                self.run(act)
            assert (caught.value.owner, caught.value.agent) == (self.owner, self.agent)
        # That id is not used for posting, which counts on all of its own.
        self.ids -= 1
        self.run(self.conversations.call("HDEL", keys.ids(self.cid), f"s{self.ids + 1}"))

    def _holds(self, agent: str) -> bool:
        return self.owner == "agent" and self.agent == agent

    def _change(self, act: Coroutine[Any, Any, Any], allowed: bool, event: str, owner: str, agent: str = "") -> None:
        if allowed:
            state = self.run(act)
            self.log.append(event)
            self._owned(owner, agent)
            assert (state.owner, state.agent, state.epoch) == (owner, agent, self.epoch)
        else:
            with pytest.raises(Stale) as caught:
                self.run(act)
            assert (caught.value.owner, caught.value.agent) == (self.owner, self.agent)

    def _owned(self, owner: str, agent: str = "") -> None:
        self.owner, self.agent = owner, agent
        self.epoch += 1
        self.unanswered = 0
        self.valid = None

    # -- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def the_store_is_as_the_model(self) -> None:
        if not hasattr(self, "cid"):
            return
        state = self.run(self.conversations.state(self.cid))
        assert (state.owner, state.agent, state.epoch, state.seq) == (self.owner, self.agent, self.epoch, len(self.log))
        records = self.run(self.conversations.records(self.cid))
        assert [record["seq"] for record in records] == list(range(1, len(self.log) + 1))
        assert [record.get("text") or record["event"] for record in records] == self.log

    @invariant()
    def it_stands_in_one_place(self) -> None:
        if not hasattr(self, "cid"):
            return
        owners = [owner for owner in keys.OWNERS if self.cid in self.run(self.conversations.owned(owner))]
        assert owners == [self.owner]
        ready = self.run(self.conversations.call("LRANGE", keys.READY, 0, -1)).count(self.cid)
        leased = int(self.run(self.conversations.call("ZSCORE", keys.LEASES, self.cid)) is not None)
        turns = self.run(self.conversations.call("LLEN", keys.turns(self.cid)))
        assert turns == self.unanswered
        assert (ready, leased) == ((0, 1) if self.valid else (1, 0) if self.unanswered else (0, 0))


@pytest.fixture
def machine(valkey: Valkey) -> Iterator[type[Ownership]]:
    Ownership.url = valkey.url
    yield Ownership


@pytest.mark.timeout(3600 if "FAULTS_STEPS" in os.environ else 300)
def test_nobody_writes_to_what_they_do_not_own(machine: type[Ownership]) -> None:
    run_state_machine_as_test(machine, settings=settings(  # type: ignore[no-untyped-call]
        max_examples=max(60, int(os.environ.get("FAULTS_STEPS", "0")) // 50), stateful_step_count=50 if "FAULTS_STEPS" in os.environ else 30, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck)))
