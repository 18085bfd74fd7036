"""What a file is, by its name and by its content; the two have to agree."""

from __future__ import annotations

from io import BytesIO
from pathlib import PurePosixPath

from PIL import Image, UnidentifiedImageError

from bot.attachments.errors import NotTaken, NotWhatItSays
from bot.conversations.record import BadText, clean

# Its own limit warns through a registry that is not made for threads; bot.attachments.pictures has one that refuses.
Image.MAX_IMAGE_PIXELS = None

#: The types that are taken, and the endings of their names.
ENDINGS = {
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "application/pdf": ("pdf",),
}
_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
_WORDS = {"image/jpeg": "a JPEG picture", "image/png": "a PNG picture", "image/gif": "a GIF picture",
          "image/webp": "a WebP picture", "application/pdf": "a PDF document"}
#: Characters and bytes of a name: file systems take 255 bytes, and a character may have four.
_LONGEST_NAME, _LARGEST_NAME = 120, 240
#: What is longer after the last full stop is no ending.
_LONGEST_ENDING = 20


def tidy_name(raw: str) -> str:
    """The name as it is kept: no folders, no control characters, short enough for any file system, with its ending.
    Raises NotTaken where none is left."""
    name = raw.replace("\\", "/").rpartition("/")[2]
    try:
        name = " ".join(clean(name, len(name)).split())
    except BadText:
        name = ""
    path = PurePosixPath(name)
    if not path.stem or name.startswith("."):
        raise NotTaken("This file needs a name, such as photo.jpg.")
    ending = path.suffix if len(path.suffix) <= _LONGEST_ENDING else ""
    stem = name.removesuffix(ending)[: _LONGEST_NAME - len(ending)]
    return stem.encode()[: _LARGEST_NAME - len(ending.encode())].decode(errors="ignore") + ending


def said(name: str) -> str:
    """The type that the name says. Raises NotTaken for one that is not taken."""
    ending = PurePosixPath(name).suffix.removeprefix(".").lower()
    for kind, endings in ENDINGS.items():
        if ending in endings:
            return kind
    raise NotTaken(f"{name} is not of a type that can be sent here: pictures (PNG, JPEG, GIF, WebP) and PDF are.")


def found(data: bytes) -> str | None:
    """The type that the content has, or None for any that is not taken."""
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    try:
        with Image.open(BytesIO(data), formats=list(_FORMATS)) as image:
            # A JPEG with more pictures behind the first, as many phones and cameras write it, opens as MPO.
            return "image/jpeg" if image.format == "MPO" else _FORMATS[str(image.format)]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def agreed(name: str, data: bytes) -> str:
    """The type of a file of which name and content agree. Raises NotTaken, NotWhatItSays."""
    wanted, is_ = said(name), found(data)
    if is_ is None:
        raise NotWhatItSays(f"{name} is not {_WORDS[wanted]} inside, whatever its name says.")
    if is_ != wanted:
        raise NotWhatItSays(f"{name} is {_WORDS[is_]} by its content; rename it to end in .{ENDINGS[is_][0]}.")
    return is_
