"""The ``rasa`` command of this project: Rasa's own, started so that it does without TensorFlow.

Installed in place of Rasa's script, so that ``rasa train``, ``rasa shell``, ``rasa test`` and ``rasa run actions`` work
in this folder as anyone who knows Rasa expects.
"""

from __future__ import annotations

import os

from bot.assistant import without_tensorflow


def main() -> None:
    without_tensorflow.install()
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    from rasa.__main__ import main as rasa_main

    rasa_main()
