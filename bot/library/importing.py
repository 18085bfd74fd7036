"""Articles from files of many kinds. All or nothing: the first fault is named with its place, and nothing is taken.

Known are CSV, TSV, Excel, JSON, JSON lines, Markdown, saved web pages, the JSON of other help centres
(:mod:`bot.library.foreign`), folders of these, and zips of folders. Pictures that answers name come along from a folder
``pictures`` beside.
"""

from __future__ import annotations

import lzma
import re
import shutil
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain, count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bot.library import foreign, pages, pictures
from bot.library.article import FIELDS, Article, slug
from kb_index import folder
from kb_index import importing as plain
from kb_index.entry import folded
from kb_index.errors import BadEntry, NoEntries
from kb_index.markdown import PICTURES, foreign_pictures, is_mute, own_pictures, readdressed

#: What a zip or a workbook may hold once unpacked: an honest one of 20 MB is smaller, a bomb is not.
_UNPACKED = 400 << 20
_MOST_FILES = 200_000
_MOST_CELLS = 20_000_000
#: The flag of a file in a zip whose name is UTF-8.
_SAYS_UTF8 = 0x800
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
#: An address as pictures of ours have them.
_ANY = f"{PICTURES}{'0' * 32}-1x1.png"
_KNOWN = (".csv", ".tsv", ".xlsx", ".json", ".jsonl", ".ndjson", ".md", ".html", ".htm", ".zip")


@dataclass(frozen=True)
class Origin:
    """Where an entry stands: in words, in which file, and up to which folder its pictures are looked for."""

    where: str
    file: Path
    top: Path

    def of(self, picture: str) -> str:
        """Where the entry names a picture: in Markdown with the line."""
        if self.file.suffix.lower() != ".md":
            return self.where
        text = plain.text(self.file)
        at = max(text.find(picture), text.find(unquote(picture)))
        return f"{self.where}:{text.count(chr(10), 0, at) + 1}" if at >= 0 else self.where

    def near(self) -> Iterator[Path]:
        """The folders in which a folder of pictures is looked for."""
        for one in self.file.absolute().parents:
            yield one
            if one == self.top:
                return

    def beside(self, address: str) -> Path | None:
        """The file that a picture's address names, as seen from the entry's file; None for one that is not near."""
        try:
            file = (self.file.parent / unquote(address)).resolve()
            return file if file.is_relative_to(self.top.resolve()) and file.is_file() else None
        except (OSError, ValueError):  # an address that can be no file's
            return None


Row = tuple[dict[str, Any], Origin]


@dataclass
class Found:
    """The articles of some files, in their order, with the pictures that came along, and what a person should know of
    them. `nameless` are the places of articles that came without an id; `lacking` are the pictures that did not come
    along, and where they are named."""

    articles: list[Article] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    nameless: list[int] = field(default_factory=list)
    pictures: dict[str, pictures.Picture] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)

    def take(self, file: Path, where: str) -> str:
        """Has a picture of any file come along, made anew; returns its name."""
        made = pictures.of_stranger(file, where)
        self.pictures[made.name] = made
        return made.name

    def name(self, there: Mapping[str, str]) -> None:
        """Gives what came without an id one that is made of its question. Where the library has that id for another
        question, it is numbered; `there` are the library's questions by their ids."""
        without = set(self.nameless)
        taken = {one.id for place, one in enumerate(self.articles) if place not in without}
        for place in self.nameless:
            article = self.articles[place]
            asked = folded(article.entry.question)
            wanted = slug(article.entry.question)
            free = next(
                name for name in chain([wanted], (f"{wanted}-{number}" for number in count(2)))
                if name not in taken and (name not in there or folded(there[name]) == asked)
            )
            taken.add(free)
            if article.id in there and free != article.id:
                self.warnings.append(f"{article.entry.question[:60]!r}: the entry {article.id!r} answers another "
                                     f"question; this one is {free!r}")
            self.articles[place] = replace(article, entry=replace(article.entry, id=free))

    def told(self, there: Collection[str]) -> list[str]:
        """All warnings where the pictures `there` are in the library already."""
        lacking = [pictures.lacking(name, where) for name, where in self.lacking.items() if name not in there]
        return [*lacking, *self.warnings]


def read(paths: Sequence[Path], top: Path | None = None) -> Found:
    """Reads all files, folders and zips. What has no id gets one that is made of its question. Pictures may be beside
    the files, and of a category's file or folder beside that; where somebody from outside sent them, nowhere but in the
    folder `top`. Raises BadEntry at the first fault."""
    found = Found()
    places: dict[str, str] = {}
    questions: dict[str, str] = {}
    strangers = _Strangers()
    for fields, origin in _together(paths, found.warnings, top):
        where = origin.where
        fields = _by_our_names(fields)
        strangers.look(fields, origin.file)
        if fields["id"] in ("", None):  # 0 is an id
            found.nameless.append(len(found.articles))
            fields = {**fields, "id": slug(str(fields["question"]))}
        article = illustrated(Article.of_file(fields, where), origin, found.take)
        for name in own_pictures(article.entry.answer):
            if name in found.pictures or name in found.lacking:
                continue
            if (file := pictures.place(name, origin.near())) is None:
                found.lacking[name] = origin.of(name)
            else:
                found.pictures[name] = pictures.of_file(file, origin.of(name))
        if left := foreign_pictures(article.entry.answer):
            found.warnings.append(f"{where}: its pictures are left out, such as {left[0][:80]}; put them in with "
                                  "the editor")
        if found.nameless[-1:] != [len(found.articles)]:
            if article.id in places:
                raise BadEntry(
                    f"{where}: the id {article.id!r} stands already at {places[article.id]}; ids must differ"
                )
            places[article.id] = where
        asked = " ".join(article.entry.question.lower().split())
        if asked in questions:
            found.warnings.append(f"{where}: the same question stands at {questions[asked]}; one is given")
        questions.setdefault(asked, where)
        found.articles.append(article)
    found.warnings += strangers.told()
    found.name({})  # once all are known that have an id
    if not found.articles:
        named = ", ".join(path.name or str(path) for path in paths)
        raise BadEntry(f"{named}: there are no entries in it; nothing was changed")
    return found


def _by_our_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``valid until`` and ``valid-until`` stand for ``valid_until`` where that is not there."""
    ours = {name: re.sub("[ -]", "_", name) for name in fields}
    return {ours[name] if ours[name] in FIELDS and ours[name] not in fields else name: value
            for name, value in fields.items()}


class _Strangers:
    """Columns and keys that say something which no entry has. In Markdown other tools have keys of their own; there
    only what is nearly one of ours is told."""

    def __init__(self) -> None:
        self._known = set(FIELDS)
        self._named: dict[Path, list[str]] = {}

    def look(self, fields: Mapping[str, Any], file: Path) -> None:
        for name in fields.keys() - self._known:
            if fields[name] in ("", None, []):
                continue
            self._known.add(name)
            [near] = get_close_matches(name, FIELDS, 1, 0.8) or [""]
            if near or file.suffix.lower() != ".md":
                self._named.setdefault(file, []).append(f"{name!r} ({near}?)" if near else repr(name))

    def told(self) -> list[str]:
        """What of each file was left out, each name once in all."""
        return [f"{file.name}: entries have no field {', '.join(sorted(names))}; what it says was left out"
                for file, names in self._named.items()]


def illustrated(article: Article, origin: Origin, named: Callable[[Path, str], str]) -> Article:
    """The article with those of its pictures that are files near it; `named` takes such a file, with where the entry
    names it, and gives the picture's name. One of another type, or without words for who cannot see it, stays what it
    is: left out."""
    for address in foreign_pictures(article.entry.answer):
        file = origin.beside(address)
        if file is None or file.suffix.lower() not in _PICTURES:
            continue
        probe = readdressed(article.entry.answer, address, _ANY)
        if probe != article.entry.answer and not is_mute(probe):
            ours = PICTURES + named(file, origin.of(address))
            answer = readdressed(article.entry.answer, address, ours)
            article = replace(article, entry=replace(article.entry, answer=answer))
    return article


def _around(path: Path) -> Path:
    return path.absolute().parents[1 if path.suffix.lower() == ".md" else 0]


def _together(paths: Sequence[Path], warnings: list[str], top: Path | None = None) -> Iterator[Row]:
    """The fields of each entry, and where they stand. The exports of other help centres come last, all as one."""
    exports: list[foreign.Export] = []
    for path in paths:
        yield from _rows(path, warnings, (top or _around(path)).absolute(), exports)
    yield from foreign.rows(exports, warnings)


def _rows(
    path: Path, warnings: list[str], top: Path, exports: list[foreign.Export], inside: bool = False
) -> Iterator[Row]:
    """Those of one path but for what is an export of another help centre, which goes to `exports`. `inside` passes over
    what is no file of entries."""
    suffix = path.suffix.lower()
    if not path.exists():
        raise BadEntry(f"{path}: there is no such file or folder")
    if path.is_dir():
        yield from _folder(path, warnings, top, exports)
    elif suffix == ".zip":
        with _unpacked(path) as unpacked:
            before = len(warnings)
            try:
                for fields, origin in _together([unpacked], warnings, unpacked):
                    yield fields, replace(origin, where=origin.where.replace(str(unpacked), path.name, 1))
            except BadEntry as error:
                raise type(error)(str(error).replace(str(unpacked), path.name)) from None
            warnings[before:] = [one.replace(str(unpacked), path.name) for one in warnings[before:]]
    elif suffix == ".json" and (told := foreign.read(plain.text(path))) is not None:
        exports.append((told, Origin(str(path), path, top)))
    elif suffix in _KNOWN:
        for fields, where in _entries(path, warnings):
            yield fields, Origin(where, path, top)
    elif not inside:
        raise BadEntry(f"{path}: {suffix or 'no ending'} is not known; {', '.join(_KNOWN)} are")


def _entries(path: Path, warnings: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """The entries of one file of a kind that is known."""
    suffix = path.suffix.lower()
    if suffix == ".md":
        yield folder.fields(path), str(path)
    elif suffix in (".html", ".htm"):
        yield from _page(path, warnings)
    elif suffix == ".xlsx":
        yield from plain.named(_workbook(path, warnings), path, warnings)
    else:
        yield from plain.rows(path, warnings)


def _folder(path: Path, warnings: list[str], top: Path, exports: list[foreign.Export]) -> Iterator[Row]:
    pages_taken: set[tuple[str, str]] = set()
    found = False
    strange: list[NoEntries] = []
    for file in sorted(path.rglob("*")):
        # Where the folder itself lies is nobody's business.
        hidden = any(part.startswith((".", "__MACOSX")) for part in file.relative_to(path).parts)
        if hidden or file.name == "README.md" or not file.is_file():
            continue
        some = False
        try:
            for fields, origin in _rows(file, warnings, top, exports, inside=True):
                found = some = True
                if file.suffix.lower() in (".html", ".htm"):
                    # The pages of one site repeat their menus and popular questions.
                    said = fields["question"], fields["answer"]
                    if said in pages_taken:
                        continue
                    pages_taken.add(said)
                yield fields, origin
        except NoEntries as error:
            if some or file.suffix.lower() != ".json":
                raise
            strange.append(error)
    if strange and not found and not exports:
        raise strange[0]
    # A site comes with the JSON of its programs.
    warnings += [f"{error}; the file was left out" for error in strange]


def _page(path: Path, warnings: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    faults: list[str] = []
    try:
        found = pages.pairs(plain.text(path), faults)
    except RecursionError:
        raise BadEntry(f"{path}: its tags are nested too deep to be read; save the page anew") from None
    warnings += [f"{path.name}: {fault}; it was left out" for fault in faults]
    for question, answer in found:
        if not question or not answer.markdown:
            what = f"{question[:60]!r} has no answer" if question else f"{answer.markdown[:60]!r} answers no question"
            warnings.append(f"{path.name}: {what}; it was left out")
            continue
        if answer.missed:
            warnings.append(pages.left_out(f"{path.name}: {question[:60]!r}", answer.missed))
        yield {"id": "", "question": question, "answer": answer.markdown}, f"{path}: {question[:60]!r}"


def _workbook(path: Path, warnings: list[str]) -> Iterator[plain.Raw]:
    """The first sheet of cells, its first row that is not empty naming the columns."""
    import openpyxl
    from openpyxl.utils import get_column_letter

    _check_zip(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=False)
        if not book.worksheets:  # a chart may stand on a sheet of its own
            raise NoEntries(f"{path}: there is no sheet of cells in it")
        sheet = book.worksheets[0]
        names: list[str] = []
        cells = 0
        for number, row in enumerate(sheet.iter_rows(), 1):
            cells += len(row)
            if cells > _MOST_CELLS:
                raise BadEntry(f"{path}: more than {_MOST_CELLS:,} cells; save the rows that hold entries as CSV")
            values = [cell.value for cell in row]
            if not any(names):
                names = [str(value or "").strip() for value in values]
                continue
            told: list[tuple[str, Any]] = []
            for column, (name, cell) in enumerate(zip(names, row, strict=False), 1):
                value = cell.value
                if cell.data_type == "f":
                    warnings.append(
                        f"{path.name}, cell {get_column_letter(column)}{number}: a formula; its text is kept"
                    )
                    value = getattr(value, "text", value)
                if value is not None:
                    value = plain.unguarded(value) if isinstance(value, str) else _cell(value)
                if name:
                    told.append((name, value))
            if any(value is not None and str(value).strip() for _, value in told):
                yield told, f"{path}, row {number}"
        book.close()
    except BadEntry:
        raise
    except Exception as error:  # openpyxl and zipfile raise whatever a broken file makes them
        raise BadEntry(
            f"{path}: cannot be read as an Excel workbook ({type(error).__name__}); save it anew as .xlsx or CSV"
        ) from None


def _cell(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.date() if hasattr(value, "date") else str(value)


def _check_zip(path: Path) -> list[zipfile.ZipInfo]:
    """What a zip holds. Raises BadEntry for one that is none, or that would unpack to more than is reasonable."""
    try:
        with zipfile.ZipFile(path) as packed:
            inside = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BadEntry(f"{path}: this is no zip file that can be read; save it anew") from None
    unpacked = sum(info.file_size for info in inside)
    if unpacked > _UNPACKED or len(inside) > _MOST_FILES:
        raise BadEntry(
            f"{path}: holds {len(inside):,} files of {unpacked >> 20:,} MB in all; {_UNPACKED >> 20} MB and "
            f"{_MOST_FILES:,} files are the most"
        )
    return inside


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    target = Path(tempfile.mkdtemp(prefix="frontdesk-"))
    try:
        left = _UNPACKED
        with zipfile.ZipFile(path) as packed:
            for info in _check_zip(path):
                name = _name(info)
                parts = Path(name.replace("\\", "/")).parts
                if ".." in parts or "/" in parts[:1]:
                    raise BadEntry(f"{path}: holds {name[:100]!r}, a place outside; pack the folder anew")
                if info.is_dir() or not parts:
                    continue
                if name.lower().endswith(".zip"):  # each level would have room of its own
                    raise BadEntry(f"{path}: holds {name[:100]!r}, a zip within a zip; unpack that one, then pack "
                                   "them together")
                file = target.joinpath(*parts)
                file.parent.mkdir(parents=True, exist_ok=True)
                # What the zip says of its sizes may be a lie.
                with packed.open(info) as source, file.open("wb") as out:
                    while chunk := source.read(1 << 20):
                        left -= len(chunk)
                        if left < 0:
                            raise BadEntry(f"{path}: unpacks to more than {_UNPACKED >> 20} MB")
                        out.write(chunk)
        yield target
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError,
            OSError) as error:
        raise BadEntry(f"{path}: cannot be unpacked ({error}); pack or download it anew") from None
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _name(info: zipfile.ZipInfo) -> str:
    """Where a file stands in a zip. Finder writes UTF-8 without the flag that says so, in letters apart from their
    accents; what is no UTF-8 is of old systems, as zipfile reads it."""
    if info.flag_bits & _SAYS_UTF8:
        return info.filename
    try:
        return unicodedata.normalize("NFC", info.filename.encode("cp437").decode())
    except UnicodeError:
        return info.filename
