"""``python -m bot.desk``: the desk in one process, until it is told to stop."""

from __future__ import annotations

import logging
import socket
import sys

from bot import masking
from bot.desk.app import create_app
from bot.settings import BadSetting, Settings, read

#: Connections that may wait to be taken up. After a cut all widgets come back at once; who finds no room here tries
#: again a second later, then three.
_WAITING = 8192


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises OSError when the address is taken or not of this machine."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=_WAITING)


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
        # Sanic has the socket listen once more, with room for a hundred unless told otherwise.
        create_app(settings).run(sock=listening, workers=1, access_log=False, motd=False, backlog=_WAITING)
    except Exception as error:
        log.error("the desk could not start: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
