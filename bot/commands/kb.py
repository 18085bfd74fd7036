"""`frontdesk kb …`: the knowledge base."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot.settings import Settings

HELP = "work on the knowledge base"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    importing = actions.add_parser("import", help="take entries from JSON lines, CSV or Markdown files")
    importing.add_argument("files", type=Path, nargs="+", metavar="FILE", help="with id, question, answer, phrasings")
    importing.add_argument("--add", action="store_true", help="keep what was imported before; same ids are replaced")
    actions.add_parser("publish", help="build an index of the knowledge base and serve it, without a restart")
    searching = actions.add_parser("search", help="find the nearest entries for the questions of a file")
    searching.add_argument("file", type=Path, help='JSON lines {"qid": …, "text": "…"}')
    searching.add_argument("--top", type=int, default=10, help="entries for each question (10)")
    searching.add_argument("--out", type=Path, help="write there instead of printing")
    actions.add_parser("snapshots", help="list the published states, newest first")
    back = actions.add_parser("rollback", help="serve an earlier published state again")
    back.add_argument("name", help="a name that `frontdesk kb snapshots` lists")


def run(args: argparse.Namespace, settings: Settings) -> int:
    return _ACTIONS[args.action](args, settings)


def _import(args: argparse.Namespace, settings: Settings) -> int:
    from kb_index.importing import read
    from kb_index.library import Library

    found = read(args.files)
    for warning in found.warnings[:20]:
        print(f"frontdesk: {warning}", file=sys.stderr)
    if len(found.warnings) > 20:
        print(f"frontdesk: … and {len(found.warnings) - 20} more like these", file=sys.stderr)
    settings.home.mkdir(parents=True, exist_ok=True)
    library = Library(settings.database)
    try:
        if args.add:
            new, changed = library.add(found.entries)
            print(f"{new} new entries, {changed} replaced; `frontdesk kb publish` makes them live")
        else:
            library.replace(found.entries)
            print(f"{len(found.entries)} entries imported; `frontdesk kb publish` makes them live")
    finally:
        library.close()
    return 0


def _publish(args: argparse.Namespace, settings: Settings) -> int:
    from bot.judgement.publishing import describe
    from bot.setup import ENCODER, INDEX, JUDGEMENT, set_up

    set_up(settings, (ENCODER, JUDGEMENT, INDEX), force=(INDEX,))
    print(describe(settings))
    return 0


def _search(args: argparse.Namespace, settings: Settings) -> int:
    from bot.commands.lines import write
    from bot.judgement.replay import judge_of, read_lines, search
    from bot.setup import Bar

    pairs = read_lines(args.file, "qid")
    with Bar("search") as bar:
        write(search(judge_of(settings), pairs, max(1, args.top), bar), args.out)
    return 0


def _snapshots(args: argparse.Namespace, settings: Settings) -> int:
    from kb_index import snapshot

    current = snapshot.current_name(settings.index)
    for name in snapshot.names(settings.index):
        told = snapshot.manifest(settings.index, name)
        print(f"{'*' if name == current else ' '} {name}  {told['entries']} entries")
    return 0


def _rollback(args: argparse.Namespace, settings: Settings) -> int:
    from bot.judgement.publishing import roll_back

    roll_back(settings, args.name)
    print(f"{args.name} is live")
    return 0


_ACTIONS = {
    "import": _import, "publish": _publish, "search": _search, "snapshots": _snapshots, "rollback": _rollback,
}
