"""``crmbot bench sentiment``: the sentiment told of texts against their labels, on public sets and our own sentences.

The model is fitted to ``data/nlu/sentiment`` alone, as ``crmbot train`` fits it, then asked every text of every set;
nothing is tuned here. Our own sentences are judged by five-fold cross-validation, our own cases of negation and sarcasm
as the sets are. With ``in_domain``, five folds of a model of the same kind, fitted to the set itself, are judged too:
what labels of the domain would be worth, an upper bound that is not shipped.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.printing import tables
from bench.sentiment_figures import Confusion, by_sign
from bench.sentiment_sets import LabelledSet, find_sets, read_cases
from bot.settings import PROJECT, Settings
from nlu.encoder import Encoder, Manifest
from nlu.encoder_export import export_encoder
from nlu.fitting import Fitted
from nlu.language import detect
from nlu.linear import LinearModel
from nlu.patterns import PatternExtractor
from nlu.preparation import prepare
from nlu.sentiment import LABELS, LabelledText, SentimentScorer, read_labelled
from nlu.sentiment_fitting import fit_sentiment
from nlu.tokens import new_vocabulary, tokenise
from nlu.understanding import Sentiment, SentimentLabel
from nlu.utterance import View, view

SEED = 20
OWN = PROJECT / "data" / "nlu" / "sentiment"
CASES = PROJECT / "data" / "nlu" / "heldout" / "sentiment.tsv"
_ANY_DAY = date(2026, 1, 7)  # no date's value is used here


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled text as the models see it; ``text`` is prepared."""

    label: SentimentLabel
    text: str
    view: View


@dataclass(frozen=True, slots=True)
class Row:
    """One way of reading the answers to one set. ``how`` says which."""

    name: str
    how: str
    confusion: Confusion


class Reader:
    """From a text to what the models see, as it is in training and serving."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vocabulary = new_vocabulary()
        self._patterns = PatternExtractor(self._vocabulary, today=lambda: _ANY_DAY)

    def see(self, one: LabelledText) -> Seen:
        text = prepare(one.text).text
        language = detect(text)
        found = self._patterns.find(text, tokenise(text, self._vocabulary), language)
        return Seen(one.label, text, view(text, found, language, self._encoder))


def run(settings: Settings, sets: Path, *, in_domain: bool, json_path: Path | None) -> None:
    """Measure, print tables, and write JSON where a path is given. Raises TrainingDataError."""
    console = tables()
    found = find_sets(sets)
    export_encoder(settings.encoder_dir)
    reader = Reader(Encoder.load(settings.encoder_dir))
    own = {path.stem: list(read_labelled(path)) for path in sorted(OWN.glob("*.tsv"))}
    with Progress(console=Console(stderr=True)) as progress:
        texts = [text for texts in own.values() for text in texts]
        seen = [reader.see(one) for one in progress.track(texts, description="our own")]
        fitted = fit(seen)
        rows = _own_rows({name: len(texts) for name, texts in own.items()}, seen, fitted)
        scorer = SentimentScorer(fitted.model)
        for one in [*read_cases(CASES), *found]:
            asked = [reader.see(text) for text in progress.track(one.rows, description=one.name)]
            rows += judge(one, asked, [scorer.score(each.text, each.view) for each in asked])
            if in_domain and one in found:
                rows.append(_in_domain(one, asked))
    ran = _ran(settings, len(seen))
    console.print(", ".join(f"{key} {value}" for key, value in ran.items()))
    console.print(_table(rows))
    for row in rows:
        console.print(_matrix(row))
    if json_path is not None:
        document = {"ran": ran, "sets": list(map(_described, rows))}
        json_path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def fit(seen: Sequence[Seen]) -> Fitted[LinearModel]:
    return fit_sentiment([one.text for one in seen], [one.view for one in seen], [one.label for one in seen], seed=SEED)


def judge(asked: LabelledSet, seen: Sequence[Seen], told: Sequence[Sentiment]) -> list[Row]:
    """A set of three classes by its labels. One of two both by the score's sign, neutral being no answer there, and
    by the label, where every neutral is wrong."""
    truth = [one.label for one in seen]
    by_label = Confusion.of(asked.labels, zip(truth, (one.label for one in told), strict=True))
    if len(asked.labels) == len(LABELS):
        return [Row(asked.name, "label", by_label)]
    signs = Confusion.of(asked.labels, zip(truth, map(by_sign, told), strict=True))
    return [Row(asked.name, "sign of the score", signs), Row(asked.name, "label, neutral wrong", by_label)]


def _own_rows(sizes: dict[str, int], seen: Sequence[Seen], fitted: Fitted[LinearModel]) -> list[Row]:
    names = fitted.model.labels
    told = [next(label for label in LABELS if label == names[best]) for best in fitted.unseen.argmax(axis=1)]
    rows, start = [], 0
    for name, size in sizes.items():
        part = slice(start, start + size)
        pairs = zip((one.label for one in seen[part]), told[part], strict=True)
        rows.append(Row(f"own, {name}", "five folds", Confusion.of(LABELS, pairs)))
        start += size
    return rows


def _in_domain(asked: LabelledSet, seen: Sequence[Seen]) -> Row:
    fitted = fit(seen)
    pairs = [
        (one.label, next(label for label in LABELS if label == fitted.model.labels[best]))
        for one, best in zip(seen, fitted.unseen.argmax(axis=1), strict=True)
    ]
    return Row(asked.name, "in-domain, five folds", Confusion.of(asked.labels, pairs))


def _ran(settings: Settings, sentences: int) -> dict[str, Any]:
    return {
        "sentences": sentences,
        "encoder": Manifest.read(settings.encoder_dir).source,
        "seed": SEED,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "scikit-learn", "onnxruntime")},
    }


def _table(rows: Sequence[Row]) -> Table:
    table = Table("set", "told by", "n", "accuracy", "macro-F1", title="Sentiment")
    for row in rows:
        of = row.confusion
        table.add_row(row.name, row.how, str(of.total), f"{of.accuracy:.4f}", f"{of.macro_f1:.4f}")
    return table


def _matrix(row: Row) -> Table:
    told = [label for label in LABELS if any(row.confusion.counts[truth, label] for truth in row.confusion.labels)]
    table = Table("true", *(f"told {label}" for label in told), "F1", title=f"{row.name}: {row.how}")
    for truth in row.confusion.labels:
        counts = (str(row.confusion.counts[truth, label]) for label in told)
        table.add_row(truth, *counts, f"{row.confusion.f1(truth):.4f}")
    return table


def _described(row: Row) -> dict[str, Any]:
    of = row.confusion
    return {
        "set": row.name,
        "told_by": row.how,
        "n": of.total,
        "accuracy": of.accuracy,
        "macro_f1": of.macro_f1,
        "confusion": {truth: {label: of.counts[truth, label] for label in LABELS} for truth in of.labels},
    }
