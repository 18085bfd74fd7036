"""`frontdesk run` with real processes: the real store, and small stand-ins for the desk and the assistant."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import logs, supervisor, valkey
from bot.child import Child, Spec
from bot.logs import LogFile, Loudness
from bot.settings import ROOT, Settings

# A desk that answers /health and nothing else.
DESK = """
import http.server, os
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'{"ok": true}')
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["FRONTDESK_PORT"])), Health).serve_forever()
"""

# An assistant that reports itself, and that needs a moment to finish its turn when told to stop.
ASSISTANT = """
import os, signal, sys, threading, time
import redis
from bot import settings
store = redis.Redis.from_url(settings.read().redis)
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print("2026-01-01 12:00:00 INFO assistant: up", flush=True)
print("2026-01-01 12:00:00 WARNING assistant: a warning for the terminal", flush=True)
while not stop.wait(0.05):
    try:
        store.zadd("fd:workers", {"stand-in": time.time()})
    except redis.exceptions.ConnectionError:
        pass
time.sleep(0.3)
store.set("turn", "finished")
"""

STUBBORN = ASSISTANT.replace("lambda *_: stop.set()", "signal.SIG_IGN")

BROKEN = "import sys; sys.exit('ModuleNotFoundError: nothing works')"

LAUNCHER = """
import sys
from functools import partial
import bot.cli, bot.supervisor
from bot.child import Spec
desk, assistant = sys.argv[1:]
async def prepared(settings):
    return 0
def start(settings):
    environ = bot.supervisor._environ(settings)
    return real(settings, prepare=prepared, front=Spec("desk", [sys.executable, "-c", desk], environ),
                workers=[Spec("assistant-1", [sys.executable, "-c", assistant], environ)],
                sign_in=lambda _: ("admin@localhost", "a-first-password"))
real, bot.supervisor.supervise = bot.supervisor.supervise, start
sys.exit(bot.cli.main(["run"]))
"""


class Run:
    """One `frontdesk run` as a process; `output` is what it printed so far, both streams."""

    def __init__(self, home: Path, port: int, desk: str = DESK, assistant: str = ASSISTANT, **more: str) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
        environ.update(FRONTDESK_HOME=str(home), FRONTDESK_PORT=str(port), PYTHONUNBUFFERED="1", **more)
        self.settings = Settings(home=home, port=port)
        self.output = ""
        self.process = subprocess.Popen([sys.executable, "-c", LAUNCHER, desk, assistant], cwd=ROOT, env=environ,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line.decode()

    def wait_for(self, text: str, seconds: float = 30) -> None:
        until(lambda: text in self.output, seconds, lambda: f"{text!r} in:\n{self.output}")

    def stop(self, *numbers: signal.Signals) -> int:
        for number in numbers:
            self.process.send_signal(number)
            time.sleep(0.3)
        return self.status()

    def status(self, seconds: float = 30) -> int:
        status = self.process.wait(seconds)
        self._reader.join(5)
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def child(self, words: str) -> int:
        """The process id of the child whose command line holds `words`."""
        found = [pid for pid in children(self.process.pid) if words in command_line(pid)]
        assert len(found) == 1, f"{words}: {found}"
        return found[0]


def until(met: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"not within {seconds} s: {what()}"
        time.sleep(0.02)


async def eventually(met: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, met, 10, lambda: "what was waited for")


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def begin(**more: str) -> Run:
        runs.append(Run(tmp_path / "home", port, **more))
        return runs[-1]

    yield begin
    for run in runs:
        run.close()


def test_runs_restarts_a_dead_child_and_stops_without_a_trace(start: Callable[..., Run], port: int) -> None:
    run = start()
    run.wait_for("Ctrl-C stops it.")
    assert f"shop       http://localhost:{port}/" in run.output
    assert f"console    http://localhost:{port}/console" in run.output
    assert "admin@localhost" in run.output and "a-first-password" in run.output
    run.wait_for("assistant-1 | 2026-01-01 12:00:00 WARNING assistant: a warning for the terminal")
    assert "INFO assistant: up" not in run.output
    assert "INFO assistant: up" in (run.settings.home / "logs" / "assistant-1.log").read_text()

    before = run.child("fd:workers")
    os.kill(before, signal.SIGKILL)
    run.wait_for("assistant-1 was killed by SIGKILL; it starts again in 0.5 s")
    until(lambda: any("fd:workers" in command_line(pid) for pid in children(run.process.pid)), 10, lambda: run.output)
    assert run.child("fd:workers") != before
    until(lambda: (run.settings.home / "logs" / "assistant-1.log").read_text().count("up") == 2, 10, lambda: run.output)

    pids = children(run.process.pid)
    assert len(pids) == 3
    assert run.stop(signal.SIGTERM) == 0
    assert [pid for pid in pids if alive(pid)] == []
    with pytest.raises(OSError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()


def test_what_was_said_last_survives_a_stop_and_a_killed_store(start: Callable[..., Run]) -> None:
    run = start()
    run.wait_for("Ctrl-C stops it.")
    with valkey.client(run.settings) as store:
        store.set("kept", "yes")
    os.kill(run.child("valkey"), signal.SIGKILL)
    run.wait_for("valkey was killed by SIGKILL")
    until(lambda: valkey.answers(run.settings), 10, lambda: run.output)
    with valkey.client(run.settings) as store:
        assert store.get("kept") == "yes"
    # The assistant writes its turn only after it was told to stop, so the store must outlive it.
    assert run.stop(signal.SIGINT) == 0

    again = start()
    again.wait_for("Ctrl-C stops it.")
    with valkey.client(again.settings) as store:
        assert (store.get("kept"), store.get("turn")) == ("yes", "finished")
    assert again.stop(signal.SIGTERM) == 0


def test_a_killed_supervisor_takes_its_children_along(start: Callable[..., Run]) -> None:
    run = start()
    run.wait_for("Ctrl-C stops it.")
    pids = children(run.process.pid)
    assert len(pids) == 3
    run.process.kill()
    run.status()
    until(lambda: not any(alive(pid) for pid in pids), 5, lambda: str([command_line(pid) for pid in pids]))
    # It left its socket and its lock file behind; neither keeps the next from starting.
    assert run.settings.socket.exists()
    again = start()
    again.wait_for("Ctrl-C stops it.")
    assert again.stop(signal.SIGTERM) == 0


def test_a_child_that_will_not_stop_is_killed_at_the_second_signal(start: Callable[..., Run]) -> None:
    run = start(assistant=STUBBORN)
    run.wait_for("Ctrl-C stops it.")
    pids = children(run.process.pid)
    begun = time.monotonic()
    assert run.stop(signal.SIGINT, signal.SIGINT) == 0
    assert time.monotonic() - begun < 8
    assert [pid for pid in pids if alive(pid)] == []


def test_a_child_that_never_comes_up_ends_the_start_with_its_last_words(start: Callable[..., Run]) -> None:
    run = start(assistant=BROKEN)
    assert run.status() == 1
    last = run.output.strip().splitlines()[-1]
    assert "assistant-1 ended with status 1: ModuleNotFoundError: nothing works, 3 times in a row" in last
    assert "Traceback" not in run.output
    assert children(run.process.pid) == []
    assert not valkey.answers(run.settings)


def test_stopping_while_it_starts_leaves_nothing(start: Callable[..., Run]) -> None:
    run = start(desk="import time; time.sleep(600)")
    until(lambda: len(children(run.process.pid)) == 3, 20, lambda: run.output)
    pids = children(run.process.pid)
    assert run.stop(signal.SIGTERM) == 0
    assert "ready" not in run.output
    assert [pid for pid in pids if alive(pid)] == []


def test_a_taken_port_is_named_with_the_mend(start: Callable[..., Run], port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        run = start()
        assert run.status() == 1
    assert run.output.startswith(f"frontdesk: port {port} is taken by another program; stop that one or set ")
    assert "FRONTDESK_PORT" in run.output
    assert run.output.count("\n") == 1


def test_two_do_not_share_a_home(start: Callable[..., Run]) -> None:
    first = start()
    first.wait_for("Ctrl-C stops it.")
    second = start()
    assert second.status() == 1
    assert f"already runs with FRONTDESK_HOME={first.settings.home} (process {first.process.pid})" in second.output
    assert second.output.count("\n") == 1
    assert valkey.answers(first.settings)
    assert first.stop(signal.SIGTERM) == 0


def test_a_store_left_over_is_ended_first(start: Callable[..., Run], tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with subprocess.Popen(valkey.prepare(settings), stdout=subprocess.DEVNULL) as leftover:
        until(lambda: valkey.answers(settings), 10, lambda: "the store")
        with valkey.client(settings) as store:
            store.set("kept", "yes")
        run = start()
        run.wait_for("Ctrl-C stops it.")
        assert "stopped the store of an earlier run" in run.output
        assert leftover.wait(10) == 0
        with valkey.client(settings) as store:
            assert store.get("kept") == "yes"
        assert run.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("FRONTDESK_REDIS_URL", "redis://user:hush@127.0.0.1:1/0", "redis://127.0.0.1:1/0 cannot be used"),
        ("FRONTDESK_DATABASE_URL", "postgresql://user:hush@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x cannot be used"),
        ("FRONTDESK_DATABASE_URL", "sqlite:////proc/none/x.db", "cannot be used"),
        ("FRONTDESK_MODEL", "/nowhere", "no sentence-transformers model"),
        ("FRONTDESK_KB", "/nowhere", "holds no entry"),
        ("FRONTDESK_HOST", "no.such.host.invalid", "no address of this machine"),
        ("FRONTDESK_WORKERS", "many", "FRONTDESK_WORKERS='many'"),
    ],
)
def test_what_is_missing_is_named_in_one_line(start: Callable[..., Run], setting: str, value: str, said: str) -> None:
    run = start(**{setting: value})
    assert run.status() == 1
    assert said in run.output
    assert setting in run.output, "the line names the mend"
    assert "hush" not in run.output, "a password is never shown"
    assert run.output.count("\n") == 1


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, port: int) -> None:
    run = Run(Path("/proc/nowhere"), port)
    try:
        assert run.status() == 1
        assert run.output.startswith("frontdesk: /proc/nowhere cannot be written")
        assert "FRONTDESK_HOME" in run.output and run.output.count("\n") == 1
    finally:
        run.close()


async def test_delays_double_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.child.FIRST_DELAY", 0.01)
    monkeypatch.setattr("bot.child.LONGEST_DELAY", 0.03)
    said: list[str] = []
    script = "print('last words'); raise SystemExit(3)"
    child = Child(Spec("short", [sys.executable, "-S", "-c", script]), tmp_path, said.append)
    keeping = asyncio.create_task(child.keep())
    await eventually(lambda: child.deaths >= 4)
    await child.stop()
    await keeping
    assert [line.split("starts again in ")[1].split(" s")[0] for line in said[:4]] == ["0.01", "0.02", "0.03", "0.03"]
    assert said[0].startswith("short ended with status 3: last words; it starts again")


async def test_a_long_life_resets_the_delay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.child.FIRST_DELAY", 0.01)
    monkeypatch.setattr("bot.child.HEALTHY", 0.0)
    said: list[str] = []
    child = Child(Spec("long", [sys.executable, "-S", "-c", ""]), tmp_path, said.append)
    keeping = asyncio.create_task(child.keep())
    await eventually(lambda: len(said) >= 3)
    await child.stop()
    await keeping
    assert all("in 0.01 s" in line for line in said)


async def test_who_has_died_very_often_is_started_again_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.child.LONGEST_DELAY", 0.01)
    child = Child(Spec("short", [sys.executable, "-S", "-c", ""]), tmp_path, lambda line: None)
    child.deaths = 2000
    keeping = asyncio.create_task(child.keep())
    await eventually(lambda: child.deaths >= 2002)
    await child.stop()
    await keeping


def test_a_terminal_that_is_gone_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        supervisor.say("the desk starts again")
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            gone.close()


async def test_a_program_that_does_not_exist_counts_as_a_death(tmp_path: Path) -> None:
    said: list[str] = []
    child = Child(Spec("none", ["/no/such/program"]), tmp_path, said.append)
    keeping = asyncio.create_task(child.keep())
    await eventually(lambda: bool(said))
    await child.stop()
    await keeping
    assert said[0].startswith("none could not be started: No such file or directory")


async def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    script = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    child = Child(Spec("parent", [sys.executable, "-c", script]), tmp_path, print)
    keeping = asyncio.create_task(child.keep())
    await eventually(child.log.path.exists)
    grandchild = int(child.log.path.read_text())
    assert alive(grandchild)
    await child.stop()
    await keeping
    until(lambda: not alive(grandchild), 5, lambda: "the grandchild is gone")


def test_logs_are_rotated(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log", largest=30)
    for number in range(20):
        log.write(f"line number {number:03}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.log", "x.log.1", "x.log.2", "x.log.3"]
    assert (tmp_path / "x.log").read_text() == "line number 019\n"
    assert (tmp_path / "x.log.1").read_text() == "line number 018\n"


def test_a_log_that_another_process_writes_is_rotated_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST", 10)
    for text in (b"the first lines", b"the next", b" line"):
        with logs.opened(tmp_path / "logs" / "x.log") as out:
            out.write(text)
    assert (tmp_path / "logs" / "x.log").read_bytes() == b"the next line"
    assert (tmp_path / "logs" / "x.log.1").read_bytes() == b"the first lines"


def test_only_warnings_and_what_belongs_to_them_are_loud() -> None:
    lines = {
        "2026-01-01 12:00:00 INFO desk: a customer wrote ERROR in capitals": False,
        "2026-01-01 12:00:00 ERROR desk: it broke": True,
        "Traceback (most recent call last):": True,
        '  File "x.py", line 1, in <module>': True,
        "ValueError: x": True,
        "2026-01-01 12:00:01 INFO desk: on again": False,
        "  more of it": False,
    }
    loud = Loudness()
    assert {line: loud(line) for line in lines} == lines


def test_a_failed_set_up_is_told_once_and_nothing_starts(tmp_path: Path, port: int) -> None:
    broken = tmp_path / "kb" / "a"
    broken.mkdir(parents=True)
    (broken / "entry.md").write_text("---\nquestion: [\n---\nx\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    environ.update(FRONTDESK_HOME=str(tmp_path / "home"), FRONTDESK_PORT=str(port), FRONTDESK_KB=str(tmp_path / "kb"))
    command = [sys.executable, "-m", "bot.cli", "run"]
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert run.stderr.startswith("frontdesk: encoder: ") and "entry.md" in run.stderr, run.stderr
    assert run.stderr.count("\n") == 1
    assert not (tmp_path / "home" / "valkey").exists()
