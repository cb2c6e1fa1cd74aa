from __future__ import annotations

from collections import Counter

import numpy as np

from bench.sentiment import Seen, judge
from bench.sentiment_sets import LabelledSet
from nlu.sentiment import LABELS
from nlu.understanding import Sentiment, SentimentLabel
from nlu.utterance import View


def seen(label: SentimentLabel) -> Seen:
    return Seen(label, "x", View(Counter(), np.zeros(2, dtype=np.float32), "en"))


def test_two_classes_are_told_in_both_ways() -> None:
    asked = LabelledSet("hotel", ("negative", "positive"), ())
    truth = [seen("negative"), seen("positive"), seen("positive")]
    told = [Sentiment(-0.2, "neutral"), Sentiment(0.6, "positive"), Sentiment(0.1, "neutral")]
    by_sign, by_label = judge(asked, truth, told)
    assert (by_sign.how, by_sign.confusion.accuracy) == ("sign of the score", 1.0)
    assert (by_label.how, by_label.confusion.accuracy) == ("label, neutral wrong", 1 / 3)


def test_three_classes_are_told_by_label() -> None:
    (row,) = judge(LabelledSet("tweets", LABELS, ()), [seen("neutral")], [Sentiment(0.4, "neutral")])
    assert row.confusion.accuracy == 1.0
