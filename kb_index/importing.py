"""Rows of entries from CSV, JSON and JSON lines, with line and column of what is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from kb_index.errors import BadEntry, NoEntries

#: A cell that begins so would be run by a spreadsheet; here it is text, and exports put a quote before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: What other programs call our columns; each counts only where ours is not there.
_ALIASES = {"title": "question", "content": "answer", "body": "answer", "key": "id", "qid": "id"}
#: The first line of what Excel is to open with another separator than the system's.
_SAYS_PARTING = re.compile(r'"?sep=([^"\r\n])"?(?=[\r\n])', re.I)
_LISTS = ("phrasings", "tests", "related")
_LARGEST = 400 << 20
#: A row as it stands in its file, where two columns may have one name, and its place.
Raw = tuple[Iterable[tuple[str, Any]], str]
Row = tuple[dict[str, Any], str]


def guarded(value: str) -> str:
    """A cell that no spreadsheet takes for a formula; :func:`unguarded` undoes it."""
    return f"'{value}" if value.lstrip("'").startswith(_FORMULA) else value


def unguarded(value: str) -> str:
    return value[1:] if value.startswith("'") and value.lstrip("'").startswith(_FORMULA) else value


def rows(path: Path, warnings: list[str]) -> Iterator[Row]:
    """The fields of each entry in a CSV, JSON or JSON lines file, and where they stand. Raises BadEntry."""
    found = _csv(text(path), path) if path.suffix.lower() in (".csv", ".tsv") else _json(text(path), path)
    return named(found, path, warnings)


def named(found: Iterable[Raw], path: Path, warnings: list[str]) -> Iterator[Row]:
    """The same rows with our names for their columns; an id that they do not have is empty. Of columns with one name
    the last that is filled counts, and of lists all do."""
    table = path.suffix.lower() in (".csv", ".tsv", ".xlsx")
    one = "column" if table else "field"
    for cells, where in found:
        lowered: dict[str, Any] = {}
        for written, value in cells:
            name = written.strip().lower()
            before = lowered.get(name)
            if name in _LISTS and isinstance(before, str) and isinstance(value, str):
                lowered[name] = f"{before}\n{value}".strip()
            elif name and (name not in lowered or value not in ("", None)):
                lowered[name] = value
        told = {name: value for name, value in lowered.items() if name not in _ALIASES}
        for alias, name in _ALIASES.items():
            if alias in lowered:
                told.setdefault(name, lowered[alias])
        if missing := [name for name in ("question", "answer") if name not in told]:
            fault = NoEntries if len(missing) == 2 else BadEntry
            raise fault(f"{where}: there is no {one} {missing[0]!r}; the {one}s are {', '.join(map(repr, lowered))}")
        if told.get("id") is None or not str(told["id"]).strip():
            told["id"] = ""
        if table:
            for name in ("question", "answer"):
                if str(told[name] or "").startswith("="):
                    warnings.append(f"{where}, column {name}: looks like a spreadsheet formula; it is kept as text")
            for name in _LISTS:
                told[name] = _items(told.get(name), f"{where}, column {name}")
        yield told, where


def _items(cell: Any, where: str) -> Any:
    """A list from one cell: a JSON list, or else what :class:`Entry` makes of a text."""
    if not isinstance(cell, str) or not cell.lstrip().startswith("["):
        return cell
    try:
        told = json.loads(cell)
    except (ValueError, RecursionError) as error:
        if not re.match(r'\s*\[\s*"', cell):
            return cell  # a text such as "[sic] where is it"
        raise BadEntry(f"{where}: begins as a list in JSON but is none ({error})") from None
    return told


def text(path: Path) -> str:
    """The file's text. Raises BadEntry with line and column where it is not UTF-8."""
    try:
        if path.stat().st_size > _LARGEST:
            raise BadEntry(f"{path}: {path.stat().st_size >> 20} MB; {_LARGEST >> 20} MB are the most")
        raw = path.read_bytes()
    except OSError as error:
        raise BadEntry(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raw = error.object  # without a mark of byte order, as the places in it are counted
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        byte = f"byte 0x{raw[error.start]:02x}"
        raise BadEntry(f"{path}:{line}:{column}: not UTF-8 ({byte}); save the file as UTF-8") from None


def _json(text: str, path: Path) -> Iterator[Raw]:
    for where, row in _listed(text, path) if path.suffix.lower() == ".json" else _lines(text, path):
        if not isinstance(row, dict):
            raise NoEntries(f"{where}: {type(row).__name__}; an object with question and answer is wanted")
        yield row.items(), where


def _listed(text: str, path: Path) -> list[tuple[str, Any]]:
    """The items of a list, each with its place; of JSON lines in a file that is called as if it held a list, these."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        first = text[: getattr(error, "pos", 0)].strip()
        if getattr(error, "msg", "") == "Extra data" and first.startswith("{") and "\n" not in first:
            return _lines(text, path)
        place = f"{path}:{getattr(error, 'lineno', 1)}:{getattr(error, 'colno', 1)}"
        raise BadEntry(f"{place}: no valid JSON ({error})") from None
    if not isinstance(rows, list):
        raise NoEntries(f"{path}:1:1: a list of entries is wanted")
    return [(f"{path}, entry {i}", row) for i, row in enumerate(rows, 1)]


def _lines(text: str, path: Path) -> list[tuple[str, Any]]:
    """What each line says, with its place; all are read before the first is taken."""
    numbered = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            numbered.append((f"{path}:{number}", json.loads(line)))
        except (ValueError, RecursionError) as error:
            column, fault = getattr(error, "colno", 1), getattr(error, "msg", error)
            raise BadEntry(f"{path}:{number}:{column}: no valid JSON ({fault})") from None
    return numbered


def _csv(text: str, path: Path) -> Iterator[Raw]:
    """The rows below the first that is not empty, which names the columns."""
    csv.field_size_limit(64 << 20)
    if said := _SAYS_PARTING.match(text):
        text = text[said.end() :]  # the line stays, empty, so that all others keep their numbers
    parting = said[1] if said else _parting(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parting, strict=True)
    names: list[str] = []
    before = 0
    try:
        for row in reader:
            where = f"{path}:{before + 1}"
            before = reader.line_num
            if not any(cell.strip() for cell in row):
                continue
            if not names:
                names = row
                continue
            if len(row) > len(names):
                raise BadEntry(f"{where}: more cells than columns; quote cells that hold a {parting!r}")
            yield [(name, unguarded(value)) for name, value in zip_longest(names, row, fillvalue="")], where
    except csv.Error as error:
        raise BadEntry(f"{path}:{reader.line_num}: no valid CSV ({error})") from None


def _parting(text: str) -> str:
    """What parts the cells: that with which the first line that is not empty has most names that are known, and of
    equals most names at all."""
    head = next((line for line in io.StringIO(text, newline="") if line.strip(",;\t \r\n")), "")

    def names(parting: str) -> tuple[int, int]:
        try:
            found = [name.strip().lower() for name in next(csv.reader([head], delimiter=parting), [])]
        except csv.Error:
            return 0, 0
        return sum(name in _ALIASES or name in _ALIASES.values() for name in found), len(found)

    return max(",;\t", key=names)
