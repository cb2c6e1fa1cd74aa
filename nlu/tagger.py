"""The trained tagger: finds the entities that have no form of their own (people, addresses, products …).

A conditional random field over the tokens of ``nlu.tokens``, learnt from the annotations of the examples by
python-crfsuite. It sees words, their classes, shapes and neighbours, and where the patterns or lists have found
something already; it knows nothing of files other than its own.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pycrfsuite

from nlu.chinese_names import FAMILIAR, GIVEN, SHORT_TITLES, SURNAMES, TITLES, TWO_CHARACTER_SURNAMES
from nlu.patterns import Found
from nlu.tokens import Doc
from nlu.word_classes import Classes

ClassesOf = Callable[[str], Classes]
"""The classes of a word in small letters (``nlu.word_classes``)."""
LEAST_CONFIDENCE = 0.4
"""Below this mean marginal probability a tagged stretch is left alone."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_PLACE_MARKS = frozenset("省市区县镇乡村路街道巷弄号楼幢栋座室层苑园")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A document with its annotated stretches: ``(entity, start, end)`` in offsets of its text."""

    document: Doc
    known: tuple[Found, ...]
    spans: tuple[tuple[str, int, int], ...]


class Tagger:
    """A loaded tagger; thread-safe by a lock (one tagging takes a fraction of a millisecond)."""

    def __init__(self, model: bytes, classes_of: ClassesOf) -> None:
        """``classes_of`` must be what the model was trained with."""
        self._classes_of = classes_of
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(model)
        self._model = model  # the tagger reads it in place
        self._lock = threading.Lock()

    def find(self, document: Doc, known: Sequence[Found]) -> list[Found]:
        """Stretches of the document with the mean marginal probability of their labels."""
        if not len(document):
            return []
        with self._lock:
            labels = self._tagger.tag(_features(document, known, self._classes_of))
            sure = [self._tagger.marginal(label, place) for place, label in enumerate(labels)]
        found = []
        for name, first, last in _stretches(labels):
            confidence = sum(sure[first:last]) / (last - first)
            span = document[first:last]
            if confidence >= LEAST_CONFIDENCE:
                value = " ".join(span.text.split())
                found.append(Found(name, span.start_char, span.end_char, value, round(confidence, 4), "tagger"))
        return found


def train_tagger(sentences: Iterable[Tagged], classes_of: ClassesOf, *, max_iterations: int = 50) -> bytes:
    """A model for ``Tagger``. Deterministic: L-BFGS from zero. Empty annotations make a tagger that finds nothing."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    # Penalties chosen by cross-validation over our own examples.
    trainer.set_params({"c1": 0.02, "c2": 0.02, "max_iterations": max_iterations, "feature.possible_transitions": True})
    for sentence in sentences:
        if len(sentence.document):
            trainer.append(_features(sentence.document, sentence.known, classes_of), _labels(sentence))
    with tempfile.TemporaryDirectory(prefix="crmbot-tagger-") as directory:
        path = Path(directory) / "tagger.crfsuite"
        trainer.train(str(path))
        return path.read_bytes()


def _labels(sentence: Tagged) -> list[str]:
    """BIO labels, one a token."""
    labels = ["O"] * len(sentence.document)
    for name, start, end in sentence.spans:
        inside = [token.i for token in sentence.document if token.idx < end and token.idx + len(token) > start]
        for nth, place in enumerate(inside):
            labels[place] = ("B-" if nth == 0 else "I-") + name
    return labels


def _stretches(labels: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    first, name = 0, ""
    for place, label in enumerate([*labels, "O"]):
        if name and label != "I-" + name:
            yield name, first, place
            name = ""
        if label != "O" and not name:
            first, name = place, label[2:]


def _features(document: Doc, known: Sequence[Found], classes_of: ClassesOf) -> list[list[str]]:
    words = [token.lower_ for token in document]
    classes = [_numbered(classes_of(word)) for word in words]
    descriptions = [_description(token.text, token.idx, known) for token in document]
    rows = []
    for here in range(len(words)):
        row = ["bias"]
        for offset in (-2, -1, 0, 1, 2):
            there = here + offset
            inside = 0 <= there < len(words)
            row.append(f"{offset}w={words[there] if inside else '#'}")
            if inside:
                row.extend(f"{offset}{feature}" for feature in descriptions[there])
        for offset in (-1, 0, 1):
            if 0 <= here + offset < len(words):
                row.extend(f"{offset}{each}" for each in classes[here + offset])
        for left, right in ((-1, 0), (0, 1), (-2, -1), (1, 2)):
            row.append(f"{left}{right}={_at(words, here + left)}|{_at(words, here + right)}")
        for first in (-2, -1, 0):
            row.append(f"{first}..={'|'.join(_at(words, here + first + offset) for offset in range(3))}")
        row += (f"-3w={_at(words, here - 3)}", f"3w={_at(words, here + 3)}")
        if here in {0, len(words) - 1}:
            row.append("first" if here == 0 else "last")
        row.extend(_place_in_run(words, here))
        rows.append(row)
    return rows


def _place_in_run(words: Sequence[str], here: int) -> list[str]:
    """How near the ends of its run of Chinese characters one stands, and behind which character a family name does:
    "收货人罗春梅" ends with a name of three."""
    if not _HAN.match(words[here]):
        return []
    to_end = next((n for n in range(1, 4) if not _HAN.match(_at(words, here + n))), 4)
    from_start = next((n for n in range(1, 4) if not _HAN.match(_at(words, here - n))), 4)
    features = [f"end={to_end}", f"start={from_start}"]
    features += _ways_of_naming(words, here)
    for back in range(3):
        if _at(words, here - back) in SURNAMES:
            given = "".join("g" if _at(words, here + n) in GIVEN else "." for n in range(1 - back, 3 - back))
            features.append(f"name-{back}:{given}")
            left = 4 if to_end == 4 else to_end + back
            features.append(f"surname-{back}:{left}")
            features.append(f"surname-{back}:{_at(words, here - back - 1)}")
    return features


def _ways_of_naming(words: Sequence[str], here: int) -> list[str]:
    """Where one stands in 小张, 张经理 or 欧阳雪."""
    features: list[str] = []
    for back in range(4):
        first, second = _at(words, here - back), _at(words, here - back + 1)
        third, fourth = _at(words, here - back + 2), _at(words, here - back + 3)
        if back < 2 and first in FAMILIAR and (second in SURNAMES or second in GIVEN):
            features += (f"familiar-{back}", f"familiar-{back}:{_at(words, here - back - 1)}")
        if back < 3 and first in SURNAMES and (second + third in TITLES or (back < 2 and second in SHORT_TITLES)):
            features.append(f"titled-{back}")
        if first + second in TWO_CHARACTER_SURNAMES:
            features.append(f"two-{back}:{(third in GIVEN) + (fourth in GIVEN)}")
    return features


def _numbered(classes: Classes) -> list[str]:
    return [f"c{nth}={number}" for nth, number in enumerate(classes)] or ["c="]


def _at(words: Sequence[str], place: int) -> str:
    return words[place] if 0 <= place < len(words) else "#"


def _description(word: str, start: int, known: Sequence[Found]) -> list[str]:
    features = []
    if _HAN.match(word):
        features.append("han")
        if word in SURNAMES:
            features.append("surname")
        if word in GIVEN:
            features.append("given")
        if word in _PLACE_MARKS:
            features.append("place")
    else:
        lower = word.lower()
        features += (f"s={_shape(word)}", f"p2={lower[:2]}", f"p={lower[:3]}", f"p4={lower[:4]}")
        features += (f"e2={lower[-2:]}", f"e={lower[-3:]}", f"e4={lower[-4:]}", f"len={min(len(lower), 8)}")
    for one in known:
        if one.start <= start < one.end:
            features += (f"k={one.name}", f"k={one.name}:{start == one.start}")
    return features


def _shape(word: str) -> str:
    """ "Xx" for "Jane", "d" for "1024": runs of like characters as one."""
    kinds = ("d" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in word)
    return re.sub(r"(.)\1+", r"\1", "".join(kinds))
