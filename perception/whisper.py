"""Recognition by Whisper (faster-whisper, int8 on the processor) from a model directory on this machine.

Never fetches anything: a directory without all the files of a model counts as no model. Owns the guards against
Whisper's habit of making up words where nobody speaks.
"""

from __future__ import annotations

import math
from pathlib import Path

from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment

from perception.audio import Samples
from perception.errors import NoRecogniser
from perception.speech import Heard

_FILES = ("model.bin", "config.json", "tokenizer.json")
_SURE_OF_LANGUAGE = 0.5
_MANDARIN_PROMPT = "以下是普通话的句子。"
"""Makes Whisper write simplified characters with punctuation."""
_TEMPERATURES = (0.0, 0.2, 0.4)
_NO_SPEECH, _LOG_PROBABILITY, _COMPRESSION = 0.6, -1.0, 2.4
"""The thresholds of the reference implementation (openai/whisper, transcribe.py)."""


def has_model(directory: Path) -> bool:
    """Whether ``directory`` holds a CTranslate2 Whisper model that loads without the network."""
    return all((directory / name).is_file() for name in _FILES)


class WhisperRecogniser:
    """``threads`` of the processor are used for one utterance."""

    confidence_floor = 0.0

    def __init__(self, directory: Path, *, threads: int = 2) -> None:
        self._directory = directory
        self._threads = threads
        self._model: WhisperModel | None = None

    @property
    def name(self) -> str:
        return f"whisper-{self._directory.name}"

    def hears(self, language: str | None) -> bool:
        return True

    def recognise(self, samples: Samples, language_hint: str | None) -> Heard:
        model = self._loaded()
        language = self._language(model, samples, language_hint)
        segments, _ = model.transcribe(
            samples,
            language=language,
            temperature=_TEMPERATURES,
            condition_on_previous_text=False,
            initial_prompt=_MANDARIN_PROMPT if language == "zh" else None,
            no_speech_threshold=_NO_SPEECH,
            log_prob_threshold=_LOG_PROBABILITY,
            compression_ratio_threshold=_COMPRESSION,
            without_timestamps=True,
        )
        kept = [segment for segment in segments if not _made_up(segment)]
        text = "".join(segment.text for segment in kept).strip()
        return Heard(text, language, _confidence(kept) if text else 0.0)

    def warm_up(self) -> None:
        self._loaded()

    def _language(self, model: WhisperModel, samples: Samples, hint: str | None) -> str:
        """The language heard; the hint where Whisper is in doubt, for a short note tells it little."""
        if not model.model.is_multilingual:
            return "en"
        language, probability, _ = model.detect_language(samples)
        if hint is not None and probability < _SURE_OF_LANGUAGE:
            return hint
        return "zh" if language == "yue" else str(language)

    def _loaded(self) -> WhisperModel:
        if self._model is None:
            if not has_model(self._directory):
                raise NoRecogniser(f"no complete Whisper model in {self._directory.name}")
            self._model = WhisperModel(
                str(self._directory),
                device="cpu",
                compute_type="int8",
                cpu_threads=self._threads,
                local_files_only=True,
            )
        return self._model


def _made_up(segment: Segment) -> bool:
    silent = segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _LOG_PROBABILITY
    return bool(silent or segment.compression_ratio > _COMPRESSION)


def _confidence(segments: list[Segment]) -> float:
    """The mean probability of a token: exp of the mean log probability, weighted by the segments' lengths."""
    weights = [max(len(segment.tokens), 1) for segment in segments]
    mean = sum(weight * segment.avg_logprob for weight, segment in zip(weights, segments, strict=True)) / sum(weights)
    return round(min(math.exp(mean), 1.0), 4)
