"""Fits kernel models (``nlu.kernel``) to labelled utterances; needs scipy and is never imported when serving.

Kernel ridge regression, one score for each label: a single equation is solved for all labels at once, and it tells
what each example would have scored had it been left out (the formula of leave-one-out residuals), so calibration needs
no folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cho_solve, cholesky, eigh
from scipy.linalg.lapack import strtri

from nlu.fitting import Fitted, fit_temperatures, fit_weighting, term_matrix
from nlu.kernel import KernelModel, Projection, centred, evidence, nearness
from nlu.linear import Floats, Scale
from nlu.utterance import View

Indices = npt.NDArray[np.intp]

MOST = 16_000
"""Examples in the equation, which takes memory by the square of their number, 1 GB here, and time by the cube. Of more
examples a stratified part is learnt from. Having a part stand for all (Nystroem's way) was slower and less accurate."""
DIRECTIONS = 256
RIDGE = 1.0
WIDTH = 1.5
SHARE = 0.5
"""Of the last layer; the others share the rest. Finer classes, as BANKING77's, want the last, wording the earlier ones.
All four were chosen by leaving out, over parts of our examples and of BANKING77, CLINC150 and HWU64 that train."""
_ROWS = 1000


def fit_kernel(
    views: Sequence[View], labels: Sequence[str], *, dimension: int, scales: dict[str, Scale], seed: int
) -> Fitted[KernelModel]:
    """Needs at least two labels; ``dimension`` is one layer's. Rows of ``unseen`` are in the order of ``views``."""
    names = tuple(sorted(set(labels)))
    truth = np.array([names.index(label) for label in labels], dtype=np.intp)
    learnt = spread(truth, MOST, seed)
    weighting = fit_weighting([views[row].counts for row in learnt])
    terms = term_matrix(views, weighting, scales)
    deep = np.stack([view.deep for view in views])
    projection = fit_projection(deep[learnt], dimension)
    projected = projection.project(deep)
    reach = np.array([scales[view.scale].vector for view in views], dtype=np.float32)
    targets = np.where(truth[:, None] == np.arange(len(names)), np.float32(1.0), np.float32(-1.0))
    influence, left_out = _solve(_kernel(terms, projected, reach, learnt, learnt), targets[learnt])
    unseen = np.empty_like(targets)
    unseen[learnt] = left_out
    others = np.setdiff1d(np.arange(len(views)), learnt)
    for start in range(0, len(others), _ROWS):
        rows = others[start : start + _ROWS]
        unseen[rows] = _kernel(terms, projected, reach, rows, learnt) @ influence
    unseen = evidence(unseen)
    model = KernelModel(
        names,
        weighting,
        np.asarray(terms[learnt].T @ influence, dtype=np.float32),
        influence.sum(axis=0),
        projection,
        projected[learnt],
        influence * reach[learnt, None],
        WIDTH,
        dict(scales),
        dict.fromkeys(scales, 1.0),
    )
    return Fitted(replace(model, temperatures=fit_temperatures(views, unseen, truth, scales)), unseen, truth)


def fit_projection(deep: Floats, dimension: int) -> Projection:
    """Of float32 [n, layers * dimension], the last layer first; ``DIRECTIONS`` of them, or all that there are."""
    means = deep.reshape(len(deep), -1, dimension).mean(axis=0)
    shares = np.full(len(means), (1.0 - SHARE) / max(len(means) - 1, 1))
    shares[0] = SHARE if len(means) > 1 else 1.0
    weights = np.sqrt(np.repeat(shares, dimension)).astype(np.float32)
    unit = centred(deep, means) * weights
    size = unit.shape[1]
    _, directions = eigh(unit.T @ unit, subset_by_index=(max(0, size - DIRECTIONS), size - 1))
    return Projection(means, np.ascontiguousarray(weights[:, None] * directions[:, ::-1], dtype=np.float32))


def spread(truth: Indices, count: int, seed: int) -> Indices:
    """Places of ``count`` examples at most, in order; every label in proportion."""
    shuffled = np.random.default_rng(seed).permutation(len(truth))
    rank = np.empty(len(truth))
    for label in np.unique(truth):
        rows = shuffled[truth[shuffled] == label]
        rank[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
    return np.sort(shuffled[np.argsort(rank[shuffled], kind="stable")[:count]])


def _kernel(terms: sparse.csr_matrix, projected: Floats, reach: Floats, some: Indices, others: Indices) -> Floats:
    """float32 [some, others]; 1 is added for the bias. In blocks: one sparse product of all takes thrice the memory."""
    kernel = np.empty((len(some), len(others)), dtype=np.float32)
    of_others = terms[others].T.tocsr()
    for start in range(0, len(some), _ROWS):
        rows = some[start : start + _ROWS]
        near = nearness(projected[rows], projected[others], WIDTH) * reach[rows, None] * reach[others]
        kernel[start : start + _ROWS] = near + (terms[rows] @ of_others).toarray() + np.float32(1.0)
    return kernel


def _solve(kernel: Floats, targets: Floats) -> tuple[Floats, Floats]:
    """The influence of each example, float32 [n, labels], and the scores of each by all others, the same shape.

    Overwrites ``kernel``. What leaving out adds to a residual is 1 / the diagonal of the equation's inverse.
    """
    kernel[np.diag_indices_from(kernel)] += np.float32(RIDGE)
    root = cholesky(kernel.T, lower=True, overwrite_a=True, check_finite=False)
    influence = np.asarray(cho_solve((root, True), targets, check_finite=False), dtype=np.float32)
    inverse, _ = strtri(root, lower=1, overwrite_c=1)
    return influence, targets - influence / np.einsum("ij,ij->j", inverse, inverse)[:, None]
