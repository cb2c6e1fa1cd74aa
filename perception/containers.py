"""What kinds of track an audio or video file holds, read from its boxes alone.

Owns the walk through WebM, MP4, OGG and MP3 headers that answers one question: is this sound without pictures?
Browsers record voice notes into containers that their first bytes call video, so the signature alone cannot tell.
Decodes nothing; any bytes end in an answer, never in an exception.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Literal

Track = Literal["audio", "video"]

_MATROSKA_CLUSTER = b"\x1f\x43\xb6\x75"
_MATROSKA_CODEC = re.compile(rb"\x86[\x81-\xbf]([AV])_")
"""CodecID element (0x86), its one-byte size, then ``A_…`` or ``V_…`` (RFC 9559, section 5.1.4.1.20)."""
_OGG_CODECS: tuple[tuple[bytes, Track], ...] = (
    (b"OpusHead", "audio"),
    (b"\x01vorbis", "audio"),
    (b"Speex   ", "audio"),
    (b"\x80theora", "video"),
    (b"\x01video", "video"),
)
_OGG_HEADER_BYTES = 27
_MP4_PATH = (b"moov", b"trak", b"mdia", b"hdlr")
_MP4_HANDLERS: dict[bytes, Track] = {b"soun": "audio", b"vide": "video"}
_MP4_BOXES = 4096
"""More boxes than any recorder writes; a walk over more is a walk over nonsense."""


def webm_tracks(data: bytes) -> set[Track]:
    """Kinds of the tracks that stand before the first cluster of a WebM file."""
    end = data.find(_MATROSKA_CLUSTER)
    head = data[: end if end >= 0 else 65536]
    return {"audio" if match[1] == b"A" else "video" for match in _MATROSKA_CODEC.finditer(head)}


def mp4_tracks(data: bytes) -> set[Track]:
    """Kinds of the tracks listed in an MP4 file's ``moov`` box; empty where that box is missing."""
    budget = [_MP4_BOXES]
    handlers = _mp4_handlers(data, 0, len(data), 0, budget)
    return {_MP4_HANDLERS[handler] for handler in handlers if handler in _MP4_HANDLERS}


def _mp4_handlers(data: bytes, start: int, end: int, depth: int, budget: list[int]) -> Iterator[bytes]:
    for name, body, after in _mp4_boxes(data, start, end, budget):
        if name != _MP4_PATH[depth]:
            continue
        if depth == len(_MP4_PATH) - 1:
            yield data[body + 8 : body + 12]  # after version, flags and pre_defined (ISO/IEC 14496-12, 8.4.3)
        else:
            yield from _mp4_handlers(data, body, after, depth + 1, budget)


def _mp4_boxes(data: bytes, start: int, end: int, budget: list[int]) -> Iterator[tuple[bytes, int, int]]:
    """Name, start of body and end of each box between ``start`` and ``end``."""
    while start + 8 <= end and budget[0] > 0:
        budget[0] -= 1
        size, name = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        elif size == 0:  # "to the end of the file"
            size = end - start
        after = start + size
        if size < body - start or after > end:
            return
        yield name, body, after
        start = after


def ogg_tracks(data: bytes) -> set[Track]:
    """Kinds of the streams that begin in the first pages of an OGG file (RFC 3533, section 6)."""
    found: set[Track] = set()
    at = 0
    while data[at : at + 4] == b"OggS" and at + _OGG_HEADER_BYTES <= len(data):
        begins_stream = data[at + 5] & 0x02
        if not begins_stream:
            break
        segments = data[at + 26]
        lacing = data[at + _OGG_HEADER_BYTES : at + _OGG_HEADER_BYTES + segments]
        packet = at + _OGG_HEADER_BYTES + segments
        found.update(track for magic, track in _OGG_CODECS if data.startswith(magic, packet))
        at = packet + sum(lacing)
    return found


_MP3_BITRATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG 1, layer III, kbit/s
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2 and 2.5, layer III
}
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def is_mp3(data: bytes) -> bool:
    """True where ``data`` holds two MP3 frames in a row after an optional ID3 tag; a lone sync word is no proof."""
    at = _after_id3(data)
    length = _mp3_frame_bytes(data, at)
    return length > 0 and _mp3_frame_bytes(data, at + length) > 0


def _after_id3(data: bytes) -> int:
    """Where the sound begins: the tag's size is four bytes of seven bits (id3.org, ID3v2.3, section 3.1)."""
    if not data.startswith(b"ID3") or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _mp3_frame_bytes(data: bytes, at: int) -> int:
    """Length of the layer III frame whose header stands at ``at``; 0 where there is none."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        return 0
    kbit = _MP3_BITRATES[3 if version == 3 else 2][bitrate]
    samples_per_8_bits = 144 if version == 3 else 72
    return samples_per_8_bits * kbit * 1000 // _MP3_RATES[version][rate] + (head[2] >> 1 & 1)
