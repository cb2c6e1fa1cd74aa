"""The fitted part of the scorer: from the words and signals of a conversation to a distribution over 1–5.

Linear in hashed n-grams, by place in the conversation, and in the standardised signals. A turn is read once; putting
read turns together costs almost nothing, which is what makes leaving turns out one by one cheap. Knows nothing of
the judged signals, reasons or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satisfaction.features import Observed, measure, observe
from satisfaction.ngrams import ngrams
from satisfaction.parameter_file import BLOCKS, LanguageParameters, Parameters
from satisfaction.transcript import Turn

FloatArray = NDArray[np.float64]

LEAST = 0.002
"""The least probability of a grade: of 500 people somebody gives it."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadTurn:
    """A turn after reading: ``outputs`` float64 [blocks, 5] are its n-grams' unscaled votes for the grades in each
    place it could stand, ``square`` the squared length of its n-gram vector."""

    observed: Observed
    chinese: bool
    outputs: FloatArray
    square: float


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a distribution is made of. Rows vote for the five grades; ``raw = prior + words.sum(0) + signals.sum(0)``.

    ``words`` float64 [blocks, 5]; ``signals`` float64 [signals, 5]; ``values`` float64 [signals], NaN where unknown.
    """

    prior: FloatArray
    words: FloatArray
    signals: FloatArray
    values: FloatArray

    @property
    def distribution(self) -> FloatArray:
        """The probabilities of 1…5; never 0, since a straight line may run below it."""
        raw = np.maximum(self.prior + self.words.sum(0) + self.signals.sum(0), LEAST)
        return np.asarray(raw / raw.sum())


def blocks_of(customers: Sequence[bool]) -> tuple[list[int], ...]:
    """Which turns stand in each place of ``BLOCKS``, given for each turn whether the customer wrote it."""
    customer = [position for position, by_customer in enumerate(customers) if by_customer]
    agent = [position for position, by_customer in enumerate(customers) if not by_customer]
    final = customer[-1:] if customers and customers[-1] else []
    last = customer[-1:] if len(customer) > 1 else []
    places = (customer, agent, customer[:1], customer[1:], last, final, agent[-1:])
    assert len(places) == len(BLOCKS)
    return places


class TextModel:
    """Reads turns and puts them together, with one language's parameters a turn and a conversation."""

    def __init__(self, parameters: Parameters) -> None:
        self._english = _Tables(parameters.languages["en"])
        self._chinese = _Tables(parameters.languages["zh"])

    def read(self, turn: Turn) -> ReadTurn:
        grams = ngrams(turn.text)
        tables = self._chinese if grams.chinese else self._english
        outputs, square = tables.votes(grams.keys, grams.weights)
        return ReadTurn(observe(turn), grams.chinese, outputs, square)

    def speaks_chinese(self, turns: Sequence[ReadTurn], language: str) -> bool:
        """Whose parameters the whole conversation is judged by: the script most letters are in, else ``language``."""
        chinese = sum(read.observed.letters for read in turns if read.chinese)
        other = sum(read.observed.letters for read in turns if not read.chinese)
        return chinese > other if chinese != other else language.lower().startswith("zh")

    def put_together(self, turns: Sequence[ReadTurn], language: str) -> Parts:
        """The distribution and its parts for these turns in this order."""
        tables = self._chinese if self.speaks_chinese(turns, language) else self._english
        values = measure([read.observed for read in turns])
        return Parts(tables.prior, self._words(turns), tables.weigh(values), values)

    def half_width(self, turns: Sequence[ReadTurn], language: str, mean: float) -> float:
        """Half of the 80 % interval around ``mean``, as found on conversations that were not fitted on."""
        tables = self._chinese if self.speaks_chinese(turns, language) else self._english
        return float(tables.half_widths[int(np.digitize(mean, (2.5, 3.5)))])

    @staticmethod
    def _words(turns: Sequence[ReadTurn]) -> FloatArray:
        words = np.zeros((len(BLOCKS), 5))
        for block, members in enumerate(blocks_of([read.observed.by_customer for read in turns])):
            square = sum(turns[position].square for position in members)
            if square > 0:
                votes = sum((turns[position].outputs[block] for position in members), np.zeros(5))
                words[block] = votes / np.sqrt(square)
        return words


class _Tables:
    """One language's parameters, unpacked for reading."""

    def __init__(self, fitted: LanguageParameters) -> None:
        self._keys = fitted.keys
        self._idf = fitted.idf.astype(np.float32)
        self._tables = fitted.tables
        # [blocks, r, 5]: undoes the int8 steps and maps the r components to the five grades in one product
        self._grades_of = (fitted.steps[:, :, None] * fitted.grades_of[None, :, :]).astype(np.float64)
        self.prior = fitted.prior.astype(np.float64)
        self.half_widths = fitted.half_widths
        self._centre = fitted.centre.astype(np.float64)
        self._spread = fitted.spread.astype(np.float64)
        self._floor = fitted.floor.astype(np.float64)
        self._ceiling = fitted.ceiling.astype(np.float64)
        self._signals = fitted.signals.astype(np.float64)

    def votes(self, keys: NDArray[np.uint32], weights: NDArray[np.float32]) -> tuple[FloatArray, float]:
        """The known n-grams' votes, [blocks, 5], and the squared length of their tf-idf vector."""
        place = np.searchsorted(self._keys, keys)
        place[place == self._keys.size] = 0
        known = self._keys[place] == keys if self._keys.size else np.zeros(keys.size, bool)
        place = place[known]
        values = weights[known] * self._idf[place]
        components = np.einsum("n,bnr->br", values, self._tables[:, place, :].astype(np.float32))
        return np.einsum("br,brg->bg", components.astype(np.float64), self._grades_of), float(values @ values)

    def weigh(self, values: FloatArray) -> FloatArray:
        """The signals' votes, [signals, 5]: nothing for one that is unknown, or that the fitted data did not have.

        Values are held within what was seen when fitting: a straight line says nothing beyond its points.
        """
        held = np.clip(values, self._floor, self._ceiling)
        standard = np.nan_to_num((held - self._centre) / self._spread)
        return np.asarray(standard[:, None] * self._signals)
