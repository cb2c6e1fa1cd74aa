"""The values that understanding produces. No I/O and no models here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Language = Literal["en", "zh", "mixed", "other", "und"]
SentimentLabel = Literal["negative", "neutral", "positive"]


@dataclass(frozen=True, slots=True)
class IntentScore:
    """An intent and the calibrated probability (0–1) that it is the right one."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing named in the utterance.

    ``start`` and ``end`` are character offsets into the original text (end exclusive), ``text`` what stands
    there, ``value`` its normal form (order number ``A1024``, phone in E.164, ISO date …).
    """

    name: str
    value: str
    text: str
    start: int
    end: int
    confidence: float = 1.0
    extractor: str = "patterns"


@dataclass(frozen=True, slots=True)
class Sentiment:
    """``score`` runs from -1 (very unhappy) to 1 (very happy)."""

    score: float
    label: SentimentLabel


@dataclass(frozen=True, slots=True)
class Answer:
    """A passage of the shop's knowledge, to be told with its ``title``; ``topic`` is the title of its file.

    ``text`` has no empty line. ``buttons`` are pairs of title and payload. ``score`` is the probability (0–1) that it
    answers; one that is not ``exact`` is about the question's topic and perhaps not the answer.
    """

    topic: str
    title: str
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    score: float = 1.0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One of several requests in an utterance. ``text`` is what stands at ``start`` to ``end`` (exclusive) in the
    original; the offsets of ``entities`` are into the whole utterance, too, and some may stand in another part, where
    all are about the same order.
    """

    text: str
    start: int
    end: int
    intent: IntentScore
    entities: tuple[Entity, ...] = ()
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Understanding:
    """What one utterance means. ``ranking`` is best first and starts with ``intent``.

    ``parts`` are its requests in their order where it makes several, else none; ``intent`` is then the first one's.

    ``language`` is ``und`` where the text does not tell (numbers, emoji, nothing). ``answer`` is what the shop's
    knowledge holds on it, where it was looked for and found. ``vector`` is the sentence vector that it was understood
    by (float32 [dimension]), kept so that nothing has to encode the text again. ``foreign`` names
    the language that is neither English nor Chinese, as ``nlu.language.foreign`` does, ``und`` where it cannot be told.
    """

    text: str
    language: Language
    intent: IntentScore
    ranking: tuple[IntentScore, ...]
    entities: tuple[Entity, ...] = ()
    sentiment: Sentiment = field(default_factory=lambda: Sentiment(0.0, "neutral"))
    answer: Answer | None = None
    vector: npt.NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    foreign: str | None = None
    parts: tuple[Part, ...] = ()
