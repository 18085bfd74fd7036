"""`frontdesk replay FILE`: what the bot would do with each message, without side effects."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.settings import Settings

HELP = "show what the bot would do with the messages of a file"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help='JSON lines {"id": …, "text": "…"}')
    parser.add_argument("--out", type=Path, help="write there instead of printing")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot.commands.lines import write
    from bot.judgement.replay import judge_of, read_lines, replay
    from bot.output import check
    from bot.setup import ENCODER, INDEX, JUDGEMENT, RERANKER, Bar, set_up

    # What cannot be is told at once, not after the set-up.
    pairs = read_lines(args.file, "id")
    if args.out:
        check(args.out)
    set_up(settings, (ENCODER, RERANKER, JUDGEMENT, INDEX))
    with Bar("replay") as bar:
        write(replay(judge_of(settings), pairs, bar), args.out)
    return 0
