"""Starts an assistant: Rasa without TensorFlow, the model, the encoder and the index; then works until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import time
from importlib import import_module

from bot.assistant import training, without_tensorflow
from bot.conversations.store import Conversations, connect
from bot.judgement import assembly, reranking
from bot.judgement.knowledge import Knowledge
from bot.settings import Settings
from kb_index.encoder import load_encoder

log = logging.getLogger(__name__)


class NotTrained(RuntimeError):
    """There is no model to serve."""


def quiet_rasa(level: str) -> None:
    """Rasa logs through structlog, which prints all it is told until it is configured."""
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.getLevelName(level) if level == "DEBUG" else logging.WARNING)
    # Rasa's tracebacks tell the local variables of each frame, and in those stands what customers wrote.
    import structlog

    wordy, plain = structlog.processors.dict_tracebacks, structlog.processors.format_exc_info
    structlog.configure(processors=[plain if p is wordy else p for p in structlog.get_config()["processors"]])


def warm() -> None:
    """Imports Rasa and all that serves on it, which takes seconds and needs nothing of the set-up."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    without_tensorflow.install()
    with without_tensorflow.spared() if training.only_ours() else contextlib.nullcontext():
        for name in ("actions_in_process", "agent", "tracker_store", "worker"):
            import_module(f"bot.assistant.{name}")
        import_module("bot.assistant.actions_in_process").import_actions()


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises NotTrained, BadSnapshot, ModelMissing before anything is taken."""
    began = time.monotonic()
    archive = training.model(settings)
    if not archive.is_file():
        raise NotTrained(f"there is no trained model at {archive}; run `frontdesk setup`")
    # What may be missing is looked at first: importing Rasa takes seconds.
    encoder = load_encoder(settings.encoder)
    knowledge = Knowledge.shared(settings.index)
    knowledge.encoder = encoder.name
    knowledge.larger_encoder = reranking.name(settings)
    knowledge.current()
    warm()
    from actions.tasks import finding
    from bot.assistant import actions_in_process
    from bot.assistant.agent import TurnAgent
    from bot.assistant.tracker_store import TurnTrackerStore
    from bot.assistant.worker import Worker

    quiet_rasa(settings.log_level)
    actions_in_process.install()
    trackers = TurnTrackerStore(None)
    agent = TurnAgent.load(archive, tracker_store=trackers, action_endpoint=actions_in_process.ActionsInProcess())
    encoder.encode(["The first text through a fresh session takes longer than those after it."])
    classifier = assembly.shared(settings)
    classifier.intent_probabilities(["And through the classifier's own."])
    worker = Worker(Conversations(connect(settings.redis)), agent, trackers, classifier)
    # What was loaded stays. A collection that looks through it now and then stops all turns for a fifth of a second.
    gc.collect()
    gc.freeze()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, worker.stop)
    log.info("assistant %s is ready after %.1f s", worker.id, time.monotonic() - began)
    # Beside the first turns, not before them.
    warming = asyncio.create_task(asyncio.to_thread(finding.warm))
    await worker.run()
    await warming
    await worker.conversations.client.close()
    log.info("assistant %s has stopped", worker.id)
