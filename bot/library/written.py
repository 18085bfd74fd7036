"""An article as the text of a Markdown file, as near as can be to the text that the file had: a person reads its diff.

Comments, the order of the front matter, keys of other tools and the way values are written stay (ruamel.yaml keeps
them); only what has changed is written anew.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from bot.library.article import FIELDS, LISTS, Article
from bot.library.exporting import as_markdown
from kb_index.entry import EVERYONE
from kb_index.errors import BadEntry
from kb_index.folder import fields_of

_FRONT = re.compile(r"\A---\s*\n(.*?)^---\s*\n(.*)\Z", re.DOTALL | re.MULTILINE)
#: What a file need not say.
_UNSAID = {"audience": EVERYONE}


def markdown(article: Article, path: Path, before: str = "") -> str:
    """The text for the file at `path`, whose text was `before`. What its name and folder tell is left out."""
    text = _near(article, path, before)
    return text if text and _says(text, path) == article else as_markdown(article)


def _near(article: Article, path: Path, before: str) -> str:
    hit = _FRONT.match(before)
    rules: Any = YAML()
    rules.width = 1 << 20  # nothing is wrapped that was not
    rules.indent(mapping=2, sequence=4, offset=2)
    rules.preserve_quotes = True
    try:
        front: Any = rules.load(hit[1]) if hit else None
    except YAMLError:
        return ""
    front = {} if front is None else front
    was, told = _says(before, path) if hit else None, article.fields()
    implied = {"id": path.stem, "category": path.parent.name}
    changed = False
    for name in FIELDS:
        if name == "answer" or (was is not None and was.fields()[name] == told[name]):
            continue
        value = told[name]
        changed = True
        if value == _UNSAID.get(name, implied.get(name, [] if name in LISTS else "")):
            front.pop(name, None)
        else:
            front[name] = [_plain(item) for item in value] if name in LISTS else _plain(value)
    if hit and not changed:
        head = hit[1]
    else:
        out = io.StringIO()
        rules.dump(front, out)
        head = out.getvalue()
    kept = hit is not None and was is not None and was.entry.answer == article.entry.answer
    return f"---\n{head}---\n{hit[2] if hit and kept else article.entry.answer + chr(10)}"


def _plain(value: str) -> str:
    """The value so that it is read as the same text: files are read by YAML's older rules, by which yes is no word."""
    try:
        same = yaml.safe_load(value) == value and "\n" not in value
    except yaml.YAMLError:
        same = False
    return value if same or re.fullmatch(r"\d{4}-\d\d-\d\d", value) else DoubleQuotedScalarString(value)


def _says(text: str, path: Path) -> Article | None:
    """What a file with this text at `path` would say, or None where it would be none."""
    try:
        return Article.of_file(fields_of(text, path), str(path))
    except BadEntry:
        return None
