"""The checks before a start, against real servers and folders."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import preflight, valkey
from bot.database import open_database
from bot.errors import NotReady
from bot.library.article import Article
from bot.library.library import Library
from bot.library.publications import publications_of
from bot.lockfile import LockFile
from bot.settings import Settings


@contextmanager
def server(folder: Path, *options: str) -> Iterator[Settings]:
    """A Valkey of the test's own, as an operator might have set it up; yields settings that point to it."""
    settings = Settings(home=folder, redis_url=f"unix://{folder / 'own.sock'}")
    command = [str(valkey.binary()), "--port", "0", "--unixsocket", str(folder / "own.sock"), "--dir", str(folder)]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 10
            while not (folder / "own.sock").exists():
                assert time.monotonic() < end
                time.sleep(0.02)
            yield settings
        finally:
            process.terminate()


def test_a_good_store_is_ok(tmp_path: Path) -> None:
    with server(tmp_path, "--appendonly", "yes") as settings:
        found = preflight.store(settings)
    assert found.state == "ok" and found.text.startswith("Valkey ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--save", ""), "does not write each change to disk"),
        (("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"), "drops keys when memory runs out"),
    ],
)
def test_a_store_that_may_lose_messages_is_a_warning(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    with server(tmp_path, *options) as settings:
        found = preflight.store(settings)
        assert preflight.require(settings, (preflight.store,)) == [found.text]
    assert found.state == "warning" and said in found.text


def test_a_store_that_cannot_be_used_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server(tmp_path, "--requirepass", "secret") as settings:
        assert "cannot be used (Authentication required.)" in preflight.store(settings).text
    with server(tmp_path, "--replicaof", "127.0.0.1 1") as settings:
        assert "is a replica and takes no writes" in preflight.store(settings).text
    with server(tmp_path) as settings, monkeypatch.context() as later:
        later.setattr(preflight, "OLDEST_REDIS", (99, 0))
        found = preflight.store(settings)
    assert found.state == "problem" and "is too old; 6.2 or newer is wanted" in found.text


def test_a_cluster_is_refused(tmp_path: Path) -> None:
    with server(tmp_path, "--cluster-enabled", "yes") as settings:
        found = preflight.store(settings)
    assert found.state == "problem" and "is a cluster" in found.text


def test_a_file_for_the_database_is_made_with_its_folder(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path}/my%20shop/one.db")
    assert preflight.database(settings).state == "ok"
    assert (tmp_path / "my shop" / "one.db").is_file()


def test_a_host_that_cannot_be_a_name_is_a_problem(tmp_path: Path) -> None:
    found = preflight.port(Settings(home=tmp_path, host="127..0.0.1"))
    assert found.state == "problem" and "FRONTDESK_HOST='127..0.0.1'" in found.text


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path / "home")
    assert preflight.home(settings).state == "ok"
    monkeypatch.setattr(preflight, "LITTLE_FREE", 1e18)
    assert preflight.home(settings).state == "warning"
    monkeypatch.setattr(preflight, "LEAST_FREE", 1e18)
    with pytest.raises(NotReady, match=r"is full .* make room"):
        preflight.require(settings, (preflight.home,))
    assert list(settings.home.iterdir()) == [], "the check leaves nothing behind"


def test_whoever_makes_the_home_keeps_it_to_itself(tmp_path: Path) -> None:
    makers: dict[str, Callable[[Settings], object]] = {
        "check": preflight.home, "database": lambda settings: open_database(settings.database),
        "lock": lambda settings: LockFile(settings.home / "run.lock", "busy").__enter__()}
    for name, make in makers.items():
        settings = Settings(home=tmp_path / name)
        make(settings)
        assert preflight.privacy(settings).state == "ok", name
        settings.home.chmod(0o755)
        found = preflight.privacy(settings)
        assert found.state == "warning" and "chmod 700" in found.text


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    settings = replace(Settings(home=tmp_path), kb=tmp_path / "none", model=tmp_path / "none")
    with pytest.raises(NotReady) as found:
        preflight.require(settings)
    assert len(found.value.problems) == 2


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://u:hush@h:1/0", "redis://h:1/0"),
        ("redis://:hu@sh@h/0", "redis://h/0"),
        ("unix:///run/x.sock?password=hush", "unix:///run/x.sock"),
        ("postgresql://u:hush@h/x?password=hush", "postgresql://h/x"),
        ("postgresql://u:hu/sh@h/x", "postgresql://…"),
        ("redis://:hu[sh@h/0", "redis://…"),
        ("redis://h/0?password=hu@sh", "redis://…"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert preflight.without_password(url) == shown


def test_the_sample_shop_and_the_outbox_folder_need_nothing(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert (preflight.shop(settings).state, preflight.mail(settings).state) == ("ok", "ok")


def test_a_backend_or_mail_server_that_is_away_is_a_warning_without_the_secret(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, shop="rest", shop_url="http://127.0.0.1:1", shop_key="hush", shop_timeout=1.0,
                        smtp_url="smtp://u:hush@127.0.0.1:1")
    for found, name in ((preflight.shop(settings), "FRONTDESK_SHOP_URL"), (preflight.mail(settings), "FRONTDESK_SMTP_URL")):
        assert found.state == "warning" and name in found.text and "127.0.0.1:1" in found.text
        assert "hush" not in found.text


@pytest.mark.parametrize(("more", "named"), [
    ({}, "FRONTDESK_PUBLIC_URL"), ({"public_url": "https://chat.example", "widget_origins": ("*",)}, "FRONTDESK_WIDGET_ORIGINS"),
    ({"public_url": "https://chat.example", "widget_origins": ("https://shop.example",)}, ""),
])
def test_links_in_mails_that_lead_nowhere_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], named: str
) -> None:
    monkeypatch.setattr("bot.mail.postman.Smtp.check", lambda self: "127.0.0.1")
    found = preflight.mail(Settings(home=tmp_path, smtp_url="smtp://127.0.0.1:25", **more))
    assert (found.state, named in found.text) == ("warning" if named else "ok", True)


def test_the_doctor_names_a_file_that_cannot_be_taken(tmp_path: Path) -> None:
    settings = replace(Settings(home=tmp_path / "home"), kb=tmp_path / "kb")
    settings.kb.mkdir()
    file = settings.kb / "a.md"
    file.write_text("---\nquestion: a\nvalid_until: 2026-02-30\n---\nx")
    found = preflight.entries(settings)
    assert found.state == "problem" and found.text.startswith(f"{file}:3:14: ")
    file.write_text("---\nquestion: a\nvalid_until: 2026-02-28\n---\nx")
    assert preflight.entries(settings).text == "1 can be read" and not settings.home.exists()
    german = settings.kb / "a-de.md"
    german.write_text("---\nquestion: a\nlanguage: de\ntranslation_of: b\n---\nx")
    assert preflight.entries(settings).text == f"{german}: it is a translation of 'b', but there is no such entry"
    library = Library(open_database(settings.database))
    library.prepare()
    library.create(Article.parse({"id": "b", "question": "b", "answer": "b"}, "b"), "Ada")
    assert preflight.entries(settings).text == "2 can be read", "only the library has the original"
    library.take([Article.parse({"id": "b", "question": "b", "answer": "b"}, "b")], "Ada", "imported", only=True)
    file.write_text("---\nquestion:\n---\nx")
    assert preflight.entries(settings).state == "ok", "the folder is not followed"


def test_no_files_are_wanted_where_an_import_took_their_place(tmp_path: Path) -> None:
    settings = replace(Settings(home=tmp_path / "home"), kb=tmp_path / "kb")
    assert preflight.knowledge(settings).state == "problem"
    library = Library(open_database(settings.database))
    library.prepare()
    assert preflight.knowledge(settings).state == "problem"
    library.take([Article.parse({"id": "b", "question": "b", "answer": "b"}, "b")], "Ada", "imported", only=True)
    found = preflight.knowledge(settings)
    assert found.state == "ok" and "an import took the place" in found.text


def test_a_folder_that_is_gone_keeps_nothing_from_running_that_is_live(tmp_path: Path) -> None:
    settings = replace(Settings(home=tmp_path / "home"), kb=tmp_path / "kb")
    settings.kb.mkdir()
    (settings.kb / "a.md").write_text("---\nquestion: a\n---\nx")
    ledger = publications_of(settings)
    plan = ledger.plan(())
    ledger.finish(ledger.begin(plan, "m", "", "set-up"), "s", plan)
    shutil.rmtree(settings.kb)
    found = preflight.knowledge(settings)
    assert found.state == "warning" and "FRONTDESK_KB" in found.text and "What is live stays" in found.text
    assert [entry.id for entry in ledger.plan(()).entries] == ["a"]
