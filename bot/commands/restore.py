"""`frontdesk restore FILE`: puts a backup into an empty place, or checks one without putting it anywhere."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bot.settings import Settings

HELP = "put a backup into this home, store and database, which must be empty; Frontdesk must not run"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what `frontdesk backup` wrote")
    parser.add_argument("--replace", action="store_true", help="lose what is there")
    parser.add_argument("--check", action="store_true", help="only read it through and compare it with its sums")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot.backups.archive import Reader
    from bot.backups.restore import put_back
    from bot.setup import Bar

    if args.check:
        reader = Reader(args.file)
        try:
            with Bar("check") as bar:
                reader.verify(bar)
            about = reader.about
        finally:
            reader.close()
    else:
        with Bar("restore") as bar:
            about = put_back(settings, args.file, args.replace, bar)
    holds = about["holds"]
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(about["made"]))
    print(f"{args.file} of {made}: {holds['conversations']} live conversations, {holds['rows']} rows of the database, "
          f"{holds['files']} files; all {len(about['sha256'])} sums are right")
    if not args.check:
        if about["knowledge"]:
            print(about["knowledge"])
        print(f"It is in {settings.home} now; `frontdesk run` makes what is missing and starts it.")
    return 0
