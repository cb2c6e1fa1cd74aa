"""Looking at a photo: its codes, text, fields, kind and quality.

Owns the order of looking and the rules for the kind of picture. Finds no people and knows no faces; without a detector
it says what can be read and counted, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perception.codes import find_codes
from perception.facts import Code, Field, Photo, PhotoKind, TextLine
from perception.fields import fields_of
from perception.media import DEFAULT_LIMITS, MediaLimits
from perception.picture import open_upright
from perception.reading import TextReader
from perception.receipts import looks_like_receipt
from perception.spoken import ORDER_NUMBER

Grey = NDArray[np.float32]
"""float32 [height, width], 0–255."""

_QUALITY_SIDE = 1000
"""Sharpness is judged at this size, so that it does not depend on the camera's resolution."""
_LAPLACIAN_HALF = 150.0
"""Variance of the Laplacian that counts as half sharp; below about 100 a photo is commonly taken for blurred."""
_FLAT_STEP, _FLAT_SCREEN = 2.0, 0.8
_CODE_SHARE, _TEXT_SHARE = 0.08, 0.04
_LINES_OF_DOCUMENT, _LINES_OF_LABEL = 12, 25
_CONTRAST = 12.0


def look(
    data: bytes,
    *,
    order_number_pattern: str = ORDER_NUMBER,
    limits: MediaLimits = DEFAULT_LIMITS,
    reader: TextReader | None = None,
) -> Photo:
    """Everything to be read off the picture in ``data``. Raises what ``open_upright`` raises."""
    picture = open_upright(data, limits=limits)
    codes = find_codes(picture)
    lines = (reader or TextReader()).read(picture)
    fields = fields_of(codes, lines, order_number_pattern=order_number_pattern)
    grey = _grey(picture)
    return Photo(
        kind=_kind(picture, grey, codes, lines, fields),
        width=picture.width,
        height=picture.height,
        codes=codes,
        lines=lines,
        fields=fields,
        sharpness=_sharpness(grey),
        brightness=round(float(grey.mean()) / 255, 4),
    )


def _grey(picture: Image.Image) -> Grey:
    small = picture.convert("L")
    small.thumbnail((_QUALITY_SIDE, _QUALITY_SIDE))
    return np.asarray(small, dtype=np.float32)


def _sharpness(grey: Grey) -> float:
    """0–1, from the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000)."""
    if min(grey.shape) < 3:
        return 0.0
    middle = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    variance = float(laplacian.var())
    return round(variance / (variance + _LAPLACIAN_HALF), 4)


def _kind(
    picture: Image.Image, grey: Grey, codes: Sequence[Code], lines: Sequence[TextLine], fields: Sequence[Field]
) -> PhotoKind:
    area = picture.width * picture.height
    code_share = sum(_area(code.box) for code in codes) / area
    if looks_like_receipt(lines):
        return "receipt"
    if any(field.name == "tracking_number" for field in fields):
        return "label"
    if codes and (len(lines) <= 2 or code_share >= 4 * _CODE_SHARE):
        return "code"
    if codes and len(lines) <= _LINES_OF_LABEL:
        return "label"
    return _kind_by_look(grey, lines, area)


def _kind_by_look(grey: Grey, lines: Sequence[TextLine], area: int) -> PhotoKind:
    """Without codes and receipt words: by how much text there is and how flat the colours are."""
    if lines and _flat_share(grey) >= _FLAT_SCREEN:
        return "screenshot" if len(lines) >= 2 else "other"
    text_share = sum(_area(line.box) for line in lines) / area
    if len(lines) >= _LINES_OF_DOCUMENT or text_share >= 4 * _TEXT_SHARE:
        return "document"
    return "photo" if float(grey.std()) >= _CONTRAST else "other"


def _flat_share(grey: Grey) -> float:
    """Share of neighbouring pixels that hardly differ: near 1 where software drew the picture, lower for a camera."""
    return float((np.abs(np.diff(grey, axis=1)) <= _FLAT_STEP).mean())


def _area(box: tuple[int, int, int, int]) -> int:
    left, top, right, bottom = box
    return max(right - left, 0) * max(bottom - top, 0)
