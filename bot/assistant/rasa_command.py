"""The ``rasa`` command of this project: Rasa's own, started so that it does without TensorFlow.

Installed in place of Rasa's script, so that ``rasa train``, ``rasa shell``, ``rasa test`` and ``rasa run actions`` work
in this folder as anyone who knows Rasa expects.
"""

from __future__ import annotations

import os

from bot.assistant import without_tensorflow

LOOPBACK = "127.0.0.1"


def main() -> None:
    without_tensorflow.install()
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    # A model is code, and none of Rasa's servers asks who is there: unless told otherwise (`SANIC_HOST` for the action
    # server, `--interface` for the others) they listen to this machine only.
    os.environ.setdefault("SANIC_HOST", LOOPBACK)
    from rasa.core import constants

    constants.DEFAULT_SERVER_INTERFACE = LOOPBACK
    from rasa.__main__ import main as rasa_main

    rasa_main()


if __name__ == "__main__":
    main()
