"""``crmbot bench nlu``: our understanding against Rasa's DIET, on public sets and on our own examples.

Both sides learn from the same examples (a stratified part of each set, since DIET takes hours for the whole) and
answer the same utterances over HTTP, asked in turns so that a noisy machine is noisy for both. Ours is shown on the
whole set too. Nothing is tuned here.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bench.nlu_arms import Arm, Diet, Ours, Trained, lacks
from bench.nlu_figures import Answer, Counts, commonest_share, count, percentile
from bench.nlu_finding import find_parts
from bench.nlu_sets import OUT_OF_SCOPE, Part, own_parts, reduced
from bench.printing import tables
from bot.settings import PROJECT, Settings
from nlu.encoder import Manifest
from nlu.encoder_export import export_encoder

SEED = 20
WARM_UP = ("hello there", "is it far from here", "什么时候", "please change that to seven")
"""Asked before anything is timed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One side on one set; over several folds, counts are added and times are medians."""

    arm: str
    trained_on: int
    asked: int
    counts: Counts
    training: Trained
    parse_ms: tuple[float, ...]
    serving_peak_mb: float | None

    @property
    def p50_ms(self) -> float:
        return median(self.parse_ms)

    @property
    def p95_ms(self) -> float:
        return percentile(self.parse_ms, 0.95)


def run(
    settings: Settings,
    sets: Path | None,
    *,
    train: int,
    full: bool,
    epochs: int,
    only: Sequence[str] = (),
    most_folds: int | None = None,
    without_diet: bool = False,
    kept: Path | None = None,
    json_path: Path | None = None,
) -> None:
    """Measures set by set, prints each table as soon as it is there, and writes JSON where a path is given.

    ``sets`` is the folder with public sets, or None for our own examples alone. ``kept`` is where DIET's models stay
    and are taken from; ``most_folds`` leaves out all folds of a set but the first. Raises TrainingDataError.
    """
    console, progress = tables(), Console(stderr=True)
    export_encoder(settings.encoder_dir)
    parts = [*(find_parts(sets, seed=SEED) if sets else []), *own_parts(PROJECT / "data" / "nlu", seed=SEED)]
    names = named(list(dict.fromkeys(part.name for part in parts)), only)
    ran = _ran(settings, epochs, None if full else train)
    console.print(", ".join(f"{key} {value}" for key, value in ran.items()))
    documents = []
    for name in names:
        outcomes: list[list[Outcome]] = []
        folds = [part for part in parts if part.name == name][:most_folds]
        missing = "left out" if without_diet else lacks(folds[0].language)
        arms: list[Arm] = [Ours(settings.encoder_dir)]
        if missing is None:
            arms.append(Diet(epochs, SEED, kept))
        for part in folds:
            progress.print(f"{name}, {part.split}, {part.fold} of {len(folds)}")
            outcomes.append(measure(part, arms, None if full else train))
        summed = [together(each) for each in zip(*outcomes, strict=True)]
        console.print(_table(folds[0], summed))
        if missing is not None:
            console.print(f"DIET was not run on {name}: {missing}")
        documents.append(
            {
                "set": name,
                "split": folds[0].split,
                "folds": len(folds),
                "commonest_intent": _commonest(folds[0]),
                "arms": list(map(_row, summed)),
            }
        )
        if json_path is not None:  # after each set: the whole may take hours
            content = {"ran": ran, "sets": documents}
            json_path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def named(names: Sequence[str], only: Sequence[str]) -> list[str]:
    """Those of ``names`` that ``only`` means: by the whole name, or what stands before its comma ("own": "own, en").
    Raises UsageError for what is no name of a set."""
    unknown = [one for one in only if not any(one in {name, name.partition(",")[0]} for name in names)]
    if unknown:
        raise click.UsageError(f"no set named {', '.join(unknown)}; there are: {'; '.join(names)}")
    return [name for name in names if not only or name in only or name.partition(",")[0] in only]


def measure(part: Part, arms: Sequence[Arm], train: int | None) -> list[Outcome]:
    """All sides on the same part of the set; then the first of them on the whole set, if that is more."""
    small = part if train is None else reduced(part, train, seed=SEED)
    outcomes = _side_by_side(small, arms)
    if len(small.train) < len(part.train):
        (whole,) = _side_by_side(part, arms[:1])
        outcomes.append(replace(whole, arm=f"{whole.arm}, whole set"))
    return outcomes


def _side_by_side(part: Part, arms: Sequence[Arm]) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="crmbot-bench-") as root, ExitStack() as running:
        places = [Path(root) / str(number) for number in range(len(arms))]
        trained = [arm.train(part, place) for arm, place in zip(arms, places, strict=True)]
        served = [running.enter_context(arm.serving(place)) for arm, place in zip(arms, places, strict=True)]
        for one in served:
            for text in WARM_UP:
                one.ask(text)
        answers: list[list[Answer]] = [[] for _ in arms]
        times: list[list[float]] = [[] for _ in arms]
        for example in part.test:
            for number, one in enumerate(served):
                answer, took = one.ask(example.text)
                answers[number].append(answer)
                times[number].append(took)
        entities = part.entities()
        return [
            Outcome(
                arm.name,
                len(part.train),
                len(part.test),
                count(part.test, answers[number], entities),
                trained[number],
                tuple(times[number]),
                served[number].peak_mb(),
            )
            for number, arm in enumerate(arms)
        ]


def together(folds: Sequence[Outcome]) -> Outcome:
    """One outcome of several folds."""
    peaks = [one.serving_peak_mb for one in folds if one.serving_peak_mb is not None]
    return Outcome(
        folds[0].arm,
        round(median(one.trained_on for one in folds)),
        sum(one.asked for one in folds),
        sum((one.counts for one in folds), Counts()),
        Trained(median(one.training.seconds for one in folds), max(one.training.peak_mb for one in folds)),
        tuple(took for one in folds for took in one.parse_ms),
        max(peaks) if peaks else None,
    )


def _row(outcome: Outcome) -> dict[str, Any]:
    counts = outcome.counts
    return {
        "arm": outcome.arm,
        "trained_on": outcome.trained_on,
        "asked": outcome.asked,
        "intent_accuracy": counts.accuracy,
        "intent_accuracy_refusals_wrong": counts.acted_accuracy,
        "out_of_scope_recall": counts.out_of_scope_recall,
        "entity_f1": counts.entity_f1,
        "training_s": outcome.training.seconds,
        "training_peak_mb": outcome.training.peak_mb,
        "parse_p50_ms": outcome.p50_ms,
        "parse_p95_ms": outcome.p95_ms,
        "serving_peak_mb": outcome.serving_peak_mb,
        "counts": asdict(counts),
    }


_COLUMNS = (
    ("intents", "intent_accuracy", "{:.4f}"),
    ("refusals wrong", "intent_accuracy_refusals_wrong", "{:.4f}"),
    ("out of scope", "out_of_scope_recall", "{:.4f}"),
    ("entity F1", "entity_f1", "{:.4f}"),
    ("training s", "training_s", "{:.1f}"),
    ("its peak MB", "training_peak_mb", "{:.0f}"),
    ("p50 ms", "parse_p50_ms", "{:.2f}"),
    ("p95 ms", "parse_p95_ms", "{:.2f}"),
    ("serving MB", "serving_peak_mb", "{:.0f}"),
)


def _table(part: Part, outcomes: Sequence[Outcome]) -> Table:
    intents = len({one.intent for one in part.train} - {OUT_OF_SCOPE})
    described = f"{intents} intents, the commonest alone {_commonest(part)}"
    title = f"{part.name}: {outcomes[0].asked} asked ({part.split}), {described}"
    table = Table("", "learnt from", *(heading for heading, _, _ in _COLUMNS), title=title)
    rows = list(map(_row, outcomes))
    for row in rows:
        table.add_row(row["arm"], str(row["trained_on"]), *(_cell(row[key], form) for _, key, form in _COLUMNS))
    if len(rows) > 1 and rows[1]["trained_on"] == rows[0]["trained_on"]:
        shares = (_ratio(rows[0][key], rows[1][key]) for _, key, _ in _COLUMNS)
        table.add_row(f"{rows[0]['arm']} / {rows[1]['arm']}", "", *(_cell(share, "{:.3f}") for share in shares))
    return table


def _commonest(part: Part) -> float:
    return round(commonest_share(part.train, part.test), 4)


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours is not None and theirs else None


def _cell(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _ran(settings: Settings, epochs: int, train: int | None) -> dict[str, Any]:
    return {
        "crmbot": version("crmbot"),
        "rasa": "3.6.21",
        "python": platform.python_version(),
        "encoder": Manifest.read(settings.encoder_dir).source,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "seed": SEED,
        "epochs": epochs,
        "train": train or "all",
    }
