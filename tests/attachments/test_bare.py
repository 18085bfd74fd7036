"""Which files hold a picture and nothing else: all that were made anew, and none with anything beside or behind it."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

import files
import pytest
from PIL import Image

from bot.attachments.bare import is_bare
from bot.attachments.pictures import anew, size


def noise(kind: str, mode: str = "RGB", **more: Any) -> bytes:
    """A picture that needs many bytes, so that all that a format has for these comes up."""
    out = BytesIO()
    image = Image.frombytes("RGB", (160, 90), random.Random(1).randbytes(160 * 90 * 3)).convert(mode)
    image.save(out, kind, **more)
    return out.getvalue()


PICTURES = {
    "JPEG": [files.picture("JPEG"), files.photo(), noise("JPEG"), noise("JPEG", "CMYK"), noise("JPEG", "L", progressive=True)],
    "PNG": [files.picture(), files.photo("PNG"), files.annotated(), noise("PNG"), noise("PNG", "RGBA"), noise("PNG", "P"), files.moving("PNG")],
    "GIF": [files.picture("GIF"), noise("GIF"), files.moving()],
    "WEBP": [files.photo("WEBP"), noise("WEBP", lossless=True), noise("WEBP", "RGBA"), files.moving("WEBP")],
}


@pytest.mark.parametrize(("kind", "data"), [
    # By number: Pillow's bytes are not the same in every process, and workers have to collect the same tests.
    pytest.param(kind, data, id=f"{kind}-{i}") for kind, all_ in PICTURES.items() for i, data in enumerate(all_)
])
def test_what_was_made_anew_is_bare_and_nothing_longer_or_shorter_is(kind: str, data: bytes) -> None:
    type_ = f"image/{kind.lower()}"
    made, *sides = anew("x", data, type_)
    assert is_bare(made, type_) and list(size("x", made, type_)) == sides
    assert not is_bare(made + b"PK\x03\x04", type_)
    rng = random.Random(2)
    for end in (len(made) - 1, *(rng.randrange(12, len(made)) for _ in range(20))):
        assert not is_bare(made[:end], type_), end


@pytest.mark.parametrize(("kind", "data"), [
    ("jpeg", files.photo()), ("jpeg", noise("JPEG", comment=b"12 Mill Lane")), ("png", files.photo("PNG")), ("png", files.annotated()),
    ("gif", files.moving()), ("webp", files.photo("WEBP")), ("webp", noise("WEBP", xmp=b"<x/>")),
], ids=range(7))
def test_what_tells_more_than_the_picture_is_not_bare(kind: str, data: bytes) -> None:
    assert not is_bare(data, f"image/{kind}")
