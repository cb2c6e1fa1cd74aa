from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from nlu.intents import FALLBACK, FallbackPolicy, IntentClassifier
from nlu.linear import LinearModel, Scale, TermWeighting
from nlu.utterance import View

LABELS = ("greet", "inform", "ask_order_status")


def classifier(bias: list[float], **policy: float) -> IntentClassifier:
    """Scores are the bias alone: the utterance has no terms and a vector of nothing."""
    weighting = TermWeighting((), np.zeros(0, dtype=np.float32))
    weights = np.zeros((2, 3), dtype=np.float32)
    scales = {"en": Scale(1.0, 1.0)}
    model = LinearModel(LABELS, weighting, weights, np.array(bias, dtype=np.float32), scales, {"en": 1.0})
    return IntentClassifier(model, FallbackPolicy(**policy))


def hearing(whole: list[float], past_greeting: list[float]) -> IntentClassifier:
    """Scores are the vector: the whole utterance's is (1, 0), that of what follows its greeting (0, 1)."""
    weighting = TermWeighting((), np.zeros(0, dtype=np.float32))
    weights = np.array([whole, past_greeting], dtype=np.float32)
    model = LinearModel(LABELS, weighting, weights, np.zeros(3, np.float32), {"en": Scale(1.0, 1.0)}, {"en": 1.0})
    return IntentClassifier(model, FallbackPolicy())


WHOLE = View(Counter(), np.array([1, 0], dtype=np.float32), "en")
PAST_GREETING = View(Counter(), np.array([0, 1], dtype=np.float32), "en")
VIEW = View(Counter(), np.zeros(2, dtype=np.float32), "en")


def test_the_ranking_is_best_first_and_sums_to_one() -> None:
    ranking = classifier([0.0, 3.0, 1.0]).rank(VIEW)
    assert [one.name for one in ranking] == ["inform", "ask_order_status", "greet"]
    assert sum(one.confidence for one in ranking) == pytest.approx(1.0, abs=1e-5)


def test_too_little_confidence_falls_back_and_keeps_the_ranking() -> None:
    ranking = classifier([0.0, 0.6, 0.3], threshold=0.5, ambiguity=0.0).rank(VIEW)
    assert [one.name for one in ranking] == [FALLBACK, "inform", "ask_order_status", "greet"]
    assert ranking[0].confidence == 0.5


@pytest.mark.parametrize(
    ("bias", "words", "intent"),
    [
        ([5.0, 0.0, 0.0], 1, "greet"),
        ([5.0, 0.0, 0.0], 2, FALLBACK),
        ([1.0, 0.5, 0.0], 1, FALLBACK),
        ([0.0, 5.0, 0.0], 1, FALLBACK),
    ],
)
def test_of_another_language_a_single_sure_courtesy_is_heard(bias: list[float], words: int, intent: str) -> None:
    one = classifier(bias)
    heard = one.courtesy_at_most(one.rank(VIEW), words=words)
    assert heard[0].name == intent
    assert one.courtesy_at_most(heard, words=2)[1].name != FALLBACK


def test_two_nearly_tied_fall_back() -> None:
    assert classifier([-9.0, 3.0, 2.95], threshold=0.3, ambiguity=0.05).rank(VIEW)[0].name == FALLBACK
    assert classifier([-9.0, 3.0, 2.5], threshold=0.3, ambiguity=0.05).rank(VIEW)[0].name == "inform"


def test_bare_data_informs_whatever_the_model_makes_of_it() -> None:
    ranking = classifier([5.0, 0.0, 0.0]).rank(VIEW, bare=True)
    assert (ranking[0].name, ranking[0].confidence) == ("inform", 0.95)
    assert sum(one.confidence for one in ranking) == pytest.approx(1.0, abs=1e-5)
    assert classifier([0.0, 9.0, 0.0]).rank(VIEW, bare=True)[0].confidence > 0.99


@pytest.mark.parametrize(
    ("whole", "past_greeting", "intent"),
    [
        ([2.0, 0.0, 1.0], [0.0, 0.0, 4.0], "ask_order_status"),  # surely a request
        ([2.0, 0.0, 1.0], [0.0, 0.5, 1.5], "greet"),  # less surely a request than the whole is a greeting
        ([2.0, 0.0, 1.0], [0.0, 9.0, 0.0], "greet"),  # "hi, I'm Jane" remains a greeting
        ([0.0, 2.0, 1.0], [0.0, 0.1, 0.0], "inform"),  # nothing that could be made out
    ],
)
def test_a_request_after_a_greeting_counts(whole: list[float], past_greeting: list[float], intent: str) -> None:
    assert hearing(whole, past_greeting).rank(WHOLE, past_greeting=PAST_GREETING)[0].name == intent
