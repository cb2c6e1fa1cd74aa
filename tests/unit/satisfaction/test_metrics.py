"""The measures on cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from satisfaction.metrics import (
    kendall,
    macro_f1,
    normalised_match_distance,
    ranks,
    root_symmetric_normalised_order_aware_divergence,
    spearman,
)


def test_nmd_of_opposite_ends_is_one() -> None:
    assert normalised_match_distance([1, 0, 0, 0, 0], [0, 0, 0, 0, 1]) == 1.0


def test_nmd_by_hand() -> None:
    # cumulative (.5 .5 .5 1 1) and (0 .5 1 1 1): differences .5 0 .5 0 0, their sum 1, over 4
    assert normalised_match_distance([0.5, 0, 0, 0.5, 0], [0, 0.5, 0.5, 0, 0]) == pytest.approx(0.25)


def test_nmd_takes_counts() -> None:
    assert normalised_match_distance([2, 2, 0], [0, 1, 1]) == pytest.approx(0.5)


def test_rsnod_by_hand_of_two_neighbours() -> None:
    # p = (1 0 0), q = (0 1 0): squared differences 1 1 0.
    # OD(p, q): q stands at grade 2: |2-1|·1 + 0 = 1.  OD(q, p): p stands at grade 1: |1-2|·1 = 1.
    # sqrt((1 + 1) / 2 / (3 - 1)) = sqrt(0.5)
    value = root_symmetric_normalised_order_aware_divergence([1, 0, 0], [0, 1, 0])
    assert value == pytest.approx(math.sqrt(0.5))


def test_rsnod_by_hand_where_the_two_sides_differ() -> None:
    # p = (.5 .5 0), q = (0 0 1): squared differences .25 .25 1.
    # OD(p, q): grade 3: 2·.25 + 1·.25 = .75.
    # OD(q, p): grade 1: 1·.25 + 2·1 = 2.25; grade 2: 1·.25 + 1·1 = 1.25; mean 1.75.
    # sqrt((.75 + 1.75) / 2 / 2) = sqrt(.625)
    value = root_symmetric_normalised_order_aware_divergence([0.5, 0.5, 0], [0, 0, 1])
    assert value == pytest.approx(math.sqrt(0.625))


def test_rsnod_of_opposite_ends_is_one_and_of_the_same_is_zero() -> None:
    assert root_symmetric_normalised_order_aware_divergence([1, 0, 0, 0, 0], [0, 0, 0, 0, 1]) == 1.0
    assert root_symmetric_normalised_order_aware_divergence([1, 2, 3], [2, 4, 6]) == 0.0


@pytest.mark.parametrize("bad", [([1], [1]), ([1, 0], [1, 0, 0]), ([0, 0], [1, 0]), ([-1, 2], [1, 0])])
def test_what_is_no_distribution_is_refused(bad: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError, match="distribution"):
        normalised_match_distance(*bad)
    with pytest.raises(ValueError, match="distribution"):
        root_symmetric_normalised_order_aware_divergence(*bad)


def test_ranks_share_ties() -> None:
    assert ranks(np.array([10.0, 20.0, 20.0, 5.0])).tolist() == [2.0, 3.5, 3.5, 1.0]


def test_correlations_agree_with_scipy() -> None:
    random = np.random.default_rng(7)
    a, b = random.integers(0, 6, 80).astype(float), random.integers(0, 6, 80) + random.normal(size=80)
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert kendall(a, b) == pytest.approx(stats.kendalltau(a, b).statistic)


def test_a_constant_ranks_nothing() -> None:
    assert spearman([3, 3, 3], [1, 2, 3]) == 0.0
    assert kendall([3, 3, 3], [1, 2, 3]) == 0.0


def test_macro_f1_by_hand() -> None:
    # class 0: 1 right, 1 predicted, 2 true: 2/3; class 1: 1 right, 2 predicted, 1 true: 2/3; class 2: none: 0
    assert macro_f1([0, 1, 1], [0, 0, 1], 3) == pytest.approx(4 / 9)
