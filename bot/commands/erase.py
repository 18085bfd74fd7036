"""`frontdesk erase WHO`: takes out for good what is kept of a customer or a conversation."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.conversations.state import State
    from bot.erasing.erasure import Erasure, Found

HELP = "take out for good what is kept of a customer or a conversation"
#: What is counted, as it is told of one and of several.
_TOLD = {"conversations": ("conversation", "conversations"), "files": ("file", "files"), "mails": ("mail", "mails"),
         "deliveries": ("delivery of a webhook", "deliveries of webhooks"),
         "questions": ("judged question", "judged questions")}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("who", metavar="WHO", help="a conversation's id, a customer's e-mail address, or their id at "
                                                   "your site")
    parser.add_argument("--check", action="store_true", help="only say what it would take out")
    parser.add_argument("--yes", action="store_true", help="do not ask before")


def run(args: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    from bot.backups.tables import prepare
    from bot.conversations.store import Conversations, connect
    from bot.database import open_database
    from bot.erasing.erasure import Erasure

    engine = open_database(settings.database)
    prepare(engine)

    async def erase() -> int:
        conversations = Conversations(connect(settings.redis))
        try:
            return await _erase(args, Erasure(settings, conversations, engine))
        finally:
            await conversations.client.connection_pool.disconnect()

    return asyncio.run(erase())


async def _erase(args: argparse.Namespace, erasure: Erasure) -> int:
    """The exit status is 1 where something stays, or nobody said yes."""
    who = args.who.strip()
    if not args.check and (left := await erasure.finish()):
        print(f"Finished what an earlier run had begun: {_counted(left)}.")
    found = await erasure.find(who)
    _show(who, found)
    stays: Sequence[State] = ()
    if not args.check and (found.closed or found.questions or found.mails):
        if not args.yes and not _agreed():
            print("frontdesk: nothing was erased", file=sys.stderr)
            return 1
        counts = await erasure.erase(who, found)
        print(f"Erased: {_counted(counts)}. Backups of before still hold them." if counts else "Nothing was erased.")
        begun = await erasure.left(found.closed)
        found = await erasure.find(who)  # the customer may have written meanwhile
        stays = list({state.id: state for state in (*begun, *found.closed)}.values())
    for state in stays:
        print(f"frontdesk: {state.id} could not be taken out whole, for the reason above; mend it, then say this again",
              file=sys.stderr)
    for state in found.open:
        print(f"frontdesk: {state.id} is still open ({_holder(state)}), so it stays; close it, then say this again",
              file=sys.stderr)
    return 1 if stays or found.open else 0


def _show(who: str, found: Found) -> None:
    for state in found.closed:
        since = time.strftime("%Y-%m-%d", time.gmtime(state.closed_at or state.updated))
        print(f"  {state.id}  closed {since}, {state.seq} records")
    if found.mails:
        print(f"  {_counted(Counter(mails=found.mails))} to {who}")
    for question in found.questions:
        print(f"  judged question: {question['text'][:100]!r}")
    for cid in found.naming:
        print(f"  ! {who} is named in {cid}, perhaps by somebody else; `frontdesk erase {cid}` would take that")
    if not (found.closed or found.open or found.naming or found.mails):
        print(f"Nothing is kept of {who}.")


def _holder(state: State) -> str:
    return {"bot": "with the bot", "queue": "in the queue"}.get(state.owner, f"with {state.agent_name}")


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[name]} {words[counts[name] > 1]}" for name, words in _TOLD.items() if counts[name])


def _agreed() -> bool:
    try:
        return input("Erase this for good? There is no way back. [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print("\nNobody could answer; --yes does it without asking.")
        return False
