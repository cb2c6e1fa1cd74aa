"""The trained tagger: finds the entities that have no form of their own (people, addresses, products …).

A conditional random field over the tokens of ``nlu.tokens``, learnt from the annotations of the examples by
python-crfsuite. It sees words, shapes, neighbours and where the patterns have already found something; it knows
nothing of files other than its own.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pycrfsuite

from nlu.patterns import Found
from nlu.tokens import Doc

LEAST_CONFIDENCE = 0.4
"""Below this mean marginal probability a tagged stretch is left alone."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
# The commonest family names (about 85 % of the people of China bear one of the first hundred).
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹"
    "孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_PLACE_MARKS = frozenset("省市区县镇乡村路街道巷弄号楼幢栋座室层苑园")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A document with its annotated stretches: ``(entity, start, end)`` in offsets of its text."""

    document: Doc
    known: tuple[Found, ...]
    spans: tuple[tuple[str, int, int], ...]


class Tagger:
    """A loaded tagger; thread-safe by a lock (one tagging takes a fraction of a millisecond)."""

    def __init__(self, model: bytes) -> None:
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(model)
        self._model = model  # the tagger reads it in place
        self._lock = threading.Lock()

    def find(self, document: Doc, known: Sequence[Found]) -> list[Found]:
        """Stretches of the document with the mean marginal probability of their labels."""
        if not len(document):
            return []
        with self._lock:
            labels = self._tagger.tag(_features(document, known))
            sure = [self._tagger.marginal(label, place) for place, label in enumerate(labels)]
        found = []
        for name, first, last in _stretches(labels):
            confidence = sum(sure[first:last]) / (last - first)
            span = document[first:last]
            if confidence >= LEAST_CONFIDENCE:
                value = " ".join(span.text.split())
                found.append(Found(name, span.start_char, span.end_char, value, round(confidence, 4), "tagger"))
        return found


def train_tagger(sentences: Iterable[Tagged], *, max_iterations: int = 100) -> bytes:
    """A model for ``Tagger``. Deterministic: L-BFGS from zero. Empty annotations make a tagger that finds nothing."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    # Penalties chosen by cross-validation over our own examples.
    trainer.set_params({"c1": 0.02, "c2": 0.02, "max_iterations": max_iterations, "feature.possible_transitions": True})
    for sentence in sentences:
        if len(sentence.document):
            trainer.append(_features(sentence.document, sentence.known), _labels(sentence))
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


def _features(document: Doc, known: Sequence[Found]) -> list[list[str]]:
    words = [token.lower_ for token in document]
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
        for left, right in ((-1, 0), (0, 1), (-2, -1), (1, 2)):
            row.append(f"{left}{right}={_at(words, here + left)}|{_at(words, here + right)}")
        row.append(f"-1..1={_at(words, here - 1)}|{words[here]}|{_at(words, here + 1)}")
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
    for back in range(3):
        if _at(words, here - back) in _SURNAMES:
            left = 4 if to_end == 4 else to_end + back
            features.append(f"surname-{back}:{left}")
            features.append(f"surname-{back}:{_at(words, here - back - 1)}")
    return features


def _at(words: Sequence[str], place: int) -> str:
    return words[place] if 0 <= place < len(words) else "#"


def _description(word: str, start: int, known: Sequence[Found]) -> list[str]:
    features = []
    if _HAN.match(word):
        features.append("han")
        if word in _SURNAMES:
            features.append("surname")
        if word in _PLACE_MARKS:
            features.append("place")
    else:
        lower = word.lower()
        features += (f"s={_shape(word)}", f"p={lower[:3]}", f"e={lower[-3:]}", f"e2={lower[-2:]}")
    for one in known:
        if one.start <= start < one.end:
            features.append(f"k={one.name}")
    return features


def _shape(word: str) -> str:
    """ "Xx" for "Jane", "d" for "1024": runs of like characters as one."""
    kinds = ("d" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in word)
    return re.sub(r"(.)\1+", r"\1", "".join(kinds))
