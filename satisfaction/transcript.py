"""The values that satisfaction is judged from and by. Plain values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Author = Literal["customer", "bot", "staff"]
Signal = str
"""The stable name of a documented signal, e.g. ``repeated_question``; see features.py."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a finished or running conversation.

    ``sentiment`` (−1…1), ``intent`` and ``understood`` are set on customer turns once known. ``done`` on a bot
    turn names what it got done for the customer (``order_status_told``, ``ticket_opened`` …).
    """

    id: str
    author: Author
    text: str
    at: datetime | None = None
    intent: str | None = None
    confidence: float | None = None
    sentiment: float | None = None
    understood: bool | None = None
    done: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    conversation_id: str
    language: str
    channel: str
    turns: tuple[Turn, ...]
    asked_for_human: bool = False
    reached_human: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the score is what it is: ``effect`` is in points of the 1–5 scale, negative where it fell."""

    turn_id: str
    signal: Signal
    effect: float
    words_en: str
    words_zh: str


@dataclass(frozen=True, slots=True)
class Score:
    """The predicted satisfaction. ``mean``, ``low`` and ``high`` lie in 1–5 (``low``–``high``: 80 % interval);
    ``distribution`` holds the probabilities of 1…5. ``reasons`` are the strongest first, three at most."""

    mean: float
    low: float
    high: float
    distribution: tuple[float, float, float, float, float]
    reasons: tuple[Reason, ...]
    model_version: str
