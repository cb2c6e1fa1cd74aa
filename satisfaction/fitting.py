"""Fitting the scorer's parameters on the public STC-3 help-desk dialogues, by one command::

    python -m satisfaction.fitting --data DIR [--out FILE]

DIR holds ``train_data_cn.json[.gz]`` and ``train_data_en.json[.gz]``. Ridge regression of the raters' distribution on
hashed n-grams by place and on the standardised signals, solved in its dual form (there are fewer dialogues than
n-grams). The result holds numbers only: no text and no vocabulary. Deterministic.

The dialogues' annotations: STC-3, Zeng et al., Waseda University, CC BY 4.0.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from satisfaction.errors import TrainingDataMissing
from satisfaction.features import SIGNALS, measure, observe
from satisfaction.formats import RatedTranscript, read_stc3
from satisfaction.ngrams import NGrams, ngrams
from satisfaction.parameter_file import BLOCKS, GRADES, PACKAGED, LanguageParameters, Parameters, save
from satisfaction.text_model import LEAST, blocks_of

FloatArray = NDArray[np.float64]

VERSION = "stc3-1"
SOURCE = (
    "Fitted on the STC-3 help-desk dialogues with 19 ratings each "
    "(Zeng, Luo, Shang, Li, Sakai; annotations CC BY 4.0, https://github.com/sakai-lab/stc3-dataset)"
)
FILES = {"zh": "train_data_cn.json", "en": "train_data_en.json"}

LEAST_TURNS = 10
"""Turns that must hold an n-gram before it gets weights: rarer ones name products and places, and fit noise."""

PENALTY = 2.0
SHARES = dict(zip(BLOCKS, (1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0), strict=True))
"""How much each place may explain: the prior variance of its weights, relative to the others."""
SIGNALS_SHARE = 0.5
COMPONENTS = 3
"""Columns that the five grades' weights are squeezed into."""
FOLDS = 5


def find(data: Path, language: str) -> Path:
    """The dialogues of a language in the data folder. Raises ``TrainingDataMissing``."""
    name = FILES[language]
    for folder in (data, data / "stc3_helpdesk"):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    raise TrainingDataMissing(f"{name} or {name}.gz is not in {data}")


def fold_of(conversation_id: str, folds: int = FOLDS) -> int:
    """The fold of a dialogue, 0 … folds − 1: by its id alone, so that both languages of one fall together."""
    return int.from_bytes(hashlib.sha256(conversation_id.encode()).digest()[:4], "big") % folds


def distributions(rated: Sequence[RatedTranscript]) -> FloatArray:
    """The raters' distributions, float64 [dialogues, 5]."""
    votes = np.array([item.votes for item in rated], dtype=float)
    return np.asarray(votes / votes.sum(1, keepdims=True))


def fit(data: Path) -> Parameters:
    """Fit both languages on the dialogues in ``data``. Raises ``TrainingDataMissing``, ``InvalidTranscript``."""
    rated = {language: read_stc3(find(data, language)) for language in FILES}
    return fit_on(rated)


def fit_on(rated: dict[str, Sequence[RatedTranscript]] | dict[str, tuple[RatedTranscript, ...]]) -> Parameters:
    """Fit on rated dialogues by language; both en and zh are needed."""
    return Parameters(VERSION, SOURCE, {language: fit_language(items) for language, items in rated.items()})


def fit_language(rated: Sequence[RatedTranscript]) -> LanguageParameters:
    """The parameters of one language from its rated dialogues."""
    votes = distributions(rated)
    words = _words(rated)
    signals = _signals(rated)
    kernel = words.kernel + signals.kernel
    prior = votes.mean(0)
    dual = _solve(kernel, votes - prior)
    tables, steps, grades_of = _squeeze(
        np.stack([share * (matrix.T @ dual) for share, matrix in words.places()])  # [blocks, n, 5]
    )
    return LanguageParameters(
        keys=words.keys,
        idf=words.idf,
        tables=tables,
        steps=steps,
        grades_of=grades_of,
        prior=prior.astype(np.float32),
        centre=signals.centre.astype(np.float32),
        spread=signals.spread.astype(np.float32),
        floor=signals.floor.astype(np.float32),
        ceiling=signals.ceiling.astype(np.float32),
        signals=(signals.share * signals.standard.T @ dual).astype(np.float32),
        half_widths=_half_widths(kernel, votes, [fold_of(item.transcript.conversation_id) for item in rated]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """The n-grams of all dialogues: one sparse matrix [dialogues, n] for each place."""

    keys: NDArray[np.uint32]
    idf: NDArray[np.float32]
    matrices: tuple[sparse.csr_matrix, ...]

    def places(self) -> list[tuple[float, sparse.csr_matrix]]:
        return [(SHARES[block], matrix) for block, matrix in zip(BLOCKS, self.matrices, strict=True)]

    @property
    def kernel(self) -> FloatArray:
        return np.asarray(sum(share * (matrix @ matrix.T).toarray() for share, matrix in self.places()))


@dataclass(frozen=True, slots=True, eq=False)
class _Signals:
    """The signals of all dialogues, standardised: float64 [dialogues, signals], 0 for one that is not fitted."""

    standard: FloatArray
    centre: FloatArray
    spread: FloatArray
    floor: FloatArray
    ceiling: FloatArray
    share: float

    @property
    def kernel(self) -> FloatArray:
        return np.asarray(self.share * self.standard @ self.standard.T)


def _words(rated: Sequence[RatedTranscript]) -> _Words:
    turns = [turn for item in rated for turn in item.transcript.turns]
    grams = [ngrams(turn.text) for turn in turns]
    every, holding = np.unique(np.concatenate([gram.keys for gram in grams]), return_counts=True)
    keys, holding = every[holding >= LEAST_TURNS], holding[holding >= LEAST_TURNS]
    idf = (np.log((1 + len(turns)) / (1 + holding)) + 1).astype(np.float32)
    matrix = _turn_matrix(grams, keys, idf)
    squares = np.asarray(matrix.multiply(matrix).sum(1)).ravel()
    matrices = []
    for members in _memberships(rated):
        lengths = np.sqrt(members @ squares)
        lengths[lengths == 0] = 1.0
        matrices.append((sparse.diags(1 / lengths) @ members @ matrix).tocsr())
    return _Words(keys, idf, tuple(matrices))


def _turn_matrix(grams: Sequence[NGrams], keys: NDArray[np.uint32], idf: NDArray[np.float32]) -> sparse.csr_matrix:
    """The tf-idf vectors of all turns, [turns, n]."""
    columns, values, starts = [], [], [0]
    for gram in grams:
        place = np.minimum(np.searchsorted(keys, gram.keys), keys.size - 1)
        known = keys[place] == gram.keys
        columns.append(place[known])
        values.append(gram.weights[known] * idf[place[known]])
        starts.append(starts[-1] + int(known.sum()))
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


def _signals(rated: Sequence[RatedTranscript]) -> _Signals:
    values = np.array([measure([observe(turn) for turn in item.transcript.turns]) for item in rated])
    fitted = np.array([spec.needs == "text" for spec in SIGNALS]) & (np.nan_to_num(values).std(0) > 0)
    values = np.where(fitted, values, 0.0)
    spread = np.where(fitted, values.std(0), 1.0)
    centre = values.mean(0)
    return _Signals(
        standard=(values - centre) / spread,
        centre=centre,
        spread=spread,
        floor=values.min(0),
        ceiling=values.max(0),
        share=SIGNALS_SHARE / int(fitted.sum()),
    )


def _solve(kernel: FloatArray, targets: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.solve(kernel + PENALTY * np.eye(len(kernel)), targets))


def _squeeze(weights: FloatArray) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.float32]]:
    """Weights [blocks, n, 5] as int8 of few components: tables, steps, and the components' grades."""
    blocks, count, grades = weights.shape
    _, _, directions = np.linalg.svd(weights.reshape(-1, grades), full_matrices=False)
    # A direction's sign is arbitrary; fixed, so that fitting twice gives the same file.
    directions = directions[:COMPONENTS] * np.sign(directions[:COMPONENTS].sum(1, keepdims=True) + 1e-12)
    components = weights @ directions.T  # [blocks, n, r]
    steps = np.abs(components).max(1) / 127  # [blocks, r]
    steps[steps == 0] = 1.0
    tables = np.rint(components / steps[:, None, :]).astype(np.int8)
    assert tables.shape == (blocks, count, COMPONENTS)
    return tables, steps.astype(np.float32), directions.astype(np.float32)


def _half_widths(kernel: FloatArray, votes: FloatArray, folds: Sequence[int]) -> NDArray[np.float32]:
    """Half of the interval that holds 80 % of true means, by predicted mean, from dialogues that were left out."""
    predicted, fold = np.zeros_like(votes), np.array(folds)
    for left_out in range(FOLDS):
        train, test = fold != left_out, fold == left_out
        prior = votes[train].mean(0)
        dual = _solve(kernel[np.ix_(train, train)], votes[train] - prior)
        predicted[test] = prior + kernel[np.ix_(test, train)] @ dual
    predicted = np.maximum(predicted, LEAST)
    means = (predicted / predicted.sum(1, keepdims=True)) @ GRADES
    errors = np.abs(means - votes @ GRADES)
    place = np.digitize(means, (2.5, 3.5))
    return np.array([_quantile(errors[place == part], errors) for part in range(3)], np.float32)


def _quantile(errors: FloatArray, every: FloatArray) -> float:
    """The 80 % quantile; of all errors where a part has too few of its own to tell."""
    return float(np.quantile(errors if errors.size >= 30 else every, 0.8))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of ``python -m satisfaction.fitting``."""
    parser = argparse.ArgumentParser(prog="python -m satisfaction.fitting", description="fit the scorer's parameters")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the STC-3 dialogues")
    packaged = Path(__file__).parent / "parameters" / PACKAGED
    parser.add_argument("--out", type=Path, default=packaged, help="where to write (default: the packaged file)")
    options = parser.parse_args(arguments)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save(fit(options.data), options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
