"""Records: what the log of a conversation is made of, and what a customer may see of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

#: One line of a conversation's log, as docs/api.md describes it.
Record = dict[str, Any]

MAX_TEXT = 2000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: C0 and C1 controls but newline and tab; bidi overrides and isolates, which can make a text read as another;
#: zero-width no-break space. Joiners stay: emoji and several scripts need them.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: What only the staff may see of a bot's message.
_STAFF_ONLY = ("evidence", "payloads", "payload", "answers")
_STAFF_ONLY_OF_EVENTS = ("outcome", "note", "why", "reason", "assigned_by", "team", "escalated", "product", "fault",
                         "cause", "to")


class BadText(ValueError):
    """A text that cannot be taken; `code` is that of docs/api.md."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """The text as it is kept: line ends unified, control characters out, half characters replaced, trimmed.

    Raises BadText when nothing is left or it is longer than `limit` characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _SURROGATE.sub("\ufffd", _UNWANTED.sub("", text)).strip()
    if not text:
        raise BadText("text_empty", "There is no text in this message.")
    if len(text) > limit:
        raise BadText("text_too_long", f"This message has {len(text):,} characters; {limit:,} are the most.")
    return text


def shown(record: Mapping[str, Any]) -> str:
    """What stands for the message where only text can: its text, else the names of the files that it carries."""
    return str(record["text"]) or ", ".join(f"[{file['name']}]" for file in record.get("attachments", ()))


def is_message_id(value: object) -> bool:
    """Whether a sender's message id has the form that docs/api.md asks for."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def digest(text: str, attachments: Sequence[Record] = ()) -> str:
    """Short fingerprint that tells a repeated message from an id used twice for different texts or files."""
    said = "\0".join([text, *(file["id"] for file in attachments)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def carried(attachments: Sequence[Record]) -> Record:
    """What a message's body has of the files that it carries."""
    return {"attachments": list(attachments)} if attachments else {}


def encode(body: Record) -> str:
    """A record body as JSON, without seq and time: the store's scripts put those in front."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def message(sender: str, text: str, **more: Any) -> Record:
    """A message's body; `sender` is customer, bot or agent."""
    return {"kind": "message", "from": sender, "text": text, **more}


def event(name: str, **more: Any) -> Record:
    """An event's body, for example ``event("closed", outcome="solved")``."""
    return {"kind": "event", "from": "system", "event": name, **more}


def answered_from(record: Record | None) -> str:
    """The entry that a message of the bot answered from, or nothing."""
    evidence = record.get("evidence") if record and record.get("from") == "bot" else None
    # Where the bot only asks back or gives up, an entry may stand in the judgement, but no version of it was shown.
    return str(evidence["entry"]) if evidence and evidence.get("entry") and evidence.get("version") else ""


def for_customer(record: Record) -> Record:
    """The record as its customer may see it.

    Notes and internals keep their seq and nothing else, so that the numbers a client resumes from stay gapless.
    """
    if record["kind"] in ("note", "internal"):
        return {"seq": record["seq"], "at": record["at"], "kind": "internal"}
    shown = {name: value for name, value in record.items() if name not in _STAFF_ONLY}
    if answered_from(record):
        shown["answer"] = True
    if record["kind"] == "event":
        # What the staff reason about is theirs. Where it goes is said by the status, by whom by the name.
        for name in _STAFF_ONLY_OF_EVENTS:
            shown.pop(name, None)
    return shown
