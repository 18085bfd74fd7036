"""Attachments over HTTP: uploaded as a raw body, given only to those who are in the conversation."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.attachments.attachments import Attachment
from bot.conversations.errors import Missing
from bot.conversations.record import is_message_id
from bot.desk import guards
from bot.desk.carried import asked
from bot.desk.errors import ApiError
from bot.desk.services import of
from bot.desk.widget import as_json

#: Uploads and window in seconds, of one conversation and from one address.
_OF_ONE, _FROM_ONE = (30, 600), (120, 600)
#: A file is data to look at: whatever is in it, a browser runs and loads nothing of it, and takes it for nothing else.
_HEADERS = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


async def upload_by_customer(request: Request) -> HTTPResponse:
    cid = await guards.customer(request)
    return await _upload(request, cid, "customer", "")


async def upload_by_agent(request: Request, cid: str) -> HTTPResponse:
    member = await guards.agent(request)
    guards.changes(request)
    if not is_message_id(cid):
        raise Missing(cid)
    await of(request).conversations.state(cid)
    return await _upload(request, cid, "agent", member.id)


async def _upload(request: Request, cid: str, sender: str, by: str) -> HTTPResponse:
    services = of(request)
    await guards.not_too_often(request, f"attachments:{cid}:{sender}", *_OF_ONE)
    if sender == "customer":
        await guards.not_too_often(request, f"attachments:{guards.address(request)}", *_FROM_ONE)
    data = await _taken(request, services.settings.attachment_mb * 1_000_000)
    name = unquote(request.args.get("name", ""), errors="replace")
    async with services.handling:
        made: Attachment = await asked(services.attachments.add, cid, sender, by, name, data)
    return as_json({"attachment": made.shown()}, 201)


async def _taken(request: Request, most: int) -> bytes:
    found, size = bytearray(), 0
    while request.stream is not None and (chunk := await request.stream.read()):
        size += len(chunk)
        if size <= most:
            found += chunk
        elif size > 4 * most:
            # So far its sender gets to read the answer; somebody who sends on and on does not want to.
            request.transport.abort()
            break
    if size > most:
        raise ApiError(413, "too_large", f"This file is larger than {most // 1_000_000} MB.")
    if not size:
        raise ApiError(400, "not_what_it_says", "This file is empty.")
    return bytes(found)


async def give_customer(request: Request, name: str) -> HTTPResponse:
    cid = await guards.customer(request)
    found = await asyncio.to_thread(of(request).attachments.find, name)
    # What an agent has uploaded but not sent yet is no affair of the customer's.
    if found is None or found.conversation != cid or (found.sender != "customer" and not found.message):
        raise _gone()
    if found.seq and await _taken_back(request, cid, found.seq):
        raise _gone()
    return await _file(request, found)


async def _taken_back(request: Request, cid: str, seq: int) -> bool:
    """Whether the message at `seq` was deleted by whoever sent it."""
    later = await of(request).conversations.records(cid, seq)
    return any(record.get("event") == "deleted" and record["of"] == seq for record in later)


async def give_staff(request: Request, name: str) -> HTTPResponse:
    await guards.agent(request)
    found = await asyncio.to_thread(of(request).attachments.find, name)
    if found is None:
        raise _gone()
    return await _file(request, found, {"Cache-Control": "private, max-age=86400, immutable"})


async def _file(request: Request, found: Attachment, more: Mapping[str, str] | None = None) -> HTTPResponse:
    path: Path = of(request).attachments.path(found.id)
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError:
        raise _gone() from None
    headers = {**_HEADERS, **(more or {}), "Content-Disposition": _disposition(found)}
    return HTTPResponse(data, 200, headers, content_type=found.type)


def _disposition(found: Attachment) -> str:
    """Pictures may be shown in their place; everything else is saved."""
    how = "inline" if found.type.startswith("image/") else "attachment"
    plain = re.sub(r"[^A-Za-z0-9 ._-]", "_", found.name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}"


def _gone() -> ApiError:
    return ApiError(404, "not_found", "There is no such file in this conversation.")


blueprint = Blueprint("attachments", url_prefix="/api")
blueprint.add_route(upload_by_customer, "/widget/attachments", methods=["POST"], stream=True)
blueprint.add_route(give_customer, "/widget/attachments/<name:str>", methods=["GET"])
blueprint.add_route(upload_by_agent, "/console/conversations/<cid:str>/attachments", methods=["POST"], stream=True)
blueprint.add_route(give_staff, "/console/attachments/<name:str>", methods=["GET"])
