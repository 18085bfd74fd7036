"""Modules joined into one: what is joined runs as the modules would, and what could not is refused with the reason."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bot.desk import static
from bot.desk.bundle import CannotJoin, join


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "main.js"


def test_what_is_imported_comes_first_and_once(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        main="/** Says it. */\nimport { b } from './b.js';\nimport {\n  a,\n  more,\n} from './a.js';\n"
             "export const c = [a, b, more()];\n",
        b="import { a } from './a.js';\nexport const b = `${a} // import { x } from './y.js'`;\n",
        a="export const a = 1;\nexport async function more() {\n  return a;\n}\n",
    )
    data, sources = join(entry)
    assert [path.stem for path in sources] == ["a", "b", "main"]
    joined = ("export const { c } = (() => { const a = 1; async function more() { return a; } "
              "const b = `${a} // import { x } from './y.js'`; /** Says it. */ const c = [a, b, more()]; return { c }; })();")
    assert data.decode().split() == joined.split()


@pytest.mark.parametrize(("modules", "why"), [
    ({"main": "import * as all from './a.js';", "a": ""}, "only named imports"),
    ({"main": "import one from './a.js';", "a": ""}, "only named imports"),
    ({"main": "export default 1;"}, "only named imports and exports"),
    ({"main": "import { a as b } from './a.js';", "a": "export const a = 1;"}, "has to stay the same"),
    ({"main": "import { a } from './a.js';\nconst b = 1;", "a": "export const a = 1;\nconst b = 2;"}, "'b' at the top"),
    ({"main": "import { a } from './a.js';", "a": "import { b } from './main.js';"}, "in a circle"),
])
def test_what_cannot_be_joined_is_refused(tmp_path: Path, modules: dict[str, str], why: str) -> None:
    with pytest.raises(CannotJoin, match=why):
        join(write(tmp_path, **modules))


def test_a_change_in_any_module_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "JOINED", {(tmp_path.name, "main.js")})
    entry = write(tmp_path, main="import { a } from './a.js';\nexport const b = a;", a="export const a = 1;")
    before = static.load(entry)
    assert static.load(entry) is before
    write(tmp_path, a="export const a = 23;")
    assert b"23" in static.load(entry).data and static.load(entry).etag != before.etag


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
def test_the_joined_widget_is_a_module(tmp_path: Path) -> None:
    joined = tmp_path / "widget.mjs"
    joined.write_bytes(static.load(static.ROOT / "widget" / "widget.js").data)
    subprocess.run(["node", "--check", str(joined)], check=True)
