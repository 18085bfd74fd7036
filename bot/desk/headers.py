"""Headers of every answer: what other sites may do with it (CORS), and what a browser may do with ours."""

from __future__ import annotations

from contextlib import suppress
from email.utils import formatdate
from urllib.parse import urlsplit

from sanic import Request, Sanic
from sanic.response import HTTPResponse

from bot.desk.errors import ApiError

_WIDGET_API = "/api/widget/"
_WIDGET_FILES = "/widget/"

SECURITY = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                               "img-src 'self' blob: data: https:; object-src 'none'; base-uri 'none'; "
                               "form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}


def allowed_origin(request: Request, origins: tuple[str, ...]) -> str | None:
    """What to allow for this request's origin: itself, ``*``, nothing for our own site or where there is none.

    Raises ApiError ``origin_refused`` for a site that may not embed the widget.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return None
    if "*" in origins:
        return "*"
    if origin in origins:
        return str(origin)
    # Browsers send it on their own site too. A proxy may have changed the scheme on the way, but not the host.
    with suppress(ValueError):
        if urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower():
            return None
    raise ApiError(403, "origin_refused", "This site may not embed the chat: see FRONTDESK_WIDGET_ORIGINS.")


async def _before(request: Request) -> HTTPResponse | None:
    if not request.path.startswith(_WIDGET_API):
        return None
    request.ctx.origin = None
    request.ctx.origin = allowed_origin(request, request.app.ctx.settings.widget_origins)
    return HTTPResponse(status=204, headers=_PREFLIGHT) if request.method == "OPTIONS" else None


async def _after(request: Request, response: HTTPResponse) -> None:
    # The console reads our clock from it.
    response.headers["Date"] = formatdate(usegmt=True)
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    if request.path.startswith(_WIDGET_FILES):
        # Other sites import the widget's modules, which browsers fetch with CORS.
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    elif request.path.startswith(_WIDGET_API):
        response.headers["Vary"] = "Origin"
        if origin := getattr(request.ctx, "origin", None):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"


def install(app: Sanic) -> None:
    app.register_middleware(_before, "request")
    app.register_middleware(_after, "response")
