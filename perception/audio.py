"""Decoding voice notes into samples.

Owns every call into PyAV (FFmpeg). The demuxer is named from the bytes' type and the codec must be on a short list, so
that a file cannot talk FFmpeg into a playlist or a rare decoder. Knows nothing of words.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

from perception.errors import MediaTooLarge, UnreadableMedia, UnsupportedMedia
from perception.facts import MediaType
from perception.media import DEFAULT_LIMITS, MediaLimits, identify

Samples = NDArray[np.float32]
"""float32 [n], mono, 16 kHz, in -1…1."""

SAMPLE_RATE = 16_000
_DEMUXERS = {
    "audio/ogg": "ogg",
    "audio/webm": "matroska,webm",
    "audio/mp4": "mov,mp4,m4a,3gp,3g2,mj2",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
}
_CODECS = frozenset(
    {"opus", "vorbis", "speex", "aac", "mp3", "mp3float", "alac", "pcm_s16le", "pcm_s24le", "pcm_s32le"}
)
_MORE_CODECS = frozenset({"pcm_u8", "pcm_f32le", "pcm_f64le", "pcm_mulaw", "pcm_alaw", "libopus", "libspeex"})
_MAX_BAD_PACKETS = 200
"""Damaged packets are skipped, as a player would; a file of nothing else is given up."""


def decode(data: bytes, *, limits: MediaLimits = DEFAULT_LIMITS) -> Samples:
    """The sound of ``data``: float32 [n] at 16 kHz, mono, n > 0.

    A truncated file decodes as far as it goes. Raises MediaTooLarge once more than ``limits.max_audio_s`` seconds
    have come out, UnreadableMedia when no sample does, UnsupportedMedia for a picture or a codec not on the list, and
    what ``identify`` raises.
    """
    media_type = identify(data, limits=limits, films=True)  # whether one is wanted is for the gate to say
    max_samples = int(limits.max_audio_s * SAMPLE_RATE)
    pieces: list[Samples] = []
    count = 0
    try:
        with _opened(data, media_type) as container:
            for piece in _pieces(container):
                count += len(piece)
                if count > max_samples:
                    raise MediaTooLarge(f"longer than {limits.max_audio_s:g} s", limit=limits.max_audio_s)
                pieces.append(piece)
    except av.error.FFmpegError as trouble:
        if not count:
            raise UnreadableMedia("the sound is damaged") from trouble
    if not count:
        raise UnreadableMedia("the file holds no sound")
    return np.concatenate(pieces)


def _opened(data: bytes, media_type: MediaType) -> InputContainer:
    if media_type.kind != "audio":
        raise UnsupportedMedia("this is no voice note")
    try:
        return av.open(io.BytesIO(data), mode="r", format=_DEMUXERS[media_type.mime], metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError) as trouble:
        raise UnreadableMedia("the sound is damaged") from trouble


def _pieces(container: InputContainer) -> Iterator[Samples]:
    resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    shape: tuple[int, str, str] | None = None
    for frame in _frames(container):
        now = (frame.sample_rate, frame.layout.name, frame.format.name)
        if shape is not None and now != shape:  # a stream may change its shape in the middle; a resampler may not
            yield from _resampled(resampler, None)
            resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        shape = now
        frame.pts = None  # timestamps of damaged files run backwards
        yield from _resampled(resampler, frame)
    if shape is not None:
        yield from _resampled(resampler, None)


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    if not container.streams.audio:
        raise UnreadableMedia("the file holds no sound")
    stream = container.streams.audio[0]
    if stream.codec_context.name not in _CODECS | _MORE_CODECS:
        raise UnsupportedMedia("sound of a codec that is not taken")
    bad = 0
    for packet in container.demux(stream):
        try:
            yield from stream.codec_context.decode(packet)
        except av.error.EOFError:
            return
        except (av.error.InvalidDataError, av.error.ArgumentError):
            bad += 1
            if bad > _MAX_BAD_PACKETS:
                return


def _resampled(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[Samples]:
    for out in resampler.resample(frame):
        samples = out.to_ndarray().reshape(-1).astype(np.float32, copy=False)
        yield np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0)
