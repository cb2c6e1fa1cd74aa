"""Pictures for the tests, drawn with the font that Pillow ships."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

RECEIPT = (
    "GREEN LEAF TRADING CO",
    "12 Harbour Road",
    "TAX INVOICE",
    "Order No: A1024",
    "Date: 21/11/2026 14:05",
    "Desk lamp            24.90",
    "Cable                 8.00",
    "Subtotal             32.90",
    "Total                35.90",
    "CASH                 40.00",
    "CHANGE                4.10",
)


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def written(lines: Sequence[str], *, size: int = 28, width: int = 560) -> Image.Image:
    """Lines of print; what stands after two spaces goes to the right margin, as amounts do."""
    picture = Image.new("RGB", (width, (size + 16) * (len(lines) + 2)), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    for at, line in enumerate(lines):
        left, _, right = line.partition("  ")
        top = (size + 16) * (at + 1)
        pen.text((30, top), left, fill="black", font=font)
        if right:
            pen.text((width - 30, top), right.strip(), fill="black", font=font, anchor="ra")
    return picture


def qr_code(text: str, *, scale: int = 6) -> Image.Image:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    return Image.fromarray(np.array(code.to_image(scale=scale))).convert("RGB")


def noise(width: int, height: int) -> Image.Image:
    """A picture of nothing in particular, with the grain of a camera."""
    dice = np.random.default_rng(5)
    slope = np.linspace(40, 200, width)[None, :, None] + np.zeros((height, 1, 3))
    return Image.fromarray(np.clip(slope + dice.normal(0, 25, (height, width, 3)), 0, 255).astype(np.uint8))
