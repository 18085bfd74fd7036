"""The set-up's machinery with small real steps: only what is due runs, one at a time, nothing half done is taken."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.apart import Progress, run_apart
from bot.errors import Busy, SetupFailed
from bot.lockfile import LockFile, holder
from bot.settings import ROOT, Settings
from bot.setup import RERANKER, STEPS, export_encoder, set_up


@dataclass(eq=False)
class Copy:
    """A step that is current when its target holds what its source does."""

    name: str
    source: Path
    target: Path
    ran: int = 0
    broken: Exception | type[BaseException] | None = None
    reported: list[tuple[int, int]] = field(default_factory=list)

    def is_current(self, settings: Settings) -> bool:
        return self.target.exists() and self.target.read_text() == self.source.read_text()

    def run(self, settings: Settings, progress: Progress) -> None:
        self.ran += 1
        progress(1, 2)
        self.target.write_text(self.source.read_text())
        if self.broken is not None:
            raise self.broken
        progress(2, 2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def steps(tmp_path: Path) -> tuple[Copy, Copy, Copy]:
    """Each step copies what the one before it made."""
    (tmp_path / "0").write_text("one")
    first, second, third = (Copy(f"step {n}", tmp_path / str(n), tmp_path / str(n + 1)) for n in range(3))
    return first, second, third


def test_a_later_run_redoes_only_what_changed(settings: Settings, steps: tuple[Copy, Copy, Copy]) -> None:
    first, second, third = steps
    assert set_up(settings, steps) == 3
    assert set_up(settings, steps) == 0
    second.target.write_text("spoilt")
    assert set_up(settings, steps) == 1  # the third still agrees with what the second makes again
    assert (first.ran, second.ran, third.ran) == (1, 2, 1)
    assert third.target.read_text() == "one"
    assert set_up(settings, steps, force=(first,)) == 1
    assert first.ran == 2


def test_a_failed_step_is_named_and_due_again(settings: Settings, steps: tuple[Copy, Copy, Copy]) -> None:
    first, second, third = steps
    second.broken = SetupFailed("the machine is out of paper")
    with pytest.raises(SetupFailed, match=r"^step 1: the machine is out of paper$"):
        set_up(settings, steps)
    # It wrote its result before it failed, and says that it is current; it is not believed.
    assert second.is_current(settings) and third.ran == 0
    second.broken = None
    assert set_up(settings, steps) == 2
    assert (first.ran, second.ran, third.ran) == (1, 2, 1)


def test_an_interrupted_step_is_due_again(settings: Settings, steps: tuple[Copy, Copy, Copy]) -> None:
    steps[0].broken = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        set_up(settings, steps)
    assert holder(settings.home / "setup.lock") is None
    steps[0].broken = None
    assert set_up(settings, steps) == 3


def test_two_at_once_are_refused(settings: Settings, steps: tuple[Copy, Copy, Copy]) -> None:
    script = (f"from bot.lockfile import LockFile; from pathlib import Path; import time\n"
              f"with LockFile(Path({str(settings.home / 'setup.lock')!r}), ''):\n"
              f"    print('held', flush=True); time.sleep(600)")
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match=f"another set-up of {settings.home} is at work \\(process {other.pid}\\)"):
            set_up(settings, steps)
        assert holder(settings.home / "setup.lock") == other.pid
        # Where nothing is to be done, nobody is in the way.
        steps[0].target.write_text("one")
        assert set_up(settings, steps[:1]) == 0
        steps[0].target.unlink()
        other.kill()
    # What held it is dead, so nothing has to be cleaned up.
    assert set_up(settings, steps) == 3


def test_scratch_of_a_killed_step_is_cleared(settings: Settings, steps: tuple[Copy, Copy, Copy]) -> None:
    for name in (".encoder-ab12_x9z", ".judgement-ab12_x9z", "encoder", "tmpab12_x9z"):
        (settings.home / name).mkdir(parents=True)
        (settings.home / name / "half").write_text("")
    set_up(settings, steps)
    assert {one.name for one in settings.home.iterdir() if (one / "half").exists()} == {"encoder", "tmpab12_x9z"}


def test_a_lock_ends_with_its_block(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "lock"
    with LockFile(path, "taken"), pytest.raises(Busy, match="taken"), LockFile(path, "taken"):
        pass
    with LockFile(path, "taken"):
        assert holder(path) == os.getpid()
    assert holder(path) is None


# -- functions that run_apart runs in another process --------------------------------------------------------------


def count(settings: Settings, progress: Progress) -> None:
    print("chatter on the output")
    print("chatter on the error output", file=sys.stderr)
    for done in (1, 2, 3):
        progress(done, 3)
    (settings.home / "pid").write_text(str(os.getpid()))


def fail_with_ours(settings: Settings, progress: Progress) -> None:
    raise SetupFailed("the thing, and the mend")


def fail_with_theirs(settings: Settings, progress: Progress) -> None:
    raise ZeroDivisionError("division by zero")


def die(settings: Settings, progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait(settings: Settings, progress: Progress) -> None:
    (settings.home / "pid").write_text(str(os.getpid()))
    progress(0, 1)
    time.sleep(600)


def test_apart_reports_progress_and_mutes_chatter(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[int, int]] = []
    log = settings.home / "logs" / "setup.log"
    run_apart("tests.test_setup:count", settings, lambda done, of: seen.append((done, of)), log)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert capfd.readouterr() == ("", "")
    assert "chatter on the output" in log.read_text() and "chatter on the error output" in log.read_text()
    assert int((settings.home / "pid").read_text()) != os.getpid()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (fail_with_ours, "^the thing, and the mend; the log is "),
        (fail_with_theirs, "^ZeroDivisionError: division by zero; the log is "),
        (die, "^it was killed, as the system does where memory runs out; the log is "),
    ],
)
def test_apart_passes_the_error_on(settings: Settings, function: Callable[..., None], said: str) -> None:
    with pytest.raises(SetupFailed, match=said):
        run_apart(f"tests.test_setup:{function.__name__}", settings, lambda done, of: None, settings.home / "log")


def test_apart_is_ended_when_interrupted(settings: Settings) -> None:
    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_apart("tests.test_setup:wait", settings, interrupt, settings.home / "log")
    assert not Path(f"/proc/{(settings.home / 'pid').read_text()}").exists()


def test_the_real_steps_are_named_once_and_in_order() -> None:
    assert [step.name for step in STEPS] == ["encoder", "reranker", "judgement", "Rasa model", "publications", "knowledge index", "sample shop"]


def test_the_encoder_is_exported_without_a_folder_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr("kb_index.export.export", lambda source, target, questions, stage: asked.append(questions))
    export_encoder(replace(settings, kb=settings.home / "none"), lambda done, total: None)
    assert asked == [[]]


def test_who_does_without_the_reranker_is_not_kept_by_its_failure(settings: Settings) -> None:
    mark = settings.home / "setup" / "reranker.unfinished"
    mark.parent.mkdir(parents=True)
    mark.touch()
    assert set_up(replace(settings, reranker=False), (RERANKER,)) == 0


@pytest.mark.parametrize("command", ["evaluate", "kb", "replay", "train"])
def test_who_wants_the_classifier_or_the_index_wants_the_reranker(command: str) -> None:
    """A publish and a search read with all three models, whichever command begins them in a fresh home."""
    wanted = re.findall(r"set_up\(settings, \(([^)]*)\)", (ROOT / "bot" / "commands" / f"{command}.py").read_text())
    assert any("JUDGEMENT" in steps for steps in wanted)
    assert all("RERANKER" in steps for steps in wanted if "JUDGEMENT" in steps)
