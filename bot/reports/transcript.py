"""A conversation to take away, as plain text or as a page: what was said, without what only staff see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from html import escape

from bot.conversations.amendments import amended
from bot.conversations.record import Record
from kb_index.markdown import render

_EVENTS = {"handoff": "Passed on to a person", "claimed": "{name} joined", "released": "{name} left",
           "handed_back": "The assistant is back", "closed": "This conversation ended",
           "reopened": "This conversation was opened again"}
_STYLE = ("body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1a1d23}"
          "h1{font-size:1.4rem}article{margin:1rem 0;padding:.6rem .9rem;border-radius:.8rem;background:#f3f4f6;"
          "overflow-wrap:anywhere}article.customer{background:#e4efee}header{color:#5b6270;font-size:.85rem}"
          ".text{white-space:pre-wrap}p.event{color:#5b6270;text-align:center;font-size:.85rem}")


@dataclass(frozen=True)
class Line:
    """One thing that was said, or happened where `sender` is ``system``."""

    at: float
    sender: str
    name: str
    text: str
    files: tuple[str, ...] = ()
    #: What the bot said, as it was rendered for the chat.
    html: str = ""

    @property
    def when(self) -> str:
        moment = datetime.fromtimestamp(self.at, timezone.utc)
        return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def lines(records: Sequence[Record]) -> list[Line]:
    """What a customer may read of it, as it stands now: edited messages as edited, deleted ones as such."""
    return list(_lines(amended(records)))


def _lines(records: Sequence[Record]) -> Iterator[Line]:
    names = {"customer": "Customer", "bot": "Assistant"}
    for record in records:
        by = str((record.get("by") or {}).get("name") or "Support")
        if record["kind"] == "message":
            text = "(This message was deleted.)" if record.get("deleted") else record["text"]
            files = tuple(file["name"] for file in record.get("attachments", ()))
            html = record.get("html", "") if record["from"] == "bot" else ""
            yield Line(record["at"], record["from"], names.get(record["from"], by), text, files, html)
        elif record.get("event") in _EVENTS:
            yield Line(record["at"], "system", "", _EVENTS[record["event"]].format(name=by))


def as_text(title: str, records: Sequence[Record]) -> str:
    """The conversation as plain text."""
    told = [title, "=" * len(title), ""]
    for line in lines(records):
        if line.sender == "system":
            told += [f"-- {line.text} ({line.when})", ""]
            continue
        told += [f"{line.name}, {line.when}:", *([line.text] if line.text else []),
                 *(f"[file: {name}]" for name in line.files), ""]
    return "\n".join(told)


def as_html(title: str, records: Sequence[Record]) -> str:
    """The conversation as a page that loads and runs nothing: what people typed is text, the bot's Markdown is rendered
    and sanitised, its pictures are told in words."""
    told = []
    for line in lines(records):
        if line.sender == "system":
            told.append(f'<p class="event">{escape(line.text)} · {line.when}</p>')
            continue
        said = _rendered(line) if line.sender == "bot" else f'<div class="text">{escape(line.text)}</div>'
        files = "".join(f"<p>📎 {escape(name)}</p>" for name in line.files)
        told.append(f'<article class="{line.sender}"><header><strong>{escape(line.name)}</strong> · '
                    f"{line.when}</header>{said if line.text else ''}{files}</article>")
    return (f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
            f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n" + "\n".join(told) +
            "\n</body>\n</html>\n")


def _rendered(line: Line) -> str:
    """What was rendered once is taken as it is, where it shows no picture: many messages would take long."""
    return line.html if line.html and "<img" not in line.html else render(line.text, pictures=False)
