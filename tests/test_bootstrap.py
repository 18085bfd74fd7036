"""The bootstrap's own rules; that it installs is shown by every run of `make test`."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from bot.settings import ROOT


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, with an empty folder for its `.venv` and `.bootstrap`."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("OWN", "VENV"):
        monkeypatch.setattr(module, name, tmp_path / name)
    for name in ("STAMP", "BACKEND"):
        monkeypatch.setattr(module, name, tmp_path / name)
    monkeypatch.delenv("TORCH_BACKEND", raising=False)
    monkeypatch.delenv("UV_TORCH_BACKEND", raising=False)
    return module


def test_a_cpu_build_leaves_out_torch_and_its_gpu_packages_only(bootstrap: ModuleType) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    rest = bootstrap.without_gpu(lock)
    packages = re.compile(r"^([a-z][\w.-]+)==", re.MULTILINE)
    gone = set(packages.findall(lock)) - set(packages.findall(rest))
    assert {"torch", "triton"} <= gone
    assert all(name in ("torch", "triton") or name.startswith(("nvidia-", "cuda-")) for name in gone)
    # What is left is whole: each package still has hashes, and no hash is without its package.
    assert all("--hash=sha256:" in part for part in re.split(r"(?m)^(?=[a-z])", rest) if part)
    assert rest[0].isalpha()


def test_the_lock_has_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert all("--hash=sha256:" in part for part in re.split(r"(?m)^(?=[a-z])", lock) if part)
    assert "://" not in lock and "--index" not in lock and "--find-links" not in lock


def test_the_stamp_changes_with_what_is_to_be_installed(bootstrap: ModuleType, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    before = bootstrap.fingerprint("")
    assert bootstrap.fingerprint("cpu") != before
    changed = tmp_path / "changed.lock"
    changed.write_text((ROOT / "requirements.lock").read_text() + "#\n")
    monkeypatch.setattr(bootstrap, "LOCK", changed)
    assert bootstrap.fingerprint("") != before


def test_a_backend_is_remembered(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bootstrap.wanted_backend() == ""
    bootstrap.BACKEND.write_text("cpu")
    assert bootstrap.wanted_backend() == "cpu"
    monkeypatch.setenv("TORCH_BACKEND", "--index-url")
    with pytest.raises(SystemExit, match="TORCH_BACKEND='--index-url': a backend that uv knows is wanted"):
        bootstrap.wanted_backend()


def test_a_missing_python_is_named_with_the_mend(bootstrap: ModuleType, tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'error: no download' >&2\nexit 2\n")
    uv.chmod(0o755)
    with pytest.raises(SystemExit, match=r"no Python 3\.10 was found .* uv said: error: no download"):
        bootstrap.make_venv(uv)
    assert not bootstrap.VENV.exists()


@pytest.mark.parametrize(("folder", "usable"), [("VENV", True), ("before", False)])
def test_an_environment_whose_folder_was_moved_is_made_anew(bootstrap: ModuleType, tmp_path: Path, folder: str,
                                                            usable: bool) -> None:
    (tmp_path / "VENV" / "bin").mkdir(parents=True)
    (tmp_path / "VENV" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "VENV" / "bin" / "frontdesk").write_text(f"#!{tmp_path}/{folder}/bin/python\n")
    assert bootstrap.venv_is_usable() is usable


@pytest.mark.parametrize(("said", "usable"), [("uv 0.6.9", True), ("uv 0.4.0", False), ("something else", False)])
def test_an_old_uv_is_passed_over(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str,
                                  usable: bool) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\necho '{said}'\n")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (bootstrap.find_uv() == uv) is usable


def test_one_install_of_a_folder_waits_for_another(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "LOCKED", tmp_path / "lock")
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "_make_ready", lambda: done.append("ours"))
    monkeypatch.setattr(bootstrap, "compile_own", lambda: None)
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        def end() -> None:
            done.append("theirs")
            fcntl.flock(held, fcntl.LOCK_UN)

        threading.Timer(0.3, end).start()
        assert bootstrap.main([]) == 0
    assert done == ["theirs", "ours"] and "waiting for it" in capsys.readouterr().err


def test_what_is_installed_needs_no_folder_that_one_may_write(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root has installed it, or it lies in a container's layer."""
    monkeypatch.setattr(bootstrap, "LOCKED", tmp_path / "nowhere" / "lock")
    monkeypatch.setattr(bootstrap, "venv_is_usable", lambda: True)
    monkeypatch.setattr(bootstrap, "compile_own", lambda: None)
    with pytest.raises(FileNotFoundError, match="lock"):
        bootstrap.main([])
    bootstrap.STAMP.write_text(bootstrap.fingerprint(""))
    (bootstrap.VENV / "bin").mkdir(parents=True)
    (bootstrap.VENV / "bin" / "frontdesk").touch()
    assert bootstrap.main([]) == 0


def test_nothing_is_done_where_nothing_changed() -> None:
    """On the installation that runs these tests, if `make` made it."""
    if not (Path(sys.prefix) / "frontdesk.stamp").exists():
        pytest.skip("this .venv was not made by make")
    done = subprocess.run([sys.executable, "-B", "tools/bootstrap.py"], cwd=ROOT, capture_output=True, check=True,
                          env={**os.environ, "PATH": "/nowhere"})
    assert (done.stdout, done.stderr) == (b"", b"")


def test_the_tests_make_a_default_home_that_nobody_else_looks_into(tmp_path: Path) -> None:
    """Theirs lies in it, and `mkdir` gives parents the mode that anything has."""
    frontdesk = tmp_path / ".venv" / "bin" / "frontdesk"
    frontdesk.parent.mkdir(parents=True)
    frontdesk.write_text("#!/bin/sh\nmkdir -p var/test\n")
    frontdesk.chmod(0o755)
    subprocess.run(["make", "-s", "-f", ROOT / "Makefile", "test-home", "PYTHON=true"], cwd=tmp_path, check=True, umask=0o022)
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700 and (tmp_path / "var" / "test").is_dir()
