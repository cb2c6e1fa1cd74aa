"""The gate for media: decides what a file is, and whether it is taken, from its bytes alone.

Owns the list of types taken and the limits on size. Knows neither names nor declared types, and decodes nothing, so it
is cheap and safe enough to run in the server before anything is stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import filetype
from filetype.types import audio, image

from perception import containers
from perception.dimensions import size_of
from perception.errors import EmptyMedia, MediaTooLarge, UnsupportedMedia
from perception.facts import MediaType

JPEG = MediaType("image", "image/jpeg", "jpg")
PNG = MediaType("image", "image/png", "png")
GIF = MediaType("image", "image/gif", "gif")
WEBP = MediaType("image", "image/webp", "webp")
OGG = MediaType("audio", "audio/ogg", "ogg")
WEBM = MediaType("audio", "audio/webm", "webm")
M4A = MediaType("audio", "audio/mp4", "m4a")
WAV = MediaType("audio", "audio/wav", "wav")
MP3 = MediaType("audio", "audio/mpeg", "mp3")
TAKEN = (JPEG, PNG, GIF, WEBP, OGG, WEBM, M4A, WAV, MP3)

_EBML = b"\x1a\x45\xdf\xa3"
_SIGNATURES: tuple[tuple[filetype.Type, MediaType], ...] = (
    (image.Jpeg(), JPEG),
    (image.Png(), PNG),
    (image.Gif(), GIF),
    (image.Webp(), WEBP),
    (audio.Wav(), WAV),
    (audio.Ogg(), OGG),
)
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """The most that is taken. ``max_pixels`` counts width x height; ``max_audio_s`` is measured while decoding."""

    max_bytes: int = 20 * 1024 * 1024
    max_audio_s: float = 300.0
    max_pixels: int = 40_000_000


DEFAULT_LIMITS = MediaLimits()


def identify(data: bytes, *, limits: MediaLimits = DEFAULT_LIMITS, films: bool = False) -> MediaType:
    """The type of ``data``. With ``films``, an MP4 film that has sound counts as sound: a chat app's video note.

    Raises EmptyMedia, MediaTooLarge (bytes, or pixels by the header), UnsupportedMedia (any other type, other
    video included), and UnreadableMedia for a picture whose header does not tell its size.
    """
    if not data:
        raise EmptyMedia("the file is empty")
    if len(data) > limits.max_bytes:
        raise MediaTooLarge(f"{len(data)} bytes; at most {limits.max_bytes} are taken", limit=limits.max_bytes)
    found = _by_signature(data) or _by_container(data, films=films)
    if found is None:
        raise UnsupportedMedia("neither a photo nor a voice note of a type taken here")
    if found.kind == "image":
        _check_pixels(data, found, limits.max_pixels)
    return found


def _by_signature(data: bytes) -> MediaType | None:
    head = bytearray(data[:_SIGNATURE_BYTES])
    for signature, media_type in _SIGNATURES:
        if signature.match(head):
            sounds = media_type is not OGG or containers.ogg_tracks(data) == {"audio"}
            return media_type if sounds else None
    return None


def _by_container(data: bytes, *, films: bool) -> MediaType | None:
    """WebM and MP4 by the tracks inside (a browser's voice note looks like a video from outside), and MP3."""
    if data.startswith(_EBML):
        return WEBM if containers.webm_tracks(data) == {"audio"} else None
    if data[4:8] == b"ftyp":
        # a recording cut off before its index still says by its brand that it was sound
        tracks = containers.mp4_tracks(data)
        cut_off = data[8:11] == b"M4A" and not tracks
        return M4A if cut_off or tracks == {"audio"} or (films and "audio" in tracks) else None
    return MP3 if containers.is_mp3(data) else None


def _check_pixels(data: bytes, media_type: MediaType, max_pixels: int) -> None:
    width, height = size_of(data, media_type.mime)
    if width * height > max_pixels:
        raise MediaTooLarge(f"{width} x {height} pixels; at most {max_pixels} are taken", limit=max_pixels)
