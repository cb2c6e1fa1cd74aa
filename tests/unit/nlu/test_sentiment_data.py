"""What our labelled sentences must be: many, balanced, varied, and none of them held out."""

from __future__ import annotations

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sparse

from nlu.language import detect
from nlu.sentiment import LABELS, LabelledText, read_labelled
from nlu.utterance import scale_of

DATA = Path(__file__).parents[3] / "data" / "nlu"
LANGUAGES = ("en", "zh")
_UNIT = re.compile(r"[\u3400-\u9fff]|[a-z0-9']+")


@cache
def sentences(language: str) -> tuple[LabelledText, ...]:
    return read_labelled(DATA / "sentiment" / f"{language}.tsv")


def cases() -> list[dict[str, str]]:
    with (DATA / "heldout" / "sentiment.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def units(text: str) -> list[str]:
    """English words and single Chinese characters."""
    return _UNIT.findall(text.casefold().replace("’", "'"))


def ngrams(text: str, length: int) -> list[tuple[str, ...]]:
    found = units(text)
    return [tuple(found[start : start + length]) for start in range(len(found) - length + 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_many_of_each_label(language: str) -> None:
    counts = Counter(one.label for one in sentences(language))
    assert counts.total() >= 2300
    assert all(counts[label] >= 0.28 * counts.total() for label in LABELS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_stands_twice(language: str) -> None:
    known = Counter("".join(units(one.text)) or one.text for one in sentences(language))
    assert [text for text, count in known.items() if count > 1] == []


@pytest.mark.parametrize(("language", "length", "least"), [("en", 3, 0.85), ("zh", 4, 0.85)])
def test_wording_is_varied(language: str, length: int, least: float) -> None:
    """The share of distinct n-grams among all; a template filled in again and again repeats them."""
    found = [each for one in sentences(language) for each in ngrams(one.text, length)]
    assert len(set(found)) >= least * len(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_no_near_copies(language: str) -> None:
    """Of no two sentences with the same label do the sets of pairs of words (characters) overlap by 70 % or more."""
    for label in LABELS:
        texts = [one.text for one in sentences(language) if one.label == label and len(units(one.text)) > 4]
        assert near_copies(texts, 0.7) == []


def near_copies(texts: list[str], least: float) -> list[tuple[str, str]]:
    sets = [sorted(set(ngrams(text, 2))) for text in texts]
    places = {pair: place for place, pair in enumerate(sorted({pair for one in sets for pair in one}))}
    rows = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
    columns = np.array([places[pair] for one in sets for pair in one])
    holds = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(sets), len(places)))
    shared = sparse.triu(holds @ holds.T, k=1).tocoo()
    sizes = np.array([len(one) for one in sets])
    overlap = shared.data / (sizes[shared.row] + sizes[shared.col] - shared.data)
    return [(texts[shared.row[at]], texts[shared.col[at]]) for at in np.flatnonzero(overlap >= least)]


def test_near_copies_are_found() -> None:
    texts = ["the red kettle came late and cold", "the blue kettle came late and cold", "no one called me back today"]
    assert near_copies(texts, 0.5) == [(texts[0], texts[1])]


def test_cases_are_held_out() -> None:
    known = {"".join(units(one.text)) for language in LANGUAGES for one in sentences(language)}
    assert [case["text"] for case in cases() if "".join(units(case["text"])) in known] == []
    everything = [one.text for language in LANGUAGES for one in sentences(language)]
    copies = near_copies([*everything, *(case["text"] for case in cases())], 0.6)
    assert [pair for pair in copies if any(case["text"] in pair for case in cases())] == []


def test_there_are_cases_of_each_kind_in_both_languages() -> None:
    counts = Counter((case["kind"], scale_of(detect(case["text"]))) for case in cases())
    assert counts == {(kind, language): 30 for kind in ("negation", "sarcasm") for language in LANGUAGES}
    negated = Counter(case["label"] for case in cases() if case["kind"] == "negation")
    assert negated["negative"] == negated["positive"]
