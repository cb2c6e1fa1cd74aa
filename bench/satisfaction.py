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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from satisfaction.corpus import FOLDS, distributions, fold_of
from satisfaction.fitting import FILES, VERSION, fit_on, read_rated
from satisfaction.formats import RatedTranscript
from satisfaction.metrics import (
    kendall,
    normalised_match_distance,
    root_symmetric_normalised_order_aware_divergence,
    spearman,
)
from satisfaction.parameter_file import GRADES
from satisfaction.scorer import Scorer
from satisfaction.transcript import Score, Transcript

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
    rated = {language: read_rated(data_dir, language) for language in FILES}
    judged = _cross_validate(rated)
    figures, evidence = [], []
    for language, items in rated.items():
        truth = distributions(items)
        figures += [
            measure(language, "every grade alike", np.full_like(truth, 0.2), truth),
            measure(language, "the usual distribution", np.repeat(truth.mean(0, keepdims=True), len(truth), 0), truth),
            measure(language, "crmbot", np.array([one.score.distribution for one in judged[language]]), truth),
        ]
        evidence.append(_evidence(language, judged[language], truth @ GRADES))
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


@dataclass(frozen=True, slots=True)
class _Judged:
    """A dialogue's score by a model that was not fitted on it, the seconds it took, and which reasons held."""

    score: Score
    seconds: float
    held: tuple[bool, ...]


def _cross_validate(rated: Mapping[str, Sequence[RatedTranscript]]) -> dict[str, list[_Judged]]:
    """Every dialogue judged by the model of the fold that it is left out of, by language, in the given order."""
    judged: dict[tuple[str, int], _Judged] = {}
    with Progress(console=Console(stderr=True)) as progress:
        for fold in progress.track(range(FOLDS), description="STC-3"):
            train = {
                language: [item for item in items if fold_of(item.transcript.conversation_id) != fold]
                for language, items in rated.items()
            }
            scorer = Scorer(fit_on(train))
            for language, items in rated.items():
                for position, item in enumerate(items):
                    if fold_of(item.transcript.conversation_id) == fold:
                        judged[language, position] = _judge(scorer, item.transcript)
    return {language: [judged[language, place] for place in range(len(items))] for language, items in rated.items()}


def _judge(scorer: Scorer, transcript: Transcript) -> _Judged:
    before = time.perf_counter()
    score = scorer.score(transcript)
    seconds = time.perf_counter() - before
    held = []
    for reason in score.reasons:
        rest = tuple(turn for turn in transcript.turns if turn.id != reason.turn_id)
        without = scorer.score(replace(transcript, turns=rest))
        held.append((score.mean - without.mean) * reason.effect > 0)
    return _Judged(score, seconds, tuple(held))


def _evidence(language: str, judged: Sequence[_Judged], true_means: FloatArray) -> Evidence:
    held = [one for each in judged for one in each.held]
    inside = [each.score.low <= mean <= each.score.high for each, mean in zip(judged, true_means.tolist(), strict=True)]
    return Evidence(
        language,
        reasons=len(held),
        faithful=float(np.mean(held)),
        within_interval=float(np.mean(inside)),
        score_ms=float(np.median([each.seconds for each in judged]) * 1000),
    )


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
