"""`frontdesk setup`: the steps between a fresh install and a product that can run."""

from __future__ import annotations

import argparse

from bot.settings import Settings

HELP = "export the encoder, train, build the index and load the sample shop, where missing or changed"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="say nothing where there is nothing to do")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot.setup import set_up

    if not set_up(settings) and not args.quiet:
        print("Nothing to do: everything is up to date.")
    return 0
