"""The tracker store: gives Rasa a tracker of bounded length and keeps it back until the turn commits.

Rasa would otherwise load and save the whole conversation at every turn, so that turn 60 costs ten times turn 1, and it
would save before our replies and change of owner are safe. Here `save` only notes that the tracker changed; the worker
takes its new events with :meth:`TurnTrackerStore.changes` and commits them with everything else (law 5).
"""

from __future__ import annotations

import copy
import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

#: A tracker is cut back to the events of its last few turns when it has grown to `LONGEST` events.
SHORTEST, LONGEST = 24, 64
#: Trackers kept ready in one worker.
CACHED = 2000


#: What makes some of a tracker's events not apply any more.
_UNDOING = (ActionReverted, UserUtteranceReverted, ActiveLoop)
_BEGINNING = (Restarted, SessionStarted)


class Tracker(DialogueStateTracker):
    """A tracker that is copied as it stands. Rasa's is copied, at each action, by replaying all its events."""

    def applied_events(self) -> list[Event]:
        # As Rasa's, which looks at each event several times; most conversations hold none that undoes others.
        kinds = set(map(type, self.events))
        if not kinds.isdisjoint(_UNDOING):
            applied: list[Event] = super().applied_events()
            return applied
        events = list(self.events)
        if kinds.isdisjoint(_BEGINNING):
            return events
        return events[max(i for i, event in enumerate(events) if type(event) in _BEGINNING) + 1 :]

    def copy(self) -> Tracker:
        made = copy.copy(self)
        made.events = self._create_events(self.events)
        made.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
        made.active_loop = copy.copy(self.active_loop)
        return made


@dataclass
class _Kept:
    tracker: DialogueStateTracker
    commits: int
    began: int = 0


class TurnTrackerStore(TrackerStore):
    """Trackers by conversation, with the number of commits they stand at."""

    def __init__(self, domain: Domain | None, event_broker: EventBroker | None = None, **kwargs: Any) -> None:
        super().__init__(domain or Domain.empty(), event_broker, **kwargs)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    # -- Rasa's side -------------------------------------------------------------------------------------------

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        kept = self._kept.get(sender_id)
        return kept.tracker if kept else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        kept = self._kept.get(tracker.sender_id)
        if kept is None:
            # Only Rasa's own commands get here without a turn; they keep their trackers in memory.
            self._remember(tracker, 0)
        else:
            kept.tracker = tracker

    async def keys(self) -> Iterable[str]:
        return list(self._kept)

    # -- the worker's side -------------------------------------------------------------------------------------

    def has(self, cid: str, commits: int) -> bool:
        """Whether the tracker at hand is the one that was committed last; another worker may have moved on."""
        kept = self._kept.get(cid)
        return kept is not None and kept.commits == commits

    def restore(self, cid: str, commits: int, events: Sequence[str], slots: str | None) -> None:
        """Makes a tracker from the stored tail of events and the slots, as :meth:`changes` gave them."""
        tail: list[Event] = deserialise_events([json.loads(event) for event in events])
        told = json.loads(slots or "{}")
        set_in_tail = {event.key for event in tail if isinstance(event, SlotSet)}
        before: list[Event] = [ActionExecuted("action_listen")]
        before += [SlotSet(name, value) for name, value in told.get("slots", {}).items() if name not in set_in_tail]
        if told.get("loop") and not any(isinstance(event, ActiveLoop) for event in tail):
            before.append(ActiveLoop(told["loop"]))
        # The first listen makes Rasa take the session as begun.
        self._remember(self._made(cid, [*before, *tail]), commits)

    def begin(self, cid: str) -> DialogueStateTracker:
        """The tracker for a turn, at most `LONGEST` events long; its additions are counted from here."""
        kept = self._kept[cid]
        if len(kept.tracker.events) > LONGEST:
            kept.tracker = self._made(cid, shortened(list(kept.tracker.events)))
        kept.began = len(kept.tracker.events)
        self._kept.move_to_end(cid)
        return kept.tracker

    def changes(self, cid: str) -> tuple[list[str], str]:
        """The events since :meth:`begin` and all slots that are set, both as JSON, for the commit."""
        kept = self._kept[cid]
        added = list(kept.tracker.events)[kept.began :]
        slots = {name: slot.value for name, slot in kept.tracker.slots.items() if slot.value != slot.initial_value}
        told = {"slots": slots, "loop": kept.tracker.active_loop_name}
        stored = [json.dumps(event.as_dict(), ensure_ascii=False, default=str) for event in added]
        return stored, json.dumps(told, default=str)

    def slot(self, cid: str, name: str) -> Any:
        """What a slot of the tracker at hand holds now."""
        return self._kept[cid].tracker.get_slot(name)

    def committed(self, cid: str, commits: int) -> None:
        """The turn is safe: the tracker at hand, if there is one, stands at `commits` now."""
        if cid in self._kept:
            self._kept[cid].commits = commits

    def forget(self, cid: str) -> None:
        """The turn did not happen: what this worker believed about the conversation goes."""
        self._kept.pop(cid, None)

    def _made(self, cid: str, events: Sequence[Event]) -> DialogueStateTracker:
        tracker = Tracker(cid, self.domain.slots)
        for event in events:
            tracker.update(event)
        return tracker

    def _remember(self, tracker: DialogueStateTracker, commits: int) -> None:
        self._kept[tracker.sender_id] = _Kept(tracker, commits)
        self._kept.move_to_end(tracker.sender_id)
        while len(self._kept) > CACHED:
            self._kept.popitem(last=False)


def shortened(events: Sequence[Event]) -> list[Event]:
    """The last turns, at least `SHORTEST` events of them, behind the slots and the loop that were set before.

    Rasa replays a tracker's events whenever it copies one, so a slot set long ago has to stand among them.
    """
    cut = max((i for i, event in enumerate(events[:-SHORTEST]) if isinstance(event, UserUttered)), default=0)
    slots: dict[str, Any] = {}
    loop: str | None = None
    for event in events[:cut]:
        if isinstance(event, SlotSet):
            slots[event.key] = event.value
        elif isinstance(event, ActiveLoop):
            loop = event.name
    before: list[Event] = [SlotSet(name, value) for name, value in slots.items()]
    if loop:
        before.append(ActiveLoop(loop))
    return [ActionExecuted("action_listen"), *before, *events[cut:]]
