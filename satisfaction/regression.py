"""The arithmetic of fitting: ridge regression in two forms, a smooth fit on few points, and squeezing into int8.

Knows nothing of conversations. Everything is deterministic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]


def ridge_dual(kernel: FloatArray, targets: FloatArray, penalty: float) -> FloatArray:
    """The dual weights [n, k] of ridge regression with kernel [n, n] on centred targets [n, k]."""
    return np.asarray(np.linalg.solve(kernel + penalty * np.eye(len(kernel)), targets))


def ridge_primal(rows: sparse.csr_matrix, targets: FloatArray, penalty: float, steps: int = 30) -> FloatArray:
    """The weights [d, k] of ridge regression of centred targets [n, k] on sparse rows [n, d]: conjugate gradients."""
    weights = np.zeros((rows.shape[1], targets.shape[1]), rows.dtype)
    residual = np.asarray(rows.T @ targets.astype(rows.dtype))
    direction, square = residual.copy(), (residual**2).sum(0)
    for _ in range(steps):
        image = rows.T @ (rows @ direction) + penalty * direction
        pace = square / np.maximum((direction * image).sum(0), 1e-30)
        weights += pace * direction
        residual -= pace * image
        before, square = square, (residual**2).sum(0)
        direction = residual + (square / np.maximum(before, 1e-30)) * direction
    return np.asarray(weights, dtype=np.float64)


def likeness(rows: FloatArray, points: FloatArray) -> FloatArray:
    """``exp(-|row - point|²)``, [n, m]."""
    distances = (rows**2).sum(1)[:, None] + (points**2).sum(1) - 2 * rows @ points.T
    return np.asarray(np.exp(-np.maximum(distances, 0.0)))


def smooth_fit(rows: FloatArray, targets: FloatArray, points: FloatArray, penalty: float) -> FloatArray:
    """Weights [m, k] of the likeness to points [m, d] that fit centred targets [n, k] at rows [n, d].

    Gaussian process regression with the points as inducing ones (subset of regressors; Rasmussen and Williams 2006,
    section 8.3.1).
    """
    cross, own = likeness(rows, points), likeness(points, points)
    normal = cross.T @ cross + penalty * own + 1e-6 * np.eye(len(points))
    return np.asarray(np.linalg.solve(normal, cross.T @ targets))


def squeeze(weights: FloatArray, components: int) -> tuple[NDArray[np.int8], FloatArray, FloatArray]:
    """Weights [blocks, n, k] as int8 of few components: tables [blocks, n, r], steps [blocks, r], outputs [r, k]."""
    outputs = weights.shape[2]
    _, vectors = np.linalg.eigh(np.einsum("bnk,bnl->kl", weights, weights))
    directions = vectors[:, ::-1][:, : min(components, outputs)].T
    # A direction's sign is arbitrary; fixed, so that fitting twice gives the same file.
    largest = np.abs(directions).argmax(1)
    directions = directions * np.sign(directions[np.arange(len(directions)), largest])[:, None]
    tables, steps = to_int8(weights @ directions.T)
    return tables, steps, directions


def to_int8(tables: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
    """Tables [blocks, n, r] as int8 and the steps [blocks, r] that undo it."""
    steps = np.abs(tables).max(1) / 127
    steps[steps == 0] = 1.0
    return np.rint(tables / steps[:, None, :]).astype(np.int8), steps
