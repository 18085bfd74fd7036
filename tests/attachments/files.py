"""Real files to send: pictures with all that a camera leaves in them, a PDF, and some that are not what they say."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin

PLACE = b"N 51 28 40"
PDF = (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
       b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
PAGE = b"<!doctype html><script>alert(document.cookie)</script>"
PROGRAM = b"MZ\x90\x00\x03" + bytes(400)


def picture(kind: str = "PNG", size: tuple[int, int] = (48, 32), **more: Any) -> bytes:
    out = BytesIO()
    image = Image.new("RGB", size, (30, 120, 90))
    image.paste((220, 60, 30), (0, 0, size[0] // 2, size[1] // 2))
    image.save(out, kind, **more)
    return out.getvalue()


def photo(kind: str = "JPEG", **more: Any) -> bytes:
    """As a phone takes it: on its side, with place, device and time in its EXIF, XMP and a colour profile."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 6, "Fernhill", "Pocket 7"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 28.0, 40.0), 3: "W", 4: (0.0, 0.0, 5.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return picture(kind, (64, 32), exif=exif, icc_profile=profile, xmp=b"<x:xmpmeta>" + PLACE + b"</x:xmpmeta>", **more)


def annotated() -> bytes:
    """A PNG with words in it."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "Grace Jones of 12 Mill Lane")
    return picture("PNG", pnginfo=told)


def moving(kind: str = "GIF", frames: int = 3) -> bytes:
    out = BytesIO()
    first, *others = [Image.new("RGB", (20, 10), (60 * number % 256, 0, 0)) for number in range(frames)]
    more = {"comment": b"made at 12 Mill Lane"} if kind == "GIF" else {}
    first.save(out, kind, save_all=True, append_images=others, duration=([80, 120, 200] * frames)[:frames], loop=0, **more)
    return out.getvalue()


def with_another() -> bytes:
    """A photo as many phones write it: a JPEG with a smaller picture behind it (MPO)."""
    return picture("MPO", save_all=True, append_images=[Image.new("RGB", (24, 16))])


def tiny(frames: int) -> bytes:
    """A GIF of one pixel that changes so often, at 23 bytes each."""
    frame = b"\x21\xf9\x04\0\x05\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0"
    return b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b";"


def bomb() -> bytes:
    """A few kB that open to 100 million pixels."""
    out = BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")
    return out.getvalue()
