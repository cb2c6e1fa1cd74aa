"""``crmbot bench satisfaction``: predicted satisfaction against what people judged, on public dialogues.

STC-3 in both languages: five folds by dialogue id, the same in both languages, so that a dialogue and its translation
fall together; in each fold the model is fitted on the other four and judged on the fifth, beside two guesses. Then, if
they are there, the USS dialogues between people and task bots: the packaged model, which has seen nothing like them,
against the raters' overall grades, by the words alone. Nothing is tuned here: the settings are those of
satisfaction/fitting.py.
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

from bench import uss
from bench.printing import tables
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
    whose mean lies within the 80 % interval; the mean absolute error in points, also by the number of turns;
    milliseconds to score one dialogue with its reasons (median)."""

    language: str
    reasons: int
    faithful: float
    within_interval: float
    error: float
    error_by_turns: dict[str, float]
    score_ms: float


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The packaged model on dialogues unlike those it was fitted on; errors in points of the scale."""

    what: str
    dialogues: int
    spearman: float
    error: float
    error_of_constant: float
    within_interval: float


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
        evidence.append(_evidence(language, items, judged[language], truth @ GRADES))
    elsewhere = [_elsewhere(name, path) for name in uss.SETS if (path := uss.find(data_dir, name)) is not None]
    _print(figures, evidence, elsewhere)
    if json_path is not None:
        document = _document(figures, evidence, elsewhere)
        json_path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


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


def _evidence(
    language: str, rated: Sequence[RatedTranscript], judged: Sequence[_Judged], true_means: FloatArray
) -> Evidence:
    held = [one for each in judged for one in each.held]
    errors = np.abs(np.array([each.score.mean for each in judged]) - true_means)
    turns = np.array([len(item.transcript.turns) for item in rated])
    return Evidence(
        language,
        reasons=len(held),
        faithful=float(np.mean(held)),
        within_interval=_inside([each.score for each in judged], true_means),
        error=float(errors.mean()),
        error_by_turns={
            f"{low}-{high}": float(errors[(turns >= low) & (turns <= high)].mean())
            for low, high in ((2, 3), (4, 5), (6, 7))
            if ((turns >= low) & (turns <= high)).any()
        },
        score_ms=float(np.median([each.seconds for each in judged]) * 1000),
    )


def _inside(scores: Sequence[Score], true_means: FloatArray) -> float:
    """The share of true means within the scores' intervals."""
    pairs = zip(scores, true_means.tolist(), strict=True)
    return float(np.mean([score.low <= mean <= score.high for score, mean in pairs]))


def _elsewhere(name: str, path: Path) -> Elsewhere:
    scorer = Scorer.load()
    dialogues = uss.read(path)
    scores = [scorer.score(dialogue.transcript) for dialogue in dialogues]
    means, truth = np.array([score.mean for score in scores]), np.array([dialogue.overall for dialogue in dialogues])
    return Elsewhere(
        f"USS {name}",
        len(dialogues),
        spearman(means, truth),
        float(np.abs(means - truth).mean()),
        float(np.abs(truth.mean() - truth).mean()),
        _inside(scores, truth),
    )


def _print(figures: Sequence[Figures], evidence: Sequence[Evidence], elsewhere: Sequence[Elsewhere]) -> None:
    console = tables()
    table = Table("language", "what", "dialogues", "NMD", "RSNOD", "Spearman", "Kendall", title="STC-3, 5 folds")
    for row in figures:
        measures = (row.nmd, row.rsnod, row.spearman, row.kendall)
        table.add_row(row.language, row.what, str(row.dialogues), *(f"{value:.4f}" for value in measures))
    console.print(table)
    table = Table("language", "reasons", "faithful", "in 80 % interval", "error", "error by turns", "ms (median)")
    for seen in evidence:
        by_turns = ", ".join(f"{turns}: {error:.3f}" for turns, error in seen.error_by_turns.items())
        shares = (f"{seen.faithful:.4f}", f"{seen.within_interval:.3f}", f"{seen.error:.3f}")
        table.add_row(seen.language, str(seen.reasons), *shares, by_turns, f"{seen.score_ms:.2f}")
    console.print(table)
    table = Table(
        "what", "dialogues", "Spearman", "error", "error of a constant", "in 80 % interval", title="Elsewhere"
    )
    for other in elsewhere:
        numbers = (other.spearman, other.error, other.error_of_constant, other.within_interval)
        table.add_row(other.what, str(other.dialogues), *(f"{number:.3f}" for number in numbers))
    if elsewhere:
        console.print(table)


def _document(
    figures: Sequence[Figures], evidence: Sequence[Evidence], elsewhere: Sequence[Elsewhere]
) -> dict[str, object]:
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
        "elsewhere": [asdict(other) for other in elsewhere],
    }
