"""Times the editor over HTTP, as a browser has it: a desk and its workshop, on a home that bench_publish.py has made.

    python tools/bench_editor.py /tmp/large

Prints the middle and the slowest of some calls, in milliseconds by the clock; of what is done once, that.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from bot import valkey
from bot.child import die_with_parent
from bot.desk import staff
from bot.settings import ROOT, Settings, as_environ, read

_EMAIL, _PASSWORD = "bench@localhost", "a password for the bench only"
_TIMES = 30


class Editor:
    """A signed-in administrator's connection."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=900, headers={"X-Frontdesk": "1"})
        self._http.post("/api/session/", json={"email": _EMAIL, "password": _PASSWORD}).raise_for_status()

    def __call__(self, method: str, path: str, **sent: Any) -> Any:
        told = self._http.request(method, f"/api/editor{path}", **sent)
        told.raise_for_status()
        return told.json()

    def job(self, path: str, sent: dict[str, Any]) -> Any:
        told = self("POST", path, json=sent)
        while told["state"] == "working":
            time.sleep(0.02)
            told = self("GET", f"/jobs/{told['job']}")
        if told["state"] != "done":
            raise RuntimeError(told["error"]["message"])
        return told["result"]


def timed(what: str, ask: Callable[[int], Any], times: int = _TIMES) -> Any:
    taken = []
    for number in range(times):
        began = time.perf_counter()
        told = ask(number)
        taken.append(1000 * (time.perf_counter() - began))
    taken.sort()
    print(f"{what:32} {taken[len(taken) // 2]:9.1f} {taken[-1]:9.1f}", flush=True)
    return told


def run(editor: Editor) -> None:
    ids = [row["id"] for row in editor("GET", "/entries?offset=5000")["entries"]]
    timed("list", lambda n: editor("GET", f"/entries?offset={50 * n}"))
    words = ("lamp", "kettle", "rug", "shelf", "chair")
    timed("search, one word", lambda n: editor("GET", f"/entries?search={words[n % 5]}"))
    timed("search, two words", lambda n: editor("GET", f"/entries?search=berlin+{words[n % 5]}"))
    timed("filter: ready", lambda _: editor("GET", "/entries?status=review"))
    timed("facets", lambda _: editor("GET", "/facets"))
    timed("open", lambda n: editor("GET", f"/entries/{ids[n]}"))
    kept = [editor("GET", f"/entries/{name}") for name in ids[:_TIMES]]

    def save(n: int) -> None:
        fields = {**kept[n]["fields"], "answer": f"{kept[n]['fields']['answer']} Ask us {time.time_ns()}."}
        editor("PUT", f"/entries/{ids[n]}", json={"fields": fields, "revision": kept[n]["revision"]})

    timed("save", save)
    trying = {"text": "can I return a lamp in Cork?"}
    timed("try it, a workshop's first", lambda _: editor("POST", "/try", json=trying), 1)
    timed("try it", lambda n: editor("POST", "/try", json={**trying, "fields": kept[n]["fields"]}))
    editor("PUT", f"/entries/{ids[0]}", json={
        "fields": kept[0]["fields"], "revision": editor("GET", f"/entries/{ids[0]}")["revision"], "status": "review"})
    one = {"ids": [ids[0]]}
    report = timed("check of one, a workshop's first", lambda _: editor.job("/check", one), 1)
    timed("publish of one, checked", lambda _: editor.job(
        "/publish", {**one, "digest": report["digest"], "override": "a measurement"}), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--port", type=int, default=8123)
    args = parser.parse_args()
    settings: Settings = replace(read(), home=args.home, database_url=None, redis_url=None, port=args.port)
    environ = as_environ(settings)
    if _EMAIL not in {person.email for person in staff.list_staff(settings)}:
        staff.add_staff(settings, name="Bench", email=_EMAIL, role="admin", password=_PASSWORD)
    started = [subprocess.Popen(valkey.prepare(settings), preexec_fn=die_with_parent(), stdout=subprocess.DEVNULL)]
    try:
        while not valkey.answers(settings):
            time.sleep(0.05)
        started.append(subprocess.Popen([sys.executable, "-m", "bot.desk"], cwd=ROOT, env=environ,
                                        preexec_fn=die_with_parent(), stderr=subprocess.DEVNULL))
        url = f"http://127.0.0.1:{settings.port}"
        while True:
            try:
                httpx.get(f"{url}/health", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        run(Editor(url))
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main()
