"""The facts that hearing and seeing produce: plain values, ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MediaKind = Literal["image", "audio"]
PhotoKind = Literal["receipt", "screenshot", "label", "document", "code", "photo", "other"]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the upright picture."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """What the bytes are, whatever their name says."""

    kind: MediaKind
    mime: str
    extension: str


@dataclass(frozen=True, slots=True)
class Speech:
    """What was said in a voice note.

    ``confidence`` lies in 0–1; ``has_speech`` is false for silence and noise, and ``text`` is then empty.
    ``language`` is ``en``, ``zh`` or another ISO 639-1 code.
    """

    text: str
    language: str
    confidence: float
    engine: str
    duration_s: float
    has_speech: bool = True


@dataclass(frozen=True, slots=True)
class TextLine:
    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code or barcode; ``format`` in zxing's spelling (``QRCode``, ``Code128`` …)."""

    format: str
    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Field:
    """A fact read off the picture: ``order_number``, ``date`` (ISO), ``total`` (``35.90``), ``merchant`` …"""

    name: str
    value: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Photo:
    """What is to be seen in a picture. ``sharpness`` and ``brightness`` lie in 0–1."""

    kind: PhotoKind
    width: int
    height: int
    codes: tuple[Code, ...] = ()
    lines: tuple[TextLine, ...] = ()
    fields: tuple[Field, ...] = ()
    sharpness: float = 1.0
    brightness: float = 0.5
