"""Modules joined into one file as it is sent: fewer requests, and what repeats from module to module is packed once.

Nothing is built beforehand, and the modules on disk stay as they are. They are put one after the other, what is
imported first, without their import lines: so all share one scope. For that they have to keep to a simple form, which
:func:`join` checks: what stands at the top begins a line, imports are by name and from the same folder, and no name
stands at the top of two modules.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r"""^import\s*\{([^}]*)\}\s*from\s*['"]\./([\w-]+\.js)['"];?""", re.MULTILINE)
_OTHER = re.compile(r"^(?:import\b(?!\s*[({])|export\s*(?:[{*]|default\b)).*", re.MULTILINE)
_EXPORT = re.compile(r"^export\s+(?=(?:const|let|class|function|async\s+function)\b)", re.MULTILINE)
_TOP = re.compile(r"^(export\s+)?(?:const|let|class|function|async\s+function)\s+([\w$]+)", re.MULTILINE)


class CannotJoin(ValueError):
    """A module that has to be written otherwise; the message says which and why."""


def join(entry: Path) -> tuple[bytes, list[Path]]:
    """The entry with all that it imports, and the files that this is made of. Only the entry's exports stay exports.

    Raises CannotJoin, OSError.
    """
    found: dict[Path, str] = {}
    names: dict[str, str] = {}
    exports: list[str] = []

    def take(path: Path, importers: tuple[str, ...]) -> None:
        if path in found:
            return
        if path.name in importers:
            raise CannotJoin(f"{' → '.join((*importers, path.name))} import each other in a circle")
        text = path.read_text(encoding="utf-8")
        if other := _OTHER.search(text):
            raise CannotJoin(f"{path.name} has {other[0][:60]!r}; only named imports and exports can be joined")
        for wanted, name in _IMPORT.findall(text):
            if " as " in wanted:
                raise CannotJoin(f"{path.name} imports {wanted.strip()!r}; a name has to stay the same when joined")
            take(path.parent / name, (*importers, path.name))
        for exported, name in _TOP.findall(text):
            if other_module := names.get(name):
                raise CannotJoin(f"{other_module} and {path.name} both have {name!r} at the top; rename one")
            names[name] = path.name
            if exported and path == entry:
                exports.append(name)
        found[path] = _EXPORT.sub("", _IMPORT.sub("", text))

    take(entry, ())
    offered = ", ".join(exports)
    # Inside a function every name may be shortened.
    text = "\n".join(["export const {", offered, "} = (() => {", *found.values(), "return {", offered, "};\n})();\n"])
    return text.encode(), list(found)
