"""Rows of entries from CSV, JSON and JSON lines, with line and column of what is wrong."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kb_index.errors import BadEntry

#: A cell that begins so would be run by a spreadsheet; here it is text, and exports put a quote before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ALIASES = {"title": "question", "content": "answer", "body": "answer", "key": "id", "qid": "id"}
_LISTS = ("phrasings", "tests", "related")
_LARGEST = 400 << 20
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


def named(found: Iterable[Row], path: Path, warnings: list[str]) -> Iterator[Row]:
    """The same rows with our names for their columns, and an id where they have none."""
    table = path.suffix.lower() in (".csv", ".tsv", ".xlsx")
    for number, (fields, where) in enumerate(found, 1):
        lowered = {name.strip().lower(): value for name, value in fields.items() if name}
        told = {_ALIASES.get(name, name): value for name, value in lowered.items()}
        if "question" not in told or "answer" not in told:
            missing = "question" if "question" not in told else "answer"
            raise BadEntry(f"{where}: there is no column {missing!r}; the columns are {', '.join(map(repr, told))}")
        told.setdefault("id", f"{path.stem}-{number}")
        if table:
            for name in ("question", "answer"):
                if str(told[name] or "").startswith("="):
                    warnings.append(f"{where}, column {name}: looks like a spreadsheet formula; it is kept as text")
            for name in _LISTS:
                told[name] = _items(told.get(name), f"{where}, column {name}")
        yield told, where


def _items(cell: Any, where: str) -> Any:
    """A list from one cell: a JSON list, or else what :class:`Entry` makes of a text."""
    if not isinstance(cell, str) or not cell.startswith('["'):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise BadEntry(f"{where}: begins as a list in JSON but is none ({error})") from None


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
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        byte = f"byte 0x{raw[error.start]:02x}"
        raise BadEntry(f"{path}:{line}:{column}: not UTF-8 ({byte}); save the file as UTF-8") from None


def _json(text: str, path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    if path.suffix.lower() == ".json":
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError) as error:
            place = f"{path}:{getattr(error, 'lineno', 1)}:{getattr(error, 'colno', 1)}"
            raise BadEntry(f"{place}: no valid JSON ({error})") from None
        if not isinstance(rows, list):
            raise BadEntry(f"{path}:1:1: a list of entries is wanted")
        numbered = [(f"{path}, entry {i}", row) for i, row in enumerate(rows, 1)]
    else:
        numbered = []
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                numbered.append((f"{path}:{number}", json.loads(line)))
            except (ValueError, RecursionError) as error:
                column, fault = getattr(error, "colno", 1), getattr(error, "msg", error)
                raise BadEntry(f"{path}:{number}:{column}: no valid JSON ({fault})") from None
    for where, row in numbered:
        if not isinstance(row, dict):
            raise BadEntry(f"{where}: {type(row).__name__}; an object with question and answer is wanted")
        yield row, where


def _csv(text: str, path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    csv.field_size_limit(64 << 20)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096].split("\n", 1)[0], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, strict=True)
    before = 1
    try:
        for row in reader:
            where = f"{path}:{before + 1}"
            before = reader.line_num
            if None in row:
                raise BadEntry(f"{where}: more cells than columns; quote cells that hold a {dialect.delimiter!r}")
            if any((value or "").strip() for value in row.values()):
                yield {name: unguarded(value or "") for name, value in row.items()}, where
    except csv.Error as error:
        raise BadEntry(f"{path}:{reader.reader.line_num}: no valid CSV ({error})") from None
