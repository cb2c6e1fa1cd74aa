"""How far a predicted distribution of ratings is from the true one, and how well predictions rank conversations.

NMD and RSNOD are written from their definitions: Sakai, "Comparing Two Binned Probability Distributions for
Information Access Evaluation", SIGIR 2018, as used by Zeng et al. for dialogue quality in the NTCIR-14 and NTCIR-15
Short Text Conversation overviews. Distributions are sequences over the same ordered grades; they are normalised
here, so counts will do. Knows nothing of transcripts or models.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def normalised_match_distance(predicted: ArrayLike, truth: ArrayLike) -> float:
    """NMD: the sum of absolute differences of the cumulative distributions, over ``grades - 1``. 0 (same) to 1."""
    p, q = _pair(predicted, truth)
    return float(np.abs(np.cumsum(p) - np.cumsum(q)).sum() / (p.size - 1))


def root_symmetric_normalised_order_aware_divergence(predicted: ArrayLike, truth: ArrayLike) -> float:
    """RSNOD: ``sqrt((OD(p, q) + OD(q, p)) / 2 / (grades - 1))``. 0 (same) to 1.

    ``OD(p, q)`` is the mean, over the grades i where q is not zero, of the squared differences at every grade j
    weighted by the distance ``|i - j|``.
    """
    p, q = _pair(predicted, truth)
    grades = np.arange(p.size)
    distance = np.abs(grades[:, None] - grades[None, :])
    weighted = distance @ (p - q) ** 2
    divergence = (weighted[q > 0].mean() + weighted[p > 0].mean()) / 2
    return float(np.sqrt(divergence / (p.size - 1)))


def spearman(predicted: Sequence[float] | FloatArray, truth: Sequence[float] | FloatArray) -> float:
    """Rank correlation with ties averaged, −1 to 1; 0 where one side is constant (it ranks nothing)."""
    a, b = ranks(np.asarray(predicted, float)), ranks(np.asarray(truth, float))
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0


def kendall(predicted: Sequence[float] | FloatArray, truth: Sequence[float] | FloatArray) -> float:
    """Kendall's tau-b, −1 to 1; 0 where one side is constant. Takes n² operations, row by row."""
    a, b = np.asarray(predicted, float), np.asarray(truth, float)
    concordance = ties_a = ties_b = 0.0
    for i in range(a.size - 1):
        sign_a, sign_b = np.sign(a[i + 1 :] - a[i]), np.sign(b[i + 1 :] - b[i])
        concordance += float(sign_a @ sign_b)
        ties_a += float((sign_a == 0).sum())
        ties_b += float((sign_b == 0).sum())
    pairs = a.size * (a.size - 1) / 2
    scale = float(np.sqrt((pairs - ties_a) * (pairs - ties_b)))
    return concordance / scale if scale > 0 else 0.0


def ranks(values: FloatArray) -> FloatArray:
    """The 1-based ranks of values, equal ones sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray(((last - counts + 1 + last) / 2)[inverse], dtype=float)


def macro_f1(predicted: Sequence[int], truth: Sequence[int], classes: int) -> float:
    """The mean of the classes' F1, 0 to 1; a class that is neither there nor predicted counts as 0."""
    p, t = np.asarray(predicted), np.asarray(truth)
    scores = []
    for label in range(classes):
        both = int(((p == label) & (t == label)).sum())
        either = int((p == label).sum() + (t == label).sum())
        scores.append(2 * both / either if either else 0.0)
    return float(np.mean(scores))


def _pair(predicted: ArrayLike, truth: ArrayLike) -> tuple[FloatArray, FloatArray]:
    p, q = np.asarray(predicted, float), np.asarray(truth, float)
    if p.shape != q.shape or p.ndim != 1 or p.size < 2:
        raise ValueError(f"two distributions over the same two or more grades are needed, not {p.shape} and {q.shape}")
    if (p < 0).any() or (q < 0).any() or p.sum() <= 0 or q.sum() <= 0:
        raise ValueError("a distribution has no negative entries and is not all zero")
    return p / p.sum(), q / q.sum()
