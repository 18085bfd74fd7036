"""Plays written dialogues on the real thing: worker, Rasa model, Valkey, outbox, and a sample shop anew for each.

A dialogue (tests/dialogues/*.yml) is what the customer writes and what must come of it::

    - name: cancels an order that nobody packed yet
      task: cancel_order
      kind: happy path
      as: C-1004                          # verified by the site's token; without it, anonymous
      say:
        - pls cancel my order
        - hear: [LM-104281]               # must have been said in answer to the line before
          never: [LM-104287]              # must not
        - yes
      done: ["orders LM-104281 state: received -> cancelled"]   # all that changed in the shop, line by line
      mails: [invoice]                    # templates put into the outbox, codes aside
      handed: {order: LM-104281}          # handed over, with this in the packet's `what`

Lines can hold ``{code}``, the code that was mailed last. ``shop: down`` and ``shop: up`` play an outage, ``after: 26``
lets hours pass. A line that is a button's title presses it. A dialogue without ``handed`` has to stay with the bot.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from actions.shop import sample
from actions.tasks import dialogue as tasks
from bot.conversations import keys
from bot.conversations.customer import Customer, Identity
from bot.conversations.record import Record
from bot.conversations.store import Conversations
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.assistant.worker import Worker

HERE = Path(__file__).parent
_CHANGED_ANYWAY = ("effects",)


@dataclass
class Played:
    """What came of one dialogue. `faults` are all differences from what was written."""

    script: dict[str, Any]
    lines: list[tuple[str, str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    handed: dict[str, Any] | None = None
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.script['task']}: {self.script['name']}"


def scripts(only: str = "") -> list[dict[str, Any]]:
    """All dialogues, in the order of files and lines."""
    found = [one for file in sorted(HERE.glob("*.yml")) for one in yaml.safe_load(file.read_text(encoding="utf-8"))]
    return [one for one in found if only.lower() in f"{one['task']}: {one['name']}".lower()]


class Stage:
    """One home with one worker, on which dialogues are played one after the other."""

    def __init__(self, worker: Worker, conversations: Conversations, settings: Settings) -> None:
        self.worker = worker
        self.conversations = conversations
        self.settings = settings
        self.shop = sample.path(settings)
        self._fresh = self.shop.with_suffix(".fresh")
        shutil.copy(self.shop, self._fresh)
        self._hours = 0.0
        tasks.clock = self._clock

    def _clock(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(hours=self._hours)

    async def play(self, script: dict[str, Any]) -> Played:
        played, began = Played(script), time.monotonic()
        self._hours = 0.0
        shutil.copy(self._fresh, self.shop)
        before, mails = contents(self.shop), len(self._mails())
        # Limits are for an hour of one customer's tries, not for all dialogues with the same address.
        async for name in self.conversations.client.scan_iter(keys.limit("*")):
            await self.conversations.client.delete(name)
        cid = await self._enter(script.get("as"))
        heard: list[Record] = []
        for number, line in enumerate(script["say"]):
            if isinstance(line, str):
                heard = await self._say(cid, line.replace("{code}", self._code()), f"m{number}", heard)
                played.lines += [("customer", line), *(("bot", _shown(record)) for record in heard)]
                continue
            if "shop" in line:
                self._outage(line["shop"] == "down")
            self._hours += float(line.get("after", 0))
            said = "\n".join(_shown(record) for record in heard)
            played.faults += [f"not said: {words!r}, but {said!r}" for words in map(str, line.get("hear", ())) if words.lower() not in said.lower()]
            played.faults += [f"was said: {words!r}" for words in map(str, line.get("never", ())) if words.lower() in said.lower()]
        self._outage(False)
        played.changes = changes(before, contents(self.shop))
        played.faults += _differences(script.get("done", []), played.changes)
        sent = [name for name in self._mails()[mails:] if name != "code"]
        if sorted(sent) != sorted(script.get("mails", [])):
            played.faults.append(f"mails: {sent}, not {script.get('mails', [])}")
        state = await self.conversations.state(cid)
        packet = await self.conversations.packet(cid) if state.owner == "queue" else None
        played.handed = packet
        played.faults += _handed(script.get("handed"), packet)
        played.seconds = time.monotonic() - began
        return played

    async def _enter(self, customer: str | None) -> str:
        if customer is None:
            return (await self.conversations.create(page="https://larkmoor.example/", locale="en-GB"))[0]
        with sqlite3.connect(self.shop) as db:
            (body,) = db.execute("select body from customers where id = ?", (customer,)).fetchone()
        db.close()
        told = json.loads(body)
        proved = Customer(told["id"], told["name"], told["email"], "token")
        identity = Identity(proved, f"{customer}-{time.monotonic_ns()}", 600)
        return (await self.conversations.create(locale="en-GB", identity=identity))[0]

    async def _say(self, cid: str, text: str, name: str, heard: Sequence[Record]) -> list[Record]:
        seen = len(await self.conversations.records(cid))
        titles = {button["title"]: payload for record in heard
                  for button, payload in zip(record.get("buttons", ()), record.get("payloads", ()), strict=True)}
        await self.conversations.post(cid, name, text, payload=titles.get(text, ""))
        turn = await self.conversations.take()
        while turn is not None:
            await self.worker._handle(turn)
            waits = await self.conversations.call("HGET", keys.conversation(cid), "work")
            turn = await self.conversations.take() if waits is not None else None
        records = (await self.conversations.records(cid))[seen + 1:]
        return [record for record in records if record["from"] == "bot"]

    def _outage(self, down: bool) -> None:
        away = self.shop.with_suffix(".away")
        if down and self.shop.exists():
            self.shop.rename(away)
        elif not down and away.exists():
            away.rename(self.shop)

    def _rows(self) -> list[tuple[str, bytes]]:
        file = self.settings.home / "frontdesk.db"
        if not file.exists():
            return []
        with sqlite3.connect(file) as db:
            try:
                rows = db.execute("select key, body from outbox order by put_at").fetchall()
            except sqlite3.OperationalError:
                rows = []
        db.close()
        return rows

    def _mails(self) -> list[str]:
        subjects = [str(message_from_bytes(body, policy=policy.default)["Subject"]) for _, body in self._rows()]
        return [_TEMPLATES[re.sub(r"LM-\d+", "$order", subject)] for subject in subjects]

    def _code(self) -> str:
        for _, body in reversed(self._rows()):
            mail = message_from_bytes(body, policy=policy.default)
            if "code" not in str(mail["Subject"]):
                continue
            text = mail.get_content()
            if hit := re.search(r"\b(\d{6})\b", text):
                return hit[1]
        return "000000"


def _templates() -> dict[str, str]:
    folder = HERE.parents[1] / "data" / "mails"
    return {file.read_text().splitlines()[0].removeprefix("Subject: "): file.stem for file in folder.glob("*.txt")}


_TEMPLATES = _templates()


def _shown(record: Record) -> str:
    buttons = "".join(f" [{button['title']}]" for button in record.get("buttons", ()))
    return record["text"] + buttons


def contents(file: Path) -> dict[str, str]:
    """All that a shop holds, one line a value, by its place."""
    found: dict[str, str] = {}

    def flat(place: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                flat(f"{place} {name}", inner)
        elif isinstance(value, list):
            for number, inner in enumerate(value, 1):
                flat(f"{place} {number}", inner)
        else:
            found[place] = str(value)

    with sqlite3.connect(file) as db:
        for table, key, column in (("customers", "id", "body"), ("orders", "number", "body"), ("returns", "reference", "body")):
            for name, body in db.execute(f"select {key}, {column} from {table}"):  # noqa: S608 - our own names
                flat(f"{table} {name}", json.loads(body))
        for reference, kind, category, customer, order, text in db.execute(
            "select reference, kind, category, customer, order_number, text from feedback"
        ):
            flat(f"feedback {reference}", {"kind": kind, "category": category, "customer": customer, "order": order, "text": text})
    db.close()
    return found


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    places = dict.fromkeys([*before, *after])
    return [f"{place}: {before.get(place, '')} -> {after.get(place, '')}" for place in places
            if before.get(place) != after.get(place)]


def _differences(wanted: Sequence[str], found: Sequence[str]) -> list[str]:
    """`wanted` may end in ``*``, which stands for all changes that begin so."""

    def fits(want: str, change: str) -> bool:
        return change.startswith(want[:-1]) if want.endswith("*") else change == want

    missing = [f"not done: {want}" for want in wanted if not any(fits(want, change) for change in found)]
    return missing + [f"done, but not wanted: {change}" for change in found if not any(fits(w, change) for w in wanted)]


def _handed(wanted: dict[str, Any] | None, packet: dict[str, Any] | None) -> list[str]:
    if wanted is None:
        return [f"handed over: {packet['why']}"] if packet else []
    if packet is None:
        return ["not handed over"]
    faults = []
    for name, value in wanted.items():
        told = packet["what"].get(name, packet["what"]["values"].get(name))
        if value is not None and str(value).lower() not in str(told).lower():
            faults.append(f"the packet's {name} is {told!r}, not {value!r}")
    return faults


def report(all_played: Sequence[Played], out: Any = sys.stdout) -> bool:
    """Prints what failed and the figures; whether all went as written."""
    for played in all_played:
        if played.faults:
            print(f"\nFAILED {played.name}", file=out)
            for who, text in played.lines:
                print(f"    {who + ':':10}{text}", file=out)
            for change in played.changes:
                print(f"    shop:     {change}", file=out)
            for fault in played.faults:
                print(f"    ! {fault}", file=out)
    good = [p for p in all_played if not p.faults]
    resolved = [p for p in good if p.handed is None]
    routine = [p for p in all_played if p.script.get("routine", True)]
    handed = [p for p in good if p.handed is not None]
    kinds = Counter(p.script["kind"] for p in all_played)
    total = len(all_played)
    print(f"\n{total} dialogues, {len(good)} went as written; resolved by the bot {len(resolved)} "
          f"({len(resolved) / max(1, len(routine)):.1%} of {len(routine)} routine ones), handed over as written "
          f"{len(handed)}; {sum(p.seconds for p in all_played):.0f} s", file=out)
    print("  " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()), file=out)
    return len(good) == total


def transcripts(all_played: Sequence[Played], most: int) -> str:
    """Dialogues that went as written, one a task, with what each changed in the shop; Markdown."""
    shortest = sorted((p for p in all_played if not p.faults and p.changes), key=lambda p: len(p.lines) + len(p.changes))
    first: dict[str, Played] = {}
    for one in shortest:
        first.setdefault(one.script["task"], one)
    told = []
    for one in list(first.values())[:most]:
        who = one.script.get("as", "a stranger")
        lines = [f"### {one.name} ({who})", "", *(f"- **{side}:** {' '.join(text.split())}" for side, text in one.lines)]
        told.append("\n".join([*lines, *(f"- *shop* `{change}`" for change in one.changes)]))
    return "\n\n".join(told) + "\n"


async def play_all(settings: Settings, valkey_url: str, chosen: Sequence[dict[str, Any]]) -> list[Played]:
    """Plays on a worker made here."""
    import warnings

    from bot.assistant import without_tensorflow

    without_tensorflow.install()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bot.assistant import actions_in_process, launcher, training
        from bot.assistant.agent import TurnAgent
        from bot.assistant.tracker_store import TurnTrackerStore
        from bot.assistant.worker import Worker
        from bot.conversations.store import connect
        from bot.judgement import assembly

        launcher.quiet_rasa("ERROR")
        actions_in_process.install()
        trackers = TurnTrackerStore(None)
        agent = TurnAgent.load(training.model(settings), tracker_store=trackers,
                               action_endpoint=actions_in_process.ActionsInProcess())
        conversations = Conversations(connect(valkey_url))
        worker = Worker(conversations, agent, trackers, assembly.load(settings))
        stage = Stage(worker, conversations, settings)
        played = []
        for script in chosen:
            played.append(await stage.play(script))
            print("." if not played[-1].faults else "F", end="", flush=True, file=sys.stderr)
        await conversations.client.close()
        await conversations.client.connection_pool.disconnect()
    return played


def home_like(source: Settings) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fd-dialogues-") as folder:
        home = Path(folder)
        for name in ("encoder", "reranker", "judgement", "models", "index"):
            (home / name).symlink_to(source.home / name)
        yield home


def main() -> int:
    """`python tests/dialogues/stage.py [WORDS] [--all] [--transcripts FILE]`: plays and reports."""
    import os

    sys.path.insert(0, str(HERE.parent))
    from own_valkey import Valkey
    from product import ready

    parser = argparse.ArgumentParser(description="Plays the dialogues of tests/dialogues and reports.")
    parser.add_argument("words", nargs="?", default="", help="only those whose name holds this")
    parser.add_argument("--all", action="store_true", help="print the dialogues that went as written as well")
    parser.add_argument("--transcripts", metavar="FILE", type=Path, help="write ten that went as written, one a task")
    args = parser.parse_args()
    chosen = scripts(args.words)
    for home in home_like(ready()):
        os.environ["FRONTDESK_HOME"] = str(home)
        server = Valkey(home)
        os.environ["FRONTDESK_REDIS_URL"] = server.url
        server.start()
        try:
            settings = Settings(home=home, redis_url=server.url)
            sample.load(settings)
            played = asyncio.run(play_all(settings, server.url, chosen))
        finally:
            server.stop()
        if args.all:
            for one in played:
                print(f"\n{one.name}")
                print("\n".join(f"    {who + ':':10}{text}" for who, text in one.lines))
        if args.transcripts:
            args.transcripts.write_text(transcripts(played, 10), encoding="utf-8")
        return 0 if report(played) else 1
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
