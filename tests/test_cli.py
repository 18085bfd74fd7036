"""The command line: what it lists, how it fails, and what each light command does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot import cli
from bot.settings import ROOT, Settings


def frontdesk(*arguments: str, home: Path, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return subprocess.run([sys.executable, "-m", "bot.cli", *arguments], cwd=ROOT, input=stdin, capture_output=True,
                          text=True, timeout=60, env={**clean, "FRONTDESK_HOME": str(home), **environ})


def test_help_lists_every_command(tmp_path: Path) -> None:
    shown = frontdesk("--help", home=tmp_path)
    assert shown.returncode == 0
    for name in cli.COMMANDS:
        assert f"\n    {name} " in shown.stdout
    modules = {path.stem for path in (ROOT / "bot" / "commands").glob("*.py") if "\nHELP = " in path.read_text()}
    assert modules == set(cli.COMMANDS)


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'redis', 'sqlalchemy', 'sanic', 'tqdm', 'torch', 'rasa', 'asyncio', 'onnxruntime'}"
    script = f"import sys; from bot import cli; cli.parser(); print(sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"


@pytest.mark.parametrize("arguments", [(), ("fly",), ("run", "--fast"), ("staff",), ("staff", "add"), ("kb",),
                                       ("tune", "--seed", "-1"),
                                       *(("evaluate", *more, "intent", "--train", "a", "--test", "b", *rest) for more, rest in (
                                           ((), ("--seed", "-1")), ((), ("--seed", str(2**63 - 1))), (("--file", "c"), ()), (("--html", "c"), ()),
                                       ))])
def test_a_wrong_command_line_is_status_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    refused = frontdesk(*arguments, home=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("usage: frontdesk")


def test_a_wrong_setting_is_one_line_and_status_1(tmp_path: Path) -> None:
    refused = frontdesk("doctor", home=tmp_path, FRONTDESK_PORT="eighty")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "frontdesk: FRONTDESK_PORT='eighty': a number from 1 to 65535 is wanted\n"


def test_debug_shows_the_traceback_before_the_line(tmp_path: Path) -> None:
    refused = frontdesk("doctor", home=tmp_path, FRONTDESK_PORT="eighty", FRONTDESK_LOG_LEVEL="debug")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Traceback") and refused.stderr.endswith("is wanted\n")


class Faulty:
    """A command that raises what it is given."""

    HELP = "raise"

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def configure(self, parser: object) -> None:
        pass

    def run(self, args: object, settings: Settings) -> int:
        raise self.error


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Faulty:
    command = Faulty(RuntimeError())
    for name in [name for name in os.environ if name.startswith("FRONTDESK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(cli, "command", lambda name: command)
    return command


def test_errors_of_ours_and_of_the_system_are_a_line_each(faulty: Faulty, capsys: pytest.CaptureFixture[str]) -> None:
    from bot.conversations.errors import StoreUnavailable
    from bot.errors import NotReady
    from kb_index.errors import ModelMissing

    class Derived(ModelMissing):
        __module__ = "elsewhere"

    cases: list[tuple[Exception, str]] = [
        (StoreUnavailable("the store is gone"), "frontdesk: the store is gone\n"),
        (NotReady(["one thing", "another"]), "frontdesk: one thing\nfrontdesk: another\n"),
        (Derived("no model"), "frontdesk: no model\n"),
        (OSError(28, "No space left on device", "/x"), "frontdesk: [Errno 28] No space left on device: '/x'\n"),
    ]
    for error, said in cases:
        faulty.error = error
        assert cli.main(["run"]) == 1
        assert capsys.readouterr().err == said


def test_a_fault_of_the_program_keeps_its_traceback(faulty: Faulty) -> None:
    faulty.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        cli.main(["run"])


def test_an_interrupt_is_status_130(faulty: Faulty, capsys: pytest.CaptureFixture[str]) -> None:
    faulty.error = KeyboardInterrupt()
    assert cli.main(["run"]) == 130
    assert capsys.readouterr().err == "frontdesk: interrupted\n"


def test_the_doctor_makes_no_database(tmp_path: Path) -> None:
    shown = frontdesk("doctor", home=tmp_path / "home")
    assert "publications     due" in shown.stdout and "broken" not in shown.stdout
    assert not (tmp_path / "home" / "frontdesk.db").exists()


def test_a_name_that_the_terminal_has_no_letters_for_does_not_end_a_list(tmp_path: Path) -> None:
    assert frontdesk("staff", "add", "ada@shop.example", "--name", "山田 Ada", home=tmp_path).returncode == 0
    shown = frontdesk("staff", "list", home=tmp_path, PYTHONIOENCODING="latin-1")
    assert (shown.returncode, shown.stderr) == (0, "") and "\\u5c71\\u7530 Ada" in shown.stdout


def test_doctor_shows_checks_steps_and_versions(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    fine = frontdesk("doctor", home=tmp_path / "home", FRONTDESK_PORT=port)
    assert fine.returncode == 0, fine.stdout
    assert f"127.0.0.1:{port} is free" in fine.stdout
    assert "embedded Valkey" in fine.stdout and "\n  encoder " in fine.stdout and "3.6.21" in fine.stdout
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(port)))
        other.listen()
        taken = frontdesk("doctor", home=tmp_path / "home", FRONTDESK_PORT=port,
                          FRONTDESK_REDIS_URL="redis://:hush@127.0.0.1:1")
    assert taken.returncode == 1
    assert f"port {port} is taken" in taken.stdout and "redis://127.0.0.1:1 cannot be used" in taken.stdout
    assert "hush" not in taken.stdout + taken.stderr


def test_staff_are_added_listed_and_given_passwords(tmp_path: Path) -> None:
    from bot.database import open_database
    from bot.desk.staff import Staff

    nobody = frontdesk("staff", "list", home=tmp_path)
    assert nobody.returncode == 0 and nobody.stdout.startswith("Nobody yet.")
    added = frontdesk("staff", "add", "ann@larkmoor.example", "--name", "Ann", "--role", "editor", home=tmp_path)
    email, password = added.stdout.split("\npassword  ")
    assert (added.returncode, email) == (0, "ann@larkmoor.example")
    staff = Staff(open_database(f"sqlite:///{tmp_path / 'frontdesk.db'}"))
    member = staff.check(email, password.strip())
    assert member is not None and (member.name, member.role) == ("Ann", "editor")

    given = frontdesk("staff", "password", "Ann@Larkmoor.example", "--stdin", home=tmp_path, stdin="a better one\n")
    assert given.returncode == 0 and "a better one" not in given.stdout
    assert staff.check(email, password.strip()) is None and staff.check(email, "a better one") is not None
    assert frontdesk("staff", "list", home=tmp_path).stdout == f"editor      {'ann@larkmoor.example':<32}Ann\n"

    for arguments, said in [
        (("add", "ann@larkmoor.example"), "there is somebody with the e-mail 'ann@larkmoor.example' already"),
        (("add", "ann"), "'ann' is not an e-mail address"),
        (("password", "bob@larkmoor.example"), "there is nobody with the e-mail 'bob@larkmoor.example'"),
    ]:
        refused = frontdesk("staff", *arguments, home=tmp_path)
        assert (refused.returncode, refused.stderr) == (1, f"frontdesk: {said}\n")


def test_setup_ends_on_sigterm_without_leaving_its_helper(tmp_path: Path) -> None:
    environ = {**os.environ, "FRONTDESK_HOME": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-m", "bot.cli", "setup"], cwd=ROOT, env=environ,
                          stderr=subprocess.DEVNULL) as setup:
        end = time.monotonic() + 30
        while not (helpers := _helpers(setup.pid)):
            assert time.monotonic() < end and setup.poll() is None
            time.sleep(0.05)
        setup.send_signal(signal.SIGTERM)
        assert setup.wait(20) != 0
    end = time.monotonic() + 5
    while any(_running(pid) for pid in helpers):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not (tmp_path / "encoder").exists()


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _helpers(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found
