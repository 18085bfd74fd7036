"""Trackers of bounded length that forget nothing that matters, and change nothing before the commit."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from play import Customer
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot

from bot.assistant.tracker_store import CACHED, LONGEST, SHORTEST, TurnTrackerStore, shortened
from bot.assistant.worker import Worker
from bot.conversations import keys
from bot.conversations.store import Conversations


@pytest.fixture
def store() -> TurnTrackerStore:
    slots = [AnySlot(name, mappings=[{"type": "custom"}], initial_value=value, influence_conversation=False)
             for name, value in (("order", None), ("failed", None), ("city", "London"))]
    return TurnTrackerStore(Domain(["greet"], [], slots, {}, [], {}, {}))


def turn(store: TurnTrackerStore, cid: str, *more: Any) -> None:
    tracker = store.begin(cid)
    for event in (UserUttered("hi", {"name": "greet"}), *more, BotUttered("hello"), ActionExecuted("action_listen")):
        tracker.update(event)


def values(store: TurnTrackerStore, cid: str) -> dict[str, Any]:
    return {name: store._kept[cid].tracker.get_slot(name) for name in ("order", "failed", "city")}


def test_what_a_turn_changed_restores_the_same_tracker_elsewhere(store: TurnTrackerStore) -> None:
    store.restore("c", 0, [], None)
    turn(store, "c", SlotSet("order", "LM-1"), ActiveLoop("order_form"), SlotSet("city", None))
    events, slots = store.changes("c")
    assert [json.loads(event)["event"] for event in events] == ["user", "slot", "active_loop", "slot", "bot", "action"]
    other = TurnTrackerStore(store.domain)
    other.restore("c", 1, events, slots)
    tracker = other._kept["c"].tracker
    assert values(other, "c") == values(store, "c") == {"order": "LM-1", "failed": None, "city": None}
    assert tracker.active_loop_name == "order_form" and tracker.latest_message.text == "hi"
    assert [type(event) for event in tracker.events] == [type(event) for event in store._kept["c"].tracker.events]
    assert other.has("c", 1) and not other.has("c", 0) and not other.has("d", 1)


def test_only_what_is_new_in_a_turn_is_committed(store: TurnTrackerStore) -> None:
    store.restore("c", 0, [], None)
    turn(store, "c")
    store.committed("c", 1)
    turn(store, "c", SlotSet("failed", 1))
    events, slots = store.changes("c")
    assert len(events) == 4 and json.loads(slots) == {"slots": {"failed": 1}, "loop": None}


def test_what_was_set_long_ago_survives_shortening_and_a_restart(store: TurnTrackerStore) -> None:
    store.restore("c", 0, [], None)
    kept: list[str] = []
    slots = ""
    for n in range(120):
        first = (SlotSet("order", "LM-1"), ActiveLoop("order_form"), SlotSet("city", None)) if n == 0 else ()
        turn(store, "c", *first, SlotSet("failed", n))
        assert len(store._kept["c"].tracker.events) <= LONGEST + 6
        events, slots = store.changes("c")
        kept = [*kept, *events][-keys.TRACKER_EVENTS:]
        store.committed("c", n + 1)
    assert values(store, "c") == {"order": "LM-1", "failed": 119, "city": None}
    assert store._kept["c"].tracker.active_loop_name == "order_form"
    other = TurnTrackerStore(store.domain)
    other.restore("c", 120, kept, slots)
    assert values(other, "c") == values(store, "c") and other._kept["c"].tracker.active_loop_name == "order_form"
    # Rasa copies trackers by replaying their events: what is not among them would be gone in the copy.
    copied = other._kept["c"].tracker.copy()
    assert copied.get_slot("order") == "LM-1" and copied.active_loop_name == "order_form"


def test_a_loop_that_ended_long_ago_stays_ended(store: TurnTrackerStore) -> None:
    store.restore("c", 0, [], None)
    for n in range(60):
        turn(store, "c", *[(ActiveLoop("f"),), (ActiveLoop(None),)][n] if n < 2 else ())
    assert store.begin("c").active_loop_name is None


def test_shortening_cuts_between_turns() -> None:
    events = [event for n in range(30) for event in (UserUttered(f"m{n}"), BotUttered("x"), ActionExecuted("action_listen"))]
    cut = shortened(events)
    assert isinstance(cut[0], ActionExecuted) and isinstance(cut[1], UserUttered)
    assert SHORTEST <= len(cut) <= SHORTEST + 4 and cut[1:] == events[-len(cut) + 1 :]


def test_one_endless_turn_is_not_cut() -> None:
    events = [UserUttered("m"), *[BotUttered("x") for _ in range(100)]]
    assert shortened(events)[1:] == events


def test_a_failed_turn_leaves_no_trace(store: TurnTrackerStore) -> None:
    store.restore("c", 3, [], None)
    turn(store, "c", SlotSet("order", "LM-9"))
    store.forget("c")
    assert not store.has("c", 3)
    store.committed("c", 4)
    store.forget("never seen")
    assert not store.has("c", 4)


def test_only_so_many_trackers_are_kept(store: TurnTrackerStore) -> None:
    for n in range(CACHED + 5):
        store.restore(f"c{n}", 0, [], None)
    assert not store.has("c0", 0) and store.has(f"c{CACHED + 4}", 0) and len(store._kept) == CACHED


async def test_rasas_own_commands_get_a_plain_store(store: TurnTrackerStore) -> None:
    assert await store.retrieve("new") is None
    tracker = await store.get_or_create_tracker("new")
    await store.save(tracker)
    assert await store.retrieve("new") is tracker and list(await store.keys()) == ["new"]


async def test_turn_200_costs_what_turn_20_did(
    worker: Worker, customer: Customer, conversations: Conversations
) -> None:
    """Bounded by what is kept, so that it holds on any machine; the time is checked with a wide margin only."""
    took, longest = [], 0
    for n in range(200):
        await customer.say(("hello", "thank you")[n % 2])
        turn = await conversations.take()
        assert turn is not None
        begun = time.perf_counter()
        await worker._handle(turn)
        took.append(time.perf_counter() - begun)
        longest = max(longest, len(worker.trackers._kept[customer.cid].tracker.events))
        assert len((await conversations.tracker(customer.cid))[0]) <= keys.TRACKER_EVENTS
    assert longest <= LONGEST + 12
    assert len(await customer.heard()) == 200
    assert sorted(took[180:])[10] < 5 * sorted(took[10:30])[10]
