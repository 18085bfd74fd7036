"""Pictures made anew from their pixels: what a camera or a program wrote beside them (place, device, names, comments)
stays behind, and so does whatever else was hidden in the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, ImageSequence

from bot.attachments.errors import NotTaken, NotWhatItSays

#: Pixels of a picture, and of all frames of a moving one together: some 160 MB while it is worked on.
MOST_PIXELS = 40_000_000
#: Frames of a moving picture. Each costs a millisecond and more, however small it is.
MOST_FRAMES = 1000
_QUALITY = 90
#: How colours are meant; without it some cameras' pictures look pale.
_PROFILE = "icc_profile"


def anew(name: str, data: bytes, kind: str) -> tuple[bytes, int, int]:
    """The picture, its width and height. Raises NotTaken for one that is too large to open, NotWhatItSays for one that
    is damaged."""
    with _opened(name, data, kind) as (image, moves):
        return _moving(image, kind) if moves else _still(image, kind)


def size(name: str, data: bytes, kind: str) -> tuple[int, int]:
    """The width and height of a picture, all of which was decoded. Raises as :func:`anew` does."""
    with _opened(name, data, kind) as (image, moves):
        for frame in ImageSequence.Iterator(image) if moves else [image]:
            frame.load()
        return image.size


@contextmanager
def _opened(name: str, data: bytes, kind: str) -> Iterator[tuple[Image.Image, bool]]:
    """The picture and whether it moves."""
    try:
        with Image.open(BytesIO(data), formats=[_format(kind)]) as image:
            most = min(MOST_FRAMES, MOST_PIXELS // max(1, image.width * image.height))
            # What stands behind the first picture of a JPEG is none of the picture.
            moves = kind != "image/jpeg" and getattr(image, "is_animated", False)
            if not most or (moves and _has_more(image, most)):
                raise NotTaken(f"{name} is too large: {MOST_PIXELS // 1_000_000} million pixels are the most, all "
                               f"frames together, and {MOST_FRAMES} frames. Send a smaller one.")
            yield image, moves
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError) as error:
        # Decoders have many ways to say it; all mean that no browser would show the whole picture either.
        raise NotWhatItSays(f"{name} is damaged and cannot be opened.") from error


def _has_more(image: Image.Image, frames: int) -> bool:
    """Counted no further than that: a file of a few MB can have some hundred thousand."""
    try:
        image.seek(frames)
    except EOFError:
        return False
    finally:
        image.seek(0)
    return True


def _still(image: Image.Image, kind: str) -> tuple[bytes, int, int]:
    upright = ImageOps.exif_transpose(image)
    if kind == "image/jpeg" and upright.mode not in ("L", "RGB", "CMYK"):
        upright = upright.convert("RGB")
    out = BytesIO()
    upright.info = {name: upright.info[name] for name in (_PROFILE, "transparency") if name in upright.info}
    upright.save(out, _format(kind), **_how(kind, upright))
    return out.getvalue(), upright.width, upright.height


def _moving(image: Image.Image, kind: str) -> tuple[bytes, int, int]:
    """Each frame with the time it is shown."""
    size, loop, times = image.size, image.info.get("loop", 0), []

    def frames() -> Iterator[Image.Image]:
        for frame in ImageSequence.Iterator(image):
            times.append(int(frame.info.get("duration") or 100))
            copy = frame.convert("RGBA")
            copy.info = {}
            yield copy

    first, *others = frames()
    out = BytesIO()
    more: dict[str, Any] = {"disposal": 2} if kind == "image/gif" else {}
    first.save(out, _format(kind), save_all=True, append_images=others, duration=times, loop=loop, **more)
    return out.getvalue(), *size


def _how(kind: str, image: Image.Image) -> dict[str, Any]:
    if kind == "image/jpeg":
        return {"quality": _QUALITY, "optimize": True, "icc_profile": image.info.get(_PROFILE)}
    if kind == "image/webp":
        return {"quality": _QUALITY, "icc_profile": image.info.get(_PROFILE, b""), "exif": b"", "xmp": b""}
    return {}


def _format(kind: str) -> str:
    return kind.partition("/")[2].upper()
