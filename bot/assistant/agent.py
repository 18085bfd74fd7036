"""The agent: Rasa's message processor without the work that it does at each turn and nobody looks at.

What a turn does and in which order stays Rasa's. Each override below replaces a method of Rasa 3.6.21
(tests/assistant pins the version) by one with the same effect.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from rasa.core.actions.action import Action
from rasa.core.agent import Agent
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker

from bot.assistant.runner import StraightRunner


class TurnProcessor(MessageProcessor):
    """Handles one message after another; the worker sees to order and to saving."""

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        with tempfile.TemporaryDirectory() as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, StraightRunner
            )
        return Path(model_path).name, metadata, runner

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Rasa builds an empty domain at each message to learn whether ours is one; `rasa data validate` checks it."""

    def _log_action_on_tracker(
        self, tracker: DialogueStateTracker, action: Action, events: list[Event] | None, prediction: PolicyPrediction
    ) -> None:
        # As Rasa's, but for deep copies of all events for log lines that are not written.
        tracker.update_with_events(prediction.events, self.domain)
        tracker.update(action.event_for_successful_execution(prediction))
        tracker.update_with_events(events or [], self.domain)


class TurnAgent(Agent):
    """Rasa's agent around a :class:`TurnProcessor`."""

    @classmethod
    def load(cls, model_path: str | Path, **parts: Any) -> TurnAgent:
        """`parts` are those of Rasa's agent, of which the tracker store and the action endpoint matter here."""
        agent = cls(**parts)
        agent.load_model(model_path)
        return agent

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        self.processor = TurnProcessor(
            model_path=model_path, tracker_store=self.tracker_store, lock_store=self.lock_store,
            action_endpoint=self.action_endpoint, generator=self.nlg,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses
