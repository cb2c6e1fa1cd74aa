"""Moves: the places of turns, and a conversation's moves as numbers."""

from __future__ import annotations

import numpy as np

from satisfaction.moves import SUMMARY, place_of, summarise
from satisfaction.parameter_file import MOVES, PLACES


def test_a_place_counts_from_both_ends_and_stops_at_eight() -> None:
    assert np.flatnonzero(place_of(0, 3)).tolist() == [0, PLACES // 2 + 2]
    assert np.flatnonzero(place_of(30, 60)).tolist() == [7, 15]


def test_an_empty_conversation_is_all_zero() -> None:
    assert summarise(np.zeros((0, len(MOVES))), []).tolist() == [0.0] * SUMMARY


def test_the_summary_holds_first_last_mean_and_largest() -> None:
    shares = np.zeros((3, len(MOVES)))
    shares[0, 0], shares[1, 5], shares[2, 2] = 0.8, 0.6, 0.4
    summary = summarise(shares, [True, False, True])
    first, last, answer, mean, _, largest, _ = np.split(summary, np.cumsum([4, 4, 3, 4, 3, 4]))
    assert first.tolist() == [0.8, 0, 0, 0]
    assert last.tolist() == [0, 0, 0.4, 0]
    assert answer.tolist() == [0, 0.6, 0]
    assert mean.tolist() == [0.4, 0, 0.2, 0]
    assert largest.tolist() == [0.8, 0, 0.4, 0]


def test_one_customer_turn_is_the_first_and_not_also_the_last() -> None:
    shares = np.zeros((1, len(MOVES)))
    shares[0, 0] = 1.0
    assert summarise(shares, [True])[4:8].tolist() == [0, 0, 0, 0]
