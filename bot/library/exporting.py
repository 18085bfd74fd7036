"""Articles as CSV, JSON or a zip of Markdown files, with their pictures; an import of what is written here gives the
same articles and pictures again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import yaml

from bot.library.article import FIELDS, LISTS, Article, slug
from bot.library.pictures import FOLDER, Picture
from bot.output import check, whole
from kb_index.errors import BadEntry
from kb_index.importing import guarded

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json", "md": "application/zip"}


def as_csv(articles: Iterable[Article]) -> Iterator[str]:
    """Lines of CSV. No cell is a formula to a spreadsheet: see :func:`kb_index.importing.guarded`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    for article in articles:
        told = article.fields()
        writer.writerow([guarded(_cell(told[name]) if name in LISTS else told[name]) for name in FIELDS])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def as_json(articles: Iterable[Article]) -> Iterator[str]:
    before = "[\n"
    for article in articles:
        yield before + json.dumps(article.fields(), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


class _Front(yaml.SafeDumper):
    """Front matter. To YAML the control character U+0085 is the end of a line, read again as a space unless escaped."""

    def represent_str(self, value: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", value, style='"' if "\x85" in value else None)


_Front.add_representer(str, _Front.represent_str)


def as_markdown(article: Article) -> str:
    """One file with all fields in its front matter, so that neither its name nor its place has to tell anything."""
    told: dict[str, Any] = {
        name: value
        for name, value in article.fields().items()
        if name != "answer" and (value or name in ("id", "category"))
    }
    front = yaml.dump(told, Dumper=_Front, allow_unicode=True, sort_keys=False, width=110)
    return f"---\n{front}---\n{article.entry.answer}\n"


def pack(articles: Iterable[Article], kind: str, pictures: Iterable[Picture], out: IO[bytes]) -> None:
    """A zip: ``CATEGORY/ID.md`` for the kind ``md``, one file for another; and the pictures in a folder of theirs."""
    names: set[str] = set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        if kind != "md":
            packed.writestr(f"knowledge-base.{kind}", "".join((as_csv if kind == "csv" else as_json)(articles)))
        for article in articles if kind == "md" else ():
            name = f"{slug(article.entry.category) if article.entry.category else 'general'}/{slug(article.id)}"
            if name in names or name.endswith("/readme"):
                name += "-" + hashlib.sha256(article.id.encode()).hexdigest()[:6]
            names.add(name)
            packed.writestr(f"{name}.md", as_markdown(article))
        for picture in pictures:
            packed.writestr(f"{FOLDER}/{picture.name}", picture.content, zipfile.ZIP_STORED)


def write(articles: Sequence[Article], path: Path, pictures: Iterable[Picture] = ()) -> int:
    """Writes a file whose ending says what it is to be; returns how many. The pictures are in the zip, or in a folder
    beside another file. Raises BadEntry for another ending, FrontdeskError where nothing can be written."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".json", ".zip"):
        raise BadEntry(f"{path}: {suffix or 'no ending'} is not known; .csv, .json and .zip are")
    check(path)
    if suffix == ".zip":
        with whole(path, binary=True) as packed:
            pack(articles, "md", pictures, packed)
    else:
        for picture in pictures:
            picture.write(path.parent)
        with whole(path) as out:
            out.writelines((as_csv if suffix == ".csv" else as_json)(articles))
    return len(articles)


def _cell(items: list[str]) -> str:
    """A list in one cell: an item a line, or JSON where an item could be taken for several."""
    if any("|" in item or "\n" in item for item in items) or (items and items[0].startswith("[")):
        return json.dumps(items, ensure_ascii=False)
    return "\n".join(items)
