"""How a predicted score and a stated rating look: always a number and words, colour only beside them."""

from __future__ import annotations

from console.markup import chip, tag
from console.words import Words
from crm.views import ScoreView

GOOD = 3.75
POOR = 2.75
"""Where the words change, on the 1–5 scale; the middle is called so-so."""


def mood(mean: float) -> str:
    """``good``, ``fair`` or ``poor``."""
    if mean >= GOOD:
        return "good"
    return "fair" if mean >= POOR else "poor"


def score_chip(score: ScoreView | None, words: Words) -> None:
    if score is None:
        chip(words("list.not_scored"), "chip-quiet")
        return
    name = mood(score.mean)
    interval = words("score.interval", low=f"{score.low:.1f}", high=f"{score.high:.1f}")
    with chip("", f"score score-{name}", hint=f"{words('score.predicted')}: {interval}"):
        tag("b", f"{score.mean:.1f}")
        tag("span", words(f"mood.{name}"))
        tag("span", words("score.interval_short", low=f"{score.low:.1f}", high=f"{score.high:.1f}"), "score-interval")


def rating_chip(rating: int, words: Words) -> None:
    with chip("", "rating", hint=words("rating.title")):
        tag("span", "★" * rating + "☆" * (5 - rating), "stars", aria_hidden="true")
        tag("span", words("rating.stated", score=rating))
