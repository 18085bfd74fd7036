"""`frontdesk evaluate …`: how good the judgement is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bot.settings import Settings

HELP = "measure how well messages are judged"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with plots there")
    parser.add_argument("--file", type=Path, metavar="FILE",
                        help='measure with JSON lines {"text": "…", "route": "…"} or {"text": "…", "entry": "…"}')
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    intent = actions.add_parser("intent", help="train our classifier on one labelled file and measure it on another")
    intent.add_argument("--train", type=Path, required=True, metavar="FILE",
                        help='JSON lines {"text": "…", "label": "…"}; the label oos means out of scope')
    intent.add_argument("--test", type=Path, required=True, metavar="FILE", help="as --train; never learnt from")
    intent.add_argument("--shots", type=_count, metavar="N", help="learn only N lines of each label")
    intent.add_argument("--seed", type=int, default=0, metavar="S", help="what is drawn at random is drawn with S (0)")
    intent.add_argument("--no-tune", action="store_true", help="leave the encoder as it is: seconds instead of minutes")


def run(args: argparse.Namespace, settings: Settings) -> int:
    return _intent(args, settings) if args.action == "intent" else _published(args, settings)


def _published(args: argparse.Namespace, settings: Settings) -> int:
    from bot.judgement.evaluation import evaluate, read_file
    from bot.judgement.evaluation_page import page
    from bot.output import check, whole
    from bot.setup import ENCODER, INDEX, JUDGEMENT, LEDGER, Bar, set_up

    # A bad file is told at once, not after the set-up.
    told = read_file(args.file) if args.file else None
    if args.html:
        check(args.html)
    set_up(settings, (ENCODER, JUDGEMENT, LEDGER, INDEX))
    with Bar("evaluate") as bar:
        found = evaluate(settings, told, bar)
    wide = max(len(name) for name, _, _ in found.table)
    print(f"published state {found.snapshot}")
    for name, figure, of in found.table:
        print(f"{name:<{wide}}  {figure:>7}  {of}")
    for one in found.mistakes[:10]:
        nearest = ", ".join(f"{c['entry']} {c['score']:.2f}" for c in one["candidates"][:3])
        print(f"  {one['decision']} {one['confidence']:.2f} {one['text'][:80]!r}: wanted {one['wanted'] or 'none'}; "
              f"nearest {nearest}")
    if args.html:
        with whole(args.html) as out:
            out.write(page(found))
    return 0


def _intent(args: argparse.Namespace, settings: Settings) -> int:
    from bot.judgement.intent_report import report
    from bot.judgement.labelled import read
    from bot.setup import ENCODER, Bar, set_up

    # A bad file is told at once, not after the set-up.
    for path in (args.train, args.test):
        read(path)
    set_up(settings, (ENCODER,))
    with Bar("evaluate intent") as bar:
        told = report(settings, args.train, args.test, args.shots, args.seed, not args.no_tune, bar)
    print(json.dumps(told, indent=1))
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1 on is wanted")
    return int(text)
