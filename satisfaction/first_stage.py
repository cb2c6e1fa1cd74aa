"""Reading turns with one language's parameters, and the straight-line stage: words and signals to shares of grades.

A turn is read once; putting read turns together costs almost nothing, which is what makes leaving turns out one by
one cheap. Knows nothing of moves' use, the blend, the judged signals or reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satisfaction.features import Observed, observe
from satisfaction.ngrams import NGrams
from satisfaction.parameter_file import BLOCKS, CONTEXTS, MOVES, OUTPUTS, LanguageParameters
from satisfaction.transcript import Turn

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ReadTurn:
    """A turn after reading.

    ``outputs`` float64 [blocks, 15]: its n-grams' unscaled votes in each place it could stand; ``square``: the squared
    length of its n-gram vector; ``moves`` float64 [contexts, 7]: its votes for its own move, for that of the turn
    after it, and for that of the turn before it.
    """

    observed: Observed
    chinese: bool
    outputs: FloatArray
    square: float
    moves: FloatArray


def blocks_of(customers: Sequence[bool]) -> tuple[list[int], ...]:
    """Which turns stand in each place of ``BLOCKS``, given for each turn whether the customer wrote it."""
    customer = [position for position, by_customer in enumerate(customers) if by_customer]
    agent = [position for position, by_customer in enumerate(customers) if not by_customer]
    final = customer[-1:] if customers and customers[-1] else []
    last = customer[-1:] if len(customer) > 1 else []
    places = (customer, agent, customer[:1], customer[1:], last, final, agent[-1:])
    assert len(places) == len(BLOCKS)
    return places


class FirstStageReader:
    """One language's first-stage and move parameters, unpacked for reading."""

    def __init__(self, fitted: LanguageParameters) -> None:
        first, moves = fitted.first, fitted.moves
        self._keys, self._idf, self._tables = first.keys, first.idf, first.tables
        # [blocks, r, 15]: undoes the int8 steps and maps the r components to the outputs in one product
        self._outputs_of = (first.steps[:, :, None] * first.outputs_of[None, :, :]).astype(np.float64)
        self._move_tables, self._move_steps = moves.tables, moves.steps.astype(np.float64)
        self.prior = first.prior.astype(np.float64)
        self._centre, self._spread = first.centre.astype(np.float64), first.spread.astype(np.float64)
        self._floor, self._ceiling = first.floor.astype(np.float64), first.ceiling.astype(np.float64)
        self._signals = first.signals.astype(np.float64)

    def read(self, turn: Turn, grams: NGrams) -> ReadTurn:
        """The turn and its votes; ``grams`` are its n-grams."""
        place, values = known_ngrams(grams, self._keys, self._idf)
        square = float(values @ values)
        if not square:
            nothing = np.zeros((CONTEXTS, len(MOVES)))
            return ReadTurn(observe(turn), grams.chinese, np.zeros((len(BLOCKS), OUTPUTS)), 0.0, nothing)
        components = values @ self._tables[:, place, :].astype(np.float32)  # [blocks, r]
        outputs = np.einsum("br,bro->bo", components.astype(np.float64), self._outputs_of)
        moves = (values @ self._move_tables[:, place, :].astype(np.float32)) * self._move_steps / np.sqrt(square)
        return ReadTurn(observe(turn), grams.chinese, outputs, square, moves)

    def words(self, turns: Sequence[ReadTurn]) -> FloatArray:
        """Each turn's votes by its words, in all the places where it stands: float64 [turns, 15]."""
        votes = np.zeros((len(turns), OUTPUTS))
        for block, members in enumerate(blocks_of([read.observed.by_customer for read in turns])):
            square = sum(turns[position].square for position in members)
            if square > 0:
                for position in members:
                    votes[position] += turns[position].outputs[block] / np.sqrt(square)
        return votes

    def standardise(self, values: FloatArray) -> FloatArray:
        """Signals in standard deviations from the fitted data's mean, 0 for an unknown one, [signals].

        Values are held within what was seen when fitting: a straight line says nothing beyond its points.
        """
        held = np.clip(values, self._floor, self._ceiling)
        return np.nan_to_num((held - self._centre) / self._spread)

    def weigh(self, standard: FloatArray) -> FloatArray:
        """The standardised signals' votes, [signals, 15]."""
        return np.asarray(standard[:, None] * self._signals)


def known_ngrams(
    grams: NGrams, keys: NDArray[np.uint32], idf: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Places in ``keys`` and tf-idf values of those n-grams that are there."""
    if not keys.size:
        return np.zeros(0, np.intp), np.zeros(0, np.float32)
    place = np.minimum(np.searchsorted(keys, grams.keys), keys.size - 1)
    known = keys[place] == grams.keys
    place = place[known]
    return place, grams.weights[known] * idf[place]
