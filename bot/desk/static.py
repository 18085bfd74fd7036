"""Pages and modules of widget, console and demonstration shop: only what stands in their folders, of known types."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

from sanic import Blueprint, Request
from sanic.exceptions import NotFound
from sanic.response import HTTPResponse

ROOT = Path(__file__).resolve().parent.parent / "static"

#: Written down, because what a system takes ".js" for decides whether browsers run it.
TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg",
    ".webp": "image/webp", ".ico": "image/x-icon", ".woff2": "font/woff2", ".mp3": "audio/mpeg", ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True)
class File:
    """A file as it is sent; `mark` tells whether it has changed on disk."""

    mark: tuple[int, int]
    data: bytes
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
    """The file's content; kept in memory until the file changes."""
    stat = path.stat()
    mark = (stat.st_mtime_ns, stat.st_size)
    file = _files.get(path)
    if file is None or file.mark != mark:
        data = path.read_bytes()
        file = _files[path] = File(mark, data, f'"{hashlib.sha256(data).hexdigest()[:20]}"', stat.st_mtime)
    return file


def respond(request: Request, folder: str, path: str) -> HTTPResponse:
    try:
        location = find(folder, path)
        file = load(location)
    except (OSError, ValueError):
        raise NotFound("no such file") from None
    headers = {"ETag": file.etag, "Last-Modified": formatdate(file.modified, usegmt=True), "Cache-Control": "no-cache"}
    if _unchanged(request, file):
        return HTTPResponse(status=304, headers=headers)
    return HTTPResponse(file.data, 200, headers, TYPES[location.suffix])


def _unchanged(request: Request, file: File) -> bool:
    marks = request.headers.get("if-none-match")
    if marks is not None:
        return marks == "*" or file.etag in [mark.strip().removeprefix("W/") for mark in marks.split(",")]
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


async def console_page(request: Request) -> HTTPResponse:
    return respond(request, "console", "console.html")


blueprint = Blueprint("static_files")
for _handler, _uri in ((shop_page, "/"), (console_page, "/console"), (widget, "/widget/<path:path>"),
                       (shop, "/shop/<path:path>"), (console, "/console/static/<path:path>")):
    blueprint.add_route(_handler, _uri, methods=["GET", "HEAD"])
