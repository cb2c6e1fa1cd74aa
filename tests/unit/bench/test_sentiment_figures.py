from __future__ import annotations

import pytest

from bench.sentiment_figures import Confusion, by_sign
from nlu.sentiment import LABELS
from nlu.understanding import Sentiment


def test_three_classes() -> None:
    pairs = [("negative", "negative"), ("negative", "neutral"), ("neutral", "neutral"), ("positive", "positive")]
    confusion = Confusion.of(LABELS, pairs)  # type: ignore[arg-type]
    assert confusion.total == 4
    assert confusion.accuracy == 0.75
    assert confusion.f1("negative") == pytest.approx(2 / 3)
    assert confusion.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_neutral_told_where_only_good_and_bad_are_known_is_wrong() -> None:
    confusion = Confusion.of(("negative", "positive"), [("negative", "neutral"), ("positive", "positive")])
    assert confusion.accuracy == 0.5
    assert confusion.macro_f1 == 0.5


def test_nothing_told() -> None:
    assert Confusion.of(LABELS, []).accuracy == 0
    assert Confusion.of(LABELS, []).macro_f1 == 0


@pytest.mark.parametrize(("score", "label"), [(0.01, "positive"), (-0.01, "negative"), (0.0, "negative")])
def test_the_sign_decides_whatever_the_label(score: float, label: str) -> None:
    assert by_sign(Sentiment(score, "neutral")) == label
