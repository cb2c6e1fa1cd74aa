"""Public sets of texts with marked entities, in their original formats: they measure and never train what is shipped.

Found by form wherever they lie below a folder: CLUENER (``train.jsonl`` and ``dev.jsonl``, ends inclusive) and WNUT17
(``wnut17train.conll`` and ``emerging.dev.conll``, a word and its BIO tag a line). No models here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nlu.errors import TrainingDataError

Span = tuple[str, int, int]
"""Entity, start, end (exclusive)."""


@dataclass(frozen=True, slots=True)
class MarkedText:
    text: str
    spans: frozenset[Span]


@dataclass(frozen=True, slots=True)
class MarkedSet:
    """``ours`` maps the set's entities to those of ours that mean the same, where there are any."""

    name: str
    train: tuple[MarkedText, ...]
    asked: tuple[MarkedText, ...]
    ours: dict[str, str]

    def entities(self) -> tuple[str, ...]:
        return tuple(sorted({name for one in self.train for name, _, _ in one.spans}))


CLUENER_OURS = {
    "name": "person", "address": "place", "company": "organisation", "government": "organisation",
    "organization": "organisation",
}  # fmt: skip
WNUT_OURS = {"person": "person", "location": "place", "corporation": "organisation", "group": "organisation"}


def find_sets(directory: Path) -> list[MarkedSet]:
    """By path. Raises TrainingDataError where there is none."""
    found = []
    for path in sorted(directory.rglob("*")):
        if path.name == "train.jsonl" and path.with_name("dev.jsonl").exists():
            dev = path.with_name("dev.jsonl")
            found.append(MarkedSet(path.parent.name, read_jsonl(path), read_jsonl(dev), CLUENER_OURS))
        elif path.name == "wnut17train.conll":
            dev = path.with_name("emerging.dev.conll")
            found.append(MarkedSet(path.parent.name, read_conll(path), read_conll(dev), WNUT_OURS))
    if not found:
        raise TrainingDataError("holds none of the sets that this bench reads", path=directory)
    return found


def read_jsonl(path: Path) -> tuple[MarkedText, ...]:
    """``{"text": …, "label": {entity: {words: [[first, last]]}}}`` a line, ``last`` inclusive."""
    return tuple(_marked(line, path, number) for number, line in _numbered(path) if line.strip())


def _marked(line: str, path: Path, number: int) -> MarkedText:
    try:
        row = json.loads(line)
        return MarkedText(
            row["text"],
            frozenset(
                (entity, first, last + 1)
                for entity, words in row.get("label", {}).items()
                for places in words.values()
                for first, last in places
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingDataError("is no text with its labels", path=path, line=number) from error


def read_conll(path: Path) -> tuple[MarkedText, ...]:
    """Words joined by single spaces; a blank line ends a text."""
    return tuple(_joined(rows) for rows in _paragraphs(path))


def _paragraphs(path: Path) -> Iterator[list[tuple[str, str]]]:
    rows: list[tuple[str, str]] = []
    for number, line in _numbered(path):
        word, tab, tag = line.strip().rpartition("\t")
        if tab:
            rows.append((word, tag))
        elif line.strip():
            raise TrainingDataError("needs a word, a tab and a tag", path=path, line=number)
        elif rows:
            yield rows
            rows = []
    if rows:
        yield rows


def _joined(rows: list[tuple[str, str]]) -> MarkedText:
    spans: list[Span] = []
    here = 0
    for word, tag in rows:
        end = here + len(word)
        if tag.startswith("I-") and spans and spans[-1][0] == tag[2:] and spans[-1][2] == here - 1:
            spans[-1] = (spans[-1][0], spans[-1][1], end)
        elif tag != "O":
            spans.append((tag[2:], here, end))
        here = end + 1
    return MarkedText(" ".join(word for word, _ in rows), frozenset(spans))


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    return enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
