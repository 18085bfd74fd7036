"""The part of `frontdesk kb …` that is about single entries: list, show, history, archive, restore."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from bot.errors import FrontdeskError
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.library.library import Library

BY = "the command line"
_PAGE = 500
#: Among so many ids the nearest to a slip of the keyboard is looked for; among more that takes seconds.
_COMPARED = 10_000
_FILTERS = {
    "status": "draft, review (ready), published, archived, or changed (differs from what is live)",
    "category": "in this category",
    "language": "in this language, such as de",
    "audience": "for everyone, verified or agents",
    "owner": "whose it is",
    "look": "stale, unused, handed, low, outdated or untranslated, as in the editor",
}


def configure(actions: Any) -> None:
    """Adds the actions to those of `frontdesk kb`."""
    listing = actions.add_parser("list", help="list entries, all or some")
    for name, what in _FILTERS.items():
        listing.add_argument(f"--{name}", help=what)
    listing.add_argument("--text", default="", metavar="WORDS", help="that have all these words")
    showing = actions.add_parser("show", help="print one entry as the Markdown file it would be")
    showing.add_argument("id", help="as `frontdesk kb list` shows it")
    showing.add_argument("--version", type=int, metavar="N", help="as it was then (default: the newest)")
    history = actions.add_parser("history", help="list the versions of an entry, newest first")
    history.add_argument("id")
    history.add_argument("--diff", type=int, nargs=2, metavar=("A", "B"), help="show what these two differ in")
    for sub in (listing, showing, history):
        sub.add_argument("--json", action="store_true", help="for programs, as the HTTP interface gives it")
    archive = actions.add_parser("archive", help="withdraw entries with the next publish")
    archive.add_argument("ids", nargs="+", metavar="ID")
    restore = actions.add_parser("restore", help="make an old version of an entry the newest one")
    restore.add_argument("id")
    restore.add_argument("version", type=int, help="as `frontdesk kb history` shows it")


def list_(args: argparse.Namespace, settings: Settings) -> int:
    from bot.library.article import AUDIENCES, STATUSES
    from bot.library.library import LOOKS

    filters = {name: value for name in _FILTERS if (value := getattr(args, name)) is not None}
    for name, known in (("status", (*STATUSES, "changed")), ("audience", AUDIENCES), ("look", LOOKS)):
        if filters.get(name, known[0]) not in known:
            raise FrontdeskError(f"--{name} {filters[name]!r} is not known; {', '.join(known)} are")
    library = library_of(settings)
    rows, more = _rows(library, args.text, filters)
    if args.json:
        print_json(rows)
        return 0
    _table([(row["id"], row["status"], row["category"], row["language"], _day(row["updated"]), row["question"])
            for row in rows])
    if more:
        print(f"The first {len(rows)} are shown; more words find fewer.")
    elif not rows and (filters or args.text):
        print("No entry is like that.")
    elif not rows:
        print("No entries yet. `frontdesk kb import FILE` takes some in, `frontdesk kb sync` those of the folder.")
    return 0


def _rows(library: Library, text: str, filters: dict[str, str]) -> tuple[list[dict[str, Any]], bool]:
    rows: list[dict[str, Any]] = []
    while True:
        page = library.page(text, filters, limit=_PAGE, offset=len(rows))
        rows += page["entries"]
        if not page["entries"] or len(rows) >= page["total"]:
            return rows, page["more"]


def show(args: argparse.Namespace, settings: Settings) -> int:
    from bot.library.exporting import as_markdown

    library = library_of(settings)
    now, versions = known(library, args.id), library.versions(args.id)
    one = _version(versions, args.id, now["version"] if args.version is None else args.version)
    article = library.version(args.id, one["number"])
    if args.json:
        print_json(now if args.version is None else {"id": args.id, **one, "fields": article.fields()})
        return 0
    live = "it is live" if one["live"] else f"version {now['live']} is live" if now["live"] else "none is live"
    told = f"version {one['number']} of {now['version']}, {_time(one['at'])}, {one['by'] or 'nobody known'}"
    # A comment in the front matter, so that what is printed is still a file that can be imported.
    head = f"---\n# {_line(told)}; the entry is {now['status']}, {live}\n"
    print(_shown(head + as_markdown(article).removeprefix("---\n")), end="")
    return 0


def history(args: argparse.Namespace, settings: Settings) -> int:
    from bot.library.diff import diff

    library = library_of(settings)
    known(library, args.id)
    versions = library.versions(args.id)
    if args.diff is None:
        if args.json:
            print_json(versions)
        else:
            _table([(str(one["number"]), _time(one["at"]), "live" if one["live"] else "was live" if one["was_live"]
                     else "", one["by"], one["note"]) for one in versions])
        return 0
    old, new = (library.version(args.id, _version(versions, args.id, number)["number"]) for number in args.diff)
    found = diff(old, new)
    if args.json:
        print_json(found)
    elif not found:
        print(f"Versions {args.diff[0]} and {args.diff[1]} say the same.")
    else:
        for one in found:
            print(_shown(f"{one['field']}: {marked(one['parts'])}"))
    return 0


def archive(args: argparse.Namespace, settings: Settings) -> int:
    library = library_of(settings)
    for name in args.ids:  # before any is archived
        known(library, name)
    gone = library.change(list(dict.fromkeys(args.ids)), BY, status="archived")
    print(f"{len(gone)} archived; `frontdesk kb publish` takes them from customers" if gone
          else "Nothing to do: archived already.")
    return 0


def restore(args: argparse.Namespace, settings: Settings) -> int:
    library = library_of(settings)
    now = known(library, args.id)
    _version(library.versions(args.id), args.id, args.version)
    kept = library.restore(args.id, args.version, now["revision"], BY)
    if kept["status"] == "archived":
        library.change([args.id], BY, status="draft")
        kept = library.open(args.id)
    if kept["version"] == kept["live"]:
        print(f"{args.id} says what version {args.version} said, and that is live")
    else:
        print(f"{args.id} says what version {args.version} said, as version {kept['version']}; "
              f"`frontdesk kb publish {shlex.quote(args.id)}` makes it live")
    return 0


# What the other actions use too

def library_of(settings: Settings) -> Library:
    from bot.database import open_database
    from bot.library.library import Library

    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    library = Library(open_database(settings.database))
    library.prepare()
    return library


def known(library: Library, name: str) -> dict[str, Any]:
    """The entry as it stands. Raises FrontdeskError that names the nearest ids where there is none."""
    from difflib import get_close_matches

    from bot.library.errors import NoSuchArticle

    try:
        return library.open(name)
    except NoSuchArticle as error:
        ids = library.titles()
        near = get_close_matches(name, ids, n=1) if len(ids) <= _COMPARED else []
        meant = f"; did you mean {near[0]!r}?" if near else ";"
        raise FrontdeskError(f"{error}{meant} `frontdesk kb list` shows all") from None


def marked(parts: Iterable[Sequence[str]]) -> str:
    """A difference as one text: ``[-gone-]`` and ``[+new+]`` stand between what was kept."""
    return "".join(part if op == "=" else f"[{op}{part}{op}]" for op, part in parts)


def print_json(told: Any) -> None:
    print(json.dumps(told, ensure_ascii=False, indent=2))


def _version(versions: Iterable[Mapping[str, Any]], name: str, number: int) -> Mapping[str, Any]:
    for one in versions:
        if one["number"] == number:
            return one
    raise FrontdeskError(f"{name!r} has no version {number}; `frontdesk kb history {shlex.quote(name)}` lists them")


def _table(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell, the last one open; one that is empty is left out."""
    cells = [[_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)][:-1]
    for row in cells:
        aligned = [cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
        print("  ".join([*aligned, row[-1]]).rstrip())


def _line(text: str) -> str:
    """One line that leaves a terminal as it is: what people wrote may hold its commands."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _shown(text: str) -> str:
    """Lines as they are, but for what a terminal would take for a command."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t") if sys.stdout.isatty() else text


def _day(at: float) -> str:
    return _time(at)[:10]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M")
