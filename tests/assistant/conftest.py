"""Real assistants on a real Valkey: the trained model, the real encoder, and an index of our own to change."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace

import pytest
from play import Customer, republish
from product import product, pytest_collection_finish

from bot.assistant import without_tensorflow
from bot.conversations.store import Conversations
from bot.judgement import assembly as judgement
from bot.settings import Settings
from kb_index import snapshot

without_tensorflow.install()
with warnings.catch_warnings():
    # What Rasa's imports of old libraries warn of is not ours to mend.
    warnings.simplefilter("ignore")
    from rasa.core.agent import Agent

    from bot.assistant import actions_in_process, launcher, training
    from bot.assistant.agent import TurnAgent
    from bot.assistant.tracker_store import TurnTrackerStore
    from bot.assistant.worker import Worker

__all__ = ["product", "pytest_collection_finish"]


@pytest.fixture(scope="session")
def workshop(product: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the real trained parts and an index of our own."""
    home = tmp_path_factory.mktemp("workshop")
    for name in ("encoder", "reranker", "judgement", "models"):
        (home / name).symlink_to(product.home / name)
    settings = replace(product, home=home)
    republish(snapshot.load_current(product.index), settings)
    return settings


@pytest.fixture(autouse=True)
def at_home(workshop: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Components and actions read their settings from the environment."""
    monkeypatch.setenv("FRONTDESK_HOME", str(workshop.home))
    return workshop


@pytest.fixture(scope="session")
def agents(workshop: Settings) -> Iterator[list[tuple[Agent, TurnTrackerStore]]]:
    """Two assistants, as two processes would have them."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("FRONTDESK_HOME", str(workshop.home))
        launcher.quiet_rasa("WARNING")
        actions_in_process.install()
        loaded = []
        for _ in range(2):
            trackers = TurnTrackerStore(None)
            agent = TurnAgent.load(training.model(workshop), tracker_store=trackers,
                                   action_endpoint=actions_in_process.ActionsInProcess())
            loaded.append((agent, trackers))
    # Not within the patch: it would hold for every test after these.
    yield loaded


@pytest.fixture
def workers(
    agents: list[tuple[Agent, TurnTrackerStore]], conversations: Conversations, workshop: Settings
) -> list[Worker]:
    """Two workers that remember nothing and do not run yet."""
    for _, trackers in agents:
        for cid in list(trackers._kept):
            trackers.forget(cid)
    return [Worker(conversations, agent, trackers, judgement.load(workshop))
            for agent, trackers in agents]


@pytest.fixture
def worker(workers: list[Worker]) -> Worker:
    return workers[0]


@pytest.fixture
async def customer(conversations: Conversations) -> Customer:
    cid, _ = await conversations.create(page="https://larkmoor.example/sofas", locale="en-GB", browser="Firefox")
    return Customer(conversations, cid)
