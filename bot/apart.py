"""Runs a function in a process of its own: its memory goes when it is done, and its chatter goes to a log.

The function is named ``module:name`` and takes ``(settings, progress)``::

    run_apart("bot.setup:export_encoder", settings, progress, home / "logs" / "setup.log")

The child gets the settings pickled on its standard input and reports on a pipe, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from bot import logs
from bot.child import die_with_parent
from bot.errors import SetupFailed, is_ours
from bot.settings import ROOT, Settings, as_environ

Progress = Callable[[int, int], None]

#: Libraries that draw bars of their own or reach for a hub would only disturb or wait.
_QUIET = {"TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def run_apart(target: str, settings: Settings, progress: Progress, log: Path) -> None:
    """Returns when the function did. Raises SetupFailed with the function's own error, and where the log is.

    The child is ended when this process is interrupted or dies.
    """
    read, write = os.pipe()
    with logs.opened(log) as output, os.fdopen(read, encoding="utf-8") as reports:
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", "bot.apart", target, str(write)], cwd=ROOT, stdin=subprocess.PIPE, stdout=output,
                stderr=output, pass_fds=[write], preexec_fn=die_with_parent(),
                # What reads its settings from the environment, as Rasa's components do, must find these.
                env={**os.environ, **as_environ(settings), **_QUIET},
            )
        finally:
            os.close(write)
        error = ""
        try:
            assert child.stdin is not None
            child.stdin.write(pickle.dumps(settings))
            child.stdin.close()
            for line in reports:
                report = json.loads(line)
                if "error" in report:
                    error = str(report["error"])
                else:
                    progress(report["done"], report["of"])
            status = child.wait()
        except BaseException:
            child.kill()
            child.wait()
            raise
    if status != 0:
        raise SetupFailed(f"{error or _ending(status)}; the log is {log}")


def _ending(status: int) -> str:
    if status == -9:
        return "it was killed, as the system does where memory runs out"
    return f"it ended with status {status}"


def _main(target: str, fd: int) -> int:
    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    with os.fdopen(fd, "w", encoding="utf-8") as reports:

        def report(**values: Any) -> None:
            reports.write(json.dumps(values) + "\n")
            reports.flush()

        try:
            module, _, name = target.partition(":")
            getattr(import_module(module), name)(settings, lambda done, of: report(done=done, of=of))
        except Exception as error:
            import traceback

            traceback.print_exc()
            said = " ".join(str(error).split())
            report(error=said if is_ours(error) and said else f"{type(error).__name__}: {said}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], int(sys.argv[2])))
