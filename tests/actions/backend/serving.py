"""A REST backend on a port of its own, and a transport that holds each exchange against openapi.yaml."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import httpx
import yaml
from compiled import compile_for
from openapi_core import Spec, V31RequestValidator, V31ResponseValidator
from openapi_core.datatypes import RequestParameters
from sanic import Sanic

from bot.settings import ROOT

KEY = "a-key-of-the-shop"
FILE = ROOT / "actions" / "shop" / "openapi.yaml"


@lru_cache(maxsize=1)
def spec() -> Any:
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    told["servers"] = [{"url": "/"}]
    return Spec.from_dict(told)


class Request:
    """A request of httpx as openapi-core reads one."""

    def __init__(self, request: httpx.Request) -> None:
        self.host_url = f"http://{request.url.host}:{request.url.port}"
        self.path = request.url.raw_path.decode().partition("?")[0]
        self.method = request.method.lower()
        self.body = request.content.decode()
        self.mimetype = request.headers.get("content-type", "application/json").partition(";")[0]
        self.parameters = RequestParameters(query=dict(request.url.params), header=request.headers, cookie={})


class Answer:
    """An answer of httpx as openapi-core reads one."""

    def __init__(self, response: httpx.Response) -> None:
        self.data = response.text
        self.status_code = response.status_code
        self.mimetype = response.headers.get("content-type", "").partition(";")[0]
        self.headers = response.headers


class Checked(httpx.AsyncHTTPTransport):
    """Sends for real; what does not keep to openapi.yaml is an error of the test, on either side."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = Request(request)
        V31RequestValidator(spec(), base_url=asked.host_url).validate(asked)
        response = await super().handle_async_request(request)
        await response.aread()
        V31ResponseValidator(spec(), base_url=asked.host_url).validate(asked, Answer(response))
        return response


@asynccontextmanager
async def serving(app: Sanic) -> AsyncIterator[str]:
    """The app's address while it runs."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    compile_for(app)
    await server.before_start()
    await server.after_start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        await server.before_stop()
        server.close()
        for connection in list(server.connections):
            connection.abort()
        await server.after_stop()
