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
from importlib import import_module
from typing import Any

from bot.errors import is_ours
from bot.settings import read

log = logging.getLogger("bot.workshop")
_CALLS = ("attempt", "check", "publish", "turn_day", "roll_back", "forecast", "groups", "suggest", "take_in",
          "compare_folder", "sync_folder", "settle_folder")
#: Those that need no encoder, and where they are.
_LIGHT = {"take_in": "intake", "compare_folder": "folder", "sync_folder": "folder", "settle_folder": "folder"}


def main(fd: int) -> int:
    settings = read()
    logging.basicConfig(
        level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    bench: Any = None
    with os.fdopen(fd, "w", encoding="utf-8") as answers:

        def send(**told: Any) -> None:
            answers.write(json.dumps(told) + "\n")
            answers.flush()

        for line in sys.stdin:
            request = json.loads(line)
            number, call, args = request["id"], request["call"], request["args"]
            try:
                if call not in _CALLS:
                    raise ValueError(f"no such call: {call}")
                if call in ("check", "publish", "take_in", "sync_folder"):
                    args["progress"] = lambda done, of, n=number: send(id=n, done=done, of=of)
                if call in _LIGHT:
                    # What it needs is gone with the next start.
                    result = getattr(import_module(f"bot.workshop.{_LIGHT[call]}"), call)(settings, **args)
                else:
                    bench = bench or import_module("bot.workshop.bench").Bench(settings)
                    result = getattr(bench, call)(**args)
                send(id=number, result=result)
            except BrokenPipeError:
                break  # the desk has gone
            except Exception as error:
                send(id=number, error=_told(error, call))
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
