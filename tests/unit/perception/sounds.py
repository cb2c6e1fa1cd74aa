"""Sound for the tests: the files of tests/media, and what is made on the spot."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np

MEDIA = Path(__file__).parents[2] / "media"
SPOKEN = ("where_is_my_order.wav", "where_is_my_order.ogg", "where_is_my_order.webm", "where_is_my_order.m4a")


def media(name: str) -> bytes:
    return (MEDIA / name).read_bytes()


def wav(samples: np.ndarray, rate: int = 16_000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def recorded(form: str, codec: str | None, *, video: bool = False, seconds: float = 0.5) -> bytes:
    """A tone in a container, with a moving picture beside it if asked; without a ``codec`` the picture alone."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        sound = container.add_stream(codec, rate=48_000) if codec else None
        picture = container.add_stream("libvpx" if form == "webm" else "mpeg4", rate=5) if video else None
        if sound is not None:
            sound.layout = "mono"
        if picture is not None:
            _film(container, picture)
        if sound is not None:
            _hum(container, sound, seconds)
    return out.getvalue()


def _film(container: Any, picture: Any) -> None:
    picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
    for _ in range(3):
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux(picture.encode(frame))
    container.mux(picture.encode(None))


def _hum(container: Any, sound: Any, seconds: float) -> None:
    tone = (np.sin(np.arange(int(48_000 * seconds)) / 20) * 8000).astype("<i2").reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
    frame.sample_rate = 48_000
    size = sound.codec_context.frame_size or 960
    to_encoder = av.AudioResampler(format=sound.format.name, layout="mono", rate=48_000, frame_size=size)
    for piece in [*to_encoder.resample(frame), *to_encoder.resample(None)]:
        container.mux(sound.encode(piece))
    container.mux(sound.encode(None))
