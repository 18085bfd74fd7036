"""The whole product, started as `frontdesk run` starts it, and a real Chromium in front of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from product import ready

from bot.settings import ROOT, Settings, as_environ

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass
class Product:
    """A running Frontdesk. `email` and `password` are those of the first administrator, as its banner printed them."""

    url: str
    email: str
    password: str
    home: Path
    process: subprocess.Popen[str]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home = tmp_path_factory.mktemp("browser-home")
    for part in ("encoder", "reranker", "judgement", "models"):
        (home / part).symlink_to(ready().home / part)
    for part in ("index", "cache"):
        shutil.copytree(ready().home / part, home / part)
    # One of its own, which a sync may write into.
    shutil.copytree(ROOT / "data" / "kb", home / "kb")
    settings = Settings(home=home, kb=home / "kb", port=_free_port())
    log = home / "run.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "run"], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **as_environ(settings)},
        )
    try:
        deadline = time.monotonic() + 150
        while "Ctrl-C stops it" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the product did not start:\n{log.read_text()}")
            time.sleep(0.2)
        banner = log.read_text()
        found = re.search(r"sign in\s+(\S+)\s+password\s+(\S+)", banner)
        assert found, banner
        url = f"http://localhost:{settings.port}"
        with urllib.request.urlopen(url + "/health", timeout=5) as answer:
            assert answer.status == 200
        yield Product(url, found[1], found[2], home, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the whole session: while Playwright is open its event loop counts as running, and no async test can run.
    if _CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def person(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers of different people: nothing is shared between two of them."""
    contexts: list[BrowserContext] = []

    def make(width: int = 1280, height: int = 800) -> BrowserContext:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        contexts[-1].set_default_timeout(15_000)
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def empty_queue(product: Product, person: Callable[..., BrowserContext]) -> None:
    """Closes what other tests left waiting or with agents, for tests that read a place in the queue or take the first in
    it: what an agent held who is gone comes back to the front of the queue a minute later."""
    desk, headers = person().request, {"X-Frontdesk": "1"}
    account = {"email": product.email, "password": product.password}
    assert desk.post(f"{product.url}/api/session", data=account, headers=headers).ok
    for left in desk.get(f"{product.url}/api/console/conversations?view=all").json()["conversations"]:
        at = f"{product.url}/api/console/conversations/{left['id']}"
        desk.post(f"{at}/claim", data={"force": True}, headers=headers)  # refused for one that is its own already
        assert desk.post(f"{at}/close", data={"outcome": "spam"}, headers=headers).ok
