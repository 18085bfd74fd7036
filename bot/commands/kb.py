"""`frontdesk kb …`: the knowledge base."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.commands import entries
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.library.pictures import Pictures
    from bot.library.sync import Conflict, Plan
    from bot.workshop.bench import Bench

HELP = "work on the knowledge base"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    entries.configure(actions)
    importing = actions.add_parser("import", help="take entries from files of many kinds")
    importing.add_argument("files", type=Path, nargs="+", metavar="FILE", help="CSV, Excel, JSON, Markdown, HTML, zip")
    importing.add_argument("--add", action="store_true", help="keep all other entries; same ids are replaced")
    importing.add_argument("--check", action="store_true", help="only say what it would take")
    exporting = actions.add_parser("export", help="write all that is ready or live to a file")
    exporting.add_argument("file", type=Path, help="its ending says what: .csv, .json or .zip (Markdown files)")
    exporting.add_argument("--drafts", action="store_true", help="with drafts, which an import makes ready to publish")
    syncing = actions.add_parser("sync", help="bring the Markdown folder and the editor in step, both ways")
    syncing.add_argument("--check", action="store_true", help="only say what it would do")
    syncing.add_argument("--take", choices=("folder", "editor"), default="", help="whose text wins a conflict")
    syncing.add_argument("--entry", action="append", default=[], metavar="ID", help="of this entry only")
    checking = actions.add_parser("check", help="say what a publish would gain, lose and change")
    checking.add_argument("--json", action="store_true", help="the whole report, for programs")
    publishing = actions.add_parser("publish", help="measure what is ready, and serve it without a restart")
    publishing.add_argument("--check", action="store_true", help="only say what it would change")
    publishing.set_defaults(json=False)
    for sub in (checking, publishing):
        sub.add_argument("ids", nargs="*", metavar="ID", help="the newest version of these, not all that is ready")
    publishing.add_argument("--override", metavar="REASON", default="", help="publish although questions get worse")
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
    from bot.library.importing import read
    from bot.setup import Bar

    found = read(args.files)
    library = entries.library_of(settings)
    found.name(library.titles())
    _warn(found.told(_pictures(settings).there(found.lacking)))
    if args.check:
        told = library.compare(found.articles, only=not args.add)
    else:
        with Bar("import") as bar:
            told = library.take(found.articles, entries.BY, "imported", only=not args.add, progress=bar,
                                pictures=found.pictures.values())
    pictures = f", {len(found.pictures)} pictures along" if found.pictures else ""
    print(f"{told['new']} new entries, {told['changed']} changed, {told['same']} as they were, {told['archived']} "
          f"archived{pictures}; {'nothing was taken' if args.check else '`frontdesk kb publish` makes them live'}")
    return 0


def _export(args: argparse.Namespace, settings: Settings) -> int:
    from bot.library.exporting import write
    from bot.library.pictures import lacking, named

    articles, pictures = entries.library_of(settings).all(args.drafts), _pictures(settings)
    names = named(articles)
    there = pictures.there(names)
    count = write(articles, args.file, pictures.of(articles))
    _warn([lacking(name, where) for name, where in names.items() if name not in there])
    beside = f", {len(there)} pictures {'' if args.file.suffix.lower() == '.zip' else 'beside it'}".rstrip()
    print(f"{count} entries in {args.file}{beside if there else ''}")
    return 0


def _pictures(settings: Settings) -> Pictures:
    from bot.database import open_database
    from bot.library.pictures import Pictures

    return Pictures(open_database(settings.database))


def _warn(warnings: list[str]) -> None:
    for warning in warnings[:20]:
        print(f"frontdesk: {warning}", file=sys.stderr)
    if len(warnings) > 20:
        print(f"frontdesk: … and {len(warnings) - 20} more like these", file=sys.stderr)


def _sync(args: argparse.Namespace, settings: Settings) -> int:
    """The exit status is 3 where conflicts are left."""
    from bot.database import open_database
    from bot.errors import FrontdeskError
    from bot.library.sync import Sync, alone
    from bot.setup import Bar

    if args.entry and not args.take:
        raise FrontdeskError("--entry says whose conflict is settled; add --take folder or --take editor")
    entries.library_of(settings)
    sync = Sync(open_database(settings.database), settings.kb)
    passed: dict[str, str] = {}
    with nullcontext() if args.check else alone(settings):
        made = sync.plan(args.take, args.entry)
        _preview(made)
        if not args.check:
            with Bar("sync") as bar:
                passed = sync.run(made, entries.BY, bar)
    for conflict in made.conflicts:
        _show(conflict)
    for name in made.drafts:
        print(f"  {name}: a draft waits in the editor until it is ready")
    for name, why in passed.items():
        print(f"  ! {name}: {why}")
    print(f"{len(made.steps) - len(passed)} entries {'would be' if args.check else 'were'} brought in step, "
          f"{len(made.conflicts)} conflicts; {settings.kb}")
    return 3 if made.conflicts or passed else 0


def _preview(made: Plan) -> None:
    """What a sync changes on either side, and what a person should know of its pictures."""
    from bot.library.pictures import FOLDER

    for step in made.steps:
        what = "goes" if step.article is None else "changes"
        print(f"  {'editor' if step.to_library else ''}{' and ' if step.to_library and step.to_folder else ''}"
              f"{'folder' if step.to_folder else ''}: {step.id} {what}")
    for picture in made.taken:
        print(f"  editor: {FOLDER}/{picture.name} comes along")
    for name in made.given:
        print(f"  folder: {FOLDER}/{name} comes along")
    _warn(made.warnings())


def _show(conflict: Conflict) -> None:
    """A conflict, with what each side has changed since the last sync."""
    from bot.library.diff import diff

    print(f"  ! {conflict.id}: {conflict.why}; `frontdesk kb sync --entry {shlex.quote(conflict.id)} --take folder` or "
          "`--take editor` settles it")
    for side, article in (("folder", conflict.folder), ("editor", conflict.editor)):
        other = conflict.base or (conflict.editor if side == "folder" else conflict.folder)
        if article is None or other is None:
            continue
        for one in diff(other, article):
            text = entries.marked(one["parts"])
            print(f"      {side}, {one['field']}: {text if len(text) < 400 else text[:400] + ' …'}")


@contextmanager
def _bench(args: argparse.Namespace, settings: Settings) -> Iterator[Bench]:
    """What measures, once all is there that it needs and the entries that are named."""
    from bot.setup import ENCODER, JUDGEMENT, LEDGER, RERANKER, set_up
    from bot.workshop.bench import Bench

    set_up(settings, (ENCODER, RERANKER, JUDGEMENT, LEDGER))
    library = entries.library_of(settings)
    for name in args.ids:
        entries.known(library, name)
    bench = Bench(settings)
    try:
        yield bench
    finally:
        bench.keep()
        bench.close()


def _check(args: argparse.Namespace, settings: Settings) -> int:
    """The exit status is 1 where the gate would stop the publish."""
    from bot.setup import Bar

    with _bench(args, settings) as bench, Bar("check") as bar:
        report = bench.check(args.ids or None, bar)
    if args.json:
        entries.print_json(report)
    else:
        _tell(report)
    return 1 if report["counts"]["stops"] else 0


def _publish(args: argparse.Namespace, settings: Settings) -> int:
    from bot.judgement.publishing import describe
    from bot.setup import Bar
    from bot.workshop.errors import Stopped

    if args.check:
        return _check(args, settings)
    try:
        with _bench(args, settings) as bench, Bar("publish") as bar:
            report = bench.publish(args.ids or None, entries.BY, override=args.override, progress=bar)
    except Stopped as stopped:
        _tell(stopped.report)
        print(f"frontdesk: {stopped}; nothing was published (--override REASON does it all the same)", file=sys.stderr)
        return 1
    _tell(report)
    if report["seq"] is None:
        print("there is nothing to publish: what is live is what the entries say, and the bars are the same")
    print(describe(settings))
    return 0


def _tell(report: dict[str, Any]) -> None:
    """The gate's report for a terminal."""
    counts = report["counts"]
    print(f"{len(report['changes'])} entries change; of {counts['asked']} stored questions {counts['gained']} gained, "
          f"{counts['lost']} lost, {counts['changed']} changed otherwise")
    before, after = report["bars"]["before"], report["bars"]["after"]
    today = f", {before['coverage']:.0%} today" if before else ""
    print(f"answers {after['coverage']:.0%} of answerable questions by itself{today}")
    for kind, sign in (("lost", "-"), ("gained", "+"), ("changed", "~")):
        for one in report[kind][:10]:
            stops = " [stops the publish]" if one["stops"] else ""
            print(f"  {sign} {one['text'][:100]!r}: {one['note']}{stops}")
        if counts[kind] > 10:
            print(f"  {sign} … and {counts[kind] - 10} more")
    for kind, words in (("alike", "answers the same as"), ("against", "may contradict")):
        for one in report[kind][:10]:
            print(f"  ! {one['entry']} {words} {one['other']}: {one['texts'][0][:100]!r}")
    if counts["compared"] < counts["comparable"]:
        print(f"  ({counts['compared']} of the {counts['comparable']} changed entries, drawn by chance, were compared "
              "with all others in meaning)")
    for conflict in report["conflicts"]:
        print(f"  ! {conflict}")
    for name in report["waiting"]:
        print(f"  {name} waits for the day from which it is valid")


def _search(args: argparse.Namespace, settings: Settings) -> int:
    from bot.commands.lines import write
    from bot.judgement.replay import judge_of, read_lines, search
    from bot.output import check
    from bot.setup import Bar

    pairs = read_lines(args.file, "qid")
    if args.out:
        check(args.out)
    with Bar("search") as bar:
        write(search(judge_of(settings), pairs, max(1, args.top), bar), args.out)
    return 0


def _snapshots(args: argparse.Namespace, settings: Settings) -> int:
    from bot.library.publications import publications_of
    from kb_index import snapshot

    current, live = snapshot.current_name(settings.index), publications_of(settings).snapshots()
    for name in snapshot.names(settings.index):
        told = snapshot.manifest(settings.index, name)
        never = "" if name in live or name == current else ", never live: no way back"
        print(f"{'*' if name == current else ' '} {name}  {told['entries']} entries{never}")
    return 0


def _rollback(args: argparse.Namespace, settings: Settings) -> int:
    from bot.judgement.publishing import roll_back

    print(f"{roll_back(settings, args.name)} is live")
    return 0


_ACTIONS = {
    "list": entries.list_, "show": entries.show, "history": entries.history, "archive": entries.archive,
    "restore": entries.restore, "check": _check,
    "import": _import, "export": _export, "sync": _sync, "publish": _publish, "search": _search,
    "snapshots": _snapshots, "rollback": _rollback,
}
