"""The docs say what there is, all of it and nothing else; and no file names a place that only one machine has."""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from bot.cli import parser
from bot.desk.app import MODULES
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
    if not subs or not subs[0].required:
        own = [action for action in top._actions if action.dest != "help" and action not in subs]
        yield path, [action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest).upper()
                     for action in own]
    for name, sub in subs[0].choices.items() if subs else ():
        yield from commands(sub, f"{path} {name}")


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
    code = "".join(re.sub(r'"\s*f?"', "", path.read_text()) for path in (ROOT / "bot").rglob("*.py"))
    assert len(rows) > 5
    for row in rows:
        for words in re.split(r"…|NAME|SIGNAL|\bN\b|=|\d+ s|;|:", row):
            assert words.strip() in code, row


def documents() -> list[Path]:
    """README, changelog and docs."""
    return [path for path in files() if path.suffix == ".md" and path.relative_to(ROOT).parts[0] != "data"]


def anchors(path: Path) -> set[str]:
    """What a link may point to inside a Markdown file, as GitHub makes it from the headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_pictures_lead_to_what_is_there(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = unquote(link).partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists() and ROOT in (target, *target.parents), link
        assert not anchor or anchor in anchors(target), link


def test_pictures_are_small_and_used() -> None:
    told = "".join(path.read_text() for path in documents())
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 250_000, picture
        assert f"images/{picture.name}" in told, picture


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_named_in_the_docs_exist(path: Path) -> None:
    known = dict(commands(parser()))
    groups = {command.rsplit(" ", 1)[0] for command in known}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for code in code_of(path.read_text()):
        for target in re.findall(r"(?<![\w-])make ([a-z]+)", code):
            assert target in targets, f"make {target}"
        for words in re.findall(r"(?<![\w/.:-])frontdesk ((?:[a-z]+ ?)+)", code.replace(".venv/bin/", "")):
            first, *more = words.split()
            named = f"frontdesk {first} {more[0]}" if f"frontdesk {first}" in groups and more else f"frontdesk {first}"
            assert named in known or named in groups, named
        for option in re.findall(r"frontdesk [^`\n#]*?(--[a-z]+)", code):
            assert option in {"--help", *(o for own in known.values() for o in own)}, option


def code_of(text: str) -> list[str]:
    """What stands in code: fenced blocks, indented blocks, and between backticks. (Prose may say "make sure".)"""
    found = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return found + re.findall(r"^ {4}(.+)$", prose, re.M) + re.findall(r"`([^`\n]+)`", prose)


def routes() -> set[str]:
    """Each route of the desk as docs/api.md writes it: ``GET /api/console/conversations/CID``."""
    found = set()
    for module in MODULES:
        blueprint: Any = module.blueprint
        for route in blueprint._future_routes:
            path = re.sub(r"<(\w+):\w+>", lambda hit: hit[1].upper(), (blueprint.url_prefix or "") + route.uri)
            found |= {f"{method} {path.rstrip('/') or '/'}" for method in route.methods if method != "HEAD"}
    return found


def test_every_route_of_the_desk_is_documented_and_the_reverse() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    told = re.findall(r"^\| `([A-Z]+ /[^`?]*)", text, re.M)
    assert sorted(told) == sorted(routes())


def test_every_error_code_is_documented_and_the_reverse() -> None:
    rows = re.findall(r"^\| [45]\d\d \| (.+) \|$", (ROOT / "docs" / "api.md").read_text(), re.M)
    told = {code for row in rows for code in re.findall(r"`([a-z]+_?[a-z_]+)`", re.sub(r"\([^)]*\)", "", row))}
    sources = [*(ROOT / "bot" / "desk").glob("*.py"), ROOT / "bot" / "conversations" / "record.py",
               ROOT / "bot" / "conversations" / "acts.py"]
    code = "".join(path.read_text() for path in sources)
    raised = set(re.findall(r'ApiError\(\s*\w+, "([a-z_]+)"', code)) | set(re.findall(r'(?:BadText|Refused)\(\s*"([a-z_]+)"', code))
    assert told == raised


def test_the_keys_of_the_console_stand_in_its_guide() -> None:
    console = ROOT / "bot" / "static" / "console"
    moves = (console / "keys.js").read_text().partition("MOVES = [")[2].partition("\n];")[0]
    views = (console / "route.js").read_text().partition("VIEWS = [")[2].partition("]")[0].count('"') // 2
    ours = [*re.findall(r'"([^"]+)"', "".join(re.findall(r"\[\[(.*?)\]", moves))),
            *re.findall(r'key: "(.)"', (console / "commands.js").read_text()), "1", str(views)]
    table = (ROOT / "docs" / "console.md").read_text().partition("| key | does |")[2].partition("\n\n")[0]
    told = [key for row in table.splitlines()[2:] for key in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    assert len(ours) > 25
    assert sorted(told) == sorted(ours)


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


def test_the_tests_that_hold_a_guarantee_are_there() -> None:
    told = (ROOT / "docs" / "guarantees.md").read_text()
    held = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    named = set(re.findall(r"`((?:[\w/]+/)?test_\w+\.py)`", told))
    assert named and not {name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in held)}
    tests = set(re.findall(r"`(test_\w+)`", told))
    assert tests and not {name for name in tests if not any(f"def {name}(" in text for text in held.values())}
