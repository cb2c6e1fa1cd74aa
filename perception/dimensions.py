"""How large a picture says it is, read from its header alone.

Owns the few header fields of JPEG, PNG, GIF and WebP that hold width and height. It decodes nothing, so the server
itself may ask it about a file nobody has looked at yet. Sizes are in pixels as stored, before any rotation.
"""

from __future__ import annotations

import struct

from perception.errors import UnreadableMedia

Size = tuple[int, int]

_JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""TEM, RSTn and SOI carry no length (ITU-T T.81, table B.1)."""
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0–SOF15 without DHT, JPG and DAC, which share the range."""
_JPEG_SCAN = 0xDA


def size_of(data: bytes, mime: str) -> Size:
    """Width and height that the header of ``data`` states. Raises UnreadableMedia where there is none."""
    readers = {"image/jpeg": _jpeg, "image/png": _png, "image/gif": _gif, "image/webp": _webp}
    try:
        width, height = readers[mime](data)
    except (struct.error, IndexError):
        raise UnreadableMedia("the picture ends before its size is told") from None
    if width < 1 or height < 1:
        raise UnreadableMedia("the picture has no area")
    return width, height


def _png(data: bytes) -> Size:
    if data[12:16] != b"IHDR":
        raise UnreadableMedia("a PNG must begin with IHDR")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> Size:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _webp(data: bytes) -> Size:
    """The three forms of a WebP's first chunk (RFC 9649, sections 2.5–2.7)."""
    form = data[12:16]
    if form == b"VP8X":
        return _uint24(data, 24) + 1, _uint24(data, 27) + 1
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise UnreadableMedia("a WebP of an unknown form")


def _uint24(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8 | data[at + 2] << 16


def _jpeg(data: bytes) -> Size:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise UnreadableMedia("a JPEG whose segments do not join")
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            at += 1
        elif marker in _JPEG_STANDALONE:
            at += 2
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        elif marker == _JPEG_SCAN:
            raise UnreadableMedia("a JPEG without a frame header")
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + max(length, 2)
