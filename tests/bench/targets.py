"""What is measured: Frontdesk, stock Rasa with and without TED, and our pipeline as a plain Rasa server."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from processes import Process, cpu, free_port, listens, rss, tree

from bot.conversations.store import Conversations, connect
from bot.settings import ROOT, Settings, read

PEERS = Path(__file__).parent / "peers"


class Target:
    """Something that answers turns. `kind` is what load.py calls its way in."""

    name: str
    kind = "rest"

    def __init__(self, work: Path) -> None:
        self.work = work
        self.processes: list[Process] = []
        self.port = free_port()
        self.ready_after = 0.0

    def start(self) -> None:
        begun = time.monotonic()
        self._start()
        self.ready_after = time.monotonic() - begun

    def _start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.stop()
        self.processes.clear()

    def pids(self) -> list[int]:
        return [pid for process in self.processes for pid in tree(process.popen.pid)]

    def cpu(self) -> dict[str, float]:
        return cpu(self.pids())

    def rss(self) -> dict[str, float]:
        return rss(self.pids())

    def conversations(self, number: int) -> list[tuple[str, str]]:
        mark = time.time_ns()
        return [(f"bench-{mark}-{i}", "") for i in range(number)]


class Frontdesk(Target):
    """`frontdesk run` in a home that is set up; conversations are made in the store, since the desk lets one address
    begin only so many a minute."""

    kind = "frontdesk"

    def __init__(self, work: Path, home: Path, workers: int = 1) -> None:
        super().__init__(work)
        self.name = "Frontdesk" if workers == 1 else f"Frontdesk, {workers} assistants"
        self.home = work / f"home-{workers}"
        self._from = home
        self.workers = workers

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
        return {**kept, "FRONTDESK_HOME": str(self.home), "FRONTDESK_PORT": str(self.port),
                "FRONTDESK_WORKERS": str(self.workers), "FRONTDESK_LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}

    @property
    def settings(self) -> Settings:
        return read({name: value for name, value in self.environ.items() if name.startswith("FRONTDESK_")})

    def _start(self) -> None:
        if self.home.exists():
            shutil.rmtree(self.home)
        self.home.mkdir(parents=True)
        for part in self._from.iterdir():
            if part.name not in ("valkey", "logs", "cache", "run.lock", "setup.lock") and ".db" not in part.name:
                (shutil.copytree if part.is_dir() else shutil.copy2)(part, self.home / part.name)
        begun = time.monotonic()
        process = Process("frontdesk", [sys.executable, "-m", "bot.cli", "run"], ROOT, self.environ,
                          self.work / "frontdesk.log")
        self.processes.append(process)
        process.wait_for(lambda: b"Frontdesk is ready" in process.log.read_bytes(), 180)
        self._copied = begun

    def start(self) -> None:
        self._start()
        self.ready_after = time.monotonic() - self._copied
        if self.workers > 1:
            self.processes[0].wait_for(lambda: self.health()["assistant"]["workers"] == self.workers, 60)

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
            return dict(json.load(answer))

    def conversations(self, number: int) -> list[tuple[str, str]]:
        async def made() -> list[tuple[str, str]]:
            client = connect(self.settings.redis)
            store = Conversations(client)
            found = []
            for _ in range(0, number, 50):
                found += await asyncio.gather(*(store.create() for _ in range(50)))
            await client.close()
            return found[:number]

        return asyncio.run(made())


class _Rasa(Target):
    """A Rasa server with an action server and a Redis."""

    folder: Path
    rasa: list[str]
    model: str

    def environ(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("FRONTDESK_") and name != "PYTHONPATH"}
        return {**kept, "RASA_TELEMETRY_ENABLED": "false", "CUDA_VISIBLE_DEVICES": "-1", **more}

    def _start(self) -> None:
        redis, actions = free_port(), free_port()
        server = shutil.which("redis-server") or _valkey()
        logs = self.work / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        store = Process("redis", [server, "--port", str(redis), "--save", "", "--bind", "127.0.0.1"], self.work,
                        os.environ, logs / f"{self.model}-redis.log")
        self.processes.append(store)
        store.wait_for(lambda: listens(redis), 20)
        environ = self.environ(PEER_REDIS_PORT=str(redis), PEER_ACTIONS_PORT=str(actions))
        sdk = Process("actions", [*self.rasa, "run", "actions", "--actions", "actions", "--port", str(actions)],
                      self.folder, {**environ, "SANIC_HOST": "127.0.0.1"}, logs / f"{self.model}-actions.log")
        rasa = Process(
            "rasa", [*self.rasa, "run", "--model", self.archive(), "--endpoints", self.file("endpoints.yml"),
                     "--credentials", self.file("credentials.yml"), "--port", str(self.port), "-i", "127.0.0.1"],
            self.folder, environ, logs / f"{self.model}-rasa.log",
        )
        self.processes += [sdk, rasa]
        rasa.wait_for(lambda: listens(self.port), 400)
        sdk.wait_for(lambda: listens(actions), 200)

    def archive(self) -> str:
        return f"models/{self.model}.tar.gz"

    def file(self, name: str) -> str:
        return name


class Stock(_Rasa):
    """Stock Rasa; :func:`prepare` makes its environment, its data and its models first."""

    def __init__(self, work: Path, ted: bool) -> None:
        super().__init__(work)
        self.name = "stock Rasa, DIET and TED" if ted else "stock Rasa, DIET and rules"
        self.model = "stock" if ted else "rules"
        self.folder = work / "peers" / "stock"
        self.rasa = [str(work / "stock" / "bin" / "rasa")]


class Pipeline(_Rasa):
    """Our components, rules and actions on Rasa's own REST channel, stores and action server."""

    name = "our pipeline on Rasa's REST channel"
    model = "pipeline"
    folder = ROOT

    def __init__(self, work: Path, home: Path) -> None:
        super().__init__(work)
        self.home = home
        self.rasa = [sys.executable, "-m", "bot.assistant.rasa_command"]

    def environ(self, **more: str) -> dict[str, str]:
        return super().environ(FRONTDESK_HOME=str(self.home), PYTHONPATH=str(ROOT), **more)

    def archive(self) -> str:
        return str(self.home / "models" / "assistant.tar.gz")

    def file(self, name: str) -> str:
        return str(PEERS / "pipeline" / name)


def _valkey() -> str:
    from bot.valkey import binary

    return str(binary())


def prepare(work: Path, epochs: int) -> dict[str, float]:
    """The stock bot's environment from PyPI and its two models; what is there already is kept. Returns seconds."""
    uv = ROOT / ".bootstrap" / "bin" / "uv"
    command = [str(uv)] if uv.exists() else [shutil.which("uv") or "uv"]
    spent: dict[str, float] = {}
    python = work / "stock" / "bin" / "python"
    if not (work / "stock" / "bin" / "rasa").exists():
        begun = time.monotonic()
        print("installing stock Rasa into an environment of its own (about 2.5 GB, from PyPI)", flush=True)
        subprocess.run([*command, "venv", "-q", "--python", sys.executable, str(work / "stock")], check=True)
        subprocess.run([*command, "pip", "install", "-q", "--compile-bytecode", "--python", str(python),
                        "-r", str(PEERS / "stock" / "requirements.txt")], check=True)
        spent["install"] = time.monotonic() - begun
    folder = work / "peers" / "stock"
    written = [sys.executable, str(PEERS / "stock" / "write.py"), str(folder), str(epochs)]
    subprocess.run(written, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    for model, config in (("rules", "config.rules.yml"), ("stock", "config.yml")):
        if not (folder / "models" / f"{model}.tar.gz").exists():
            begun = time.monotonic()
            print(f"training stock Rasa ({config}, {epochs} epochs); minutes", flush=True)
            with (work / f"train-{model}.log").open("wb") as log:
                subprocess.run([str(work / "stock" / "bin" / "rasa"), "train", "--config", config,
                                "--fixed-model-name", model, "--out", "models"], cwd=folder, check=True, stdout=log,
                               stderr=log, env={**os.environ, "RASA_TELEMETRY_ENABLED": "false",
                                                "CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": ""})
            spent[f"train {model}"] = time.monotonic() - begun
    return spent
