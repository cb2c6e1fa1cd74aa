"""``crmbot bench satisfaction``: predicted satisfaction against what people judged, on public dialogues.

STC-3 in both languages: five folds by dialogue id, the same in both languages, so that a dialogue and its translation
fall together; in each fold the model is fitted on the other four and judged on the fifth, beside two guesses. Nothing
is tuned here: the settings are those of satisfaction/fitting.py.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from satisfaction.fitting import FILES, FOLDS, VERSION, distributions, find, fit_language, fold_of
from satisfaction.formats import RatedTranscript, read_stc3
from satisfaction.metrics import (
    kendall,
    normalised_match_distance,
    root_symmetric_normalised_order_aware_divergence,
    spearman,
)
from satisfaction.parameter_file import GRADES, LanguageParameters, Parameters
from satisfaction.scorer import Scorer

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """NMD and RSNOD: lower is better; Spearman and Kendall with the raters' mean: higher is better."""

    language: str
    what: str
    dialogues: int
    nmd: float
    rsnod: float
    spearman: float
    kendall: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the named turns fared: their share that moved the score as said when really taken out, and of dialogues
    whose mean lies within the 80 % interval; milliseconds to score one dialogue with its reasons (median)."""

    language: str
    reasons: int
    faithful: float
    within_interval: float
    score_ms: float


def run(data_dir: Path, json_path: Path | None) -> None:
    """Measure, print tables, and write JSON where a path is given. Raises ``TrainingDataMissing``."""
    figures, evidence = [], []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("STC-3", total=len(FILES) * FOLDS)
        for language in FILES:
            rated = read_stc3(find(data_dir, language))
            predicted, seen = _cross_validate(language, rated, lambda: progress.advance(task))
            truth = distributions(rated)
            figures += [
                measure(language, "every grade alike", np.full_like(truth, 0.2), truth),
                measure(language, "the usual distribution", _usual(rated, truth), truth),
                measure(language, "crmbot", predicted, truth),
            ]
            evidence.append(seen)
    _print(figures, evidence)
    if json_path is not None:
        json_path.write_text(json.dumps(_document(figures, evidence), indent=2) + "\n", encoding="utf-8")


def measure(language: str, what: str, predicted: FloatArray, truth: FloatArray) -> Figures:
    """The four measures of predicted distributions [n, 5] against the raters' [n, 5]."""
    pairs = list(zip(predicted, truth, strict=True))
    means, true_means = predicted @ GRADES, truth @ GRADES
    return Figures(
        language,
        what,
        len(truth),
        float(np.mean([normalised_match_distance(p, q) for p, q in pairs])),
        float(np.mean([root_symmetric_normalised_order_aware_divergence(p, q) for p, q in pairs])),
        # Rounded: adding up equal shares in floating point would otherwise rank the constant guess.
        spearman(means.round(9), true_means),
        kendall(means.round(9), true_means),
    )


def _usual(rated: Sequence[RatedTranscript], truth: FloatArray) -> FloatArray:
    """The mean distribution of all, for everybody: what a guess that knows the data but no dialogue would say."""
    return np.repeat(truth.mean(0, keepdims=True), len(rated), axis=0)


def _cross_validate(
    language: str, rated: Sequence[RatedTranscript], advance: Callable[[], None]
) -> tuple[FloatArray, Evidence]:
    folds = np.array([fold_of(item.transcript.conversation_id) for item in rated])
    predicted = np.zeros((len(rated), 5))
    inside, faithful, times = [], [], []
    for fold in range(FOLDS):
        scorer = Scorer(_alone(fit_language([item for item, of in zip(rated, folds, strict=True) if of != fold])))
        for position in np.flatnonzero(folds == fold).tolist():
            item = rated[position]
            before = time.perf_counter()
            score = scorer.score(item.transcript)
            times.append(time.perf_counter() - before)
            predicted[position] = score.distribution
            inside.append(score.low <= distributions([item])[0] @ GRADES <= score.high)
            faithful += [_holds(scorer, item, reason.turn_id, reason.effect, score.mean) for reason in score.reasons]
        advance()
    seen = Evidence(
        language,
        len(faithful),
        float(np.mean(faithful)),
        float(np.mean(inside)),
        float(np.median(times) * 1000),
    )
    return predicted, seen


def _holds(scorer: Scorer, item: RatedTranscript, turn_id: str, effect: float, mean: float) -> bool:
    """Whether the score really moves the way the reason says when its turn is taken out of the transcript."""
    turns = tuple(turn for turn in item.transcript.turns if turn.id != turn_id)
    return (mean - scorer.score(replace(item.transcript, turns=turns)).mean) * effect > 0


def _alone(fitted: LanguageParameters) -> Parameters:
    """One language's parameters in the place of both: a dialogue of the other script is not to be met here."""
    both: Mapping[str, LanguageParameters] = {"en": fitted, "zh": fitted}
    return Parameters(f"{VERSION}-fold", "", both)


def _print(figures: Sequence[Figures], evidence: Sequence[Evidence]) -> None:
    console = Console()
    table = Table("language", "what", "dialogues", "NMD", "RSNOD", "Spearman", "Kendall", title="STC-3, 5 folds")
    for row in figures:
        measures = (row.nmd, row.rsnod, row.spearman, row.kendall)
        table.add_row(row.language, row.what, str(row.dialogues), *(f"{value:.4f}" for value in measures))
    console.print(table)
    table = Table("language", "reasons", "faithful", "within the 80 % interval", "ms a dialogue (median)")
    for seen in evidence:
        table.add_row(
            seen.language,
            str(seen.reasons),
            f"{seen.faithful:.4f}",
            f"{seen.within_interval:.3f}",
            f"{seen.score_ms:.2f}",
        )
    console.print(table)


def _document(figures: Sequence[Figures], evidence: Sequence[Evidence]) -> dict[str, object]:
    return {
        "ran": {
            "model": VERSION,
            "folds": FOLDS,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "cores": os.cpu_count(),
        },
        "stc3": [asdict(row) for row in figures],
        "evidence": [asdict(seen) for seen in evidence],
    }
