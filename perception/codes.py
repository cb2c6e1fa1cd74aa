"""QR codes and barcodes in a picture.

Owns the call into zxing-cpp and the turning of its answer into facts. Reads nothing but the modules of a code; what a
code's text means is for ``fields``.
"""

from __future__ import annotations

import zxingcpp
from PIL import Image

from perception.facts import Code

_MAX_TEXT = 4096
"""Characters kept of one code; the largest QR code holds 4,296 letters (ISO/IEC 18004)."""


def find_codes(picture: Image.Image) -> tuple[Code, ...]:
    """Every code in ``picture`` (mode RGB or L), top to bottom, each text once. An empty tuple where there is none."""
    found: dict[tuple[str, str], Code] = {}
    for barcode in zxingcpp.read_barcodes(picture.convert("L"), text_mode=zxingcpp.TextMode.Plain):
        code = Code(barcode.format.name, barcode.text[:_MAX_TEXT], _box(barcode.position))
        found.setdefault((code.format, code.text), code)
    return tuple(sorted(found.values(), key=lambda code: (code.box[1], code.box[0])))


def _box(position: zxingcpp.Position) -> tuple[int, int, int, int]:
    corners = (position.top_left, position.top_right, position.bottom_left, position.bottom_right)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    return min(xs), min(ys), max(xs), max(ys)
