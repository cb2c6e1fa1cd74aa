"""The arithmetic of fitting, against what can be worked out otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from satisfaction.regression import likeness, ridge_dual, ridge_primal, smooth_fit, squeeze

RANDOM = np.random.default_rng(3)


def test_both_forms_of_ridge_agree() -> None:
    rows, targets = RANDOM.normal(size=(30, 8)), RANDOM.normal(size=(30, 2))
    by_dual = rows.T @ ridge_dual(rows @ rows.T, targets, 2.0)
    by_primal = ridge_primal(sparse.csr_matrix(rows), targets, 2.0)
    assert by_primal == pytest.approx(by_dual, abs=1e-8)


def test_likeness_is_one_at_the_point_and_falls_off() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert likeness(points, points) == pytest.approx(np.array([[1, np.exp(-1)], [np.exp(-1), 1]]))


def test_a_smooth_fit_passes_near_what_it_was_fitted_on() -> None:
    rows = np.linspace(0, 6, 60)[:, None]
    targets = np.sin(rows)
    weights = smooth_fit(rows, targets, rows[::3], 1e-3)
    assert likeness(rows, rows[::3]) @ weights == pytest.approx(targets, abs=0.05)


def test_squeezing_keeps_what_has_few_directions() -> None:
    weights = RANDOM.normal(size=(2, 50, 2)) @ RANDOM.normal(size=(2, 6))
    tables, steps, outputs = squeeze(weights, 2)
    assert tables.dtype == np.int8
    again = (tables * steps[:, None, :]) @ outputs
    assert again == pytest.approx(weights, abs=0.05 * np.abs(weights).max())
