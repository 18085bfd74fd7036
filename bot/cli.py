"""`frontdesk …`: finds the command, runs it, and turns an error of ours into one clear line and an exit status.

A command is a module of :mod:`bot.commands` with ``HELP`` (one line), ``configure(parser)`` and
``run(args, settings) -> int``. To add one, write the module and put its name in COMMANDS. Modules import what is heavy
inside ``run``, so that ``frontdesk --help`` answers at once.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from bot import settings as settings_module
from bot.errors import is_ours
from bot.settings import Settings

#: Names of the modules in bot/commands, in the order in which the help lists them.
COMMANDS = (
    "run", "setup", "train", "tune", "doctor", "staff", "key", "kb", "shop", "replay", "evaluate", "backup", "restore",
    "erase",
)


class Command(Protocol):
    """What each module of bot/commands offers."""

    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's own arguments."""

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Does it and returns the exit status."""


def command(name: str) -> Command:
    return cast(Command, import_module(f"bot.commands.{name}"))


def parser() -> argparse.ArgumentParser:
    """The whole command line; docs/commands.md is checked against it."""
    top = argparse.ArgumentParser(prog="frontdesk", description="A customer-facing chatbot with a human behind it.",
                                  epilog="Settings are FRONTDESK_… environment variables: docs/settings.md.")
    found = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = command(name)
        sub = found.add_parser(name, help=module.HELP, description=module.HELP[0].upper() + module.HELP[1:] + ".")
        module.configure(sub)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 for an error, 2 for a command line that is wrong, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's locale has no letters for shall not end a list.
            stream.reconfigure(errors="backslashreplace")
    try:
        args = parser().parse_args(arguments)
        settings = settings_module.read()
        return command(args.command).run(args, settings)
    except KeyboardInterrupt:
        print("frontdesk: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (`frontdesk … | head`) has gone; nothing is left to say, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("FRONTDESK_LOG_LEVEL", "").strip().upper() == "DEBUG":
            traceback.print_exc()
        elif not is_ours(error) and not isinstance(error, OSError):
            raise  # a fault of ours: whoever mends it needs the traceback
        for line in str(error).splitlines() or [type(error).__name__]:
            print(f"frontdesk: {line}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
