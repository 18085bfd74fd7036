"""``python -m bot.workshop FD``: answers the desk's requests, one JSON object a line, until its input ends.

A request is ``{"id", "call", "args"}``. Answers go to the pipe FD: any number of ``{"id", "done", "of"}``, then
``{"id", "result"}`` or ``{"id", "error": {"code", "message", "report"?}}``. Settings come from the environment.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from queue import SimpleQueue
from typing import Any

from bot import masking
from bot.errors import is_ours
from bot.settings import read

log = logging.getLogger("bot.workshop")
_CALLS = ("warm", "attempt", "check", "publish", "turn_day", "roll_back", "forecast", "groups", "suggest", "take_in",
          "compare_folder", "sync_folder", "settle_folder")
#: Those that need no encoder, and where they are.
_LIGHT = {"take_in": "intake", "compare_folder": "folder", "sync_folder": "folder", "settle_folder": "folder"}


def main(fd: int) -> int:
    settings = read()
    logging.basicConfig(
        level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    masking.install()
    bench: Any = None
    #: What reads and writes files of entries, one after the other beside the rest: a large folder takes minutes.
    files: SimpleQueue[dict[str, Any]] = SimpleQueue()
    alone = threading.Lock()
    with os.fdopen(fd, "w", encoding="utf-8") as answers:

        def send(**told: Any) -> None:
            with alone:
                answers.write(json.dumps(told) + "\n")
                answers.flush()

        def answer(request: dict[str, Any], of: Callable[[str], Callable[..., Any]]) -> None:
            number, call, args = request["id"], request["call"], request["args"]
            try:
                if call in ("check", "publish", "take_in", "sync_folder"):
                    args["progress"] = lambda done, of: send(id=number, done=done, of=of)
                send(id=number, result=of(call)(**args))
            except BrokenPipeError:
                raise  # the desk has gone
            except Exception as error:
                send(id=number, error=_told(error, call))

        def with_files() -> None:
            with suppress(BrokenPipeError):
                while True:
                    # What it needs is gone with the next start.
                    answer(files.get(), lambda call: partial(
                        getattr(import_module(f"bot.workshop.{_LIGHT[call]}"), call), settings))

        def on_bench(call: str) -> Callable[..., Any]:
            nonlocal bench
            if call not in _CALLS:
                raise ValueError(f"no such call: {call}")
            bench = bench or import_module("bot.workshop.bench").Bench(settings)
            made: Callable[..., Any] = getattr(bench, call)
            return made

        # Where the process ends meanwhile, that is as a kill, which leaves both sides as they can be anyhow.
        threading.Thread(target=with_files, name="files", daemon=True).start()
        for line in sys.stdin:
            request = json.loads(line)
            if request["call"] in _LIGHT:
                files.put(request)
                continue
            try:
                answer(request, on_bench)
            except BrokenPipeError:
                break
            if bench is not None:
                bench.keep()
    if bench is not None:
        bench.close()
    return 0


def _is_full(error: Exception) -> bool:
    """Whether the disk takes no more. Where it took a part of an array, NumPy's error has sizes and no number."""
    if not isinstance(error, OSError):
        return False
    short = error.errno is None and re.fullmatch(r"\d+ requested and \d+ written", str(error)) is not None
    return short or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _told(error: Exception, call: str) -> dict[str, Any]:
    if _is_full(error):
        log.error("%s: %s", call, error)
        return {"code": "refused", "message": "The disk is full. Nothing was changed, and what was live stays live. "
                                              "Make room on it, then try again."}
    if not is_ours(error):
        log.exception("%s failed", call)
        return {"code": "internal", "message": "Something went wrong in the workshop. It has been noted in its log."}
    code = getattr(error, "code", "") or ("bad_entry" if type(error).__name__ == "BadEntry" else "refused")
    told = {"code": code, "message": str(error)}
    report = getattr(error, "report", None)
    return {**told, "report": report} if report else told


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
