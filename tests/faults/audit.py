"""Whether what is in the record is what senders were told: pure functions over logs, each returning violations in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from players import Notes, Sent

Record = dict[str, Any]

#: Who has the conversation after an event.
OWNER_AFTER = {"handoff": "queue", "claimed": "agent", "released": "queue", "handed_back": "bot", "closed": "closed",
               "transferred": "queue"}


def owner_after(record: Record, owner: str) -> str:
    """Who has it after a record, given who had it before."""
    if record.get("event") == "reopened":
        return str(record["to"])
    return OWNER_AFTER.get(record.get("event", ""), owner)


def acknowledged(sent: Iterable[Sent], tried: set[str], logs: Mapping[str, Sequence[Record]]) -> list[str]:
    """Every acknowledged message stands in the record once, where its sender was told, and in the order sent; what
    stands there was sent by somebody."""
    found = []
    places: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for cid, log in logs.items():
        for record in log:
            if record.get("id"):
                places[record["id"]].append((cid, record["seq"], record["text"]))
    last: dict[tuple[str, str], int] = {}
    for message in sent:
        at = places.get(message.id, [])
        if at != [(message.conversation, message.seq, message.text)]:
            found.append(f"{message.id} was acknowledged as {message.seq} of {message.conversation} and stands at {at}")
        who = (message.conversation, message.sender)
        if message.seq <= last.get(who, 0):
            found.append(f"{message.id} ({message.seq}) was sent after {last[who]} of {who} and stands before it")
        last[who] = message.seq
    for message_id, at in places.items():
        if len(at) > 1:
            found.append(f"{message_id} stands in the record {len(at)} times: {at}")
        if message_id not in tried:
            found.append(f"{message_id} stands in the record and was never sent")
    return found


def log_is_sound(cid: str, log: Sequence[Record]) -> list[str]:
    """No gap; every message by whoever had the conversation at that moment; each change of owner from the right one."""
    found = []
    if [record["seq"] for record in log] != list(range(1, len(log) + 1)):
        found.append(f"{cid}: the log has gaps or repeats: {[record['seq'] for record in log]}")
    owner, agent = "bot", ""
    allowed = {"handoff": ("bot",), "claimed": ("queue", "bot", "agent"), "released": ("agent",), "handed_back": ("agent",),
               "closed": ("agent", "bot", "queue"), "reopened": ("closed",), "transferred": ("agent", "queue")}
    for record in log:
        seq, name = record["seq"], record.get("event")
        if record["kind"] == "message" and record["from"] == "bot" and owner != "bot":
            found.append(f"{cid}: the bot spoke at {seq} while it belonged to {owner} {agent}")
        if record["kind"] == "message" and record["from"] == "agent" and (owner, agent) != ("agent", record["by"]["id"]):
            found.append(f"{cid}: {record['by']['id']} spoke at {seq} while it belonged to {owner} {agent}")
        if name in allowed and owner not in allowed[name]:
            found.append(f"{cid}: {name} at {seq} while it belonged to {owner}")
        owner = owner_after(record, owner)
        agent = record["by"]["id"] if name == "claimed" else agent if owner == "agent" else ""
    return found


def answered_once(cid: str, log: Sequence[Record], commits: int) -> tuple[int, list[str]]:
    """Every message that the bot had to answer was answered by one commit, or people had the conversation before it
    could be. Returns how many turns were answered too.

    Each bot message names the messages it answers; those of one commit stand next to each other and are of one moment.
    Two commits within a millisecond look like one, so `commits` is how many the store has counted.
    """
    found = []
    answers: list[tuple[int, ...]] = []
    previous: tuple[tuple[int, ...], float] | None = None
    for record in log:
        by_bot = record["kind"] == "message" and record["from"] == "bot"
        mine = (tuple(record.get("answers", ())), record["at"]) if by_bot else None
        if mine is not None and mine != previous:
            answers.append(mine[0])
            if not mine[0]:
                found.append(f"{cid}: the bot's message {record['seq']} answers nothing")
        previous = mine
    if commits != len(answers):
        found.append(f"{cid}: the store counted {commits} commits, and {len(answers)} stand in the log")
    times = Counter(seq for mine in answers for seq in mine)
    owner = "bot"
    open_turns: list[int] = []
    for record in log:
        if record["kind"] == "message" and record["from"] == "customer" and owner == "bot":
            open_turns.append(record["seq"])
        elif record["kind"] == "message" and record["from"] == "customer" and times[record["seq"]]:
            found.append(f"{cid}: {record['seq']} was written to {owner} and answered by the bot")
        if record["kind"] == "message" and record["from"] == "bot":
            open_turns = [seq for seq in open_turns if seq not in record.get("answers", ())]
        after = owner_after(record, owner)
        if after != owner:
            # People read what the bot had not answered yet.
            open_turns = []
        owner = after
    found += [f"{cid}: message {seq} was never answered" for seq in open_turns]
    found += [f"{cid}: message {seq} was answered {n} times" for seq, n in times.items() if n > 1]
    return len(answers), found


def seen(cid: str, view: Sequence[Record], log: Sequence[Record]) -> list[str]:
    """A customer's stream showed the whole record, each once and in order."""
    shown = [(record["seq"], record.get("text")) for record in view]
    held = [(record["seq"], None if record["kind"] in ("note", "internal") else record.get("text")) for record in log]
    return [] if shown == held else [f"{cid}: the stream showed {shown[-3:]} of {len(shown)}, the record ends {held[-3:]} of {len(held)}"]


def wrong(notes: Notes) -> list[str]:
    return [*notes.wrong, *(f"refused: {line}" for line in notes.refused)]
