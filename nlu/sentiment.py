"""How happy an utterance sounds, from -1 to 1, in English and Chinese.

A linear model over n-grams and the vector of an earlier layer of the encoder, learnt from labelled sentences
(``data/nlu/sentiment/{en,zh}.tsv``: label, tab, text), so it costs no second pass of the encoder. Beside them it sees
which words are negated, and what the words of ``nlu.lexicon`` say: how much praise and blame, which of them prevails,
what follows a "but", and what comes last, where reviews give their verdict. It knows nothing of intents.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from nlu.errors import TrainingDataError
from nlu.lexicon import find_opinions
from nlu.linear import LinearModel
from nlu.preparation import matching_form
from nlu.understanding import Sentiment, SentimentLabel
from nlu.utterance import View, count_glossed

LABELS: tuple[SentimentLabel, ...] = get_args(SentimentLabel)
_HEADING = "label\ttext"
_VALUE = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}

_NEGATED_ENGLISH = re.compile(
    r"\b(?:not|no|never|nothing|hardly|without|neither|nor|isn't|wasn't|aren't|weren't|don't|doesn't|didn't|can't|cannot|couldn't"
    r"|won't|wouldn't|shouldn't|haven't|hasn't|isnt|wasnt|dont|doesnt|didnt|cant|wont)\b((?:\s+[\w']+){1,3})"
)
_NEGATED_CHINESE = re.compile(
    r"(?:不是很|不太|不怎么|并不|没有|没|不|(?<![特分个级])别(?!人)|毫无|从未)([\u3400-\u9fff]{1,2})"
)


@dataclass(frozen=True, slots=True)
class LabelledText:
    label: SentimentLabel
    text: str


def read_labelled(path: Path) -> tuple[LabelledText, ...]:
    """Lines of ``label<TAB>text``, under that heading or none; empty ones and those that begin with # are passed over.
    Raises TrainingDataError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError("cannot be read", path=path) from error
    return tuple(_labelled(path, lines))


def _labelled(path: Path, lines: list[str]) -> Iterator[LabelledText]:
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#") or (number == 1 and line == _HEADING):
            continue
        label, tab, text = line.partition("\t")
        known = next((one for one in LABELS if one == label.strip()), None)
        if not tab or known is None or not text.strip():
            raise TrainingDataError(f"needs one of {', '.join(LABELS)}, a tab and a text", path=path, line=number)
        yield LabelledText(known, text.strip())


def sentiment_counts(text: str) -> Counter[str]:
    """N-grams of a prepared text, with negated words a second time as a kind of their own (``not good``: ``ngood``)."""
    matching = matching_form(text)
    counts = count_glossed(matching)
    for match in _NEGATED_ENGLISH.finditer(matching):
        counts.update("n" + word for word in match[1].split())
    for match in _NEGATED_CHINESE.finditer(matching):
        counts["n" + match[1]] += 1
        counts["n" + match[1][:1]] += 1
    counts.update(opinion_counts(matching))
    return counts


def opinion_counts(matching: str) -> Counter[str]:
    """What the lexicon's words say, in two families: ``s`` praise and blame with their strength, also among the strong
    words, the negated ones, those of the first clause, of the last third, and after "but", "only" and "overall"; ``b``
    their balance, by degree too."""
    opinions, clauses = find_opinions(matching)
    if not opinions:
        return Counter({"s0": 1})
    counts: Counter[str] = Counter()
    last = clauses - max(1, clauses // 3)
    for one in opinions:
        side = "+" if one.value > 0 else "-"
        counts["s" + side] += abs(one.strength)
        if one.negated:
            counts[f"sn{one.strength:+d}"] += 1
        if abs(one.strength) > 1:
            counts["s2" + side] += 1
        if clauses > 1 and one.clause >= last:
            counts["sl" + side] += 1
        if clauses > 2 and one.clause == 0:
            counts["sf" + side] += 1
        if one.turn:
            counts[f"st{one.turn[0]}{side}"] += 1
    balance = sum(one.weight for one in opinions)
    counts[f"b{round(3 * balance / sum(abs(one.weight) for one in opinions))}"] += 1
    counts["b" + ("p" if balance > 0 else "n" if balance < 0 else "e")] += 1
    return counts


class SentimentScorer:
    """Immutable, thread-safe."""

    def __init__(self, model: LinearModel) -> None:
        self._model = model

    def score(self, text: str, view: View) -> Sentiment:
        """The expected value over the labels; the label is the likeliest one."""
        probabilities = self._model.probabilities(sentiment_counts(text), view.earlier, view.scale)
        values = np.array([_VALUE[label] for label in self._model.labels], dtype=np.float32)
        label = next(one for one in LABELS if one == self._model.labels[int(probabilities.argmax())])
        return Sentiment(round(float(np.clip(probabilities @ values, -1.0, 1.0)), 4), label)
