"""An agent's reply becomes a draft for the editors: what was asked before it is the question, the reply the answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.amendments import amended
from bot.conversations.errors import Missing
from bot.conversations.record import Record, is_message_id
from bot.desk import body, guards
from bot.desk.errors import ApiError
from bot.desk.services import of
from bot.desk.suggestions import newest
from bot.desk.widget import as_json
from bot.library.article import Article, slug
from bot.library.errors import Taken
from bot.masking import mask

_LONGEST_QUESTION, _LONGEST_PHRASING = 300, 200
#: What would be Markdown; agents write plain text.
_MARKS = re.compile(r"([\\`*\[\]<]|^[#>])", re.MULTILINE)


async def create(request: Request) -> HTTPResponse:
    """Whoever reads conversations may: a draft is seen by nobody but editors, and goes live only by them."""
    member = await guards.agent(request)
    guards.changes(request)
    sent = body.read(request, required={"conversation": str, "seq": int})
    cid, seq = sent["conversation"], sent["seq"]
    records = await _read(request, cid)
    reply = next((one for one in records if one["seq"] == seq), None)
    if reply is None or reply["kind"] != "message" or reply["from"] != "agent" or not reply["text"].strip():
        raise body.bad("seq", "is to be that of an agent's message with a text")
    question = mask(newest([one for one in records if one["seq"] < seq]))
    if not question:
        raise ApiError(409, "refused", "The customer had asked nothing before this message.")
    article = _article(cid, seq, question, mask(reply["text"]))
    library = of(request).library
    try:
        kept = await asyncio.to_thread(library.create, article, member.name, "draft", f"reply {seq} of {cid}")
    except Taken:
        kept = await asyncio.to_thread(library.open, article.id)
        return as_json({"entry": kept["id"], "question": kept["question"], "created": False})
    return as_json({"entry": kept["id"], "question": kept["question"], "created": True})


def _article(cid: str, seq: int, asked: str, reply: str) -> Article:
    """The same one for the same reply, so that a second click makes no second draft."""
    line = " ".join(asked.split())
    fields: dict[str, Any] = {
        "id": f"{slug(line)[:48].rstrip('-')}-{cid[:6].lower()}-{seq}", "question": line[:_LONGEST_QUESTION],
        "answer": _MARKS.sub(r"\\\1", reply.strip()),
        "phrasings": [text for one in asked.split("\n") if (text := " ".join(one.split())[:_LONGEST_PHRASING])][:5],
    }
    return Article.parse(fields, "this reply")


async def _read(request: Request, cid: str) -> Sequence[Record]:
    """The log as it stands now, from wherever it is. Raises Missing."""
    if not is_message_id(cid):
        raise Missing(cid)
    services = of(request)
    try:
        await services.conversations.state(cid)
        return amended(await services.conversations.records(cid))
    except Missing:
        found = await asyncio.to_thread(services.archive.find, cid)
        if found is None:
            raise
        return amended(found[2])


blueprint = Blueprint("drafts", url_prefix="/api/editor")
blueprint.add_route(create, "/drafts", methods=["POST"])
