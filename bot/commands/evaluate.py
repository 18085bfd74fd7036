"""`frontdesk evaluate …`: how good the judgement is."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bot.commands.numbers import count, seed
from bot.settings import Settings

HELP = "measure how well messages are judged"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(refuse=parser.error)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with plots there")
    parser.add_argument("--file", type=Path, metavar="FILE",
                        help='measure with JSON lines {"text": "…", "route": "…"} or {"text": "…", "entry": "…"}')
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    intent = actions.add_parser("intent", help="train our classifier on one labelled file and measure it on another")
    intent.add_argument("--train", type=Path, required=True, metavar="FILE",
                        help='JSON lines {"text": "…", "label": "…"}; the label oos means out of scope')
    intent.add_argument("--test", type=Path, required=True, metavar="FILE", help="as --train; never learnt from")
    intent.add_argument("--shots", type=count, metavar="N", help="learn only N lines of each label")
    intent.add_argument("--seed", type=seed, default=0, metavar="S", help="what is drawn at random is drawn with S (0)")
    intent.add_argument("--no-tune", action="store_true", help="leave the encoder as it is: seconds instead of minutes")


def run(args: argparse.Namespace, settings: Settings) -> int:
    if args.action != "intent":
        return _published(args, settings)
    if args.html or args.file:
        args.refuse("--html and --file are for what is published; `evaluate intent` has neither")
    return _intent(args, settings)


def _published(args: argparse.Namespace, settings: Settings) -> int:
    from bot.judgement.evaluation import evaluate, read_file
    from bot.judgement.evaluation_page import page
    from bot.output import check, whole
    from bot.setup import ENCODER, INDEX, JUDGEMENT, LEDGER, RERANKER, Bar, set_up

    # A bad file is told at once, not after the set-up.
    told = read_file(args.file) if args.file else None
    if args.html:
        check(args.html)
    set_up(settings, (ENCODER, RERANKER, JUDGEMENT, LEDGER, INDEX))
    with Bar("evaluate") as bar:
        found = evaluate(settings, told, bar)
    wide = max((len(name) for name, _, _ in found.table), default=0)
    print(f"published state {found.snapshot}")
    for name, figure, of in found.table:
        print(f"{name:<{wide}}  {figure:>7}  {of}")
    for one in found.mistakes[:10]:
        nearest = ", ".join(f"{c['entry']} {c['score']:.2f}" for c in one["candidates"][:3])
        print(f"  {one['decision']} {one['confidence']:.2f} {one['text'][:80]!r}: wanted {one['wanted'] or 'none'}; "
              f"nearest {nearest}")
    if found.unknown:
        print("frontdesk: the file wants entries that are not published, and counts any answer there as wrong: "
              f"{', '.join(found.unknown[:10])}", file=sys.stderr)
    if args.html:
        with whole(args.html) as out:
            # A message may hold half of a character pair, which no file can.
            out.write(page(found).encode("utf-8", "replace").decode())
    return 0


def _intent(args: argparse.Namespace, settings: Settings) -> int:
    from bot.judgement.intent_report import report
    from bot.judgement.labelled import read
    from bot.setup import ENCODER, RERANKER, Bar, set_up

    # A bad file is told at once, not after the set-up.
    train, test = read(args.train, least=2), read(args.test)
    set_up(settings, (ENCODER,) if args.no_tune else (ENCODER, RERANKER))
    with Bar("evaluate intent") as bar:
        told = report(settings, train, test, args.shots, args.seed, not args.no_tune, bar)
    print(json.dumps(told, indent=1))
    return 0
