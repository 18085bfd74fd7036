"""Sanic compiles methods of its own anew for the app that starts, leaving out signals that this app does not use. That
is once in a process, which has one app; tests start many, of several kinds."""

from __future__ import annotations

from sanic import Sanic
from sanic.http import Http  # noqa: F401  (registers what is compiled)
from sanic.server.protocols.http_protocol import HttpProtocol  # noqa: F401
from sanic.touchup.service import TouchUp

_AS_WRITTEN = {(target, name): getattr(target, name) for target, name in TouchUp._registry}
TouchUp._registry.clear()


def compile_for(app: Sanic) -> None:
    """Compiles from the source again, in place of what an app before had; to be called after ``server.startup()``."""
    for (target, name), method in _AS_WRITTEN.items():
        setattr(target, name, method)
    TouchUp._registry.update(_AS_WRITTEN)
    try:
        TouchUp.run(app)
    finally:
        TouchUp._registry.clear()
