"""Rasa graph components around our own encoder, classifier, retriever and router, in the order of config.yml.

Each does one step of :mod:`bot.judgement.judge`; what they find travels on the message under ``vectors``, ``reading``
and ``judgement``.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.judgement import training
from bot.judgement.classifier import Classifier
from bot.judgement.judge import classify, parts
from bot.judgement.judgement import Reading
from bot.judgement.knowledge import Knowledge
from bot.judgement.router import decide
from bot.settings import Settings, read
from kb_index.cache import VectorCache
from kb_index.encoder import load_encoder

log = logging.getLogger(__name__)
_Types = DefaultV1Recipe.ComponentType

#: Decisions are what the rules in data/rules act on; small talk and tasks keep the intent they were read as.
_DECIDED = frozenset({"answer", "clarify", "handoff", "abstain"})


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
        return training.fingerprint(read())


@DefaultV1Recipe.register(_Types.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(_Component):
    """Embeds a message and its sentences once; all later components share the vectors."""

    def process(self, messages: list[Message]) -> list[Message]:
        encoder = load_encoder(self.settings.encoder)
        for message in messages:
            message.set("vectors", encoder.encode(parts(message.get(TEXT) or "")))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


@DefaultV1Recipe.register(_Types.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(_Component):
    """Multinomial logistic regression on the sentence vectors, routes and all (bot.judgement.classifier)."""

    def __init__(
        self, settings: Settings, storage: ModelStorage, resource: Resource, classifier: Classifier | None = None
    ) -> None:
        super().__init__(settings)
        self._storage = storage
        self._resource = resource
        self.classifier = classifier

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
        return cls(read(), model_storage, resource)

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        execution_context: ExecutionContext, **kwargs: Any,
    ) -> LinearIntentClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(read(), model_storage, resource, Classifier.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        routes = {m.get(INTENT): _route(m) for m in examples}
        encoder = load_encoder(self.settings.encoder, 2)
        cache = VectorCache(encoder, self.settings.cache / "vectors.db")
        texts = [parts(m.get(TEXT))[0] for m in examples]
        vectors = cache.encode(texts)
        cache.close()
        self.classifier = Classifier.fit(texts, vectors, [m.get(INTENT) for m in examples], routes, encoder.name)
        with self._storage.write_to(self._resource) as folder:
            self.classifier.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        if self.classifier is None:
            raise RuntimeError("the intent classifier was asked before it was trained")
        for message in messages:
            text = message.get(TEXT) or ""
            vectors = message.get("vectors")
            reading = classify(text, vectors, self.classifier)
            message.set("reading", reading)
            message.set(INTENT, {"name": reading.intent, "confidence": reading.intent_confidence}, add_to_output=True)
        return messages


@DefaultV1Recipe.register(_Types.INTENT_CLASSIFIER, is_trainable=False)
class KnowledgeMatcher(_Component):
    """Finds the nearest entries of the snapshot that is published at this moment."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.knowledge = Knowledge.shared(settings.index)

    def process(self, messages: list[Message]) -> list[Message]:
        self.knowledge.encoder = load_encoder(self.settings.encoder).name
        retriever = self.knowledge.current().retriever
        for message in messages:
            vectors = np.asarray(message.get("vectors"))
            found = retriever.search([parts(message.get(TEXT) or "")[0]], vectors[:1])[0]
            reading: Reading = message.get("reading")
            message.set("reading", Reading(**{**reading.__dict__, "candidates": tuple(found)}))
        return messages


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
        for message in messages:
            judgement = decide(message.get("reading"), published.bars, failed)
            told = {**judgement.as_dict(), "snapshot": published.snapshot.name}
            for candidate in told["candidates"]:
                # For people, who know entries by their question.
                position = published.snapshot.position[candidate["entry"]]
                candidate["question"] = published.snapshot.entries[position].question
            message.set("judgement", told, add_to_output=True)
            intent = judgement.decision if judgement.decision in _DECIDED else judgement.intent
            message.set(INTENT, {"name": intent, "confidence": judgement.confidence}, add_to_output=True)
            # Vectors and readings are for this pipeline only; what stays on the message ends up in the tracker.
            message.data.pop("vectors", None)
            message.data.pop("reading", None)
        return messages


def _route(example: Message) -> str:
    """The route that the example's block in data/nlu names, as Rasa keeps a block's metadata."""
    told = (example.get("metadata") or {}).get("intent") or {}
    return str(told.get("route", "service"))
