"""Facts in a form for others: one line of text for the conversation, plain values for JSON.

The line is for staff and for the understanding of a turn, so its words are fixed and English: ``[photo: receipt, order
A1024, total 35.90]``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from perception.facts import Photo, Speech

_BLURRED, _DARK = 0.25, 0.15
_SHOWN = {"order_number": "order", "tracking_number": "tracking", "merchant": "from", "date": "dated", "total": "total"}


def photo_line(photo: Photo) -> str:
    """What is to be seen, in one line: kind, the surest field of each name, and what spoils the picture."""
    parts: list[str] = [photo.kind if photo.kind != "photo" else "no text" if not photo.lines else "with text"]
    for name, word in _SHOWN.items():
        value = field_value(photo, name)
        if value:
            parts.append(f"{word} {value}")
    if photo.brightness < _DARK:
        parts.append("dark")
    elif not photo.lines and not photo.codes and photo.sharpness < _BLURRED:
        parts.append("blurred")
    return f"[photo: {', '.join(parts)}]"


def speech_line(speech: Speech) -> str:
    """What was said, or that nothing was."""
    return speech.text if speech.has_speech else f"[voice note: no speech, {speech.duration_s:.0f} s]"


def field_value(photo: Photo, name: str) -> str | None:
    """The surest value of a field, or None."""
    return next((field.value for field in photo.fields if field.name == name), None)


def to_json(facts: Photo | Speech) -> dict[str, Any]:
    """The facts as plain values, ready for ``json.dumps``."""
    return asdict(facts)
