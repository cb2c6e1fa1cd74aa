"""Weights that were set by judgement, for signals that no public data carries, and the prior of bot conversations.

The public dialogues have no intents, no "not understood", no "done" and no times, so nothing about these can be
fitted until a site's own ratings are enough. Until then the weights here say what staff would say, they are written
down in docs/satisfaction.md, and the interval is kept wide. Knows nothing of the fitted part.

A weight ``w`` times a signal's dose tilts the distribution: grade k's odds are multiplied by ``exp(w·dose·(k − 3))``.
One unit of tilt moves the mean by about the distribution's variance, so 0.5 is about half a point in the middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satisfaction.features import NAMES, POSITION

FloatArray = NDArray[np.float64]

STC3_CHANNEL = "helpdesk"
"""The channel of the public help-desk dialogues: there the fitted part alone judges."""

TILTS: dict[str, float] = {
    "not_understood": -0.35,
    "done": 0.7,
    "sentiment_at_end": 0.6,
    "sentiment_course": 0.25,
    "longest_wait": -0.12,
    "asked_human": -0.4,
    "repeated_question": -0.5,
    "unanswered_at_end": -0.3,
    "swearing": -0.5,
    "complaint_at_end": -0.4,
    "thanks_at_end": 0.25,
    "solved_words": 0.4,
    "praise": 0.4,
}
"""Tilt for one dose; ``_doses`` says what a dose is."""

BOT_PRIOR = np.array([0.08, 0.14, 0.38, 0.26, 0.14])
"""The distribution (mean 3.24) of a bot conversation of which nothing else is known: most people who ask a shop bot
something are neither delighted nor annoyed. The dialogues fitted on are public complaints, with a mean of 2.8."""

TEXT_SHARE = 0.5
"""How much of the fitted part is believed in a bot conversation: it is about other goods and people."""

LIMIT = 2.2
"""The most that all tilts together may reach, either way."""

WIDENED = 2.0
"""The interval of a bot conversation is wider by this much than what the fitted dialogues show: with it, and words
alone, it held 84–93 % of the overall ratings of four public sets of other dialogues (docs/satisfaction.md)."""

_GRADES = np.arange(5) - 2.0


def applies_to(channel: str) -> bool:
    """Whether judged weights are used: on every channel but that of the dialogues that the rest was fitted on."""
    return channel != STC3_CHANNEL


def tilts(values: FloatArray) -> FloatArray:
    """The tilt of each signal, float64 [signals]; 0 for one that is unknown (NaN) or not judged."""
    weights = np.array([TILTS.get(name, 0.0) for name in NAMES])
    return weights * np.nan_to_num(_doses(values))


def tilt(distribution: FloatArray, amount: float) -> FloatArray:
    """The distribution with its odds tilted; its mean rises with ``amount`` and stays within 1–5.

    Amounts beyond ``LIMIT`` are flattened towards it, so that one more bad sign still counts in a bad conversation.
    """
    odds = np.log(distribution) + LIMIT * np.tanh(amount / LIMIT) * _GRADES
    weights = np.exp(odds - odds.max())
    return np.asarray(weights / weights.sum())


def _doses(values: FloatArray) -> FloatArray:
    """What a signal counts: the third misunderstanding counts as much as the first, the third thing done does not."""
    doses = values.copy()
    doses[POSITION["not_understood"]] = np.minimum(values[POSITION["not_understood"]], 3.0)
    doses[POSITION["done"]] = np.sqrt(values[POSITION["done"]])
    doses[POSITION["longest_wait"]] = np.log2(1.0 + values[POSITION["longest_wait"]])
    doses[POSITION["asked_human"]] = np.minimum(values[POSITION["asked_human"]], 2.0)
    # Below one half two turns merely share words.
    doses[POSITION["repeated_question"]] = max(0.0, 2.0 * values[POSITION["repeated_question"]] - 1.0)
    for name in ("solved_words", "praise", "swearing"):
        doses[POSITION[name]] = np.sqrt(values[POSITION[name]])
    return doses
