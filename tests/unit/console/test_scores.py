from __future__ import annotations

import pytest

from console.messages import signed
from console.scores import mood


@pytest.mark.parametrize(
    ("mean", "name"), [(1.0, "poor"), (2.7, "poor"), (2.75, "fair"), (3.7, "fair"), (3.75, "good"), (5.0, "good")]
)
def test_a_mean_has_a_word(mean, name):
    assert mood(mean) == name


@pytest.mark.parametrize(
    ("number", "text"), [(0.44, "+0.4"), (-0.86, "−0.9"), (0.04, "0.0"), (-0.04, "0.0"), (0, "0.0")]
)
def test_effects_carry_their_sign(number, text):
    assert signed(number) == text
