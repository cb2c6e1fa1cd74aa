"""Fits linear models (``nlu.linear``) to labelled utterances; needs scikit-learn and is never imported when serving.

One-against-rest linear support vector machines; their scores become probabilities by a temperature, fitted to the
scores of examples that the model had not seen (cross-validation). Seeded and reproducible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.optimize import minimize_scalar
from sklearn.svm import LinearSVC

from nlu.kernel import KernelModel
from nlu.linear import Floats, LinearModel, Scale, TermWeighting, softmax
from nlu.utterance import View

Indices = npt.NDArray[np.intp]
Model = TypeVar("Model", LinearModel, KernelModel)

FOLDS = 5
PENALTY = 0.3
"""C of the support vector machines; chosen by cross-validation over our examples and BANKING77."""


@dataclass(frozen=True, slots=True)
class Fitted(Generic[Model]):
    """``unseen`` float32 [n, labels]: each example's scores by a model that had not seen it (before temperature)."""

    model: Model
    unseen: Floats
    truth: Indices


def fit_linear(
    views: Sequence[View], labels: Sequence[str], *, scales: dict[str, Scale], seed: int, penalty: float = PENALTY
) -> Fitted[LinearModel]:
    """Needs at least two labels. Rows of ``unseen`` are in the order of ``views``."""
    names = tuple(sorted(set(labels)))
    truth = np.array([names.index(label) for label in labels], dtype=np.intp)
    unseen = np.zeros((len(views), len(names)), dtype=np.float32)
    fold_of = folds(truth, seed)
    for fold in range(FOLDS):
        seen, held = np.flatnonzero(fold_of != fold).tolist(), np.flatnonzero(fold_of == fold).tolist()
        if len(held) and len(set(truth[seen])) > 1:
            part = _fit([views[row] for row in seen], truth[seen], names, scales, seed, penalty)
            for row in held:
                unseen[row] = part.scores(views[row].counts, views[row].vector, views[row].scale)
    whole = _fit(views, truth, names, scales, seed, penalty)
    model = replace(whole, temperatures=fit_temperatures(views, unseen, truth, scales))
    return Fitted(model, unseen, truth)


def calibrated(fitted: Fitted[Model], views: Sequence[View]) -> Floats:
    """float32 [n, labels]: the unseen scores as probabilities."""
    temperatures = np.array([fitted.model.temperatures[view.scale] for view in views], dtype=np.float32)
    return softmax(fitted.unseen / temperatures[:, None])


def fit_temperatures(
    views: Sequence[View], unseen: Floats, truth: Indices, languages: Iterable[str]
) -> dict[str, float]:
    """One for each language; 1 where there is no example."""
    spoken = np.array([view.scale for view in views])
    return {
        language: fit_temperature(unseen[spoken == language], truth[spoken == language])
        if (spoken == language).any()
        else 1.0
        for language in languages
    }


def folds(truth: Indices, seed: int) -> Indices:
    """[n] a fold for each example, every label spread evenly."""
    shuffled = np.random.default_rng(seed).permutation(len(truth))
    fold_of = np.zeros(len(truth), dtype=np.intp)
    for label in np.unique(truth):
        rows = shuffled[truth[shuffled] == label]
        fold_of[rows] = np.arange(len(rows)) % FOLDS
    return fold_of


def fit_temperature(scores: Floats, truth: Indices) -> float:
    """The divisor of scores whose softmax gives the truth the highest likelihood (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        probabilities = softmax(scores / np.float32(np.exp(log_temperature)))
        return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-12)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.01), np.log(10.0)), method="bounded")
    return round(float(np.exp(best.x)), 6)


def calibration_error(probabilities: Floats, truth: Indices, *, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width (Naeini et al. 2015)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    error = 0.0
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    for place in range(bins):
        members = places == place
        if members.any():
            error += float(members.mean() * abs(confidence[members].mean() - right[members].mean()))
    return error


def _fit(
    views: Sequence[View],
    truth: Indices,
    names: tuple[str, ...],
    scales: dict[str, Scale],
    seed: int,
    penalty: float,
) -> LinearModel:
    weighting = fit_weighting([view.counts for view in views])
    machine = LinearSVC(C=penalty, random_state=seed, dual=True, max_iter=5000, tol=1e-3)
    machine.fit(_matrix(views, weighting, scales), truth)
    present = machine.classes_
    weights = np.zeros((len(weighting.terms) + len(views[0].vector), len(names)), dtype=np.float32)
    bias = np.full(len(names), -1.0, dtype=np.float32)  # a label absent from this part is never likely
    if len(present) == 2:  # scikit-learn gives one machine for two labels
        weights[:, present] = np.stack([-machine.coef_[0], machine.coef_[0]], axis=1)
        bias[present] = -machine.intercept_[0], machine.intercept_[0]
    else:
        weights[:, present] = machine.coef_.T
        bias[present] = machine.intercept_
    return LinearModel(names, weighting, weights, bias, dict(scales), dict.fromkeys(scales, 1.0))


def fit_weighting(documents: Sequence[Counter[str]]) -> TermWeighting:
    """N-grams that stand in at least two documents, with smoothed inverse document frequency, in alphabetical order.

    Those of one document alone are two thirds of all and change no accuracy (measured by cross-validation).
    """
    frequency: Counter[str] = Counter()
    for document in documents:
        frequency.update(document.keys())
    terms = tuple(sorted(term for term, count in frequency.items() if count > 1))
    counts = np.array([frequency[term] for term in terms], dtype=np.float64)
    return TermWeighting(terms, (np.log((1 + len(documents)) / (1 + counts)) + 1).astype(np.float32))


def _matrix(views: Sequence[View], weighting: TermWeighting, scales: dict[str, Scale]) -> sparse.csr_matrix:
    vectors = np.stack([view.vector * np.float32(scales[view.scale].vector) for view in views])
    terms = term_matrix(views, weighting, scales)
    return sparse.hstack([terms, sparse.csr_matrix(vectors)], format="csr", dtype=np.float32)


def term_matrix(views: Sequence[View], weighting: TermWeighting, scales: dict[str, Scale]) -> sparse.csr_matrix:
    """float32 [n, terms]: the weighed n-grams, as much as they count in each utterance's language."""
    rows = [weighting.weigh(view.counts) for view in views]
    starts = np.concatenate([[0], np.cumsum([len(columns) for columns, _ in rows])])
    values = [values * np.float32(scales[view.scale].terms) for view, (_, values) in zip(views, rows, strict=True)]
    return sparse.csr_matrix(
        (np.concatenate(values), np.concatenate([columns for columns, _ in rows]), starts),
        shape=(len(views), len(weighting.terms)),
    )
