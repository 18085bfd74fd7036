"""``python -m bot.assistant``: one assistant process.

With ``--wait`` it imports what it will need at once, and goes on when its standard input ends: a supervisor has it
begin while the set-up still looks whether anything is due.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

# Before numpy and faiss load. Their threads spin between two short questions: all of them together take more CPU than
# the rest of a turn. More cores are used by more assistants (FRONTDESK_WORKERS).
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import uvloop  # noqa: E402

from bot import masking  # noqa: E402
from bot.assistant.launcher import NotTrained, serve, warm  # noqa: E402
from bot.settings import BadSetting, read  # noqa: E402
from kb_index.errors import KnowledgeError  # noqa: E402


def main() -> int:
    try:
        settings = read()
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        masking.install()
        uvloop.install()
        if "--wait" in sys.argv[1:]:
            warm()
            sys.stdin.read()
        asyncio.run(serve(settings))
    except (BadSetting, NotTrained, KnowledgeError) as error:
        print(f"frontdesk assistant: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
