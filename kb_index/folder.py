"""A knowledge base as a folder of Markdown files with front matter: ``<category>/<id>.md``, pleasant to edit in git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frontmatter
import yaml

from kb_index.entry import Entry, no_text
from kb_index.errors import BadEntry

#: What git writes into a file that it could not merge.
_MARKERS = {"<" * 7, "=" * 7, ">" * 7}


def read(folder: Path) -> list[Entry]:
    """All entries below `folder`, ordered by id. Raises BadEntry naming the file, and the line where YAML is broken."""
    return [Entry.parse(found, str(path)) for found, path in records(folder)]


def records(folder: Path) -> list[tuple[dict[str, Any], Path]]:
    """What each file below `folder` says, and where it stands, ordered by id. Raises BadEntry as :func:`read` does."""
    if not folder.is_dir():
        raise BadEntry(f"{folder}: there is no such folder; set FRONTDESK_KB to the one with the knowledge base")
    found: dict[str, tuple[dict[str, Any], Path]] = {}
    for path in sorted(folder.rglob("*.md")):
        # What begins with a dot is another tool's, such as .github.
        if path.name == "README.md" or any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        told = fields(path)
        name = str(told["id"])
        if name in found:
            raise BadEntry(f"{path}: the id {name!r} is used by another file; rename one of them")
        found[name] = told, path
    return [found[name] for name in sorted(found)]


def read_file(path: Path) -> Entry:
    """One entry; its id is the file's name, its category the folder's."""
    return Entry.parse(fields(path), str(path))


def fields(path: Path) -> dict[str, Any]:
    """What a file says, not yet checked. Raises BadEntry for one that cannot be read or is not UTF-8, or that git
    could not merge, and for one whose YAML is broken or holds what cannot be, such as a day that does not exist."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadEntry(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise BadEntry(f"{path}: cannot be read ({error.strerror})") from None
    return fields_of(text, path)


def fields_of(text: str, path: Path) -> dict[str, Any]:
    """What a file at `path` says whose text is `text`. Raises BadEntry as :func:`fields` does."""
    if {line[:7] for line in text.splitlines()} >= _MARKERS:
        raise BadEntry(f"{path}: git left its marks of a conflict there; settle that first")
    try:
        told, answer = frontmatter.parse(text)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or error
        raise BadEntry(f"{path}{_place(text, error)}: the front matter is no valid YAML ({problem})") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:  # YAML of which nothing can be made
        raise BadEntry(f"{path}{_faulty(text, error)}; mend it, or put it in quotes") from None
    if strange := [key for key in told if not isinstance(key, str)]:
        raise BadEntry(f"{path}: the key {str(strange[0])[:60]} in the front matter is no name; put it in quotes")
    name = told.get("id")
    if isinstance(name, (list, dict)):
        raise no_text("id", name, str(path))
    if name is None or not str(name).strip():
        told["id"] = path.stem
    return {"category": path.parent.name, **told, "answer": answer}


def _faulty(text: str, error: Exception) -> str:
    """Where in the front matter the value stands of which nothing can be made, and why."""
    front = _front(text)
    loader: Any = yaml.SafeLoader(front)
    try:
        for node in _values(loader.get_single_node(), set()):
            try:
                loader.construct_object(node)
            except Exception as fault:  # of whichever kind the value makes YAML raise
                place = f":{_begins(text, front) + node.start_mark.line}:{node.start_mark.column + 1}"
                said = fault if isinstance(fault, ValueError) else f"it is no {node.tag.rpartition(':')[2]}"
                return f"{place}: {node.value[:40]!r} cannot be ({said})"
    except (yaml.YAMLError, RecursionError):
        pass
    return f": the front matter cannot be read ({error})"


def _values(node: yaml.Node, seen: set[yaml.Node]) -> Iterator[yaml.ScalarNode]:
    """The single values in a node, in their order; what aliases repeat is looked at once."""
    if node in seen:
        return
    seen.add(node)
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for part in node.value:
        for one in part if isinstance(part, tuple) else (part,):
            yield from _values(one, seen)


def _place(text: str, error: yaml.YAMLError) -> str:
    """``:line:column`` of a YAML error in the file, or nothing where YAML tells no place."""
    # A quote without its partner is noticed at the end of the front matter only; where it opens is what helps.
    quoted = "quoted" in (getattr(error, "context", None) or "")
    mark = getattr(error, "context_mark" if quoted else "problem_mark", None)
    if mark is None:
        return ""
    return f":{_begins(text, _front(text)) + mark.line}:{mark.column + 1}"


def _front(text: str) -> str:
    return str(frontmatter.YAMLHandler().split(text)[0])


def _begins(text: str, front: str) -> int:
    """The line of the file in which its front matter begins."""
    return text[: text.find(front)].count("\n") + 1
