"""The jobs that a worker process does: hear, see, clean, measure.

Owns the choice of engines and keeps their models once loaded. Whatever is heavy is imported by the first job that needs
it, so that a worker that only cleans photos stays small. Not thread-safe; one per process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perception.facts import Photo, Speech
from perception.media import MediaLimits

if TYPE_CHECKING:
    from perception.reading import TextReader
    from perception.speech import Recogniser


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told once, at its start. ``memory_limit_mb`` bounds its address space; 0 for no bound."""

    limits: MediaLimits
    order_number_pattern: str
    whisper_dir: str | None
    more_phrases: tuple[str, ...]
    threads: int
    memory_limit_mb: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Setup:
        return cls(**(value | {"limits": MediaLimits(**value["limits"]), "more_phrases": tuple(value["more_phrases"])}))


class Senses:
    """Every method raises PerceptionError."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def transcribe(self, data: bytes, language_hint: str | None) -> Speech:
        from perception.audio import decode
        from perception.speech import hear

        return hear(
            decode(data, limits=self._setup.limits),
            self._recognisers,
            language_hint=language_hint,
            order_number_pattern=self._setup.order_number_pattern,
        )

    def look(self, data: bytes) -> Photo:
        from perception.photo import look

        setup = self._setup
        return look(data, order_number_pattern=setup.order_number_pattern, limits=setup.limits, reader=self._reader)

    def clean_photo(self, data: bytes) -> bytes:
        from perception.picture import clean_photo

        return clean_photo(data, limits=self._setup.limits)

    def duration_s(self, data: bytes) -> float:
        """By decoding: headers lie, and a browser's recording has none."""
        from perception.audio import SAMPLE_RATE, decode

        return round(len(decode(data, limits=self._setup.limits)) / SAMPLE_RATE, 3)

    def warm_up(self) -> None:
        for recogniser in self._recognisers:
            recogniser.warm_up()
        self._reader.warm_up()

    @cached_property
    def _recognisers(self) -> Sequence[Recogniser]:
        """Whisper where its model is; otherwise pocketsphinx, which brings its own."""
        from perception.whisper import WhisperRecogniser, has_model

        setup = self._setup
        if setup.whisper_dir is not None and has_model(Path(setup.whisper_dir)):
            return [WhisperRecogniser(Path(setup.whisper_dir), threads=setup.threads)]
        from perception.sphinx import SphinxRecogniser

        return [SphinxRecogniser(order_number_pattern=setup.order_number_pattern, more_phrases=setup.more_phrases)]

    @cached_property
    def _reader(self) -> TextReader:
        from perception.reading import TextReader

        return TextReader(threads=self._setup.threads)
