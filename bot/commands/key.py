"""`frontdesk key …`: API keys, with which other systems use the console's interface."""

from __future__ import annotations

import argparse
import time

from bot.settings import Settings

HELP = "make, list and revoke API keys"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a key and print it; it is shown only now")
    add.add_argument("name", help="what the system is called; agents see it")
    add.add_argument("--scope", action="append", required=True, help="what it may do; may be given several times")
    add.add_argument("--days", type=int, help="days after which it ends (default: never)")
    actions.add_parser("list", help="list the keys with their scopes")
    revoke = actions.add_parser("revoke", help="end a key at once")
    revoke.add_argument("id", help="as `frontdesk key list` shows it")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot.desk.integrations import open_integrations

    found = open_integrations(settings)
    if args.action == "add":
        sent = {"name": args.name, "scopes": args.scope, **({"days": args.days} if args.days is not None else {})}
        key, secret = found.add(sent, "frontdesk key")
        print(f"{key.name} ({key.id}) may: {', '.join(key.scopes)}\n{secret}")
    elif args.action == "revoke":
        found.revoke(args.id)
        print("Revoked. A desk that used it a moment ago may take it for some seconds more.")
    else:
        keys = found.all()
        for key in keys:
            print(f"{key.id}  {_state(key.revoked, key.expires):<20}{key.name:<24}{', '.join(key.scopes)}")
        if not keys:
            print("None yet. `frontdesk key add NAME --scope conversations:read` makes one.")
    return 0


def _state(revoked: float | None, expires: float | None) -> str:
    if revoked is not None:
        return "revoked"
    if expires is None:
        return "valid"
    if expires <= time.time():
        return "expired"
    return f"until {time.strftime('%Y-%m-%d', time.gmtime(expires))}"
