"""Whether a picture file holds a picture and nothing else, as those do that :mod:`bot.attachments.pictures` made anew:
no place, device, comment or file behind it. So one that was made here can come back as it is, to the byte.

Only the parts are looked at that each format is made of (JPEG: ITU T.81 annex B; PNG: W3C PNG 3; GIF: GIF89a; WebP: RFC
9649); whether they can be decoded is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

_PNG = {b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}
_WEBP = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
#: Bytes of a frame's own header, before the chunks that it holds.
_FRAME = 16
#: JPEG: frames but for those of other kinds of coding, tables, restarts.
_JPEG = {*range(0xC0, 0xD0), 0xDB, 0xDD} - {0xC8, 0xCC}


def is_bare(data: bytes, kind: str) -> bool:
    """Whether nothing but a picture of the type `kind`, such as ``image/png``, is in it."""
    try:
        return {"image/jpeg": _jpeg, "image/png": _png, "image/gif": _gif, "image/webp": _webp}[kind](data)
    except IndexError:  # it ends before its end
        return False


def _jpeg(data: bytes) -> bool:
    at = 2
    while data[at] == 0xFF and data[at + 1] != 0xD9:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        known = {
            0xE0: body.startswith(b"JFIF\0") and length == 16,  # without a small picture of the picture
            0xE2: body.startswith(b"ICC_PROFILE\0"),
            0xEE: body.startswith(b"Adobe") and length == 14,
            0xDA: True,
        }.get(marker, marker in _JPEG)
        if not known or length < 2:
            return False
        at += 2 + length
        if marker == 0xDA:  # coded pixels follow: an FF among them is followed by 0 or counts restarts
            while data[at] != 0xFF or data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
                at = _next(data, at + 1 + (data[at] == 0xFF))
    return data[at : at + 2] == b"\xff\xd9" and at + 2 == len(data)


def _next(data: bytes, start: int) -> int:
    at = data.find(b"\xff", start)
    if at < 0:
        raise IndexError
    return at


def _png(data: bytes) -> bool:
    at, name = 8, b""
    while name != b"IEND":
        name, length = data[at + 4 : at + 8], int.from_bytes(data[at : at + 4], "big")
        if name not in _PNG:
            return False
        at += 12 + length
    return at == len(data)


def _gif(data: bytes) -> bool:
    at = 13 + _colours(data[10])
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            at = _blocks(data, at + 11 + _colours(data[at + 9]))
        elif data[at : at + 2] == b"\x21\xf9" or data[at : at + 14] == b"\x21\xff\x0bNETSCAPE2.0":
            at = _blocks(data, at + 2)
        else:
            return False
    return at + 1 == len(data)


def _colours(flags: int) -> int:
    """The bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> int:
    """Where a row of blocks ends."""
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _webp(data: bytes) -> bool:
    whole = int.from_bytes(data[4:8], "little") + 8 == len(data)
    return whole and all(_chunks(data, 12, len(data), _WEBP))


def _chunks(data: bytes, at: int, end: int, known: Collection[bytes]) -> Iterator[bool]:
    while at < end:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        yield name in known and at + 8 + length <= end
        if name == b"ANMF":
            yield from _chunks(data, at + 8 + _FRAME, at + 8 + length, {b"VP8 ", b"VP8L", b"ALPH"})
        at += 8 + length + length % 2
