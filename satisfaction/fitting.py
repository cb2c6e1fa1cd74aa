"""Fitting the scorer's parameters on the public STC-3 help-desk dialogues, by one command::

    python -m satisfaction.fitting --data DIR [--out FILE]

DIR (or its folder ``stc3_helpdesk``) holds ``train_data_cn.json[.gz]`` and ``train_data_en.json[.gz]``. The straight
lines of the first stage and of the moves are fitted on all dialogues; the blend is fitted on what they say of dialogues
that were left out of them, so that it learns how far to believe them. The result holds numbers only: no text and no
vocabulary. Deterministic.

The dialogues' annotations: STC-3, Zeng et al., Waseda University, CC BY 4.0.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from satisfaction.corpus import Corpus, build
from satisfaction.errors import TrainingDataMissing
from satisfaction.formats import RatedTranscript, read_stc3
from satisfaction.moves import AGENT, CUSTOMER, summarise
from satisfaction.parameter_file import (
    BLOCKS,
    GRADES,
    MOVES,
    PACKAGED,
    PLACES,
    Blend,
    FirstStage,
    LanguageParameters,
    MoveStage,
    Parameters,
    save,
)
from satisfaction.regression import likeness, ridge_dual, ridge_primal, smooth_fit, squeeze, to_int8
from satisfaction.text_model import to_distribution

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

VERSION = "stc3-2"
SOURCE = (
    "Fitted on the STC-3 help-desk dialogues with 19 ratings each "
    "(Zeng, Luo, Shang, Li, Sakai; annotations CC BY 4.0, https://github.com/sakai-lab/stc3-dataset)"
)
FILES = {"zh": "train_data_cn.json", "en": "train_data_en.json"}

PENALTY = 2.0
WORD_SHARES = dict(zip(BLOCKS, (1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0), strict=True))
"""How much each place may explain: the prior variance of its weights, relative to the others."""
SIGNALS_SHARE = 0.5
COMPONENTS = 5
"""Columns that the fifteen outputs' n-gram weights are squeezed into."""

MOVE_PENALTY = 1.0
CONTEXT_SCALES = (1.0, 0.6, 0.6)
"""A turn's own words, those of the turn before, those of the turn after."""
PLACE_SCALE = 0.5

BLEND_POINTS = 500
BLEND_PENALTY = 0.5
BLEND_WIDTH = 0.4
"""Inverse square width of the blend's likeness, over 40 numbers in standard deviations."""
BLEND_NUMBERS = 40
LEAST_SPREAD = 0.02
"""Shares that differ by less are alike, however alike all dialogues are in them."""
BLEND_SIGNALS = 0.3
"""Signals count for less than what the first stage and the moves say: those have read them already."""


def find(data: Path, language: str) -> Path:
    """The dialogues of a language in the data folder. Raises ``TrainingDataMissing``."""
    name = FILES[language]
    for folder in (data, data / "stc3_helpdesk"):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    raise TrainingDataMissing(f"{name} or {name}.gz is not in {data}")


def fit(data: Path) -> Parameters:
    """Fit on the dialogues in ``data``. Raises ``TrainingDataMissing``, ``InvalidTranscript``."""
    return fit_on({language: read_rated(data, language) for language in FILES})


def read_rated(data: Path, language: str) -> tuple[RatedTranscript, ...]:
    """The rated dialogues of a language. Raises ``TrainingDataMissing`` also where one has no ratings."""
    path = find(data, language)
    rated = read_stc3(path)
    if not all(item.satisfaction and item.transcript.turns for item in rated):
        raise TrainingDataMissing(f"{path.name} holds dialogues without annotations")
    return rated


def fit_on(rated: Mapping[str, Sequence[RatedTranscript]]) -> Parameters:
    """Fit on rated dialogues by language; both en and zh are needed."""
    fitted = {language: _fit_language(build(items)) for language, items in rated.items()}
    return _blend(fitted)


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A language's straight lines, and for the blend every dialogue's numbers as if it had been left out, [n, d]."""

    corpus: Corpus
    first: FirstStage
    moves: MoveStage
    left_out: FloatArray


def _fit_language(corpus: Corpus) -> _Fitted:
    kernel = _kernel(corpus)
    context = _context_rows(corpus)
    outputs = np.zeros_like(corpus.outputs)
    moves = np.zeros_like(corpus.moves)
    for fold in np.unique(corpus.folds):
        out = corpus.folds == fold
        train = np.flatnonzero(~out)
        prior = corpus.outputs[train].mean(0)
        dual = ridge_dual(kernel[np.ix_(train, train)], corpus.outputs[train] - prior, PENALTY)
        outputs[out] = prior + kernel[np.ix_(np.flatnonzero(out), train)] @ dual
        turns_out = out[corpus.dialogue_of]
        moves[turns_out] = _moves_of(context, corpus, *_move_weights(context, corpus, ~turns_out))[turns_out]
    summaries = np.array([_summary(corpus, moves, dialogue) for dialogue in range(len(corpus.outputs))])
    left_out = np.hstack([outputs, summaries, corpus.signals.standard])
    return _Fitted(corpus, _first_stage(corpus, kernel), _move_stage(context, corpus), left_out)


def _kernel(corpus: Corpus) -> FloatArray:
    standard = corpus.signals.standard
    kernel = SIGNALS_SHARE / corpus.signals.fitted * standard @ standard.T
    for block, rows in zip(BLOCKS, corpus.words.places, strict=True):
        kernel = kernel + WORD_SHARES[block] * (rows @ rows.T).toarray()
    return np.asarray(kernel)


def _first_stage(corpus: Corpus, kernel: FloatArray) -> FirstStage:
    prior = corpus.outputs.mean(0)
    dual = ridge_dual(kernel, corpus.outputs - prior, PENALTY)
    words, signals = corpus.words, corpus.signals
    weights = np.stack([WORD_SHARES[block] * (rows.T @ dual) for block, rows in zip(BLOCKS, words.places, strict=True)])
    tables, steps, outputs_of = squeeze(weights, COMPONENTS)
    return FirstStage(
        keys=words.keys,
        idf=words.idf,
        tables=tables,
        steps=steps.astype(np.float32),
        outputs_of=outputs_of.astype(np.float32),
        prior=prior.astype(np.float32),
        centre=signals.centre.astype(np.float32),
        spread=signals.spread.astype(np.float32),
        floor=signals.floor.astype(np.float32),
        ceiling=signals.ceiling.astype(np.float32),
        signals=(SIGNALS_SHARE / signals.fitted * signals.standard.T @ dual).astype(np.float32),
    )


def _context_rows(corpus: Corpus) -> sparse.csr_matrix:
    """What a turn's move is read off, float32 [turns, 3 n + 16]: own words, those before, those after, the place."""
    turns = corpus.words.turns
    follows = corpus.dialogue_of[1:] == corpus.dialogue_of[:-1]
    before = sparse.diags([follows.astype(np.float32)], [-1], shape=(turns.shape[0],) * 2, format="csr")
    own, earlier, later = CONTEXT_SCALES
    places = sparse.csr_matrix((PLACE_SCALE * corpus.turn_places).astype(np.float32))
    rows = [own * turns, earlier * (before @ turns), later * (before.T @ turns), places]
    return sparse.hstack(rows).tocsr().astype(np.float32)


def _move_weights(context: sparse.csr_matrix, corpus: Corpus, train: Mask) -> tuple[FloatArray, FloatArray]:
    """Weights [3 n + 16, 7] and prior [7] of the moves, each side's from its own turns among ``train``."""
    weights, prior = np.zeros((context.shape[1], len(MOVES))), np.zeros(len(MOVES))
    for side, turns in ((CUSTOMER, train & corpus.by_customer), (AGENT, train & ~corpus.by_customer)):
        if turns.any():
            targets = corpus.moves[turns, side]
            prior[side] = targets.mean(0)
            weights[:, side] = ridge_primal(context[np.flatnonzero(turns)], targets - prior[side], MOVE_PENALTY)
    return weights, prior


def _moves_of(context: sparse.csr_matrix, corpus: Corpus, weights: FloatArray, prior: FloatArray) -> FloatArray:
    """The predicted moves of all turns, [turns, 7], 0 for the other side's."""
    shares = prior + context @ weights
    shares[corpus.by_customer, AGENT] = 0.0
    shares[~corpus.by_customer, CUSTOMER] = 0.0
    return np.asarray(shares)


def _move_stage(context: sparse.csr_matrix, corpus: Corpus) -> MoveStage:
    weights, prior = _move_weights(context, corpus, np.ones(len(corpus.moves), dtype=bool))
    count = corpus.words.keys.size
    words = weights[:-PLACES].reshape(len(CONTEXT_SCALES), count, len(MOVES))
    tables, steps = to_int8(words * np.array(CONTEXT_SCALES)[:, None, None])
    return MoveStage(
        tables, steps.astype(np.float32), (PLACE_SCALE * weights[-PLACES:]).astype(np.float32), prior.astype(np.float32)
    )


def _summary(corpus: Corpus, moves: FloatArray, dialogue: int) -> FloatArray:
    # dialogue_of rises: a dialogue's turns lie side by side
    start, end = np.searchsorted(corpus.dialogue_of, [dialogue, dialogue + 1])
    return summarise(moves[start:end], corpus.by_customer[start:end].tolist())


def _blend(fitted: Mapping[str, _Fitted]) -> Parameters:
    measures = {language: _measure(one.left_out, one.corpus) for language, one in fitted.items()}
    rows = {
        language: (one.left_out - measures[language][0]) * measures[language][1] for language, one in fitted.items()
    }
    order = sorted(fitted)
    every = np.vstack([rows[language] for language in order])
    targets = np.vstack([fitted[language].corpus.outputs[:, :5] for language in order])
    folds = np.concatenate([fitted[language].corpus.folds for language in order])
    predicted = np.zeros_like(targets)
    for fold in np.unique(folds):
        blend = _fit_blend(every[folds != fold], targets[folds != fold])
        out = folds == fold
        predicted[out] = blend.prior + likeness(every[out], blend.points.astype(float)) @ blend.weights
    languages, start = {}, 0
    for language in order:
        one, end = fitted[language], start + len(rows[language])
        languages[language] = LanguageParameters(
            first=one.first,
            moves=one.moves,
            centre=measures[language][0].astype(np.float32),
            scale=measures[language][1].astype(np.float32),
            half_widths=_half_widths(predicted[start:end], targets[start:end]),
        )
        start = end
    return Parameters(VERSION, SOURCE, languages, _fit_blend(every, targets))


def _measure(numbers: FloatArray, corpus: Corpus) -> tuple[FloatArray, FloatArray]:
    """Centre and scale [d] that bring a language's numbers to the blend's measure."""
    spread = numbers.std(0)
    scale = np.sqrt(BLEND_WIDTH / BLEND_NUMBERS) / np.maximum(spread, LEAST_SPREAD)
    scale[-corpus.signals.standard.shape[1] :] *= BLEND_SIGNALS
    return numbers.mean(0), scale


def _fit_blend(rows: FloatArray, targets: FloatArray) -> Blend:
    chosen = np.random.default_rng(0).permutation(len(rows))[:BLEND_POINTS]
    points = rows[np.sort(chosen)].astype(np.float32)
    prior = targets.mean(0)
    weights = smooth_fit(rows, targets - prior, points.astype(float), BLEND_PENALTY)
    return Blend(points, weights.astype(np.float32), prior.astype(np.float32))


def _half_widths(predicted: FloatArray, truth: FloatArray) -> NDArray[np.float32]:
    """Half of the interval that holds 80 % of true means, by predicted mean, from dialogues that were left out."""
    means = to_distribution(predicted) @ GRADES
    errors = np.abs(means - truth @ GRADES)
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
