"""`frontdesk tune`: trains the classifier on data/nlu."""

from __future__ import annotations

import argparse
import json

from bot.commands.numbers import seed
from bot.settings import Settings

HELP = "train the classifier on data/nlu (some 20 minutes), into data/judgement; the set-up takes it from there"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=seed, default=0,
                        help="of the order of phrases and the first weights (default 0)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from tqdm import tqdm

    from bot.judgement.training import tune

    look = "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    with tqdm(total=1, desc="tuning", bar_format=look) as bar:
        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        print(json.dumps(tune(progress=progress, seed=args.seed), indent=1))
    return 0
