"""What is left out of Rasa's way through a turn changes none of its outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.assistant.rules import BoundedRulePolicy
from bot.assistant.runner import StraightRunner
from bot.assistant.tracker_store import Tracker, TurnTrackerStore

LISTEN = ActionExecuted("action_listen")


def said(intent: str) -> UserUttered:
    return UserUttered("x", {"name": intent, "confidence": 1.0})


def turn(intent: str, action: str) -> list[Event]:
    return [said(intent), ActionExecuted(action), SlotSet("failed", 0), BotUttered("y"), LISTEN]


CONVERSATIONS: dict[str, list[Event]] = {
    "new": [ActionExecuted("action_session_start"), SessionStarted(), LISTEN],
    "one turn": [LISTEN, *turn("greet", "utter_greet")],
    "waits for an action": [LISTEN, *turn("greet", "utter_greet"), said("answer")],
    "after an action": [LISTEN, said("handoff"), ActionExecuted("action_handoff")],
    "no rule": [LISTEN, said("track_order")],
    "long": [LISTEN, *(event for _ in range(30) for event in turn("answer", "action_answer")), said("thank")],
    "a session over": [LISTEN, *turn("answer", "action_answer"), ActionExecuted("action_session_start"),
                       SessionStarted(), LISTEN, said("goodbye")],
    "restarted": [LISTEN, *turn("answer", "action_answer"), Restarted(), LISTEN, said("goodbye")],
    "taken back": [LISTEN, said("greet"), ActionExecuted("utter_greet"), ActionReverted()],
    "unsaid": [LISTEN, *turn("answer", "action_answer"), said("greet"), UserUtteranceReverted()],
    "in a loop": [LISTEN, said("answer"), ActiveLoop("some_form"), SlotSet("requested_slot", "order"), LISTEN,
                  said("thank")],
}


@pytest.fixture(scope="module")
def policy(agents: list[tuple[Agent, TurnTrackerStore]]) -> Iterator[BoundedRulePolicy]:
    processor = agents[0][0].processor
    assert processor is not None and isinstance(processor.graph_runner, StraightRunner)
    (found,) = [node._component for node in processor.graph_runner._nodes.values()
                if isinstance(node._component, BoundedRulePolicy)]
    yield found


@pytest.fixture(scope="module")
def domain(agents: list[tuple[Agent, TurnTrackerStore]]) -> Domain:
    found = agents[0][0].domain
    assert found is not None
    return found


def tracker(kind: type[DialogueStateTracker], domain: Domain, events: list[Event]) -> DialogueStateTracker:
    made: DialogueStateTracker = kind("c", domain.slots)
    for event in events:
        made.update(event)
    return made


@pytest.mark.parametrize("name", [name for name in CONVERSATIONS if name != "in a loop"])
def test_the_policy_predicts_what_rasas_predicts(name: str, policy: BoundedRulePolicy, domain: Domain) -> None:
    whole = copy(policy)
    whole.__class__ = RulePolicy
    theirs = whole.predict_action_probabilities(tracker(DialogueStateTracker, domain, CONVERSATIONS[name]), domain)
    ours = policy.predict_action_probabilities(tracker(Tracker, domain, CONVERSATIONS[name]), domain)
    assert ours.probabilities == theirs.probabilities
    assert ours.events == theirs.events and ours.hide_rule_turn == theirs.hide_rule_turn


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_tracker_and_its_copy_stand_where_rasas_would(name: str, domain: Domain) -> None:
    theirs = tracker(DialogueStateTracker, domain, CONVERSATIONS[name])
    ours = tracker(Tracker, domain, CONVERSATIONS[name])
    assert ours.applied_events() == theirs.applied_events()
    copied = ours.copy()

    def seen(one: DialogueStateTracker) -> dict[str, Any]:
        return one.current_state()

    assert isinstance(copied, Tracker) and seen(copied) == seen(ours) == seen(theirs)
    copied.update(SlotSet("failed", 7))
    copied.update(ActiveLoop("another"))
    assert seen(ours) == seen(theirs) and len(ours.events) == len(theirs.events)
