"""`frontdesk backup FILE`: all that cannot be made again, in one file, while everything runs."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from bot.settings import Settings

HELP = "write conversations, staff, knowledge base, archive and index to one file, also while Frontdesk runs"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where to, for example frontdesk.backup")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot import output
    from bot.backups.backup import back_up
    from bot.errors import FrontdeskError
    from bot.setup import Bar

    path: Path = args.file.absolute()
    if path.exists() and not path.is_file():
        raise FrontdeskError(f"{path} is no file; name a file for the backup")
    if path.exists() and not args.force:
        raise FrontdeskError(f"{path} is there already; name another file, or say --force to write over it")
    output.check(path)
    # Told to stop, it takes what it has written away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Bar("backup") as bar:
        counts = back_up(settings, path, bar)
    size = path.stat().st_size / 1e6
    print(f"{path}: {counts['conversations']} live conversations, {counts['rows']} rows of the database, "
          f"{counts['files']} files, {size:.1f} MB")
    return 0
