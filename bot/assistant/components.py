"""Rasa graph components around our own classifier, retriever and router, in the order of config.yml.

Each does one step of :mod:`bot.judgement.judge`; what they find travels on the message under ``reading`` and
``judgement``. None is trained by Rasa: the classifier comes assembled from the set-up, the index from a publish.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.judgement import assembly, following, reranking
from bot.judgement.judge import classified, seen, sought
from bot.judgement.judgement import Reading
from bot.judgement.knowledge import Knowledge, Published
from bot.judgement.router import decide, settled, within_task
from bot.judgement.segments import segments
from bot.judgement.tasks import TASKS
from bot.judgement.wishes import others
from bot.settings import Settings, read
from kb_index.encoder import load_encoder
from kb_index.retriever import Candidate

log = logging.getLogger(__name__)
_Types = DefaultV1Recipe.ComponentType

#: Decisions are what the rules in data/rules act on; small talk keeps the intent it was read as.
_DECIDED = frozenset({"answer", "task", "clarify", "handoff", "abstain"})
#: Texts of tasks.
_TASK_SAYS = ("utter_done_", "utter_order_", "utter_refund_", "utter_member", "utter_card_", "utter_confirm_",
              "utter_task_", "utter_ask_", "utter_refused_")
#: So many messages are remembered with what was read and found: what customers say first, and on buttons, is mostly
#: what others have said. Kept in memory alone, without saying who said it; long ones are not said twice.
_REMEMBERED, _SHORT = 4096, 200


class _Component(GraphComponent):
    """What all of ours share: settings from the environment, and the file that tells them apart from stale models."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        execution_context: ExecutionContext,
    ) -> _Component:
        return cls(read())

    @staticmethod
    def required_packages() -> list[str]:
        # faiss-cpu is importable as faiss only, so Rasa's check by name cannot work for it.
        return []

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        # Rasa's cache looks at a component's own source only; this covers the encoder and the modules behind it.
        return assembly.mark(read())


@DefaultV1Recipe.register(_Types.INTENT_CLASSIFIER, is_trainable=False)
class IntentClassifier(_Component):
    """Reads what a message is about: route and intent, of the whole and of its sentences (bot.judgement.classifier)."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._remembered = lru_cache(_REMEMBERED)(self._read)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            reading = self._remembered(text) if len(text) <= _SHORT else self._read(text)
            message.set("reading", reading)
            message.set(INTENT, {"name": reading.intent, "confidence": reading.intent_confidence}, add_to_output=True)
        return messages

    def _read(self, text: str) -> Reading:
        return classified([text], assembly.shared(self.settings))[0]


@DefaultV1Recipe.register(_Types.INTENT_CLASSIFIER, is_trainable=False)
class KnowledgeMatcher(_Component):
    """Finds the nearest entries of the snapshot that is published at this moment."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.knowledge = Knowledge.shared(settings.index)
        self._larger = reranking.name(settings)
        self._published: Published | None = None
        self._remembered: Callable[[str, str, bool], tuple[Candidate, ...]] = self._seek

    def process(self, messages: list[Message]) -> list[Message]:
        self.knowledge.encoder = load_encoder(self.settings.encoder).name
        self.knowledge.larger_encoder = self._larger
        published = self.knowledge.current()
        if published is not self._published:
            # What was found in another snapshot is forgotten with it.
            self._published, self._remembered = published, lru_cache(_REMEMBERED)(self._seek)
        for message in messages:
            reading: Reading = message.get("reading")
            whole, is_settled = sought(reading, published.retriever), settled(reading, published.bars, TASKS)
            found = (self._remembered if len(reading.text) <= _SHORT else self._seek)(whole, reading.text, is_settled)
            message.set("reading", reading.finding(found))
        return messages

    def _seek(self, whole: str, text: str, is_settled: bool) -> tuple[Candidate, ...]:
        """What is decided whatever is found is not looked at again."""
        assert self._published is not None
        retriever, vectors = self._published.retriever, load_encoder(self.settings.encoder).encode([whole])
        second = seen([text], assembly.shared(self.settings), retriever)
        reranker = None if is_settled else reranking.shared(self.settings)
        return tuple(retriever.search([whole], vectors, second=second, reranker=reranker)[0])


@DefaultV1Recipe.register(_Types.INTENT_CLASSIFIER, is_trainable=False)
class Router(_Component):
    """Decides by the bars of the published calibration; the rules act on the intent that it sets."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.knowledge = Knowledge.shared(settings.index)

    def process(
        self, messages: list[Message], tracker: DialogueStateTracker | None = None, domain: Domain | None = None
    ) -> list[Message]:
        published = self.knowledge.current()
        failed = int(tracker.get_slot("failed") or 0) if tracker and "failed" in tracker.slots else 0
        # A task asks again by itself before people take over.
        in_task = tracker is not None and tracker.active_loop_name is not None
        before, task, ended = _before(tracker) if tracker else ("", "", "")
        for message in messages:
            reading: Reading = message.get("reading")
            judgement = decide(reading, published.bars, 0 if in_task else failed, TASKS)
            if in_task:
                judgement = within_task(judgement, reading.text)
            elif ended == "done" and judgement.decision != "handoff" and following.wants_undone(reading.text):
                judgement = following.undone(reading)
            elif ended in ("refused", "declined") and task in TASKS and following.wants_other(reading.text):
                judgement = following.again(task, reading)
            if before and following.follows(reading.text):
                together = self._together(before, reading, published)
                judgement = following.in_context(judgement, reading, together, published.bars)
            told = {**judgement.as_dict(), "snapshot": published.snapshot.name}
            if judgement.decision == "handoff" and reading.support_segment:
                # What else the customer wants goes to the person with it.
                told["also"] = [part for part in segments(reading.text) if part != reading.support_segment]
            if judgement.decision == "task":
                told["also"] = others(reading.text, judgement.intent, assembly.shared(self.settings))
            for candidate in told["candidates"]:
                # For people, who know entries by their question.
                position = published.snapshot.position[candidate["entry"]]
                candidate["question"] = published.snapshot.entries[position].question
            message.set("judgement", told, add_to_output=True)
            intent = judgement.decision if judgement.decision in _DECIDED else judgement.intent
            message.set(INTENT, {"name": intent, "confidence": judgement.confidence}, add_to_output=True)
            # The reading is for this pipeline only; what stays on the message ends up in the tracker.
            message.data.pop("reading", None)
        return messages

    def _together(self, before: str, reading: Reading, published: Published) -> list[Candidate]:
        """What is found for a message with what it follows."""
        text = f"{before} {reading.said}"
        seen_as = seen([text], assembly.shared(self.settings), published.retriever)
        vectors = load_encoder(self.settings.encoder).encode([text])
        return published.retriever.search([text], vectors, second=seen_as,
                                          reranker=reranking.shared(self.settings))[0]


def _before(tracker: DialogueStateTracker) -> tuple[str, str, str]:
    """What the bot's last turn was about, an entry's question or a task's matter, or nothing; the task, and how that
    ended."""
    last: list[BotUttered] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        if isinstance(event, BotUttered):
            last.append(event)
    for event in last:
        evidence = ((event.data or {}).get("custom") or {}).get("evidence") or {}
        if evidence.get("decision") == "answer" and evidence.get("question"):
            return str(evidence["question"]), "", ""
    task = tracker.get_slot("task") if "task" in tracker.slots else None
    told = task if isinstance(task, dict) and last else {}
    # Of a task that ended long ago the slot still tells.
    just = tracker.active_loop_name is not None or any(
        str((event.metadata or {}).get("utter_action", "")).startswith(_TASK_SAYS) for event in last)
    name = str(told.get("name") or "")
    return (following.TOPICS.get(name, ""), name, str(told.get("ended") or "")) if just else ("", "", "")

