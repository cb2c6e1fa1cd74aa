"""Which passage is chosen, and how sure that is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlu.certainty import (
    Meant,
    Weights,
    choose,
    choosing_features,
    deciding_features,
    fitted_weights,
    ranked,
    save_weights,
)
from nlu.passages import LANGUAGES, read_knowledge
from nlu.understanding import IntentScore
from tests.unit.nlu.small_knowledge import written

LIKENESSES = np.array([[0.3, 0.2, 0.1], [0.9, 0.8, 0.7]])


def meant(text: str = "can I use a locker", **intents: float) -> Meant:
    return Meant.of(text, [IntentScore(name, confidence) for name, confidence in intents.items()])


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("can I return it", True),
        ("ok so when do you open", True),
        ("Hi, do you ship abroad", True),
        ("the lamp is broken", False),
        ("candles arrived broken", False),
        ("能退吗", True),
        ("退货要几天", True),
        ("可以放邻居那里不", True),
        ("灯坏了", False),
        ("returns?", True),
    ],
)
def test_a_question_is_told_by_its_form(text: str, asks: bool) -> None:
    assert meant(text).is_question is asks


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_passage_most_alike_is_chosen(tmp_path: Path, language: str) -> None:
    passages = [each for each in read_knowledge(written(tmp_path)) if each.language == "en"]
    choice = choose(passages, LIKENESSES, meant(ask_shipping=0.9), fitted_weights()[language])
    assert choice.place == 1
    assert choice.probability > 0.6


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_intent_makes_an_answer_less_probable_and_surely_so(tmp_path: Path, language: str) -> None:
    passages = [each for each in read_knowledge(written(tmp_path)) if each.language == "en"]
    weights = fitted_weights()[language]
    probabilities = [
        choose(passages, LIKENESSES, each, weights).probability
        for each in (meant(ask_shipping=0.9), meant(), meant(cancel_order=0.5), meant(cancel_order=0.99))
    ]
    assert probabilities[1:] == sorted(probabilities[1:], reverse=True)
    assert probabilities[3] < probabilities[0]


def test_the_features_are_what_they_are_said_to_be(tmp_path: Path) -> None:
    passages = [each for each in read_knowledge(written(tmp_path)) if each.language == "en"]
    understood = meant(ask_shipping=0.5, report_problem=0.2, complain=0.1, out_of_scope=0.15, nlu_fallback=0.4)
    assert choosing_features(passages, LIKENESSES, understood) == pytest.approx(
        np.array([[0.3, 0.2, 0.1, 0.5], [0.9, 0.8, 0.7, 0.5]])
    )
    place, shares = ranked(passages, LIKENESSES, understood, (0.0, 0.0, 1.0, 0.0))
    assert place == 1
    assert shares == pytest.approx(np.array([1 / (1 + np.exp(0.6)), 1 / (1 + np.exp(-0.6))]))
    features = deciding_features(passages, LIKENESSES, understood, place, shares)
    assert features == pytest.approx(np.array([0.9, 0.8, 0.7, shares[1], 0.5, 0.5, 0.2, 0.15, 1.0]))


def test_weights_are_kept_as_they_were_fitted(tmp_path: Path) -> None:
    weights = {"en": Weights((1.0, 2.0), (3.0,), -4.0)}
    save_weights(weights, tmp_path / "weights.json")
    assert (tmp_path / "weights.json").read_text("utf-8").count("2.0") == 1
    assert set(fitted_weights()) == set(LANGUAGES)
    for each in fitted_weights().values():
        assert (len(each.choosing), len(each.deciding)) == (4, 9)
