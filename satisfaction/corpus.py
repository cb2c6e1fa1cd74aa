"""Rated dialogues as matrices: what fitting works on. Numbers only once built. Knows nothing of how they are fitted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from satisfaction.features import SIGNALS, measure, observe
from satisfaction.first_stage import blocks_of, known_ngrams
from satisfaction.formats import RatedTranscript
from satisfaction.moves import place_of
from satisfaction.ngrams import NGrams, ngrams
from satisfaction.parameter_file import BLOCKS

FloatArray = NDArray[np.float64]

LEAST_TURNS = 10
"""Turns that must hold an n-gram before it gets weights: rarer ones name products and places, and fit noise."""

FOLDS = 5


def fold_of(conversation_id: str, folds: int = FOLDS) -> int:
    """The fold of a dialogue, 0 … folds − 1: by its id alone, so that both languages of one fall together."""
    return int.from_bytes(hashlib.sha256(conversation_id.encode()).digest()[:4], "big") % folds


def distributions(rated: Sequence[RatedTranscript]) -> FloatArray:
    """The raters' satisfaction, float64 [dialogues, 5]."""
    return _shares([item.satisfaction for item in rated])


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """``keys``, ``idf`` as in the parameters; ``turns`` float32 [turns, n] sparse unit vectors; ``places``: for each
    of ``BLOCKS`` a sparse [dialogues, n]."""

    keys: NDArray[np.uint32]
    idf: NDArray[np.float32]
    turns: sparse.csr_matrix
    places: tuple[sparse.csr_matrix, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """``standard`` float64 [dialogues, signals], 0 for one that is not fitted; the rest as in the parameters."""

    standard: FloatArray
    centre: FloatArray
    spread: FloatArray
    floor: FloatArray
    ceiling: FloatArray
    fitted: int


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """One language's rated dialogues.

    ``outputs`` [dialogues, 15] are the raters' shares for satisfaction, accomplishment and effectiveness; ``moves``
    [turns, 7]; ``dialogue_of``, ``by_customer`` [turns]; ``turn_places`` [turns, 16]; ``folds`` [dialogues].
    """

    words: Words
    signals: Signals
    outputs: FloatArray
    moves: FloatArray
    dialogue_of: NDArray[np.int64]
    by_customer: NDArray[np.bool_]
    turn_places: FloatArray
    folds: NDArray[np.int64]


def build(rated: Sequence[RatedTranscript]) -> Corpus:
    """Rated dialogues, each with its ratings and at least one turn, as matrices."""
    lengths = [len(item.transcript.turns) for item in rated]
    return Corpus(
        words=_words(rated),
        signals=_signals(rated),
        outputs=np.hstack(
            [
                distributions(rated),
                _shares([item.accomplishment for item in rated]),
                _shares([item.effectiveness for item in rated]),
            ]
        ),
        moves=_shares([turn for item in rated for turn in item.moves]),
        dialogue_of=np.repeat(np.arange(len(rated)), lengths),
        by_customer=np.array([turn.author == "customer" for item in rated for turn in item.transcript.turns]),
        turn_places=np.array([place_of(position, length) for length in lengths for position in range(length)]),
        folds=np.array([fold_of(item.transcript.conversation_id) for item in rated]),
    )


def _shares(votes: Sequence[Sequence[int]]) -> FloatArray:
    counted = np.array(votes, dtype=float)
    return np.asarray(counted / counted.sum(1, keepdims=True))


def _words(rated: Sequence[RatedTranscript]) -> Words:
    grams = [ngrams(turn.text) for item in rated for turn in item.transcript.turns]
    every, holding = np.unique(np.concatenate([gram.keys for gram in grams]), return_counts=True)
    keys, holding = every[holding >= LEAST_TURNS], holding[holding >= LEAST_TURNS]
    idf = (np.log((1 + len(grams)) / (1 + holding)) + 1).astype(np.float32)
    vectors = _turn_vectors(grams, keys, idf)
    squares = np.asarray(vectors.multiply(vectors).sum(1), dtype=float).ravel()
    places = []
    for members in _memberships(rated):
        places.append((sparse.diags(_inverse_root(members @ squares)) @ members @ vectors).tocsr())
    turns = (sparse.diags(_inverse_root(squares)) @ vectors).tocsr().astype(np.float32)
    return Words(keys, idf, turns, tuple(places))


def _inverse_root(squares: FloatArray) -> FloatArray:
    return np.asarray(1 / np.sqrt(np.where(squares > 0, squares, 1.0)))


def _turn_vectors(grams: Sequence[NGrams], keys: NDArray[np.uint32], idf: NDArray[np.float32]) -> sparse.csr_matrix:
    """The tf-idf vectors of all turns, [turns, n]."""
    columns, values, starts = [], [], [0]
    for gram in grams:
        place, value = known_ngrams(gram, keys, idf)
        columns.append(place)
        values.append(value)
        starts.append(starts[-1] + len(place))
    return sparse.csr_matrix(
        (np.concatenate(values).astype(np.float64), np.concatenate(columns), starts), shape=(len(grams), keys.size)
    )


def _memberships(rated: Sequence[RatedTranscript]) -> list[sparse.csr_matrix]:
    """For each place a 0-1 matrix [dialogues, turns]: which turns stand there."""
    rows: list[list[int]] = [[] for _ in BLOCKS]
    columns: list[list[int]] = [[] for _ in BLOCKS]
    before = 0
    for row, item in enumerate(rated):
        turns = item.transcript.turns
        for block, members in enumerate(blocks_of([turn.author == "customer" for turn in turns])):
            rows[block] += [row] * len(members)
            columns[block] += [before + member for member in members]
        before += len(turns)
    return [
        sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(rated), before))
        for row, column in zip(rows, columns, strict=True)
    ]


def _signals(rated: Sequence[RatedTranscript]) -> Signals:
    values = np.array([measure([observe(turn) for turn in item.transcript.turns]) for item in rated])
    fitted = np.array([spec.needs == "text" for spec in SIGNALS]) & (np.nan_to_num(values).std(0) > 1e-6)
    values = np.where(fitted, values, 0.0)
    spread, centre = np.where(fitted, values.std(0), 1.0), values.mean(0)
    return Signals((values - centre) / spread, centre, spread, values.min(0), values.max(0), int(fitted.sum()))
