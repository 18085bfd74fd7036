"""Settings: each one is read, and each wrong one is refused with its name, its value and what would do."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest
from redis.connection import parse_url

from bot.backups.homes import copy_sqlite
from bot.database import open_database, writing
from bot.settings import DOCUMENTED, ROOT, BadSetting, Settings, as_environ, read

# One value per setting that is not its default.
CHANGED = {
    "FRONTDESK_HOME": "/srv/frontdesk",
    "FRONTDESK_HOST": "0.0.0.0",  # noqa: S104
    "FRONTDESK_PORT": "9090",
    "FRONTDESK_REDIS_URL": "redis://u:p@127.0.0.1:6380/2",
    "FRONTDESK_DATABASE_URL": "postgresql://u:p@127.0.0.1/frontdesk",
    "FRONTDESK_WORKERS": "3",
    "FRONTDESK_MODEL": "/srv/model",
    "FRONTDESK_RERANKER": "0",
    "FRONTDESK_KB": "/srv/kb",
    "FRONTDESK_WIDGET_ORIGINS": "https://shop.example,https://other.example",
    "FRONTDESK_SECURE_COOKIES": "1",
    "FRONTDESK_PROXIES": "2",
    "FRONTDESK_ALPHA": "0.1",
    "FRONTDESK_BETA": "0.03",
    "FRONTDESK_IDLE_HOURS": "2.5",
    "FRONTDESK_KEEP_DAYS": "1.0",
    "FRONTDESK_ARCHIVE_DAYS": "30.0",
    "FRONTDESK_REOPEN_HOURS": "2.5",
    "FRONTDESK_AWAY_SECONDS": "90",
    "FRONTDESK_LOG_LEVEL": "DEBUG",
    "FRONTDESK_SHOP": "woocommerce",
    "FRONTDESK_SHOP_URL": "https://shop.example/base",
    "FRONTDESK_SHOP_KEY": "ck_1:cs_2",
    "FRONTDESK_SHOP_TIMEOUT": "3.5",
    "FRONTDESK_IDENTITY_KEY": "0123456789abcdef0123456789abcdef",
    "FRONTDESK_IDENTITY_AUDIENCE": "chat",
    "FRONTDESK_SMTP_URL": "smtps://u:p@mail.example",
    "FRONTDESK_MAIL_FROM": "Shop <shop@shop.example>",
    "FRONTDESK_PUBLIC_URL": "https://chat.shop.example",
    "FRONTDESK_ATTACHMENT_MB": "25",
    "FRONTDESK_SCAN_COMMAND": "sh -e",
    "FRONTDESK_WEBHOOK_PRIVATE": "1",
}


def test_defaults() -> None:
    assert read({}) == replace(Settings(home=ROOT / "var"), workers=min(2, len(os.sched_getaffinity(0))))
    assert read({"FRONTDESK_PORT": "  ", "PATH": "/bin"}) == read({})


def test_every_setting_changes_a_field_of_its_own() -> None:
    assert set(CHANGED) == set(DOCUMENTED)
    for name, value in CHANGED.items():
        # A backend elsewhere cannot be without its address and key.
        needed = ("FRONTDESK_SHOP_URL", "FRONTDESK_SHOP_KEY") if name == "FRONTDESK_SHOP" else ()
        base = {other: CHANGED[other] for other in needed}
        defaults, changed = read(base), read({**base, name: value})
        different = [f.name for f in fields(Settings) if getattr(changed, f.name) != getattr(defaults, f.name)]
        assert different == [name.removeprefix("FRONTDESK_").lower()]


@pytest.mark.parametrize("environ", [{}, CHANGED])
def test_what_is_handed_to_a_child_is_read_the_same_by_it(environ: dict[str, str]) -> None:
    settings = read(environ)
    assert read(as_environ(settings)) == settings
    assert set(as_environ(settings)) == set(DOCUMENTED)


def test_relative_paths_are_of_the_folder_that_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read({"FRONTDESK_HOME": "here"}).home == tmp_path / "here"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("FRONTDESK_ATTACHMENT_MB", "0", "a number from 1 to 100"),
        ("FRONTDESK_SCAN_COMMAND", "no-such-scanner --now", "there is no program 'no-such-scanner'"),
        ("FRONTDESK_SCAN_COMMAND", "scan 'it", "a command such as clamdscan"),
        ("FRONTDESK_ARCHIVE_DAYS", "6.5", "0, or at least the 7 days of FRONTDESK_KEEP_DAYS"),
        ("FRONTDESK_PORT", "eighty", "a number from 1 to 65535"),
        ("FRONTDESK_PORT", "0", "a number from 1 to 65535"),
        ("FRONTDESK_PORT", "70000", "a number from 1 to 65535"),
        ("FRONTDESK_PORT", "80.5", "a whole number"),
        ("FRONTDESK_PORT", "nan", "a number from"),
        ("FRONTDESK_WORKERS", "inf", "a number from"),
        ("FRONTDESK_REDIS_URL", "localhost:6379", "redis:// or rediss:// or unix://"),
        ("FRONTDESK_DATABASE_URL", "mysql://x/y", "postgresql:// or sqlite://"),
        ("FRONTDESK_REDIS_URL", "redis:cache", "redis:// or"),
        ("FRONTDESK_DATABASE_URL", "postgresql+psycopg2:/db/name", "postgresql:// or"),
        ("FRONTDESK_DATABASE_URL", "sqlite://", "a file such as"),
        ("FRONTDESK_DATABASE_URL", "sqlite:///:memory:", "a file such as"),
        ("FRONTDESK_PUBLIC_URL", "https:chat.shop.example", "http:// or https://"),
        ("FRONTDESK_PUBLIC_URL", "https:/chat.shop.example", "http:// or https://"),
        ("FRONTDESK_PUBLIC_URL", "https:///chat", "an address such as"),
        ("FRONTDESK_PUBLIC_URL", "https://chat.shop.example:port", "an address such as"),
        ("FRONTDESK_PUBLIC_URL", "https://chat.shop.example/#top", "an address such as"),
        ("FRONTDESK_PUBLIC_URL", "https://chat shop.example", "an address such as"),
        ("FRONTDESK_SMTP_URL", "smtp:mail.example", "smtp:// or smtps://"),
        ("FRONTDESK_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("FRONTDESK_WIDGET_ORIGINS", "shop.example", "https://shop.example"),
        ("FRONTDESK_WIDGET_ORIGINS", "https://shop.example/page", "an origin"),
        ("FRONTDESK_SECURE_COOKIES", "yes", "0 or 1"),
        ("FRONTDESK_ALPHA", "5", "a number from 0.001 to 0.5"),
        ("FRONTDESK_HOME", __file__, "a folder is wanted"),
        ("FRONTDESK_PROT", "8080", "there is no such setting"),
        ("FRONTDESK_SHOP", "shopify", "sample, rest or woocommerce"),
        ("FRONTDESK_SHOP_URL", "shop.example", "http:// or https://"),
        ("FRONTDESK_SHOP_TIMEOUT", "0", "a number from 0.1 to 20"),
        ("FRONTDESK_IDENTITY_KEY", "/nowhere/key.pem", "cannot be read"),
        ("FRONTDESK_IDENTITY_KEY", f"{Path(__file__).parent}/x.pem", "cannot be read"),
        ("FRONTDESK_SMTP_URL", "mail.example:25", "smtp:// or smtps://"),
        ("FRONTDESK_SMTP_URL", "smtp:///", "a URL such as"),
        ("FRONTDESK_MAIL_FROM", "the shop", "an address such as"),
        ("FRONTDESK_MAIL_FROM", "Larkmoor, Ltd <help@shop.example>", "in quotes"),
        ("FRONTDESK_WIDGET_ORIGINS", "https:", "an origin"),
        ("FRONTDESK_WIDGET_ORIGINS", "https://shop.example:port", "an origin"),
        ("FRONTDESK_HOME", "~nobody-of-that-name/x", "a folder is wanted"),
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_value(name: str, value: str, wanted: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read({name: value})
    assert str(refused.value).startswith(f"{name}=")
    assert value in str(refused.value) and wanted in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "name", "wanted"),
    [
        ({"FRONTDESK_SHOP_URL": ""}, "FRONTDESK_SHOP_URL", "wants the backend's address"),
        ({"FRONTDESK_SHOP_URL": "http://shop.example/api"}, "FRONTDESK_SHOP_URL", "https: is wanted"),
        ({"FRONTDESK_SHOP_URL": "https://u:hush@shop.example"}, "FRONTDESK_SHOP_URL", "an address such as"),
        ({"FRONTDESK_SHOP_URL": "https://shop.example?key=hush"}, "FRONTDESK_SHOP_URL", "an address such as"),
        ({"FRONTDESK_SHOP_URL": "https://shop.example:port"}, "FRONTDESK_SHOP_URL", "an address such as"),
        ({"FRONTDESK_SHOP_KEY": ""}, "FRONTDESK_SHOP_KEY", "wants the backend's key"),
        ({"FRONTDESK_SHOP": "woocommerce", "FRONTDESK_SHOP_KEY": "hush"}, "FRONTDESK_SHOP_KEY", "CONSUMER_KEY"),
        ({"FRONTDESK_SHOP_KEY": "hush-ключ"}, "FRONTDESK_SHOP_KEY", "of ASCII characters"),
        ({"FRONTDESK_SHOP_KEY": "hush\nx"}, "FRONTDESK_SHOP_KEY", "of ASCII characters"),
        ({"FRONTDESK_SMTP_URL": "smtps://shop:hush%C3%BC@mail.example"}, "FRONTDESK_SMTP_URL", "of ASCII characters"),
        ({"FRONTDESK_SMTP_URL": "smtps://büro:hush@mail.example"}, "FRONTDESK_SMTP_URL", "of ASCII characters"),
        ({"FRONTDESK_IDENTITY_KEY": "hush"}, "FRONTDESK_IDENTITY_KEY", "at least 32"),
    ],
)
def test_a_backend_or_key_that_cannot_work_is_refused_without_the_secret(
    changed: dict[str, str], name: str, wanted: str
) -> None:
    good = {"FRONTDESK_SHOP": "rest", "FRONTDESK_SHOP_URL": "https://shop.example/api", "FRONTDESK_SHOP_KEY": "k"}
    read(good)
    with pytest.raises(BadSetting) as refused:
        read({**good, **changed})
    assert str(refused.value).startswith(f"{name}=") and wanted in str(refused.value)
    assert "hush" not in str(refused.value)


def test_origins_are_taken_as_browsers_send_them() -> None:
    said = "https://Shop.Example/, https://shop.example:443,http://shop.example:8080,https://bücher.example,https://[::1]:9,*"
    assert read({"FRONTDESK_WIDGET_ORIGINS": said}).widget_origins == (
        "https://shop.example", "https://shop.example", "http://shop.example:8080", "https://xn--bcher-kva.example",
        "https://[::1]:9", "*",
    )


def test_a_password_that_no_parser_reads_is_refused_without_it() -> None:
    with pytest.raises(BadSetting, match="%5B") as refused:
        read({"FRONTDESK_REDIS_URL": "redis://:hu[sh@cache/0"})
    assert "hu[sh" not in str(refused.value) and "cache/0" in str(refused.value)


@pytest.mark.parametrize(("name", "value"), [
    ("FRONTDESK_REDIS_URL", "redis://:hush/x@h:6379/0"),
    ("FRONTDESK_REDIS_URL", "redis://h:hush/0"),
    ("FRONTDESK_DATABASE_URL", "postgresql://u:p@hush@h/db"),
    ("FRONTDESK_DATABASE_URL", "postgresql://u:hush#1@h/db"),
    ("FRONTDESK_DATABASE_URL", "postgresql+asyncpg://u:hush@h/db"),
])
def test_an_address_whose_host_may_be_the_end_of_a_password_is_refused_without_it(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"{name}=.*a URL such as") as refused:
        read({name: value})
    assert "hush" not in str(refused.value)


def test_files_that_are_named_from_here_are_the_same_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = tmp_path / "scan.sh"
    scan.write_text("#!/bin/sh\n")
    scan.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    first = read({"FRONTDESK_DATABASE_URL": "sqlite:///my%20shop/one.db?timeout=5",
                  "FRONTDESK_REDIS_URL": "unix://run/valkey.sock?db=1", "FRONTDESK_SCAN_COMMAND": "./scan.sh --now"})
    monkeypatch.chdir("/")
    again = read(as_environ(first))
    assert first == again
    assert again.database == f"sqlite:///{tmp_path}/my%20shop/one.db?timeout=5"
    assert again.redis == f"unix://{tmp_path}/run/valkey.sock?db=1"
    assert again.scan_command == f"{tmp_path}/scan.sh --now"


def test_passwords_do_not_print() -> None:
    assert "hush" not in repr(read({"FRONTDESK_REDIS_URL": "redis://u:hush@h", "FRONTDESK_DATABASE_URL":
                                    "postgresql://u:hush@h/x", "FRONTDESK_SMTP_URL": "smtp://u:hush@h",
                                    "FRONTDESK_SHOP_KEY": "hush", "FRONTDESK_IDENTITY_KEY": "hush" * 9}))
    with pytest.raises(BadSetting) as refused:
        read({"FRONTDESK_DATABASE_URL": "mysql://u:hush@h/x"})
    assert "hush" not in str(refused.value)


def test_a_deep_home_gets_a_socket_that_the_system_can_open(tmp_path: Path) -> None:
    deep = Settings(home=tmp_path / ("d" * 120))
    other = Settings(home=tmp_path / ("e" * 120))
    assert len(str(deep.socket)) < 100
    assert deep.socket != other.socket
    assert Settings(home=Path("/srv/x")).socket == Path("/srv/x/valkey/valkey.sock")
    # The system counts bytes.
    assert len(os.fsencode(Settings(home=Path("/srv") / ("ü" * 60)).socket)) < 100


def test_a_home_of_any_name_can_be_used(tmp_path: Path) -> None:
    settings = read({"FRONTDESK_HOME": str(tmp_path / "Ünser Laden: 100%41 #1?a=b")})
    engine = open_database(settings.database)
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE kept (a INTEGER)")
    engine.dispose()
    assert [path.name for path in tmp_path.iterdir()] == [settings.home.name]
    copy_sqlite(settings.home / "frontdesk.db", tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy")) as copied:
        assert copied.execute("SELECT count(*) FROM kept").fetchall() == [(0,)]


def test_the_store_is_found_in_a_home_of_any_name() -> None:
    settings = Settings(home=Path("/srv/Ünser Laden: 100%41 #1?a=b"))
    assert parse_url(settings.redis)["path"] == str(settings.socket)
