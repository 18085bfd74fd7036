"""``python -m bot.assistant``: one assistant process."""

from __future__ import annotations

import asyncio
import logging
import sys

import uvloop

from bot.assistant.launcher import NotTrained, serve
from bot.settings import BadSetting, read
from kb_index.errors import KnowledgeError


def main() -> int:
    try:
        settings = read()
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        uvloop.install()
        asyncio.run(serve(settings))
    except (BadSetting, NotTrained, KnowledgeError) as error:
        print(f"frontdesk assistant: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
