"""Processes that are measured: started, waited for, watched through /proc, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot.child import die_with_parent

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class NotReady(RuntimeError):
    """What was started did not come up; the message holds the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """One started command with all that it starts itself."""

    def __init__(self, name: str, command: Sequence[str], cwd: Path, environ: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as out:
            self.popen = subprocess.Popen(command, cwd=cwd, env=dict(environ), stdout=out, stderr=subprocess.STDOUT,
                                          start_new_session=True, preexec_fn=die_with_parent())

    def wait_for(self, ready: Callable[[], bool], seconds: float) -> None:
        """Raises NotReady."""
        until = time.monotonic() + seconds
        while not ready():
            if self.popen.poll() is not None or time.monotonic() > until:
                told = self.log.read_text(errors="replace")[-1500:]
                raise NotReady(f"{self.name} was not ready within {seconds:.0f} s; its log ends: {told}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.popen.poll() is None:
            os.kill(self.popen.pid, signal.SIGTERM)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.popen.pid, signal.SIGKILL)
                self.popen.wait(5)


def tree(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def label(pid: int) -> str:
    """What a process is, by its command line."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    for part, name in (("bot.desk", "desk"), ("bot.assistant.rasa_command run actions", "actions"),
                       ("bot.assistant.rasa_command run", "rasa"), ("bot.assistant", "assistant"),
                       ("valkey", "store"), ("redis-server", "store"), ("bot.cli", "supervisor"),
                       ("rasa run actions", "actions"), ("rasa run", "rasa")):
        if part in command:
            return name
    return command.split(" ")[0].rsplit("/", 1)[-1]


def cpu(pids: Sequence[int]) -> dict[str, float]:
    """CPU seconds so far, user and system, by label."""
    spent: dict[str, float] = {}
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            name = label(pid)
        except OSError:
            continue
        spent[name] = spent.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / _TICK
    return spent


def rss(pids: Sequence[int]) -> dict[str, float]:
    """Resident megabytes (MB of 10^6 bytes) by label."""
    found: dict[str, float] = {}
    for pid in pids:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            name = label(pid)
        except OSError:
            continue
        found[name] = found.get(name, 0.0) + pages * _PAGE / 1e6
    return found
