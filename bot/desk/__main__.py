"""``python -m bot.desk``: the desk in one process, until it is told to stop."""

from __future__ import annotations

import logging
import socket
import sys

from bot import masking
from bot.desk.app import create_app
from bot.settings import BadSetting, Settings, read


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises OSError when the address is taken or not of this machine."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # After a cut all widgets come back at once; who finds no room here tries again a second later, then three.
    return socket.create_server((settings.host, settings.port), family=family, backlog=8192)


def main() -> int:
    """The exit status: 0 after an orderly stop, 1 where it could not start, 2 for a wrong setting."""
    try:
        settings = read()
    except BadSetting as error:
        print(f"frontdesk: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(level=settings.log_level, stream=sys.stderr,
                        format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    masking.install()
    log = logging.getLogger("bot.desk")
    try:
        listening = listen(settings)
    except OSError as error:
        log.error("cannot listen on %s:%s: %s", settings.host, settings.port, error)
        return 1
    log.info("the desk listens on http://%s:%s", settings.host, settings.port)
    try:
        create_app(settings).run(sock=listening, workers=1, access_log=False, motd=False)
    except Exception as error:
        log.error("the desk could not start: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
