"""A conversation to take away: downloaded by its customer or by staff, or mailed."""

from __future__ import annotations

import asyncio
import hashlib
import time
from datetime import datetime, timezone
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.customer import Customer
from bot.conversations.errors import Missing
from bot.conversations.record import Record, is_message_id
from bot.desk import body, guards
from bot.desk.errors import ApiError
from bot.desk.services import Services, of
from bot.desk.widget import as_json
from bot.mail.letter import Attachment, BadMail
from bot.reports import transcript

_TYPES = {"txt": "text/plain; charset=utf-8", "html": "text/html; charset=utf-8"}
#: Mails and downloads by the customer, and window in seconds, of one conversation.
_MAILS, _DOWNLOADS = (10, 3600), (10, 600)
#: The same transcript to the same address is one mail within this.
_ONCE_SECONDS = 300
#: No mailbox has a longer address.
_LONGEST_ADDRESS = 254


async def download(request: Request, cid: str) -> HTTPResponse:
    await guards.agent(request)
    return await _given(request, cid)


async def download_by_customer(request: Request) -> HTTPResponse:
    cid = await guards.customer(request)
    await guards.not_too_often(request, f"downloads:{cid}", *_DOWNLOADS)
    return await _given(request, cid)


async def _given(request: Request, cid: str) -> HTTPResponse:
    kind = request.args.get("format", "txt")
    if kind not in _TYPES:
        raise body.bad("format", f"is to be one of {', '.join(_TYPES)}")
    title, records = await _read(request, cid)
    written = (transcript.as_text if kind == "txt" else transcript.as_html)(title, records)
    headers = {"Content-Disposition": f'attachment; filename="conversation-{cid}.{kind}"',
               "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return HTTPResponse(written, 200, headers, _TYPES[kind])


async def mail(request: Request, cid: str) -> HTTPResponse:
    """Puts the mail into the outbox. Without ``to`` it goes to the customer, who has to be known for that."""
    await guards.agent(request)
    guards.changes(request)
    fields = body.read(request, optional={"to": str})
    title, records = await _read(request, cid)
    who = await _customer(of(request), cid)
    to = fields.get("to", "").strip() or (who.email if who else "")
    if not to:
        raise body.bad("to", "is missing, and no address of the customer is known")
    if len(to) > _LONGEST_ADDRESS:
        raise body.bad("to", "is no e-mail address")
    await guards.not_too_often(request, f"transcripts:{cid}", *_MAILS)
    content = transcript.as_text(title, records).encode()
    sum_ = hashlib.sha256(content + to.lower().encode()).hexdigest()[:24]
    file = Attachment(f"conversation-{cid}.txt", "text/plain", content)
    try:
        put = await of(request).outbox.send(
            to, "transcript", {"shop": _shop(request)}, attachments=(file,),
            key=f"transcript:{cid}:{sum_}:{int(time.time() // _ONCE_SECONDS)}")
    except BadMail:
        raise body.bad("to", "is no e-mail address") from None
    return as_json({"to": to, "duplicate": not put})


async def _customer(services: Services, cid: str) -> Customer | None:
    """Who it is: in a live conversation who has proved it there, of one in the archive who had."""
    try:
        return (await services.conversations.state(cid)).customer
    except Missing:
        noted = await asyncio.to_thread(services.customers.of, cid)
        return noted if noted and noted.by else None


async def _read(request: Request, cid: str) -> tuple[str, list[Record]]:
    """Title and log, from wherever it is. Raises Missing."""
    if not is_message_id(cid):
        raise Missing(cid)
    services = of(request)
    try:
        state: Any = await services.conversations.state(cid)
        records = await services.conversations.records(cid)
    except Missing:
        found = await asyncio.to_thread(services.archive.find, cid)
        if found is None:
            raise
        state, _, records = found
    if not records:
        raise ApiError(404, "not_found", "Nothing has been said in this conversation yet.")
    begun = datetime.fromtimestamp(state.created, timezone.utc)
    return f"Conversation with {_shop(request)}, {begun.day} {begun:%B %Y}", records


def _shop(request: Request) -> str:
    return str(of(request).texts.config()["shop"])


blueprint = Blueprint("transcripts", url_prefix="/api")
blueprint.add_route(download, "/console/conversations/<cid:str>/transcript", methods=["GET"])
blueprint.add_route(mail, "/console/conversations/<cid:str>/transcript", methods=["POST"])
blueprint.add_route(download_by_customer, "/widget/transcript", methods=["GET"])
