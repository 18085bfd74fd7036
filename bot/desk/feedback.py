"""What customers say of the service, over HTTP: ratings and votes of docs/api.md."""

from __future__ import annotations

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.conversations.feedback import SCALE, Feedback, NothingToRate, Rated, Rating
from bot.conversations.record import clean
from bot.desk import body, guards
from bot.desk.errors import ApiError
from bot.desk.services import of

#: Uses and window in seconds, by conversation.
_OFTEN = (30, 60)
_LONGEST_COMMENT = 1000


async def rate(request: Request) -> HTTPResponse:
    cid = await guards.customer(request)
    fields = body.read(request, required={"csat": int}, optional={"effort": int, "comment": str})
    for name in ("csat", "effort"):
        if fields.get(name, 1) not in SCALE:
            raise body.bad(name, "is to be a whole number from 1 to 5")
    comment = clean(fields["comment"], _LONGEST_COMMENT) if fields.get("comment", "").strip() else ""
    await guards.not_too_often(request, f"feedback:{cid}", *_OFTEN)
    try:
        await Feedback(of(request).conversations).rate(cid, Rating(fields["csat"], fields.get("effort"), comment))
    except NothingToRate:
        raise ApiError(409, "refused", "There is nothing to rate: no agent has closed this conversation.") from None
    except Rated:
        raise ApiError(409, "rated", "A rating can be changed for half an hour only.") from None
    return HTTPResponse(status=204)


async def vote(request: Request) -> HTTPResponse:
    cid = await guards.customer(request)
    fields = body.read(request, required={"seq": int, "helpful": bool})
    await guards.not_too_often(request, f"feedback:{cid}", *_OFTEN)
    try:
        if not 0 < fields["seq"] <= body.LARGEST_SEQ:
            raise LookupError(fields["seq"])
        await Feedback(of(request).conversations).vote(cid, fields["seq"], fields["helpful"])
    except LookupError:
        raise body.bad("seq", "is to be that of an answer of the bot (a record with 'answer')") from None
    return HTTPResponse(status=204)


blueprint = Blueprint("feedback", url_prefix="/api/widget")
blueprint.add_route(rate, "/rating", methods=["POST"])
blueprint.add_route(vote, "/helpful", methods=["POST"])
