"""What each turn does for the matter, and a conversation's moves as numbers for the blend.

A move's shares are read off the turn's words, those of its neighbours and its place. Knows nothing of scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from satisfaction.first_stage import ReadTurn
from satisfaction.parameter_file import MOVES, PLACES, MoveStage

FloatArray = NDArray[np.float64]

CUSTOMER, AGENT = slice(0, 4), slice(4, 7)
SUMMARY = 4 + 4 + 3 + 4 + 3 + 4 + 3
"""Numbers in a conversation's summary, see ``summarise``."""


class MoveReader:
    """One language's move parameters."""

    def __init__(self, fitted: MoveStage) -> None:
        self._places = fitted.places.astype(np.float64)
        self._prior = fitted.prior.astype(np.float64)

    def moves(self, turns: Sequence[ReadTurn]) -> FloatArray:
        """The shares of ``MOVES`` of each turn, float64 [turns, 7]; about 0–1, and 0 for the other side's moves."""
        shares = np.zeros((len(turns), len(MOVES)))
        for position, read in enumerate(turns):
            votes = self._prior + place_of(position, len(turns)) @ self._places + read.moves[0]
            if position > 0:
                votes = votes + turns[position - 1].moves[1]
            if position + 1 < len(turns):
                votes = votes + turns[position + 1].moves[2]
            side = CUSTOMER if read.observed.by_customer else AGENT
            shares[position, side] = votes[side]
        return shares


def place_of(position: int, turns: int) -> FloatArray:
    """One-hot place of a turn from the start and from the end, [16]."""
    place = np.zeros(PLACES)
    half = PLACES // 2
    place[min(position, half - 1)] = 1.0
    place[half + min(turns - 1 - position, half - 1)] = 1.0
    return place


def summarise(shares: FloatArray, customers: Sequence[bool]) -> FloatArray:
    """A conversation's moves as ``SUMMARY`` numbers: those of the customer's first and last turn and of the last
    answer, then the mean and the largest share of each move on either side; 0 where there is no such turn."""
    by_customer = np.asarray(customers, dtype=bool)
    customer, agent = shares[by_customer, CUSTOMER], shares[~by_customer, AGENT]
    parts = (
        customer[0] if len(customer) else np.zeros(4),
        customer[-1] if len(customer) > 1 else np.zeros(4),
        agent[-1] if len(agent) else np.zeros(3),
        customer.mean(0) if len(customer) else np.zeros(4),
        agent.mean(0) if len(agent) else np.zeros(3),
        customer.max(0) if len(customer) else np.zeros(4),
        agent.max(0) if len(agent) else np.zeros(3),
    )
    return np.concatenate(parts)
