"""The editors' side of docs/api.md."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sanic import Blueprint, Request
from sanic.response import HTTPResponse

from bot.attachments.errors import NotTaken
from bot.attachments.kinds import tidy_name
from bot.desk import body, guards
from bot.desk.errors import ApiError
from bot.desk.services import of
from bot.desk.staff import Member
from bot.desk.widget import as_json
from bot.judgement.tasks import TASKS
from bot.library import exporting
from bot.library.article import AUDIENCES, FIELDS, STATUSES, Article
from bot.library.diff import diff
from bot.library.library import LOOKS, today
from bot.library.pictures import named
from kb_index import serving
from kb_index.entry import MAX_ANSWER
from kb_index.markdown import render

#: An entry with everything it may hold.
_LARGEST = 2_000_000
#: A file to import.
_LARGEST_FILE = 200_000_000
_PAGE = 50
_MOST_AT_ONCE = 500
_SORTS = ("updated", "oldest", "asked")


async def _editor(request: Request) -> Member:
    return await guards.member(request, "editor", "admin")


async def _acting(request: Request, fields: Mapping[str, type] | None = None,
                  optional: Mapping[str, type] | None = None) -> tuple[Member, dict[str, Any]]:
    """Who changes something, and what they sent. The body is read only for somebody who may."""
    member = await _editor(request)
    guards.changes(request)
    request.body = await take(request, _LARGEST)
    return member, body.read(request, required=fields, optional=optional)


async def take(request: Request, most: int) -> bytes:
    """The whole body of a streamed request. Raises ApiError ``too_large``."""
    found = bytearray()
    too_large = False
    while request.stream is not None and (chunk := await request.stream.read()):
        # Read to its end all the same, so that the sender gets to read the answer.
        too_large = too_large or len(found) + len(chunk) > most
        if not too_large:
            found += chunk
    if too_large:
        raise ApiError(413, "too_large", f"This is more than {most // 1_000_000} MB.")
    return bytes(found)


async def _do(work: Callable[..., Any], *args: Any, **named: Any) -> Any:
    return await asyncio.to_thread(work, *args, **named)


def _name(raw: str) -> str:
    return str(body.whole(unquote(raw, errors="replace")))


def _article(fields: dict[str, Any]) -> Article:
    return Article.parse(fields, str(fields.get("id") or "this entry")[:80])


# The list

async def index(request: Request) -> HTTPResponse:
    await _editor(request)
    filters = {}
    for name, allowed in (("status", (*STATUSES, "changed")), ("audience", AUDIENCES), ("look", LOOKS)):
        if value := request.args.get(name):
            if value not in allowed:
                raise body.bad(name, f"is to be one of {', '.join(allowed)}")
            filters[name] = value
    for name in ("category", "language", "owner"):
        if name in request.args:
            filters[name] = body.asked(request, name)
    sort = request.args.get("sort", "updated")
    if sort not in _SORTS:
        raise body.bad("sort", f"is to be one of {', '.join(_SORTS)}")
    offset = body.number(request.args.get("offset"))
    search = body.asked(request, "search")[:200]
    return as_json(await _do(of(request).library.page, search, filters, sort, _PAGE, offset))


async def facets(request: Request) -> HTTPResponse:
    await _editor(request)
    return as_json({**await _do(of(request).library.facets), "tasks": sorted(TASKS)})


async def bulk(request: Request) -> HTTPResponse:
    changes = {"status": str, "category": str, "owner": str, "audience": str}
    member, sent = await _acting(request, {"ids": list}, changes)
    ids = [one for one in sent.pop("ids") if isinstance(one, str)]
    if not 1 <= len(ids) <= _MOST_AT_ONCE:
        raise body.bad("ids", f"is to hold 1 to {_MOST_AT_ONCE} ids")
    if sent.get("status", "draft") not in ("draft", "review", "archived"):
        raise body.bad("status", "is to be one of draft, review, archived")
    changed = await _do(of(request).library.change, ids, member.name, **sent)
    return as_json({"changed": changed})


# One entry

async def create(request: Request) -> HTTPResponse:
    member, sent = await _acting(request, {"fields": dict})
    kept = await _do(of(request).library.create, _article(sent["fields"]), member.name)
    return as_json(kept, 201)


async def show(request: Request, entry: str) -> HTTPResponse:
    await _editor(request)
    return as_json(await _do(of(request).library.open, _name(entry)))


async def save(request: Request, entry: str) -> HTTPResponse:
    member, sent = await _acting(request, {"fields": dict, "revision": int}, {"status": str, "note": str})
    status = sent.get("status")
    if status is not None and status not in ("draft", "review", "archived"):
        raise body.bad("status", "is to be one of draft, review, archived")
    article = _article({**sent["fields"], "id": _name(entry)})
    note = " ".join(sent.get("note", "").split())[:200]
    return as_json(await _do(of(request).library.save, article, sent["revision"], member.name, status, note))


async def follow(request: Request, entry: str) -> HTTPResponse:
    """A translation fits its original as that is now."""
    await _acting(request)
    return as_json(await _do(of(request).library.follow, _name(entry)))


async def versions(request: Request, entry: str) -> HTTPResponse:
    await _editor(request)
    return as_json({"versions": await _do(of(request).library.versions, _name(entry))})


async def compare(request: Request, entry: str) -> HTTPResponse:
    await _editor(request)
    library, name = of(request).library, _name(entry)
    before, after = body.number(request.args.get("from")), body.number(request.args.get("to"))
    old, new = await _do(library.version, name, before), await _do(library.version, name, after)
    return as_json({"diff": await _do(diff, old, new), "fields": old.fields()})


async def restore(request: Request, entry: str) -> HTTPResponse:
    member, sent = await _acting(request, {"version": int, "revision": int})
    kept = await _do(of(request).library.restore, _name(entry), sent["version"], sent["revision"], member.name)
    return as_json(kept)


async def comments(request: Request, entry: str) -> HTTPResponse:
    await _editor(request)
    return as_json({"comments": await _do(of(request).library.comments, _name(entry))})


async def comment(request: Request, entry: str) -> HTTPResponse:
    member, sent = await _acting(request, None, {"text": str, "done": int, "open": int})
    library, name = of(request).library, _name(entry)
    if text := sent.get("text", "").strip()[:5000]:
        await _do(library.comment, name, text, member.name)
    for key in ("done", "open"):
        if key in sent:
            await _do(library.settle_comment, name, sent[key], key == "done")
    return as_json({"comments": await _do(library.comments, name)})


# Trying and measuring

async def preview(request: Request) -> HTTPResponse:
    _, sent = await _acting(request, {"answer": str})
    if len(sent["answer"]) > MAX_ANSWER:
        raise body.bad("answer", f"has {len(sent['answer']):,} characters; {MAX_ANSWER:,} are the most")
    return as_json({"html": await _do(render, sent["answer"])})


async def attempt(request: Request) -> HTTPResponse:
    _, sent = await _acting(request, {"text": str}, {"fields": dict})
    text = sent["text"].strip()
    if not text:
        raise ApiError(400, "text_empty", "There is nothing to try.")
    return as_json(await of(request).workshop.call("attempt", text=text[:2000], fields=_known(sent.get("fields"))))


async def get_ready(request: Request) -> HTTPResponse:
    await _acting(request)
    of(request).workshop.warm()
    return HTTPResponse(status=204)


async def forecast(request: Request) -> HTTPResponse:
    _, sent = await _acting(request, {"fields": dict})
    return as_json(await of(request).workshop.call("forecast", fields=_known(sent["fields"])))


def _known(fields: dict[str, Any] | None) -> dict[str, Any] | None:
    """Checked here, so that the workshop is not started for what cannot be."""
    if fields is None:
        return None
    return _article({name: fields.get(name) for name in FIELDS}).fields()


async def questions(request: Request) -> HTTPResponse:
    await _editor(request)
    return as_json({"questions": await _do(of(request).library.questions)})


async def remember(request: Request) -> HTTPResponse:
    member, sent = await _acting(request, {"text": str, "entry": str}, {"protected": bool})
    text = " ".join(sent["text"].split())[:2000]
    if not text:
        raise ApiError(400, "text_empty", "There is no question to remember.")
    library = of(request).library
    if sent["entry"]:
        await _do(library.open, sent["entry"])
    await _do(library.remember_question, text, sent["entry"], sent.get("protected", False), member.name)
    return as_json({"questions": await _do(library.questions)})


async def forget(request: Request, question: int) -> HTTPResponse:
    await _acting(request)
    await _do(of(request).library.forget_question, min(question, body.LARGEST_SEQ))
    return HTTPResponse(status=204)


async def unanswered(request: Request) -> HTTPResponse:
    await _acting(request)
    return as_json(of(request).workshop.begin("groups").shown(), 202)


# In and out

async def import_(request: Request) -> HTTPResponse:
    member = await _editor(request)
    guards.changes(request)
    try:
        name = tidy_name(request.args.get("name", ""))
    except NotTaken:
        raise body.bad("name", "is to be the file's name") from None
    imports = of(request).settings.imports
    await _do(imports.mkdir, parents=True, exist_ok=True)
    folder = Path(await _do(tempfile.mkdtemp, dir=imports))
    try:
        await _spool(request, folder / name)
        begun = of(request).workshop.begin(
            "take_in", scratch=folder, path=str(folder / name), by=member.name, only=request.args.get("only") == "1",
            commit=request.args.get("commit") == "1")
    except BaseException:
        await _do(shutil.rmtree, folder, ignore_errors=True)
        raise
    return as_json(begun.shown(), 202)


async def _spool(request: Request, path: Path) -> None:
    """Writes the request's body to a file: it may be larger than what this process should hold."""
    size = 0
    with await _do(path.open, "wb") as out:
        while request.stream is not None and (chunk := await request.stream.read()):
            size += len(chunk)
            if size <= _LARGEST_FILE:
                await _do(out.write, chunk)
    if size > _LARGEST_FILE:
        raise ApiError(413, "too_large", f"This is more than {_LARGEST_FILE // 1_000_000} MB.")


async def compare_folder(request: Request) -> HTTPResponse:
    await _acting(request)
    return as_json(of(request).workshop.begin("compare_folder").shown(), 202)


async def sync_folder(request: Request) -> HTTPResponse:
    member, sent = await _acting(request, {"digest": str})
    return as_json(of(request).workshop.begin("sync_folder", digest=sent["digest"], by=member.name).shown(), 202)


async def settle_folder(request: Request) -> HTTPResponse:
    _, sent = await _acting(request, {"entry": str, "side": str, "seen": str})
    if sent["side"] not in ("editor", "folder"):
        raise body.bad("side", "is to be editor or folder")
    return as_json(of(request).workshop.begin("settle_folder", **sent).shown(), 202)


async def export(request: Request) -> None:
    await _editor(request)
    kind = request.args.get("format", "csv")
    if kind not in exporting.FORMATS:
        raise body.bad("format", f"is to be one of {', '.join(exporting.FORMATS)}")
    articles = await _do(of(request).library.all, request.args.get("drafts") == "1")
    # Pictures need a zip around them.
    form = "md" if kind == "md" or await _do(named, articles) else kind
    headers = {"Content-Disposition":
               f'attachment; filename="knowledge-base-{today()}.{"zip" if form == "md" else kind}"'}
    if form != "md":
        response = await request.respond(content_type=exporting.FORMATS[form], headers=headers)
        for part in exporting.as_csv(articles) if kind == "csv" else exporting.as_json(articles):
            await response.send(part)
        await response.eof()
        return
    with await _do(tempfile.TemporaryFile) as packed:  # it may be larger than what this process should hold
        await _do(exporting.pack, articles, kind, of(request).pictures.of(articles), packed)
        await _do(packed.seek, 0)
        response = await request.respond(content_type=exporting.FORMATS[form], headers=headers)
        while chunk := await _do(packed.read, 1 << 20):
            await response.send(chunk)
    await response.eof()


# Publishing

async def pending(request: Request) -> HTTPResponse:
    await _editor(request)
    return as_json(await _do(of(request).ledger.pending))


async def check(request: Request) -> HTTPResponse:
    _, sent = await _acting(request, None, {"ids": list})
    return as_json(of(request).workshop.begin("check", ids=sent.get("ids")).shown(), 202)


async def publish(request: Request) -> HTTPResponse:
    member, sent = await _acting(request, {"digest": str}, {"ids": list, "override": str})
    override = " ".join(sent.get("override", "").split())[:500]
    if override and member.role != "admin":
        raise ApiError(403, "forbidden", "Only an administrator may publish although questions get worse.")
    begun = of(request).workshop.begin(
        "publish", ids=sent.get("ids"), by=member.name, digest=sent["digest"], override=override)
    return as_json(begun.shown(), 202)


async def job(request: Request, job: str) -> HTTPResponse:
    await _editor(request)
    found = of(request).workshop.jobs.get(job)
    if found is None:
        raise ApiError(404, "not_found", "There is no such job; it may be over for long. Please start it again.")
    return as_json(found.shown())


async def publications(request: Request) -> HTTPResponse:
    await _editor(request)
    services = of(request)
    told = await _do(services.ledger.history)
    there, live = await _do(_snapshots, services.settings.index)
    for one in told:
        one["there"], one["serves"] = one["snapshot"] in there, one["snapshot"] == live
    alarm = await _do(serving.alarm, services.settings.index)
    return as_json({"publications": told, "alarm": alarm})


def _snapshots(folder: Path) -> tuple[set[str], str | None]:
    """The names of the snapshots on disk, and that of the one that serves."""
    return set(serving.names(folder)), serving.current_name(folder)


async def publication(request: Request, seq: int) -> HTTPResponse:
    await _editor(request)
    found = await _do(of(request).ledger.report, min(seq, body.LARGEST_SEQ))
    if found is None:
        raise ApiError(404, "not_found", "There is no such publication.")
    return as_json(found)


async def roll_back(request: Request) -> HTTPResponse:
    member, sent = await _acting(request, {"snapshot": str})
    await of(request).workshop.call("roll_back", name=sent["snapshot"], by=member.name)
    return as_json({"snapshot": sent["snapshot"]})


blueprint = Blueprint("editor", url_prefix="/api/editor")
for _handler, _uri in ((index, "/entries"), (facets, "/facets"), (show, "/entries/<entry:str>"),
                       (versions, "/entries/<entry:str>/versions"), (compare, "/entries/<entry:str>/diff"),
                       (comments, "/entries/<entry:str>/comments"), (questions, "/questions"), (pending, "/pending"),
                       (job, "/jobs/<job:str>"), (publications, "/publications"),
                       (publication, "/publications/<seq:int>"), (export, "/export")):
    blueprint.add_route(_handler, _uri, methods=["GET"])
for _handler, _uri in ((create, "/entries"), (bulk, "/bulk"), (restore, "/entries/<entry:str>/restore"),
                       (follow, "/entries/<entry:str>/follow"),
                       (comment, "/entries/<entry:str>/comments"), (preview, "/preview"), (attempt, "/try"),
                       (get_ready, "/try/ready"), (forecast, "/forecast"), (remember, "/questions"),
                       (unanswered, "/unanswered"), (check, "/check"), (publish, "/publish"), (roll_back, "/rollback"),
                       (import_, "/import"), (compare_folder, "/folder/check"), (sync_folder, "/folder/sync"),
                       (settle_folder, "/folder/settle")):
    blueprint.add_route(_handler, _uri, methods=["POST"], stream=True)
blueprint.add_route(save, "/entries/<entry:str>", methods=["PUT"], stream=True)
blueprint.add_route(forget, "/questions/<question:int>", methods=["DELETE"], stream=True)
