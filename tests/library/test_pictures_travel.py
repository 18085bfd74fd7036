"""Pictures go out with exports and come back with imports and with the git folder: to the byte, or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.database import open_database
from bot.library import exporting, importing
from bot.library import pictures as travelling
from bot.library.article import Article
from bot.library.library import Library
from bot.library.pictures import Picture, Pictures
from bot.library.publications import Publications
from bot.library.sync import Sync
from bot.settings import ROOT, Settings
from bot.workshop.intake import take_in
from kb_index.errors import BadEntry
from kb_index.markdown import render

GONE = "0123456789abcdef0123456789abcdef-640x480.png"


class Home:
    """A home with a library."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir(exist_ok=True)
        self.engine = open_database(f"sqlite:///{place / 'frontdesk.db'}")
        self.library, self.pictures = Library(self.engine), Pictures(self.engine)
        self.library.prepare()

    def write(self, name: str, *shown: Picture, category: str = "shop") -> Article:
        answer = "Look: " + " and ".join(f"![a {one.type}]({one.address})" for one in shown)
        article = Article.parse({"id": name, "question": f"{name}?", "answer": answer, "category": category}, name)
        self.library.create(article, "Ada", "review")
        return article

    def __call__(self, *arguments: str, status: int = 0) -> str:
        """`frontdesk kb` in this home: what it prints and warns."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
        done = subprocess.run([sys.executable, "-m", "bot.cli", "kb", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=100,
                              env={**clean, "FRONTDESK_HOME": str(self.place), "FRONTDESK_KB": str(self.place / "kb")})
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    def holds(self) -> tuple[dict[str, Article], set[str]]:
        articles = {one.id: one for one in self.library.all()}
        return articles, self.pictures.there(travelling.named(articles.values()))


@pytest.fixture
def home(tmp_path: Path) -> Callable[[str], Home]:
    return lambda name: Home(tmp_path / name)


def drawn(kind: str, seed: int = 1, frames: int = 1) -> bytes:
    rng, out = random.Random(seed), io.BytesIO()
    first, *others = [Image.frombytes("RGB", (40, 30), rng.randbytes(3600)) for _ in range(frames)]
    first.save(out, kind, **({"save_all": True, "append_images": others, "duration": 90} if others else {}))
    return out.getvalue()


def all_kinds(home: Home) -> list[Picture]:
    return [home.pictures.add(f"a.{kind.lower()}", drawn(kind, frames=frames), "Ada")
            for kind, frames in (("JPEG", 1), ("PNG", 1), ("WEBP", 1), ("GIF", 1), ("GIF", 3))]


@pytest.mark.parametrize("name", ["kb.csv", "kb.json", "kb.zip", "folder", "packed.csv.zip", "packed.json.zip"])
def test_an_export_brings_its_pictures_into_an_empty_home(home: Callable[[str], Home], tmp_path: Path, name: str) -> None:
    old, new = home("old"), home("new")
    made = all_kinds(old)
    old.write("all", *made)
    old.write("one", made[0], category="pictures")
    old.write("none")
    (out := tmp_path / "out").mkdir()
    if name.startswith("packed"):  # as the editor gives it
        with (out / name).open("wb") as file:
            exporting.pack(old.library.all(), name.split(".")[1], old.pictures.of(old.library.all()), file)
    else:
        said = old("export", str(out / name.replace("folder", "kb.zip")))
        assert "3 entries in" in said and "5 pictures" in said
    if name == "folder":
        zipfile.ZipFile(out / "kb.zip").extractall(out / "folder")
    assert new("import", str(out / name)).startswith("3 new entries, 0 changed, 0 as they were, 0 archived, 5 pictures along;")
    assert new.holds() == old.holds() == ({one.id: one for one in old.library.all()}, {one.name for one in made})
    for picture in made:
        assert new.pictures.find(picture.name) == picture
        assert f'<img src="{picture.address}"' in render(new.library.open("all")["fields"]["answer"])
    assert new("import", str(out / name)).startswith("0 new entries, 0 changed, 3 as they were")


def test_one_file_of_an_exported_folder_finds_its_pictures_too(home: Callable[[str], Home], tmp_path: Path) -> None:
    old, new = home("old"), home("new")
    [picture, *_] = all_kinds(old)
    old.write("one", picture)
    old("export", str(tmp_path / "kb.zip"))
    zipfile.ZipFile(tmp_path / "kb.zip").extractall(tmp_path / "kb")
    for number, path in enumerate((tmp_path / "kb" / "shop", tmp_path / "kb" / "shop" / "one.md")):
        assert importing.read([path]).pictures == {picture.name: picture}, number
    new("import", "--add", str(tmp_path / "kb" / "shop"))
    assert new.holds() == old.holds()


@pytest.mark.parametrize(("name", "content", "where"), [
    ("a.csv", 'id,question,answer\nx,Q?,no\ny,Q2?,"one\n![cup]({})"\n', "a.csv:3"),
    ("a.jsonl", '{{"id": "y", "question": "Q?", "answer": "![cup]({})"}}\n', "a.jsonl:1"),
    ("y.md", "---\nquestion: Q?\n---\nOne.\n\n![cup]({})\n", "y.md:6"),
])
def test_a_picture_that_is_nowhere_is_told_by_name_and_line(home: Callable[[str], Home], tmp_path: Path, name: str, content: str, where: str) -> None:
    new = home("new")
    (tmp_path / name).write_text(content.format(f"/pictures/{GONE}"))
    for arguments in (["--check"], []):
        assert f"{where}: names the picture {GONE}, which is not there" in new("import", *arguments, str(tmp_path / name))
    assert f"y: names the picture {GONE}, which is not there" in new("export", str(tmp_path / "out.json"))
    here = new.pictures.add("a.png", drawn("PNG"), "Ada")
    (tmp_path / name).write_text(content.format(here.address))
    assert "which is not there" not in new("import", str(tmp_path / name)) + new("export", str(tmp_path / "out.json"))


@pytest.mark.parametrize("commit", [False, True])
def test_the_editor_takes_an_export_in_and_shows_it_first(home: Callable[[str], Home], tmp_path: Path, commit: bool) -> None:
    old, new = home("old"), home("new")
    made = all_kinds(old)
    old.write("all", *made)
    old.library.create(Article.parse({"id": "gone", "question": "q", "answer": f"![x](/pictures/{GONE})"}, "x"), "Ada", "review")
    (upload := tmp_path / "upload").mkdir()
    with (upload / "kb.zip").open("wb") as file:
        exporting.pack(old.library.all(), "json", old.pictures.of(old.library.all()), file)
    told = take_in(Settings(home=new.place), str(upload / "kb.zip"), "Edith", only=False, commit=commit)
    assert told["new"] == 2 and told["warnings"][0].startswith(f"kb.zip/knowledge-base.json, entry 2: names the picture {GONE}")
    assert new.holds() == (old.holds() if commit else ({}, set()))


def named_by_itself(data: bytes, sides: str = "40x30", ending: str = "png") -> str:
    return f"{hashlib.sha256(data).hexdigest()[:32]}-{sides}.{ending}"


def with_place() -> bytes:
    out, image = io.BytesIO(), Image.new("RGB", (40, 30))
    exif = image.getexif()
    exif[0x010F] = "SecretCamera"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def huge() -> bytes:
    out = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")
    return out.getvalue()


BAD = {
    "a page": (page := b"<script>alert(1)</script>", named_by_itself(page), "is not a PNG picture inside"),
    "another picture": (drawn("PNG", 2), GONE, "is not what was once put in under this name"),
    "another size": (drawn("PNG"), named_by_itself(drawn("PNG"), "41x30"), "is not what was once put in"),
    "another type": (drawn("GIF"), named_by_itself(drawn("GIF")), "is a GIF picture by its content"),
    "a place in it": (with_place(), named_by_itself(with_place(), ending="jpeg"), "holds more than a picture"),
    "a file behind it": (tail := drawn("PNG") + b"PK", named_by_itself(tail), "holds more than a picture"),
    "half of it": (half := drawn("PNG")[:900], named_by_itself(half), "is damaged"),
    "100 million pixels": (huge(), named_by_itself(huge(), "10000x10000"), "40 million pixels are the most"),
    "many bytes": (bytes(64 << 20), GONE, "has 67.1 MB; 60 MB are the most"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_picture_that_is_none_is_refused_and_nothing_is_taken(home: Callable[[str], Home], tmp_path: Path, kind: str) -> None:
    data, name, said = BAD[kind]
    new = home("new")
    good = home("other").pictures.add("a.png", drawn("PNG", 9), "Ada")
    with zipfile.ZipFile(tmp_path / "kb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("shop/a.md", f"---\nquestion: A?\n---\n![good]({good.address})\n")
        packed.writestr("shop/b.md", f"---\nquestion: B?\n---\nSee\n![bad](/pictures/{name})\n")
        packed.writestr(f"pictures/{good.name}", good.content)
        packed.writestr(f"pictures/{name}", data)
    refused = new("import", str(tmp_path / "kb.zip"), status=1)
    assert refused.startswith(f"frontdesk: kb.zip/shop/b.md:5: {name} ") and said in refused
    assert new.holds() == ({}, set()) and not new.pictures.there([good.name, name])


def test_articles_and_pictures_are_taken_together_or_not_at_all(home: Callable[[str], Home]) -> None:
    old, new = home("old"), home("new")
    [picture, *_] = all_kinds(old)
    lost = Article.parse({"id": "de", "question": "q", "answer": f"![x]({picture.address})", "language": "de", "translation_of": "gone"}, "x")
    with pytest.raises(BadEntry, match="gone"):
        new.library.take([lost], "Ada", "", only=True, pictures=[picture])
    assert not new.pictures.there([picture.name])


@pytest.mark.parametrize("name", ["../evil.md", "shop/../../evil.md", "/etc/evil.md", "..\\evil.md", "../pictures/" + GONE])
def test_a_zip_that_climbs_out_is_refused(home: Callable[[str], Home], tmp_path: Path, name: str) -> None:
    new = home("new")
    with zipfile.ZipFile(tmp_path / "kb.zip", "w") as packed:
        packed.writestr("a.md", "---\nquestion: A?\n---\nYes.\n")
        packed.writestr(name, "x")
    assert f"kb.zip: holds {name!r}, a place outside" in new("import", str(tmp_path / "kb.zip"), status=1)
    assert new.holds() == ({}, set())


# The git folder

def test_a_sync_brings_pictures_to_both_sides(home: Callable[[str], Home]) -> None:
    ann, ben = home("ann"), home("ben")
    made = all_kinds(ann)
    ann.write("all", *made)
    said = ann("sync")
    assert said.count("comes along") == 5 and {one.name for one in (ann.place / "kb" / "pictures").iterdir()} == {one.name for one in made}
    assert "comes along" not in ann("sync") and "0 entries" in ann("sync")
    (ann.place / "kb").rename(ben.place / "kb")  # as a clone brings it
    assert "comes along" in ben("sync", "--check") and ben.holds() == ({}, set())
    ben("sync")
    assert ben.holds() == ann.holds() and [ben.pictures.find(one.name) for one in made] == made


def test_a_sync_of_before_pictures_travelled_is_caught_up(home: Callable[[str], Home]) -> None:
    ann = home("ann")
    [picture, *_] = all_kinds(ann)
    ann.write("one", picture)
    ann("sync")
    file = ann.place / "kb" / "pictures" / picture.name
    file.unlink()
    ann("sync")
    assert file.read_bytes() == picture.content


def test_a_folder_with_a_bad_picture_is_not_taken_in_and_one_without_is_told(home: Callable[[str], Home]) -> None:
    ann = home("ann")
    (ann.place / "kb" / "pictures").mkdir(parents=True)
    (ann.place / "kb" / "a.md").write_text(f"---\nquestion: A?\n---\n![cup](/pictures/{GONE})\n")
    assert f"a: names the picture {GONE}, which is not there" in ann("sync", "--check")
    (ann.place / "kb" / "pictures" / GONE).write_bytes(drawn("PNG"))
    assert f"a: {GONE} is not what was once put in" in ann("sync", status=1)
    assert ann.holds() == ({}, set())
    with pytest.raises(BadEntry, match="not what was once put in"):
        Publications(ann.engine, ann.place / "kb").plan(None)


def test_a_publish_that_follows_the_folder_takes_its_pictures_in(home: Callable[[str], Home]) -> None:
    ann, ben = home("ann"), home("ben")
    [picture, *_] = all_kinds(ann)
    ann.write("one", picture)
    Sync(ann.engine, ben.place / "kb").run(Sync(ann.engine, ben.place / "kb").plan())
    ledger = Publications(ben.engine, ben.place / "kb")
    plan = ledger.plan(None)
    assert plan.pictures == [picture] and plan.conflicts == []
    ledger.finish(ledger.begin(plan, "mark", "Ben", "publish"), "snapshot", plan)
    assert ben.pictures.find(picture.name) == picture and ledger.plan(None).pictures == []
    (ben.place / "kb" / "shop" / "two.md").write_text(f"---\nquestion: B?\n---\n![x](/pictures/{GONE})\n")
    assert f"two: names the picture {GONE}" in ledger.plan(None).conflicts[0]


def test_it_takes_in_pictures_beside_files_too_and_leaves_the_files_as_they_are(home: Callable[[str], Home]) -> None:
    new = home("new")
    kb = new.place / "kb"
    file, cup = kb / "shop" / "a.md", kb / "img" / "cup.png"
    for path in (file, cup):
        path.parent.mkdir(parents=True, exist_ok=True)
    cup.write_bytes(drawn("PNG"))
    file.write_text("---\nquestion: A?\n---\nSee ![a cup](../img/cup.png).\n")
    written = file.read_bytes()
    ledger = Publications(new.engine, kb)

    def publish() -> list[Picture]:
        plan = ledger.plan(())
        ledger.finish(ledger.begin(plan, "mark", "Ben", "publish"), f"snapshot-{len(plan.changes)}", plan)
        after = ledger.plan(())
        assert not (after.changes or after.marks or after.conflicts or after.pictures), "it would be published again"
        return plan.pictures

    [picture] = publish()
    articles, names = new.holds()
    assert names == {picture.name} and f"]({picture.address})" in articles["a"].entry.answer
    assert new.pictures.find(picture.name) == picture and file.read_bytes() == written
    # Another picture under the same name is a change of the file; and so is what its text says.
    cup.write_bytes(drawn("PNG", 2))
    [other] = publish()
    assert other.name != picture.name and new.holds()[1] == {other.name}
    file.write_text(file.read_text() + "Or this.\n")
    assert publish() == [] and "Or this." in new.holds()[0]["a"].entry.answer
    # What is written in the editor is no conflict with a file that nobody has touched; the sync puts it into the file.
    kept = new.library.open("a")
    told = Article.parse({**kept["fields"], "question": "B?"}, "a")
    for status in ("draft", "review"):
        new.library.save(told, new.library.open("a")["revision"], "Ada", status)
        made = Sync(new.engine, kb).plan()
        assert not made.conflicts and made.drafts == (["a"] if status == "draft" else [])
    assert Sync(new.engine, kb).run(made) == {}
    assert "question: B?" in file.read_text() and other.address in file.read_text()
    after = Sync(new.engine, kb).plan()
    assert not (after.steps or after.conflicts or after.settled) and ledger.plan(()).changes == []
    cup.unlink()
    assert ledger.plan(()).conflicts == [], "the file names the library's own by now"
    # One that cannot be shown stops it, and is named.
    (kb / "shop" / "bad.md").write_text("---\nquestion: C?\n---\n![x](bad.png)\n")
    (kb / "shop" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(BadEntry, match=r"bad\.md:4"):
        ledger.plan(())


# Pictures of a folder that was never ours

@pytest.mark.parametrize("written", ["img/my%20cup.png", "<img/my cup.png>", "./img/my%20cup.png \"A cup\"", "../img/b.jpg"])
@pytest.mark.parametrize("packed", [False, True])
def test_files_beside_a_markdown_file_become_pictures(home: Callable[[str], Home], tmp_path: Path, written: str, packed: bool) -> None:
    new, folder = home("new"), tmp_path / "docs"
    for name, data in (("shop/img/my cup.png", drawn("PNG")), ("img/b.jpg", with_place()), ("shop/a.md", f"---\nquestion: A?\n---\nSee ![a cup]({written}).\n".encode())):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if packed:
        with zipfile.ZipFile(tmp_path / "docs.zip", "w") as out:
            for path in folder.rglob("*.*"):
                out.write(path, path.relative_to(folder))
    assert "left out" not in new("import", str(tmp_path / ("docs.zip" if packed else "docs")))
    articles, [name] = new.holds()
    shown = render(articles["a"].entry.answer)
    assert f'<img src="/pictures/{name}" alt="a cup"' in shown and shown.endswith(".</p>")
    found = new.pictures.find(name)
    assert found is not None and b"SecretCamera" not in found.content
    assert "0 changed, 1 as they were" in new("import", str(folder))


@pytest.mark.parametrize("written", [
    "![x](../../secret.png)", "![x](https://far.example/b.png)", "![x](img/logo.svg)", "![](img/a.png)", "![x](img/none.png)", "![x](img)", "![x](%00.png)",
])
def test_what_is_not_near_or_cannot_be_shown_is_left_out_with_a_word(home: Callable[[str], Home], tmp_path: Path, written: str) -> None:
    new = home("new")
    (tmp_path / "docs" / "shop" / "img").mkdir(parents=True)
    for name in ("secret.png", "docs/shop/img/a.png", "docs/shop/img/logo.svg"):
        (tmp_path / name).write_bytes(drawn("PNG"))
    (tmp_path / "docs" / "shop" / "a.md").write_text(f"---\nquestion: A?\n---\nSee {written}.\n")
    with zipfile.ZipFile(tmp_path / "docs.zip", "w") as out:
        for path in (tmp_path / "docs").rglob("*.*"):
            out.write(path, path.relative_to(tmp_path / "docs"))
    assert "docs.zip/shop/a.md: its pictures are left out, such as" in new("import", str(tmp_path / "docs.zip"))
    assert new.library.open("a")["fields"]["answer"] == f"See {written}."


@pytest.mark.parametrize("imported", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_a_sync_takes_pictures_beside_a_file_and_writes_their_addresses(home: Callable[[str], Home], known: bool, imported: bool) -> None:
    ann = home("ann")
    (ann.place / "kb" / "shop").mkdir(parents=True)
    file = ann.place / "kb" / "shop" / "a.md"
    file.write_text("---\nquestion: A?  # ours\n---\nSee ![a cup](cup.png).\n")
    if known:  # from when there was no such picture
        assert "a: its pictures are not shown, such as cup.png" in ann("sync")
    (ann.place / "kb" / "shop" / "cup.png").write_bytes(drawn("PNG"))
    if imported:
        ann("import", "--add", str(ann.place / "kb"))
    assert "a changes" in ann("sync", "--check") and "cup.png" in file.read_text()
    said = ann("sync")
    articles, [name] = ann.holds()
    assert "not shown" not in said and "0 conflicts" in said and f"folder: pictures/{name} comes along" in said
    assert file.read_text() == f"---\nquestion: A?  # ours\n---\nSee ![a cup](/pictures/{name}).\n"
    assert (ann.place / "kb" / "pictures" / name).is_file() and articles["a"].entry.answer in file.read_text()
    assert "0 entries" in ann("sync") and Publications(ann.engine, ann.place / "kb").plan().conflicts == []


def test_pictures_beside_a_file_in_conflict_wait_for_the_decision(home: Callable[[str], Home]) -> None:
    ann = home("ann")
    (ann.place / "kb" / "shop").mkdir(parents=True)
    file = ann.place / "kb" / "shop" / "a.md"
    file.write_text("---\nquestion: A?\n---\nNo.\n")
    ann("sync")
    kept = ann.library.open("a")
    ann.library.save(Article.parse({**kept["fields"], "answer": "Yes."}, "a"), kept["revision"], "Ada", "review")
    (ann.place / "kb" / "shop" / "cup.png").write_bytes(drawn("PNG"))
    file.write_text("---\nquestion: A?\n---\nSee ![a cup](cup.png).\n")
    assert "comes along" not in ann("sync", status=3) and not (ann.place / "kb" / "pictures").exists()
    ann("sync", "--entry", "a", "--take", "folder")
    articles, [name] = ann.holds()
    assert articles["a"].entry.answer == f"See ![a cup](/pictures/{name})." and name in file.read_text()


def test_what_an_editor_sends_reaches_no_file_of_the_server(home: Callable[[str], Home], tmp_path: Path) -> None:
    new = home("new")
    picture = home("other").pictures.add("a.png", drawn("PNG"), "Ada")
    (tmp_path / "secret.png").write_bytes(drawn("PNG"))
    picture.write(tmp_path)
    (tmp_path / "upload").mkdir()
    (tmp_path / "upload" / "a.md").write_text(f"---\nquestion: A?\n---\n![x](../secret.png) ![y]({picture.address})\n")
    told = take_in(Settings(home=new.place), str(tmp_path / "upload" / "a.md"), "Edith", only=False, commit=True)
    assert [one.partition(": ")[0] for one in told["warnings"]] == ["a.md:4", "a.md"]
    assert "../secret.png" in new.library.open("a")["fields"]["answer"] and not new.pictures.there([picture.name])


def test_a_file_beside_that_is_no_picture_is_refused_with_its_line(home: Callable[[str], Home], tmp_path: Path) -> None:
    new = home("new")
    (tmp_path / "a.png").write_bytes(b"<script>")
    (tmp_path / "a.md").write_text("---\nquestion: A?\n---\nSee:\n![x](a.png)\n")
    assert "a.md:5: a.png is not a PNG picture inside" in new("import", str(tmp_path / "a.md"), status=1)
    (tmp_path / "a.png").write_bytes(bytes(11_000_000))
    assert "a.md:5: a.png has 11 MB; 10 MB are the most" in new("import", str(tmp_path / "a.md"), status=1)
    assert new.holds() == ({}, set())
