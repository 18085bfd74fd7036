"""The files that a message carries: claimed for it before it is written, settled after."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sanic import Request

from bot.attachments import errors
from bot.attachments.attachments import MOST_OF_A_MESSAGE
from bot.conversations.record import clean
from bot.desk import body
from bot.desk.errors import ApiError
from bot.desk.services import of


async def carried(
    request: Request, cid: str, sender: str, fields: Mapping[str, Any]
) -> tuple[str, list[dict[str, Any]]]:
    """Text and files of a message whose JSON has ``id`` and perhaps ``text`` and ``attachments``: the text may be empty
    where there are files. The files are the message's from now on. Raises ApiError, BadText."""
    ids = fields.get("attachments") or []
    if len(ids) > MOST_OF_A_MESSAGE:
        raise body.bad("attachments", f"has {len(ids)} files; a message carries at most {MOST_OF_A_MESSAGE}")
    if not all(isinstance(one, str) for one in ids) or len(set(ids)) < len(ids):
        raise body.bad("attachments", "is to be a list of ids, each once")
    if not ids and "text" not in fields:
        raise ApiError(400, "missing_field", "The field 'text' is missing.", field="text")
    written = fields.get("text", "")
    text = "" if ids and not written.strip() else clean(written)
    if not ids:
        return text, []
    found = await asked(of(request).attachments.claim, ids, cid, sender, fields["id"])
    return text, [one.shown() for one in found]


async def settle(request: Request, files: list[dict[str, Any]], seq: int) -> None:
    """To be called when the message that carries `files` is in the log."""
    if files:
        await asked(of(request).attachments.settle, [one["id"] for one in files], seq)


async def asked(call: Any, *args: Any) -> Any:
    """Calls what blocks, and says in the API's words why a file is not taken."""
    try:
        return await asyncio.to_thread(call, *args)
    except errors.NotWhatItSays as error:
        raise ApiError(400, "not_what_it_says", str(error)) from None
    except errors.Refused as error:
        raise ApiError(400, "file_refused", str(error)) from None
    except errors.NoSuchAttachment as error:
        raise ApiError(400, "attachment_unknown", str(error)) from None
    except errors.NotScanned as error:
        raise ApiError(503, "not_scanned", str(error), {"Retry-After": "60"}) from None
    except errors.NotTaken as error:
        raise ApiError(400, "type_refused", str(error)) from None
