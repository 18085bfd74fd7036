"""Makes `.venv` ready: finds or fetches uv, a Python 3.10, and installs what requirements.lock lists.

Run by `make` with whatever Python the machine has (3.8 or newer), so it uses the standard library only::

    python3 tools/bootstrap.py            install, or do nothing where nothing changed
    python3 tools/bootstrap.py --uv ...   run uv with these arguments
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn, Sequence

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / ".bootstrap"
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
OWN_CODE = ("bot", "actions", "kb_index")
STAMP = VENV / "frontdesk.stamp"
BACKEND = VENV / "frontdesk.torch-backend"
#: Held while something is installed: `make run` and `make test` may begin side by side.
LOCKED = ROOT / ".bootstrap.lock"

#: The first uv that knows --torch-backend for `uv pip install`.
OLDEST_UV = (0, 6, 9)
#: What only torch's GPU builds need; a CPU build is installed without them.
_GPU_ONLY = re.compile(r"^(torch|triton|nvidia-[\w-]+|cuda-[\w-]+)==")
_BACKEND = re.compile(r"^[a-z0-9.]+$")


def fail(message: str) -> NoReturn:
    sys.exit(f"frontdesk: {message}")


def say(message: str) -> None:
    print(f"frontdesk: {message}", file=sys.stderr, flush=True)


def uv_version(uv: Path) -> tuple[int, ...] | None:
    """The version of the program `uv`, or None where it is no working uv."""
    try:
        out = subprocess.run([str(uv), "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"uv (\d+)\.(\d+)\.(\d+)", out.stdout.decode(errors="replace"))
    return tuple(int(part) for part in found.groups()) if found and out.returncode == 0 else None


def find_uv() -> Path | None:
    """A uv that is new enough: ours, else the one on the PATH."""
    on_path = shutil.which("uv")
    for candidate in (OWN / "bin" / "uv", OWN / "lib" / "bin" / "uv", Path(on_path) if on_path else None):
        if candidate is not None and candidate.exists():
            version = uv_version(candidate)
            if version is not None and version >= OLDEST_UV:
                return candidate
    return None


def fetch_uv() -> Path:
    """Installs uv from the Python package index into an environment of its own under `.bootstrap`."""
    say("uv was not found; fetching it into .bootstrap")
    if not _fetch_with_venv() and not _fetch_with_pip():
        # Debian splits venv and pip off. Only root can add them without being asked for a password.
        if os.geteuid() == 0 and shutil.which("apt-get"):
            say("this Python has neither venv nor pip; installing Debian's python3-venv")
            _quietly(["apt-get", "update"])
            _quietly(["apt-get", "install", "-y", "python3-venv"])
        if not _fetch_with_venv():
            fail("uv could not be installed. Either this Python has neither venv nor pip (on Debian: apt install "
                 "python3-venv), or the package index cannot be reached; or install uv yourself and run this again")
    uv = find_uv()
    if uv is None:
        fail("uv was installed into .bootstrap but does not run here; install uv yourself and run this again")
    return uv


def _fetch_with_venv() -> bool:
    shutil.rmtree(OWN, ignore_errors=True)
    # ensurepip is what Debian leaves out; without it `venv` fails half-way and leaves a folder.
    made = _quietly([sys.executable, "-m", "venv", str(OWN)])
    return made and _quietly([str(OWN / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"])


def _fetch_with_pip() -> bool:
    shutil.rmtree(OWN, ignore_errors=True)
    # --target keeps out of the system's own packages, so Debian's "externally managed" mark does not forbid it.
    return _quietly([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(OWN / "lib"), "uv"])


def _quietly(command: Sequence[str]) -> bool:
    environ = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ).returncode == 0


def wanted_python() -> str:
    return (ROOT / ".python-version").read_text().strip()


def venv_is_usable() -> bool:
    """Whether `.venv` runs here and is of the wanted Python; it is not after that Python or this folder was moved."""
    script = VENV / "bin" / "frontdesk"
    # Its first lines name the Python that runs it, by a path from the root.
    if script.exists() and str(VENV.resolve()).encode() not in script.read_bytes()[:1000]:
        return False
    try:
        out = subprocess.run([str(VENV / "bin" / "python"), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return out.stdout.decode().strip() == wanted_python()


def wanted_backend() -> str:
    """TORCH_BACKEND, or where it is not set the one that `.venv` was made with, so that it need be said only once."""
    backend = os.environ.get("TORCH_BACKEND", "").strip() or os.environ.get("UV_TORCH_BACKEND", "").strip()
    if not backend and BACKEND.exists():
        backend = BACKEND.read_text().strip()
    if backend and not _BACKEND.match(backend):
        fail(f"TORCH_BACKEND={backend!r}: a backend that uv knows is wanted, such as cpu")
    return backend


def make_venv(uv: Path) -> None:
    version = wanted_python()
    if VENV.exists():
        shutil.rmtree(VENV)
    done = subprocess.run([str(uv), "venv", "--quiet", "--python", version, str(VENV)], cwd=ROOT,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0 or not venv_is_usable():
        shutil.rmtree(VENV, ignore_errors=True)
        fail(f"no Python {version} was found and uv could not fetch one. Install it (for example `pyenv install "
             f"{version}`) and run this again. uv said: {_last_line(done.stderr)}")


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"


def without_gpu(lock: str) -> str:
    """The lock file without torch and what only its GPU builds need, each with its hashes."""
    kept: list[str] = []
    dropping = False
    for line in lock.splitlines(keepends=True):
        if not line.startswith((" ", "\t")):
            dropping = bool(_GPU_ONLY.match(line))
        if not dropping:
            kept.append(line)
    return "".join(kept)


def install(uv: Path, backend: str) -> None:
    """Installs the locked packages, then the project itself, so that `.venv/bin/frontdesk` exists."""
    lock = LOCK.read_text()
    # A terminal gets uv's progress bar; a log gets one line and whatever goes wrong.
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    say(f"installing {lock.count('==')} packages into .venv; this takes some minutes the first time")
    if backend:
        # Builds of another backend come from another index, whose files have other hashes than those in the lock.
        # So torch alone is installed by its locked version but without a hash; everything else keeps its hashes.
        torch = re.search(r"^torch==[^ \\\n]+", lock, re.MULTILINE)
        if torch is None:
            fail("requirements.lock holds no torch, so TORCH_BACKEND has nothing to change; unset it")
        rest = VENV / "without-torch.lock"
        rest.write_text(without_gpu(lock) if backend == "cpu" else re.sub(r"(?m)^torch==.*\n(?:[ \t].*\n)*", "", lock))
        _uv(uv, ["pip", "sync", "--require-hashes", "--compile-bytecode", *quiet, str(rest)])
        say(f"installing {torch.group()} for TORCH_BACKEND={backend} (without a hash: the lock has none of that build)")
        _uv(uv, ["pip", "install", "--compile-bytecode", *quiet, "--torch-backend", backend, "--no-deps",
                 torch.group()])
    else:
        _uv(uv, ["pip", "sync", "--require-hashes", "--compile-bytecode", *quiet, str(LOCK)])
    _uv(uv, ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])


def compile_own() -> None:
    """Bytecode for our own modules; that of the packages is made when they are installed. A start without it takes
    twice as long, and where Python may not write any (PYTHONDONTWRITEBYTECODE, a container's read-only folder) each
    start would. What cannot be written is left out."""
    subprocess.run([str(VENV / "bin" / "python"), "-m", "compileall", "-qq", *OWN_CODE], cwd=ROOT,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _uv(uv: Path, arguments: Sequence[str]) -> None:
    environ = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    environ.pop("UV_TORCH_BACKEND", None)  # TORCH_BACKEND decides, and only where it was meant to
    done = subprocess.run([str(uv), *arguments], cwd=ROOT, env=environ)
    if done.returncode != 0:
        fail(f"`uv {arguments[0]} {arguments[1]}` failed with status {done.returncode}; what it said stands above. "
             "A later run goes on from here")


def fingerprint(backend: str) -> str:
    """Changes when what has to be installed does."""
    sums = hashlib.sha256()
    for file in (LOCK, ROOT / "pyproject.toml", ROOT / ".python-version"):
        sums.update(file.read_bytes())
    return f"{sums.hexdigest()} {backend}\n"


def main(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] == "--uv":
        return subprocess.run([str(find_uv() or fetch_uv()), *arguments[1:]], cwd=ROOT).returncode
    # Looked at without the lock first: where there is nothing to do, the folder may be one that we may not write.
    if not is_ready():
        with LOCKED.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another install of this folder is at work; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_ready():
                _make_ready()
    compile_own()
    return 0


def is_ready() -> bool:
    """Whether all that is wanted is installed."""
    return (STAMP.is_file() and STAMP.read_text() == fingerprint(wanted_backend()) and venv_is_usable()
            and (VENV / "bin" / "frontdesk").exists())


def _make_ready() -> None:
    backend = wanted_backend()
    uv = find_uv() or fetch_uv()
    if not venv_is_usable():
        make_venv(uv)
    # Gone until all is in place, so that an interrupted install is taken up again.
    if STAMP.exists():
        STAMP.unlink()
    BACKEND.write_text(backend)
    install(uv, backend)
    STAMP.write_text(fingerprint(backend))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        fail(f"{error.strerror or error}: {error.filename or 'on this machine'}")
