"""The desk: puts the blueprints, the error handler and the services together."""

from __future__ import annotations

import gc
from typing import Any

from sanic import Sanic
from sanic.config import Config

from bot.desk import (
    acts,
    api_keys,
    attachments,
    console,
    drafts,
    editor,
    errors,
    feedback,
    headers,
    health,
    help,
    hooks,
    letters,
    pictures,
    reference,
    search,
    session,
    setup,
    snippets,
    static,
    suggestions,
    transcripts,
    wall,
    widget,
)
from bot.desk.services import Services
from bot.settings import Settings

#: Each has a blueprint.
MODULES: tuple[Any, ...] = (
    widget, feedback, letters, attachments, console, acts, setup, api_keys, hooks, wall, search, transcripts,
    suggestions, snippets, drafts, editor, pictures, help, session, health, reference, static,
)
_CONFIG = {
    "ACCESS_LOG": False,
    "AUTO_EXTEND": False,
    "MOTD": False,
    # Several apps may live in one process, as they do in the tests.
    "REGISTER": False,
    "REQUEST_MAX_SIZE": 65_536,
    "REQUEST_TIMEOUT": 30,
    # Counts from the last byte either way: a stream that is pinged each 10 s never gets there, and a client that has
    # stopped reading is let go.
    "RESPONSE_TIMEOUT": 30,
    "KEEP_ALIVE_TIMEOUT": 75,
    "GRACEFUL_SHUTDOWN_TIMEOUT": 5.0,
}


class _Desk(Sanic):  # type: ignore[misc]
    """Sanic without the signals that nobody listens to here; it gives some ten at each call."""

    def dispatch(self, event: str, **more: Any) -> Any:
        heard = event == errors.SIGNAL or not event.startswith("http.")
        return super().dispatch(event, **more) if heard else _nothing()


async def _nothing() -> None:
    pass


def create_app(settings: Settings) -> Sanic:
    """The desk as a Sanic app. It opens store and database when it starts, and closes them when it stops."""
    app = _Desk("frontdesk", config=Config(_CONFIG, env_prefix=None), configure_logging=False)
    app.ctx.settings = settings
    errors.install(app)
    headers.install(app)
    for module in MODULES:
        app.blueprint(module.blueprint)

    async def start(app: Sanic, _: Any) -> None:
        app.ctx.services = await Services.start(settings)
        # As in an assistant: a collection of all that was loaded would stop every stream for a moment.
        gc.collect()
        gc.freeze()

    async def stop(app: Sanic, _: Any) -> None:
        await app.ctx.services.end_streams()

    async def close(app: Sanic, _: Any) -> None:
        await app.ctx.services.close()

    app.register_listener(start, "before_server_start")
    app.register_listener(stop, "before_server_stop")
    app.register_listener(close, "after_server_stop")
    return app
