"""Files are what their names say, lose what their senders did not mean to tell, and go with their messages."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import files
import pytest
from PIL import Image

from bot.attachments import kinds
from bot.attachments.attachments import MOST_OF_A_CUSTOMER, Attachments
from bot.attachments.errors import NoSuchAttachment, NotScanned, NotTaken, NotWhatItSays, Refused
from bot.attachments.scan import Scanner
from bot.database import DatabaseUnavailable, open_database


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Attachments]:
    def make(command: str | None = None, patience: float = 5.0) -> Attachments:
        engine = open_database(f"sqlite:///{tmp_path / 'files.db'}")
        attachments = Attachments(engine, tmp_path / "attachments", Scanner(command, patience))
        attachments.prepare()
        return attachments

    return make


def add(attachments: Attachments, name: str, data: bytes, conversation: str = "c1", sender: str = "customer") -> str:
    return attachments.add(conversation, sender, "", name, data).id


def kept(attachments: Attachments, name: str) -> Image.Image:
    return Image.open(BytesIO(attachments.path(name).read_bytes()))


@pytest.mark.parametrize(("name", "data", "kind"), [
    ("a.png", files.picture("PNG"), "image/png"), ("a.JPG", files.picture("JPEG"), "image/jpeg"),
    ("a.jpeg", files.picture("JPEG"), "image/jpeg"), ("a.jpg", files.with_another(), "image/jpeg"), ("a.gif", files.picture("GIF"), "image/gif"),
    ("a.webp", files.picture("WEBP"), "image/webp"), ("a.pdf", files.PDF, "application/pdf"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_each_type_is_taken_as_what_it_is(make: Callable[..., Attachments], name: str, data: bytes, kind: str) -> None:
    attachments = make()
    found = attachments.find(add(attachments, name, data))
    assert found is not None and found.type == kind and found.name == name
    assert found.size == attachments.path(found.id).stat().st_size
    assert (found.width, found.height) == ((None, None) if kind == "application/pdf" else (48, 32))


@pytest.mark.parametrize(("name", "data", "error", "said"), [
    ("holiday.png", files.picture("JPEG"), NotWhatItSays, "a JPEG picture by its content; rename it to end in .jpg"),
    ("holiday.jpg", files.PAGE, NotWhatItSays, "not a JPEG picture inside"),
    ("invoice.pdf", files.PROGRAM, NotWhatItSays, "not a PDF document inside"),
    ("invoice.pdf", files.picture("PNG"), NotWhatItSays, "rename it to end in .png"),
    ("cut.png", files.picture("PNG")[:60], NotWhatItSays, "damaged"),
    ("cut.jpg", files.picture("JPEG", (900, 900))[:-2000], NotWhatItSays, "damaged"),
    ("page.html", files.PAGE, NotTaken, "PNG, JPEG, GIF, WebP"),
    ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", NotTaken, "not of a type"),
    ("invoice.pdf.exe", files.PROGRAM, NotTaken, "not of a type"),
    ("photo", files.photo(), NotTaken, "not of a type"), ("", files.photo(), NotTaken, "needs a name"),
    (".png", files.picture(), NotTaken, "needs a name"), ("wide.png", files.bomb(), NotTaken, "pixels"),
    ("long.gif", files.tiny(1001), NotTaken, "1000 frames"), ("long.png", files.moving("PNG", 1001), NotTaken, "frames"),
    ("large.gif", files.tiny(3)[:6] + b"\x88\x13" * 2 + files.tiny(3)[10:], NotTaken, "pixels"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_not_what_it_says_is_refused_by_name(
    make: Callable[..., Attachments], tmp_path: Path, name: str, data: bytes, error: type[NotTaken], said: str,
) -> None:
    with pytest.raises(error, match=said.replace(".", r"\.")):
        add(make(), name, data)
    assert [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("raw", "kept"), [
    ("../../etc/photo.png", "photo.png"), ("C:\\Users\\Grace\\photo.png", "photo.png"),
    ("pho\u202egnp.exe.png", "phognp.exe.png"), ("a\x00b\n c.png", "ab c.png"), ("écran 1.png", "écran 1.png"),
    ("x" * 300 + ".png", "x" * 116 + ".png"), ("写" * 90 + ".png", "写" * 78 + ".png"), ("x" * 2000 + ".png", "x" * 116 + ".png"),
    ("a." + "x" * 300, "a." + "x" * 118),
])
def test_names_are_tidy(raw: str, kept: str) -> None:
    assert kinds.tidy_name(raw) == kept


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("WEBP", "a.webp"), ("PNG", "a.png")])
def test_a_photo_forgets_where_it_was_taken_and_stands_upright(
    make: Callable[..., Attachments], kind: str, name: str,
) -> None:
    data = files.photo(kind)
    before = Image.open(BytesIO(data))
    assert before.size == (64, 32) and before.getexif().get_ifd(0x8825) and (files.PLACE in data or kind == "PNG")
    attachments = make()
    stored = add(attachments, name, data)
    after = kept(attachments, stored)
    # Turned as the camera said it was held, with the colours it was meant to have.
    assert after.size == (32, 64) and after.info.get("icc_profile")
    raw = attachments.path(stored).read_bytes()
    assert not after.getexif() and b"Fernhill" not in raw and files.PLACE not in raw and b"Exif" not in raw


def test_words_in_a_picture_go_and_what_is_hidden_behind_it_too(make: Callable[..., Attachments]) -> None:
    attachments = make()
    for name, data in (("a.png", files.annotated()), ("b.gif", files.moving()), ("c.jpg", files.picture("JPEG") + files.PAGE)):
        assert b"Mill Lane" in data or files.PAGE in data
        raw = attachments.path(add(attachments, name, data)).read_bytes()
        assert b"Mill Lane" not in raw and b"<script>" not in raw


@pytest.mark.parametrize(("kind", "name"), [("GIF", "a.gif"), ("WEBP", "a.webp"), ("PNG", "a.png")])
def test_a_moving_picture_moves(make: Callable[..., Attachments], kind: str, name: str) -> None:
    attachments = make()
    after = kept(attachments, add(attachments, name, files.moving(kind)))
    assert after.n_frames == 3  # type: ignore[attr-defined]
    colours = []
    for number in range(3):
        after.seek(number)
        colours.append(after.convert("RGB").getpixel((5, 5))[0])  # type: ignore[index]
    assert colours == sorted(colours) and colours[2] > 80


def test_a_picture_that_moves_too_long_is_refused_at_once(make: Callable[..., Attachments]) -> None:
    began = time.monotonic()
    with pytest.raises(NotTaken, match="frames"):
        add(make(), "long.gif", files.tiny(200_000))
    assert time.monotonic() - began < 5


def test_one_message_has_its_files_and_no_other_has_them(make: Callable[..., Attachments]) -> None:
    attachments = make()
    one, two = add(attachments, "a.png", files.picture()), add(attachments, "b.pdf", files.PDF)
    assert [found.id for found in attachments.claim([two, one], "c1", "customer", "m1")] == [two, one]
    assert [found.id for found in attachments.claim([one], "c1", "customer", "m1")] == [one]
    mine = add(attachments, "c.png", files.picture())
    for ids, conversation, sender, message in (
        ([one], "c1", "customer", "m2"), ([mine], "c2", "customer", "m3"), ([mine], "c1", "agent", "m3"),
        ([mine, "nothing"], "c1", "customer", "m3"),
    ):
        with pytest.raises(NoSuchAttachment):
            attachments.claim(ids, conversation, sender, message)
    # Nothing of a claim that failed is claimed.
    assert attachments.claim([mine], "c1", "customer", "m4")[0].id == mine


def test_a_customer_cannot_fill_the_disk(make: Callable[..., Attachments], monkeypatch: pytest.MonkeyPatch) -> None:
    attachments = make()
    monkeypatch.setattr("bot.attachments.attachments.MOST_OF_A_CUSTOMER", 3)
    assert MOST_OF_A_CUSTOMER == 100
    for _ in range(3):
        add(attachments, "a.pdf", files.PDF)
    with pytest.raises(NotTaken, match="3 files already"):
        add(attachments, "a.pdf", files.PDF)
    assert add(attachments, "a.pdf", files.PDF, "c2") and add(attachments, "a.pdf", files.PDF, sender="agent")


def test_removed_is_gone_and_others_stay(make: Callable[..., Attachments]) -> None:
    attachments = make()
    one, two = add(attachments, "a.pdf", files.PDF), add(attachments, "a.pdf", files.PDF, "c2")
    assert {found.id for found in attachments.unsettled(time.time() + 1)} == {one, two}
    assert attachments.unsettled(time.time() - 60) == []
    attachments.drop("c1")
    assert attachments.find(one) is None and not attachments.path(one).exists()
    assert attachments.find(two) is not None and attachments.path(two).exists()
    attachments.settle([two], 4)
    assert attachments.unsettled(time.time() + 1) == []


def test_what_the_database_does_not_know_is_not_on_disk(
    make: Callable[..., Attachments], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachments = make()

    @contextmanager
    def away(engine: object) -> Iterator[None]:
        raise DatabaseUnavailable
        yield

    with monkeypatch.context() as down, pytest.raises(DatabaseUnavailable):
        down.setattr("bot.attachments.attachments.writing", away)
        add(attachments, "a.pdf", files.PDF)
    assert [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()] == []


def test_what_a_process_that_died_left_is_found_and_removed(
    make: Callable[..., Attachments], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachments = make()

    def die(path: Path, name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(attachments._scanner, "check", die)
        dying.setattr(attachments, "remove", lambda ids: None)
        add(attachments, "a.pdf", files.PDF)
    assert [path.suffix for path in (tmp_path / "attachments").rglob("*") if path.is_file()] == [".part"]
    attachments.remove([found.id for found in attachments.unsettled(time.time() + 1)])
    assert [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()] == []


def script(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_the_scan_program_is_asked_about_each_file(make: Callable[..., Attachments], tmp_path: Path) -> None:
    # Refuses what holds a word, as a real scanner does with its test file.
    command = script(tmp_path / "scan", f'echo "$1 $2" >> {tmp_path}/asked\nif grep -q EICAR "$2"; then exit 1; fi\nexit 0')
    attachments = make(f"{command} --quiet")
    assert add(attachments, "a.pdf", files.PDF)
    with pytest.raises(Refused, match=r"b\.pdf was refused"):
        add(attachments, "b.pdf", files.PDF + b"EICAR")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == 2 and all(line.startswith(f"--quiet {tmp_path}/attachments/") for line in asked)
    assert len([path for path in (tmp_path / "attachments").rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("body", ["exit 2", "sleep 30", "kill -9 $$"])
def test_without_a_verdict_nothing_is_taken(make: Callable[..., Attachments], tmp_path: Path, body: str) -> None:
    attachments = make(script(tmp_path / "scan", body), patience=0.3)
    with pytest.raises(NotScanned, match="try again"):
        add(attachments, "a.pdf", files.PDF)
    (tmp_path / "scan").unlink()
    with pytest.raises(NotScanned):
        add(attachments, "a.pdf", files.PDF)
    assert [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()] == []
