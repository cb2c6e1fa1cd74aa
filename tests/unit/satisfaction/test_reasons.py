"""Words for every signal, and the choice of the signal that is named."""

from __future__ import annotations

import pytest

from satisfaction.features import NAMES, Observed, observe
from satisfaction.judgement import TILTS
from satisfaction.reasons import COURSE, WORDING, main_signal, words_for
from satisfaction.transcript import Turn

COMPLAINING = observe(Turn("t", "customer", "This is terrible"))
ASKING = observe(Turn("t", "customer", "Where is my order?"))


@pytest.mark.parametrize("signal", sorted(TILTS))
def test_every_judged_signal_has_words_for_the_way_it_pulls(signal: str) -> None:
    words = words_for(signal, "customer", raised=TILTS[signal] > 0)
    assert words.en
    assert any("\u4e00" <= sign <= "\u9fff" for sign in words.zh)


@pytest.mark.parametrize("raised", [False, True])
@pytest.mark.parametrize("author", ["customer", "bot"])
@pytest.mark.parametrize("signal", [WORDING, COURSE])
def test_wording_and_course_have_words_either_way(signal: str, author: str, raised: bool) -> None:
    assert words_for(signal, author, raised=raised).zh  # type: ignore[arg-type]


def test_judged_signals_are_signals() -> None:
    assert set(TILTS) <= set(NAMES)


def named(seen: Observed, pulls: dict[str, float], effect: float, move: str = "customer_nothing") -> str:
    return main_signal(seen, pulls, effect, move)


def test_the_strongest_that_pulled_the_same_way_is_named() -> None:
    assert named(COMPLAINING, {"complaints": -0.3, "swearing": 0.9, "customer_turns": -0.4}, -0.5) == "complaints"


def test_form_is_named_only_where_it_explains_three_times_as_much() -> None:
    assert named(COMPLAINING, {"complaints": -0.1, "customer_turns": -0.4}, -0.5) == "customer_turns"
    assert named(COMPLAINING, {"complaints": -0.2, WORDING: -0.4}, -0.5) == "complaints"


def test_a_turn_is_not_called_what_it_does_not_show() -> None:
    assert named(ASKING, {"complaints": -0.5, WORDING: -0.1}, -0.5) == WORDING
    assert named(ASKING, {"thanks_at_end": 0.5}, 0.5) == COURSE


def test_a_move_is_named_before_mere_wording_and_only_the_way_it_counts() -> None:
    answer = observe(Turn("t", "bot", "It is in the green box."))
    assert named(answer, {WORDING: 0.4}, 0.5, "agent_solves") == "agent_solves"
    assert named(answer, {WORDING: -0.4}, -0.5, "agent_solves") == WORDING
    assert named(answer, {WORDING: -0.4}, -0.5, "agent_nothing") == "agent_nothing"
