"""Where in a recording somebody speaks.

Owns the call into Silero VAD, whose network comes inside the faster-whisper package. Knows no language.
"""

from __future__ import annotations

from dataclasses import dataclass

from faster_whisper.vad import VadOptions, get_speech_timestamps

from perception.audio import SAMPLE_RATE, Samples

_PAUSE_MS = 800
"""A shorter pause does not end an utterance: people stop between "my order is" and the number."""
_LONGEST_UTTERANCE_S = 30.0
_PADDING_MS = 250
_SHORTEST_WORD_MS = 120


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech; ``start_s`` is its place in the recording."""

    start_s: float
    samples: Samples


def utterances_in(samples: Samples) -> tuple[Utterance, ...]:
    """The stretches of ``samples`` (float32 [n], 16 kHz) with speech; an empty tuple for silence, noise and music."""
    options = VadOptions(
        min_silence_duration_ms=_PAUSE_MS,
        max_speech_duration_s=_LONGEST_UTTERANCE_S,
        speech_pad_ms=_PADDING_MS,
        min_speech_duration_ms=_SHORTEST_WORD_MS,
    )
    spans = get_speech_timestamps(samples, options)
    return tuple(Utterance(span["start"] / SAMPLE_RATE, samples[span["start"] : span["end"]]) for span in spans)
