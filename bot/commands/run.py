"""`frontdesk run`: sets up what is missing or changed, then runs everything until it is told to stop."""

from __future__ import annotations

import argparse

from bot.settings import Settings

HELP = "set up what is missing or changed, then run the desk, the assistant and, if needed, the store"


def configure(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot.supervisor import supervise

    return supervise(settings)
