"""Fits the model of sentiment to labelled texts; needs scikit-learn (``nlu.fitting``), never imported when serving.

It owns the settings of that fit. Where the texts come from is ``nlu.training``'s business.
"""

from __future__ import annotations

from collections.abc import Sequence

from nlu.fitting import Fitted, fit_linear
from nlu.linear import LinearModel, Scale
from nlu.sentiment import sentiment_counts
from nlu.understanding import SentimentLabel
from nlu.utterance import View

SCALES = {"en": Scale(1.0, 2.0), "zh": Scale(1.3, 1.0)}
"""How much n-grams and sentence vector count: the packaged encoder knows Chinese by its glosses only."""
PENALTY = 0.1
"""Smaller than the intents': sentences as unlike ours as hotel reviews are judged better by a smoother model."""


def fit_sentiment(
    texts: Sequence[str], views: Sequence[View], labels: Sequence[SentimentLabel], *, seed: int
) -> Fitted[LinearModel]:
    """``texts`` are prepared, ``views`` what the models see of them, in the same order. Needs at least two labels."""
    seen = [View(sentiment_counts(text), view.earlier, view.scale) for text, view in zip(texts, views, strict=True)]
    return fit_linear(seen, labels, scales=SCALES, penalty=PENALTY, seed=seed)
