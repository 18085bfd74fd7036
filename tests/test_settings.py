"""Settings: each one is read, and each wrong one is refused with its name, its value and what would do."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

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
    "FRONTDESK_KB": "/srv/kb",
    "FRONTDESK_WIDGET_ORIGINS": "https://shop.example,https://other.example",
    "FRONTDESK_SECURE_COOKIES": "1",
    "FRONTDESK_ALPHA": "0.1",
    "FRONTDESK_BETA": "0.03",
    "FRONTDESK_IDLE_HOURS": "2.5",
    "FRONTDESK_KEEP_DAYS": "1.0",
    "FRONTDESK_LOG_LEVEL": "DEBUG",
}


def test_defaults() -> None:
    assert read({}) == Settings(home=ROOT / "var")
    assert read({"FRONTDESK_PORT": "  ", "PATH": "/bin"}) == read({})


def test_every_setting_changes_a_field_of_its_own() -> None:
    assert set(CHANGED) == set(DOCUMENTED)
    defaults = read({})
    for name, value in CHANGED.items():
        changed = read({name: value})
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
        ("FRONTDESK_PORT", "eighty", "a number from 1 to 65535"),
        ("FRONTDESK_PORT", "0", "a number from 1 to 65535"),
        ("FRONTDESK_PORT", "70000", "a number from 1 to 65535"),
        ("FRONTDESK_PORT", "80.5", "a whole number"),
        ("FRONTDESK_PORT", "nan", "a number from"),
        ("FRONTDESK_WORKERS", "inf", "a number from"),
        ("FRONTDESK_REDIS_URL", "localhost:6379", "redis: or rediss: or unix:"),
        ("FRONTDESK_DATABASE_URL", "mysql://x/y", "postgresql: or sqlite:"),
        ("FRONTDESK_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("FRONTDESK_WIDGET_ORIGINS", "shop.example", "https://shop.example"),
        ("FRONTDESK_WIDGET_ORIGINS", "https://shop.example/page", "an origin"),
        ("FRONTDESK_SECURE_COOKIES", "yes", "0 or 1"),
        ("FRONTDESK_ALPHA", "5", "a number from 0.001 to 0.5"),
        ("FRONTDESK_HOME", __file__, "a folder is wanted"),
        ("FRONTDESK_PROT", "8080", "there is no such setting"),
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_value(name: str, value: str, wanted: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read({name: value})
    assert str(refused.value).startswith(f"{name}=")
    assert value in str(refused.value) and wanted in str(refused.value)


def test_passwords_do_not_print() -> None:
    assert "hush" not in repr(read({"FRONTDESK_REDIS_URL": "redis://u:hush@h", "FRONTDESK_DATABASE_URL":
                                    "postgresql://u:hush@h/x"}))
    with pytest.raises(BadSetting) as refused:
        read({"FRONTDESK_DATABASE_URL": "mysql://u:hush@h/x"})
    assert "hush" not in str(refused.value)


def test_a_deep_home_gets_a_socket_that_the_system_can_open(tmp_path: Path) -> None:
    deep = Settings(home=tmp_path / ("d" * 120))
    other = Settings(home=tmp_path / ("e" * 120))
    assert len(str(deep.socket)) < 100
    assert deep.socket != other.socket
    assert Settings(home=Path("/srv/x")).socket == Path("/srv/x/valkey/valkey.sock")
