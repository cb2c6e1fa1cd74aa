"""Public sets of texts with a sentiment, in their original formats: they measure and never train what is shipped.

Found by their heading wherever they lie below a folder: tweets to airlines (``airline_sentiment`` and ``text``, three
classes), Chinese reviews (``label`` and ``review``, 1 good and 0 bad). Beside them our own held-out cases of negation
and sarcasm (``kind``, ``label`` and ``text``). No models here.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nlu.errors import TrainingDataError
from nlu.language import detect
from nlu.sentiment import LABELS, LabelledText
from nlu.understanding import SentimentLabel
from nlu.utterance import scale_of

_REVIEW: dict[str, SentimentLabel] = {"0": "negative", "1": "positive"}


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """``labels`` are the classes the set knows, in the order of ``nlu.sentiment.LABELS``."""

    name: str
    labels: tuple[SentimentLabel, ...]
    rows: tuple[LabelledText, ...]


def find_sets(directory: Path) -> list[LabelledSet]:
    """By path. Raises TrainingDataError where there is none, or a row has a label its set does not know."""
    found = [one for path in sorted(directory.rglob("*.csv")) if (one := read_set(path)) is not None]
    if not found:
        raise TrainingDataError("holds none of the sets that this bench reads", path=directory)
    return found


def read_set(path: Path) -> LabelledSet | None:
    """None where the heading is none of those known."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        rows = csv.DictReader(file)
        columns = set(rows.fieldnames or ())
        if {"airline_sentiment", "text"} <= columns:
            return LabelledSet(path.parent.name, LABELS, tuple(_tweets(rows, path)))
        if {"label", "review"} <= columns:
            return LabelledSet(path.stem, ("negative", "positive"), tuple(_reviews(rows, path)))
    return None


def read_cases(path: Path) -> list[LabelledSet]:
    """One set for each kind and language, each of bad and good. Raises TrainingDataError."""
    sets: defaultdict[str, list[LabelledText]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        for row in rows:
            label = next((one for one in LABELS if one == row["label"]), None)
            text = row["text"] or ""
            name = f"held out, {row['kind']}, {scale_of(detect(text))}"
            sets[name].append(LabelledText(_known(label, path, rows.line_num), text))
    return [LabelledSet(name, ("negative", "positive"), tuple(texts)) for name, texts in sets.items()]


def _tweets(rows: csv.DictReader[str], path: Path) -> Iterator[LabelledText]:
    for row in rows:
        label = next((one for one in LABELS if one == row["airline_sentiment"]), None)
        yield LabelledText(_known(label, path, rows.line_num), row["text"] or "")


def _reviews(rows: csv.DictReader[str], path: Path) -> Iterator[LabelledText]:
    for row in rows:
        yield LabelledText(_known(_REVIEW.get(row["label"] or ""), path, rows.line_num), row["review"] or "")


def _known(label: SentimentLabel | None, path: Path, line: int) -> SentimentLabel:
    if label is None:
        raise TrainingDataError("has a label that this bench does not know", path=path, line=line)
    return label
