"""`frontdesk train`: trains anew, also where nothing seems to have changed."""

from __future__ import annotations

import argparse

from bot.settings import Settings

HELP = "assemble the judgement and train the Rasa model anew, also where nothing changed"


def configure(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot.setup import ENCODER, INDEX, JUDGEMENT, RASA_MODEL, RERANKER, set_up

    # The index holds the bar that was computed with the old judgement, so it follows where it is no longer current.
    set_up(settings, (ENCODER, RERANKER, JUDGEMENT, RASA_MODEL, INDEX), force=(JUDGEMENT, RASA_MODEL))
    return 0
