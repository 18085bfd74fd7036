"""Pages and modules of widget, console and demonstration shop: only what stands in their folders, of known types.

Modules and styles are written to be read. They are sent without comments and with short names, the widget's modules as
one, and packed for browsers that take gzip; all is done once, when a file is first asked for.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import re
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

import minify
from sanic import Blueprint, Request
from sanic.exceptions import NotFound
from sanic.response import HTTPResponse
from zopfli.gzip import compress as pack_tightly

from bot.desk.bundle import join

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent / "static"

#: Written down, because what a system takes ".js" for decides whether browsers run it.
TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg",
    ".webp": "image/webp", ".ico": "image/x-icon", ".woff2": "font/woff2", ".mp3": "audio/mpeg", ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
}


#: gzip among the encodings that a browser takes, and not with a weight of 0.
_TAKING_APART = re.compile(rb"^(\s*)const (?=[\[{])", re.MULTILINE)
_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)", re.IGNORECASE)


#: Modules that are sent with all that they import: folder and name.
JOINED = {("widget", "widget.js")}


@dataclass(frozen=True)
class File:
    """A file as it is sent, what it is made of, and a `mark` that tells whether that has changed on disk."""

    sources: list[Path]
    mark: list[tuple[int, int]]
    data: bytes
    #: The same for browsers that take gzip; empty where that saves nothing.
    packed: bytes
    etag: str
    modified: float


_files: dict[Path, File] = {}


def find(folder: str, path: str) -> Path:
    """The file at `path`, as it stands in a URL, inside `folder`. Raises NotFound for anything else."""
    parts = unquote(path, errors="strict").split("/") if path.isascii() else [""]
    if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        raise NotFound("no such file")
    root = (ROOT / folder).resolve()
    found = root.joinpath(*parts).resolve()
    if root not in found.parents or found.suffix not in TYPES or not found.is_file():
        raise NotFound("no such file")
    return found


def load(path: Path) -> File:
    """The file's content; kept in memory until the file, or one that is joined into it, changes."""
    file = _files.get(path)
    if file is None or file.mark != _mark(file.sources):
        sources, data = [path], path.read_bytes()
        if (path.parent.name, path.name) in JOINED:
            data, sources = join(path)
        # Only a customer's page counts every byte; what staff load is sent as it is written.
        counted = path.parent.name == "widget"
        if path.suffix == ".css" or (path.suffix == ".js" and counted):
            data = _shorten(path, data)
        mark = _mark(sources)
        # No time in either: the same file is the same bytes on every desk.
        packed = pack_tightly(data) if counted else gzip.compress(data, 9, mtime=0)
        packed = packed if len(packed) < len(data) else b""
        etag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
        file = _files[path] = File(sources, mark, data, packed, etag, max(at for at, _ in mark) / 1e9)
    return file


def _shorten(path: Path, data: bytes) -> bytes:
    kind = TYPES[path.suffix].partition(";")[0]
    # The shortener joins neighbouring declarations of one kind and then puts those that take an object apart in front,
    # before what they use. With another kind beside them they keep their place.
    data = _TAKING_APART.sub(rb"\1let ", data) if path.suffix == ".js" else data
    try:
        return str(minify.string(kind, data.decode())).encode()
    except Exception as error:
        # What the shortener does not understand, a newer browser may.
        log.warning("%s is sent as it is: %s", path.name, error)
        return data


def _mark(paths: list[Path]) -> list[tuple[int, int]]:
    return [(stat.st_mtime_ns, stat.st_size) for stat in map(Path.stat, paths)]


def _takes_gzip(request: Request) -> bool:
    return _GZIP.search(request.headers.get("accept-encoding", "")) is not None


def respond(request: Request, folder: str, path: str) -> HTTPResponse:
    try:
        location = find(folder, path)
        file = load(location)
    except (OSError, ValueError):
        raise NotFound("no such file") from None
    packed = bool(file.packed) and _takes_gzip(request)
    headers = {"ETag": _packed_etag(file.etag) if packed else file.etag, "Vary": "Accept-Encoding",
               "Last-Modified": formatdate(file.modified, usegmt=True), "Cache-Control": "no-cache"}
    if _unchanged(request, file):
        return HTTPResponse(status=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return HTTPResponse(file.packed if packed else file.data, 200, headers, TYPES[location.suffix])


def _packed_etag(etag: str) -> str:
    """Other bytes, another mark (RFC 9110, section 8.8.3.3)."""
    return f'{etag[:-1]}-gzip"'


def _unchanged(request: Request, file: File) -> bool:
    marks = request.headers.get("if-none-match")
    if marks is not None:
        return marks == "*" or not {file.etag, _packed_etag(file.etag)}.isdisjoint(
            mark.strip().removeprefix("W/") for mark in marks.split(","))
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", "")).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return False
    return int(file.modified) <= since


async def widget(request: Request, path: str) -> HTTPResponse:
    return respond(request, "widget", path)


async def shop(request: Request, path: str) -> HTTPResponse:
    return respond(request, "shop", path)


async def console(request: Request, path: str) -> HTTPResponse:
    return respond(request, "console", path)


async def shop_page(request: Request) -> HTTPResponse:
    return respond(request, "shop", "index.html")


async def editor(request: Request, path: str) -> HTTPResponse:
    return respond(request, "editor", path)


async def help_file(request: Request, path: str) -> HTTPResponse:
    return respond(request, "help", path)


async def editor_page(request: Request) -> HTTPResponse:
    return respond(request, "editor", "editor.html")


async def icon(request: Request) -> HTTPResponse:
    """What browsers ask for unbidden, for pages that name none."""
    return respond(request, "console", "icon.svg")


async def console_page(request: Request) -> HTTPResponse:
    return respond(request, "console", "console.html")


blueprint = Blueprint("static_files")
for _handler, _uri in ((shop_page, "/"), (console_page, "/console"), (widget, "/widget/<path:path>"),
                       (shop, "/shop/<path:path>"), (console, "/console/static/<path:path>"),
                       (editor_page, "/editor"), (editor, "/editor/static/<path:path>"),
                       (help_file, "/help/static/<path:path>"), (icon, "/favicon.ico")):
    blueprint.add_route(_handler, _uri, methods=["GET", "HEAD"])
