"""`frontdesk staff …`: the people who sign in at the console and the editor.

Passwords are made here, or read from standard input; never from the command line, which other users can see.
"""

from __future__ import annotations

import argparse
import secrets
import sys

from bot.settings import Settings

HELP = "add, list and remove the people who sign in, set their passwords and roles"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add somebody; prints the password that was made")
    add.add_argument("email")
    add.add_argument("--name", help="as customers see it (default: the e-mail's part before the @)")
    add.add_argument("--role", choices=("agent", "supervisor", "editor", "admin"), default="agent")
    actions.add_parser("list", help="list everybody with their role")
    password = actions.add_parser("password", help="give somebody a new password and print it")
    password.add_argument("email")
    role = actions.add_parser("role", help="give somebody another role")
    role.add_argument("email")
    role.add_argument("role", choices=("agent", "supervisor", "editor", "admin"))
    remove = actions.add_parser("remove", help="somebody leaves; what they wrote stays")
    remove.add_argument("email")
    for sub in (add, password):
        sub.add_argument("--stdin", action="store_true", help="take the password from standard input instead")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from bot.desk import staff

    if args.action == "list":
        people = staff.list_staff(settings)
        for person in people:
            print(f"{person.role:<12}{person.email:<32}{person.name}")
        if not people:
            print("Nobody yet. `frontdesk run` makes a first administrator, or `frontdesk staff add` anybody.")
        return 0
    if args.action == "role":
        staff.set_role(settings, email=args.email, role=args.role)
        print(f"{args.email} is {args.role} now.")
        return 0
    if args.action == "remove":
        staff.remove_staff(settings, email=args.email)
        print(f"{args.email} is signed out within seconds. Open chats go back to the queue after a few minutes.")
        return 0
    password = sys.stdin.readline().rstrip("\r\n") if args.stdin else secrets.token_urlsafe(12)
    if args.action == "add":
        name = args.name or args.email.partition("@")[0]
        staff.add_staff(settings, name=name, email=args.email, role=args.role, password=password)
    else:
        staff.set_password(settings, email=args.email, password=password)
    print(f"{args.email} signs in with the password given." if args.stdin else f"{args.email}\npassword  {password}")
    return 0
