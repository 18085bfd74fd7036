"""Rasa's own commands in the project's folder, for a developer who knows Rasa."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.assistant import rasa_command, training
from bot.settings import ROOT, Settings

RASA = [sys.executable, "-m", "bot.assistant.rasa_command"]


@pytest.fixture
def at_home(product: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Here the sample shop with its own bars: the stories are about what it publishes."""
    monkeypatch.setenv("FRONTDESK_HOME", str(product.home))
    return product


def run_rasa(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RASA, *arguments], cwd=ROOT, input=typed, capture_output=True, text=True, timeout=110)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_data_validate_finds_nothing_wrong(at_home: Settings) -> None:
    done = run_rasa("data", "validate")
    told = done.stdout + done.stderr
    assert done.returncode == 0 and "No story structure conflicts found" in told and "Traceback" not in told
    # Warned of is only what no rule names (intents that the router turns into decisions, responses that actions say),
    # and what no phrase trains: those decisions.
    warnings = [line for line in told.splitlines() if "UserWarning" in line and "not used in any story" not in line]
    untrained = {re.sub(r".*The intent '(\w+)' is listed in the domain file, but is not found.*", r"\1", line)
                 for line in warnings}
    assert untrained == {"answer", "task", "clarify", "handoff", "abstain", "files"}


def test_the_test_stories_pass_on_the_trained_model(at_home: Settings, tmp_path: Path) -> None:
    done = run_rasa("test", "core", "--e2e", "--stories", "tests/rasa", "--model", str(training.model(at_home)),
                    "--out", str(tmp_path), "--no-plot", "--fail-on-prediction-errors")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "None of the test stories failed" in (tmp_path / "failed_test_stories.yml").read_text()
    assert (tmp_path / "story_report.json").stat().st_size > 100


def test_every_rule_has_a_story() -> None:
    import yaml

    rules = [rule for file in (ROOT / "data" / "rules").glob("*.yml") for rule in yaml.safe_load(file.read_text())["rules"]]
    stories = yaml.safe_load((ROOT / "tests" / "rasa" / "test_stories.yml").read_text())["stories"]
    acted = {step["action"] for story in stories for step in story["steps"] if "action" in step}
    # No words bring this about, only a file without any: tests/assistant/test_worker.py.
    acted.add("utter_files")
    assert {step["action"] for rule in rules for step in rule["steps"] if "action" in step} == acted


@contextmanager
def action_server(port: int) -> Iterator[None]:
    with subprocess.Popen([*RASA, "run", "actions", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as running:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert running.poll() is None, running.stderr
                time.sleep(0.1)
            yield
        finally:
            running.terminate()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the system's table of sockets")
def test_shell_talks_to_the_action_server_which_listens_to_this_machine_only(
    at_home: Settings, tmp_path: Path
) -> None:
    port = free_port()
    text = (ROOT / "endpoints.yml").read_text().replace("5055", str(port))
    (tmp_path / "endpoints.yml").write_text(text)
    with action_server(port):
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")]
        assert listening == [f"0100007F:{port:04X}"]
        done = run_rasa("shell", "--model", str(training.model(at_home)), "--endpoints",
                        str(tmp_path / "endpoints.yml"), "--port", str(free_port()),
                        typed="How do I reset my password?\nhello\n/stop\n")
    assert "Forgotten password" in done.stdout, done.stderr[-3000:]
    assert "What can I do for you today?" in done.stdout


def test_rasas_servers_listen_to_this_machine_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    import rasa.__main__
    from rasa.core import constants

    for told in ("127.0.0.1", "10.0.0.1"):
        began: list[bool] = []
        monkeypatch.setattr(rasa.__main__, "main", lambda began=began: began.append(True))
        monkeypatch.setattr(constants, "DEFAULT_SERVER_INTERFACE", "0.0.0.0")  # noqa: S104 - Rasa's own default
        monkeypatch.setenv("SANIC_HOST", told)
        if told == "127.0.0.1":
            monkeypatch.delenv("SANIC_HOST")
        rasa_command.main()
        assert began and constants.DEFAULT_SERVER_INTERFACE == "127.0.0.1" and os.environ["SANIC_HOST"] == told


def test_the_project_names_the_command() -> None:
    """pip puts this script in place of Rasa's own, since the project is installed after what it needs."""
    assert 'rasa = "bot.assistant.rasa_command:main"' in (ROOT / "pyproject.toml").read_text()
