"""Pictures in answers: made anew, kept under what is in them, shown only where they are ours."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.attachments.errors import NotTaken, NotWhatItSays
from bot.database import open_database
from bot.library.article import Article
from bot.library.importing import read
from bot.library.library import Library
from bot.library.pictures import Pictures
from bot.reports.transcript import as_html
from kb_index.errors import BadEntry
from kb_index.markdown import render
from kb_index.passages import plain

NAME = "0123456789abcdef0123456789abcdef-640x480.png"


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    engine = open_database(f"sqlite:///{tmp_path / 'kb.db'}")
    Library(engine).prepare()
    return Pictures(engine)


def photo(place: bool = False) -> bytes:
    out, image = BytesIO(), Image.new("RGB", (64, 48), "#336699")
    exif = image.getexif()
    if place:
        exif[0x010F] = "SecretCamera"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_picture_is_its_pixels_and_the_same_twice_is_one(pictures: Pictures) -> None:
    made = pictures.add("Cup & saucer.JPG", photo(place=True), "Ada")
    assert made.name.endswith("-64x48.jpeg") and b"SecretCamera" not in made.content
    assert pictures.add("other.jpg", photo(), "Ben") == made == pictures.find(made.name)
    assert f'<img src="{made.address}" alt="A cup" width="64" height="48" loading="lazy">' in render(f"![A cup]({made.address})")


def test_what_is_no_picture_is_refused(pictures: Pictures) -> None:
    with pytest.raises(NotTaken, match=r"notes\.pdf is no picture"):
        pictures.add("notes.pdf", b"%PDF-1.4 x", "Ada")
    with pytest.raises(NotTaken, match=r"logo\.svg"):
        pictures.add("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "Ada")
    with pytest.raises(NotWhatItSays):
        pictures.add("photo.jpg", photo()[:200], "Ada")
    assert pictures.find("../../etc/passwd") is None


@pytest.mark.parametrize("address", [
    "https://far.example/x.png", "//far.example/pictures/" + NAME, "/pictures/../secret.png", "data:image/png;base64,AAAA",
    "/pictures/" + NAME + "?x", "/other/" + NAME, "pictures/" + NAME, "/pictures/" + NAME.upper(),
])
def test_no_other_picture_is_shown(address: str) -> None:
    assert "<img" not in render(f"Before ![x]({address}) after")


def test_what_a_picture_says_is_escaped_and_wanted() -> None:
    shown = render(f'![" onload="x]( /pictures/{NAME} ) ![a **b** <c>](/pictures/{NAME} "t")')
    assert 'alt="&quot; onload=&quot;x"' in shown and 'alt="a b &lt;c&gt;"' in shown and shown.count("<img") == 2
    for mute in (f"![ ](/pictures/{NAME})", f"![]( /pictures/{NAME} )", f"![](</pictures/{NAME}>)",
                 f"![][p]\n\n[p]: /pictures/{NAME}", f"![![](/pictures/{NAME})](/pictures/{NAME})"):
        with pytest.raises(BadEntry, match="what it shows"):
            Article.parse({"id": "a", "question": "q", "answer": f"See {mute}"}, "here")
    Article.parse({"id": "a", "question": "q", "answer": f"Write `![](/pictures/{NAME})`, or ![](far.png)."}, "here")


@pytest.mark.parametrize("picture", ["![a cup]({})", "![a cup](<{}>)", '![a cup]({} "t")', "![a cup][p]\n\n[p]: {}"])
def test_where_there_are_no_pictures_their_words_stand(picture: str) -> None:
    text = "See " + picture.format(f"/pictures/{NAME}")
    assert plain(text) == "See a cup" and "<img" in render(text)
    assert render(text, pictures=False) == "<p>See a cup</p>"
    assert plain(f"![A (red) cup [x]](/pictures/{NAME}) on [a table](https://x.example).") == "A (red) cup [x] on a table."
    page = as_html("Chat", [{"seq": 1, "at": 0.0, "kind": "message", "from": "bot", "text": text}])
    assert "a cup" in page and "/pictures/" not in page


def test_pictures_of_other_places_are_told_when_they_are_imported(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"---\nquestion: A?\n---\n![x](img/a.png) ![y](/pictures/{NAME})\n")
    assert [w.partition(": ")[2] for w in read([tmp_path / "a.md"]).warnings] == [
        "its pictures are left out, such as img/a.png; put them in with the editor"]
