"""The docs say what there is, all of it and nothing else; and no file names a place that only one machine has."""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import parser
from bot.settings import DOCUMENTED, ROOT

#: Where packages and models are downloaded from: that is the installer's affair, not a file's. Spelt so that this file
#: does not name them either.
HOSTS = re.compile("|".join(re.escape(".".join(parts)) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("pytorch", "org"), ("huggingface", "co"), ("deb", "debian", "org"),
    ("registry", "npmjs", "org"), ("anaconda", "org"), ("astral", "sh"),
)), re.IGNORECASE)
#: Folders that developers' machines have, at the start of a path.
MACHINE_PATHS = re.compile(r"(?<![\w.~/$}<:-])/(?:root|work|opt|Users|home/[a-z]+)/[\w.-]+")


def commands(top: argparse.ArgumentParser, path: str = "frontdesk") -> Iterator[tuple[str, list[str]]]:
    """Each command that does something, with the options and arguments of its own."""
    subs = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    if subs:
        for name, sub in subs[0].choices.items():
            yield from commands(sub, f"{path} {name}")
    else:
        own = [action for action in top._actions if action.dest != "help"]
        yield path, [action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest).upper()
                     for action in own]


def section(text: str, heading: str) -> str:
    return text.partition(f"## `{heading}`\n")[2].partition("\n## ")[0].partition("\n# ")[0]


def files() -> list[Path]:
    """What is in git or would be added to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_every_setting_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `(FRONTDESK_\w+)` \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "settings.md").read_text(), re.M)
    assert {name: (purpose, default) for name, purpose, default in rows} == DOCUMENTED
    assert [name for name, _, _ in rows] == list(DOCUMENTED)


def test_no_document_or_module_names_a_setting_that_does_not_exist() -> None:
    for path in files():
        if path.suffix in (".md", ".py", ".yml") and "tests" not in path.parts:
            named = set(re.findall(r"\bFRONTDESK_[A-Z]+(?:_[A-Z]+)*\b", path.read_text()))
            assert named <= set(DOCUMENTED), path


def test_every_command_is_documented_with_its_options() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    there = dict(commands(parser()))
    assert re.findall(r"^## `(frontdesk .+)`$", text, re.M) == list(there)
    for path, options in there.items():
        for option in options:
            assert option in section(text, path), f"{path} {option}"


def test_every_make_target_is_documented() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    rows = re.findall(r"^\| `make ([a-z]+)` \|", (ROOT / "docs" / "commands.md").read_text(), re.M)
    assert set(rows) == set(targets) - {"help", "install"}
    helped = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    assert set(re.findall(r"^make ([a-z]+) ", helped, re.M)) == set(rows)


def test_the_log_lines_in_the_docs_are_lines_of_the_code() -> None:
    table = (ROOT / "docs" / "operating.md").read_text().partition("What the lines mean")[2]
    rows = re.findall(r"^\| `(.+?)` \|", table, re.M)
    code = "".join(re.sub(r'"\s*f?"', "", path.read_text()) for path in (ROOT / "bot").glob("*.py"))
    assert len(rows) > 5
    for row in rows:
        for words in re.split(r"…|NAME|SIGNAL|\bN\b|=|\d+ s|;|:", row):
            assert words.strip() in code, row


@pytest.mark.parametrize("pattern", [HOSTS, MACHINE_PATHS], ids=["download hosts", "paths of one machine"])
def test_no_file_names_a_place_of_one_machine(pattern: re.Pattern[str]) -> None:
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in pattern.finditer(text)]
    assert found == []


def test_the_patterns_do_find_what_they_are_for() -> None:
    assert HOSTS.search("https://files." + "pythonhosted" + ".org/packages")
    assert MACHINE_PATHS.search("open('" + "/root" + "/x')")
    assert MACHINE_PATHS.search("cd " + "/home/jane" + "/frontdesk")
    assert not MACHINE_PATHS.search("https://larkmoor.example/home/x/y") and not MACHINE_PATHS.search("a/work/b")
