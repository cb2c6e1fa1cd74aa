"""Decoding pictures: upright, bounded, without what the camera wrote beside them.

Owns every call into Pillow. Runs where a hostile file may be decoded, which is the worker, not the server. Knows
nothing of what a picture shows.
"""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from perception.errors import MediaTooLarge, UnreadableMedia, UnsupportedMedia
from perception.facts import MediaType
from perception.media import DEFAULT_LIMITS, MediaLimits, identify

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
_JPEG_QUALITY = 90
_DECODER_TROUBLE = (
    OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, OverflowError, EOFError, ZeroDivisionError,
)  # fmt: skip
"""What Pillow's readers raise on damaged files; its documentation promises OSError, its plugins keep to it loosely."""


def open_upright(data: bytes, *, limits: MediaLimits = DEFAULT_LIMITS) -> Image.Image:
    """The picture (first frame) in mode RGB, turned as the camera held it, transparency laid on white.

    Raises UnsupportedMedia for sound, MediaTooLarge, UnreadableMedia, and what ``identify`` raises.
    """
    return _upright_rgb(data, identify(data, limits=limits), limits)


def clean_photo(data: bytes, *, limits: MediaLimits = DEFAULT_LIMITS) -> bytes:
    """The same picture encoded anew: upright, and without EXIF, XMP, comments, thumbnails or bytes after its end.

    So neither a place nor a serial number is ever stored. A JPEG stays a JPEG (quality 90); everything else becomes a
    PNG, an animation its first frame. Raises as ``open_upright`` does.
    """
    media_type = identify(data, limits=limits)
    picture = _upright_rgb(data, media_type, limits)
    out = io.BytesIO()
    if media_type.mime == "image/jpeg":
        picture.save(out, "JPEG", quality=_JPEG_QUALITY)
    else:
        picture.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _upright_rgb(data: bytes, media_type: MediaType, limits: MediaLimits) -> Image.Image:
    if media_type.kind != "image":
        raise UnsupportedMedia("this is no picture")
    try:
        with Image.open(io.BytesIO(data), formats=(_FORMATS[media_type.mime],)) as opened:
            _check_decoded_size(opened, limits)
            return _flat(ImageOps.exif_transpose(opened))
    except Image.DecompressionBombError:
        raise MediaTooLarge("the picture unpacks to more than is taken", limit=limits.max_pixels) from None
    except _DECODER_TROUBLE as trouble:
        raise UnreadableMedia("the picture is damaged") from trouble


def _check_decoded_size(opened: Image.Image, limits: MediaLimits) -> None:
    """The decoder's own word on the size, for the file in which two headers disagree."""
    if opened.width * opened.height > limits.max_pixels:
        raise MediaTooLarge(f"{opened.width} x {opened.height} pixels", limit=limits.max_pixels)


def _flat(picture: Image.Image) -> Image.Image:
    picture.load()
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        ground.alpha_composite(layer)
        picture = ground
    if picture.mode.startswith("I;16"):  # 16-bit grey: Pillow would clip to white rather than scale
        picture = picture.point(lambda level: level / 256, "L")
    picture = picture.convert("RGB")
    picture.info.clear()  # Pillow would write the comment and the colour profile back
    return picture
