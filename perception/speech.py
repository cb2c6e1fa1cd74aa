"""Voice notes become text.

Owns the interface that every recogniser keeps to, the choice between those at hand, and the making of a ``Speech`` out
of samples. Knows neither containers nor processes; the engines live in ``whisper`` and ``sphinx``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from perception.audio import SAMPLE_RATE, Samples
from perception.errors import NoRecogniser
from perception.facts import Speech
from perception.spoken import ORDER_NUMBER, written_form
from perception.voice import Utterance, utterances_in


@dataclass(frozen=True, slots=True)
class Heard:
    """What one engine made of an utterance: ``text`` as recognised, ``confidence`` in 0–1."""

    text: str
    language: str
    confidence: float


class Recogniser(Protocol):
    """A speech recogniser. Loads its model at the first use, never when it is made. Not thread-safe."""

    @property
    def name(self) -> str: ...

    @property
    def confidence_floor(self) -> float:
        """Below this confidence the words are no better than chance: another language, or nothing intelligible."""
        ...

    def hears(self, language: str | None) -> bool:
        """Whether speech of this language (ISO 639-1; None where unknown) can be recognised at all."""
        ...

    def recognise(self, samples: Samples, language_hint: str | None) -> Heard:
        """The words in ``samples`` (float32 [n], 16 kHz). The hint is the conversation's language, not an order."""
        ...

    def warm_up(self) -> None: ...


def hear(
    samples: Samples,
    recognisers: Sequence[Recogniser],
    *,
    language_hint: str | None = None,
    order_number_pattern: str = ORDER_NUMBER,
) -> Speech:
    """What is said in ``samples``, by the first of ``recognisers`` that hears the language, in its written form.

    Silence is found before any engine is asked, so that none can make words of it. Raises NoRecogniser where somebody
    speaks and no engine hears the language, or the one that does can make out nothing.
    """
    duration_s = round(len(samples) / SAMPLE_RATE, 3)
    utterances = utterances_in(samples)
    if not utterances:
        return Speech("", language_hint or "en", 0.0, "silero-vad", duration_s, has_speech=False)
    recogniser = next((each for each in recognisers if each.hears(language_hint)), None)
    if recogniser is None:
        raise NoRecogniser(f"no engine here recognises speech in {language_hint or 'an unknown language'}")
    heard = _together([recogniser.recognise(each.samples, language_hint) for each in utterances], utterances)
    if heard.text and heard.confidence < recogniser.confidence_floor:
        raise NoRecogniser("what is said cannot be made out; it may be in another language")
    text = written_form(heard.text, order_number_pattern=order_number_pattern)
    return Speech(text, heard.language, heard.confidence, recogniser.name, duration_s, has_speech=bool(text))


def _together(parts: list[Heard], utterances: Sequence[Utterance]) -> Heard:
    """One answer out of several: words in order, the language most was said in, confidence weighted by length."""
    weights = [len(utterance.samples) if part.text else 0 for part, utterance in zip(parts, utterances, strict=True)]
    if not any(weights):
        return Heard("", parts[0].language, 0.0)
    _, longest = max(zip(weights, parts, strict=True), key=lambda pair: pair[0])
    confidence = sum(weight * part.confidence for weight, part in zip(weights, parts, strict=True)) / sum(weights)
    joint = "" if longest.language == "zh" else " "
    return Heard(joint.join(part.text for part in parts if part.text), longest.language, round(confidence, 4))
