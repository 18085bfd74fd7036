"""Reads knowledge bases from files: JSON lines, CSV, Markdown. All or nothing, with line and column of what is wrong.

Usage::

    found = read([Path("faq.csv")])
    print(found.warnings)      # what was taken all the same
    library.replace(found.entries)
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb_index import folder
from kb_index.entry import Entry
from kb_index.errors import BadEntry

#: A cell that a spreadsheet would run; here it is text, and exports put a quote before it.
_FORMULA = ("=", "+", "-", "@", "\t")
_ALIASES = {"title": "question", "content": "answer", "body": "answer", "key": "id", "qid": "id"}
_KNOWN = ("id", "question", "answer", "phrasings", "tests", "category", "related", "task")
_LARGEST = 200 << 20


@dataclass
class Found:
    """The entries of some files, in their order, and what a person should know of them."""

    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(paths: Sequence[Path]) -> Found:
    """Reads all files and folders. Raises BadEntry at the first fault, before anything is imported."""
    found = Found()
    places: dict[str, str] = {}
    questions: dict[str, str] = {}
    for path in paths:
        for entry, where in _entries(path, found.warnings):
            if entry.id in places:
                raise BadEntry(f"{where}: the id {entry.id!r} stands already at {places[entry.id]}; ids must differ")
            places[entry.id] = where
            folded = " ".join(entry.question.lower().split())
            if folded in questions:
                found.warnings.append(f"{where}: the same question stands at {questions[folded]}; one is given")
            questions.setdefault(folded, where)
            found.entries.append(entry)
    if not found.entries:
        raise BadEntry(f"{', '.join(str(p) for p in paths)}: there are no entries in it; nothing was changed")
    return found


def _entries(path: Path, warnings: list[str]) -> Iterator[tuple[Entry, str]]:
    if path.is_dir():
        for entry in folder.read(path):
            yield entry, f"{path}/{entry.category}/{entry.id}.md"
        return
    if path.suffix.lower() == ".md":
        yield folder.read_file(path), str(path)
        return
    text = _text(path)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        rows = _csv(text, path)
    elif suffix in (".jsonl", ".json", ".ndjson"):
        rows = _json(text, path)
    else:
        raise BadEntry(f"{path}: {suffix or 'no ending'} is not known; .jsonl, .csv and .md are")
    for number, (fields, where) in enumerate(rows, 1):
        lowered = {name.strip().lower(): value for name, value in fields.items() if name}
        named = {_ALIASES.get(name, name): value for name, value in lowered.items()}
        if "question" not in named or "answer" not in named:
            missing = "question" if "question" not in named else "answer"
            raise BadEntry(f"{where}: there is no column {missing!r}; the columns are {', '.join(map(repr, named))}")
        named.setdefault("id", f"{path.stem}-{number}")
        for name in ("question", "answer"):
            if suffix == ".csv" and str(named[name] or "").startswith(_FORMULA[:1]):
                warnings.append(f"{where}, column {name}: looks like a spreadsheet formula; it is kept as text")
        yield Entry.parse({name: value for name, value in named.items() if name in _KNOWN}, where), where


def _text(path: Path) -> str:
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
        except ValueError as error:
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
            except ValueError as error:
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
                yield dict(row), where
    except csv.Error as error:
        raise BadEntry(f"{path}:{reader.reader.line_num}: no valid CSV ({error})") from None
