"""Trains the Rasa model: config.yml, domain.yml, data/nlu and data/rules into one archive under FRONTDESK_HOME."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import yaml

from bot.judgement import assembly
from bot.settings import ROOT, Settings

Progress = Callable[[int, int], None]
_SOURCES = ("config.yml", "domain.yml")


class TrainingFailed(RuntimeError):
    """Rasa could not train; the message says what it said."""


def model(settings: Settings) -> Path:
    return settings.models / "assistant.tar.gz"


def only_ours(config: Path = ROOT / "config.yml") -> bool:
    """Whether every component and policy that is configured is one of this room."""
    told = yaml.safe_load(config.read_text(encoding="utf-8"))
    parts = [*(told.get("pipeline") or ()), *(told.get("policies") or ())]
    return all(str(part.get("name", "")).startswith("bot.assistant.") for part in parts)


def fingerprint(settings: Settings) -> str:
    """Changes with anything that the model is made of."""
    sums = hashlib.sha256(assembly.mark(settings).encode())
    files = [ROOT / name for name in _SOURCES] + sorted((ROOT / "data" / "rules").glob("*.yml"))
    for path in [*files, Path(__file__).parent / "components.py"]:
        sums.update(path.read_bytes())
    return sums.hexdigest()[:16]


def is_current(settings: Settings) -> bool:
    try:
        told = json.loads((settings.models / "trained.json").read_text())
        return model(settings).is_file() and bool(told["fingerprint"] == fingerprint(settings))
    except (OSError, ValueError, KeyError):
        return False


def train(settings: Settings, progress: Progress = lambda done, total: None) -> None:
    """Writes the model archive. Loads rasa, so set-up calls it in a process of its own. Raises TrainingFailed."""
    from bot.assistant import without_tensorflow

    without_tensorflow.install()
    os.environ["RASA_CACHE_DIRECTORY"] = str(settings.cache / "rasa")
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    progress(0, 2)
    from rasa.model_training import train as rasa_train

    progress(1, 2)
    settings.models.mkdir(parents=True, exist_ok=True)
    result = rasa_train(
        domain=str(ROOT / "domain.yml"), config=str(ROOT / "config.yml"),
        training_files=[str(ROOT / "data" / "nlu"), str(ROOT / "data" / "rules")],
        output=str(settings.models), fixed_model_name="assistant",
    )
    if result.model is None:
        raise TrainingFailed(
            f"rasa train ended with code {result.code}; run `rasa data validate` to see what it dislikes"
        )
    (settings.models / "trained.json").write_text(json.dumps({"fingerprint": fingerprint(settings)}))
    progress(2, 2)
