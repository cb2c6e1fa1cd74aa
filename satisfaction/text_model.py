"""The fitted part of the scorer: from the words and signals of a conversation to a distribution over 1–5.

Two stages: straight lines from hashed n-grams and signals (first_stage.py) and to each turn's move (moves.py), then a
smooth blend of their outcomes that falls back to the prior for a conversation unlike any it was fitted on. Knows
nothing of the judged signals, reasons or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satisfaction.features import measure
from satisfaction.first_stage import FirstStageReader, ReadTurn
from satisfaction.moves import MoveReader, summarise
from satisfaction.ngrams import ngrams
from satisfaction.parameter_file import Blend, LanguageParameters, Parameters
from satisfaction.transcript import Turn

FloatArray = NDArray[np.float64]

LEAST = 0.002
"""The least probability of a grade: of 500 people somebody gives it."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The distribution float64 [5], and what the first stage made of it, for telling which signal pulled where.

    ``words`` float64 [turns, 5] and ``signals`` float64 [signals, 5] vote for the grades; ``moves`` float64
    [turns, 7]; ``values`` float64 [signals], NaN where unknown.
    """

    distribution: FloatArray
    words: FloatArray
    signals: FloatArray
    moves: FloatArray
    values: FloatArray


class TextModel:
    """Reads turns and puts them together, with one language's parameters a turn and a conversation."""

    def __init__(self, parameters: Parameters) -> None:
        self._english = _Language(parameters.languages["en"])
        self._chinese = _Language(parameters.languages["zh"])
        self._blend = BlendReader(parameters.blend)

    def read(self, turn: Turn) -> ReadTurn:
        """Read one turn, with the parameters of the script it is written in."""
        grams = ngrams(turn.text)
        return (self._chinese if grams.chinese else self._english).first.read(turn, grams)

    def put_together(self, turns: Sequence[ReadTurn], language: str) -> Parts:
        """The distribution and its parts for these turns in this order."""
        fitted = self._of(turns, language)
        values = measure([read.observed for read in turns])
        words = fitted.first.words(turns)
        standard = fitted.first.standardise(values)
        signals = fitted.first.weigh(standard)
        moves = fitted.moves.moves(turns)
        summary = summarise(moves, [read.observed.by_customer for read in turns])
        outcome = fitted.first.prior + words.sum(0) + signals.sum(0)
        point = (np.concatenate([outcome, summary, standard]) - fitted.centre) * fitted.scale
        return Parts(self._blend.distribution(point), words[:, :5], signals[:, :5], moves, values)

    def half_width(self, turns: Sequence[ReadTurn], language: str, mean: float) -> float:
        """Half of the 80 % interval around ``mean``, as found on conversations that were not fitted on."""
        return float(self._of(turns, language).half_widths[int(np.digitize(mean, (2.5, 3.5)))])

    def _of(self, turns: Sequence[ReadTurn], language: str) -> _Language:
        """Whose parameters the whole conversation is judged by: the script most letters are in, else ``language``."""
        chinese = sum(read.observed.letters for read in turns if read.chinese)
        other = sum(read.observed.letters for read in turns if not read.chinese)
        speaks_chinese = chinese > other if chinese != other else language.lower().startswith("zh")
        return self._chinese if speaks_chinese else self._english


class BlendReader:
    """The second stage: a smooth function of a conversation's numbers."""

    def __init__(self, fitted: Blend) -> None:
        self._points = fitted.points.astype(np.float64)
        self._squares = (self._points**2).sum(1)
        self._weights = fitted.weights.astype(np.float64)
        self._prior = fitted.prior.astype(np.float64)

    def distribution(self, point: FloatArray) -> FloatArray:
        """The probabilities of 1…5 at a point [d]; never 0."""
        distances = self._squares - 2 * self._points @ point + point @ point
        raw = self._prior + np.exp(-np.maximum(distances, 0.0)) @ self._weights
        return to_distribution(raw)


def to_distribution(raw: FloatArray) -> FloatArray:
    """Shares […, 5] that may run below 0 as proper distributions."""
    held = np.maximum(raw, LEAST)
    return np.asarray(held / held.sum(-1, keepdims=True))


class _Language:
    def __init__(self, fitted: LanguageParameters) -> None:
        self.first = FirstStageReader(fitted)
        self.moves = MoveReader(fitted.moves)
        self.centre = fitted.centre.astype(np.float64)
        self.scale = fitted.scale.astype(np.float64)
        self.half_widths = fitted.half_widths
