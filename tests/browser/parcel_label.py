"""A photo of a parcel label whose QR code holds an order number."""

from __future__ import annotations

import io

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFont


def label_with(order_number: str) -> bytes:
    """The photo as PNG."""
    code = zxingcpp.create_barcode(order_number, zxingcpp.BarcodeFormat.QRCode)
    square = Image.fromarray(np.asarray(zxingcpp.write_barcode_to_image(code, scale=10)))
    picture = Image.new("RGB", (700, 420), "white")
    picture.paste(square.convert("RGB"), (40, 60))
    draw = ImageDraw.Draw(picture)
    draw.text((380, 120), "HARBOUR & PINE", fill="black", font=ImageFont.load_default(28))
    draw.text((380, 170), f"Order {order_number}", fill="black", font=ImageFont.load_default(28))
    with io.BytesIO() as written:
        picture.save(written, "PNG")
        return written.getvalue()
