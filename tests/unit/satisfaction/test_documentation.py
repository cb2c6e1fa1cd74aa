"""docs/satisfaction.md and the code agree: every signal and range, every judged weight, every move, every error."""

from __future__ import annotations

from pathlib import Path

import pytest

from satisfaction import errors
from satisfaction.features import SIGNALS, SignalSpec
from satisfaction.judgement import BOT_PRIOR, TEXT_SHARE, TILTS, WIDENED
from satisfaction.parameter_file import GRADES, MOVES

PAGE = (Path(__file__).parents[3] / "docs" / "satisfaction.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", SIGNALS, ids=lambda spec: spec.name)
def test_every_signal_is_documented(spec: SignalSpec) -> None:
    tilt = f"{TILTS[spec.name]:g}".replace("-", "−") if spec.name in TILTS else ""
    low, high = (f"{value:g}".replace("-", "−") for value in (spec.low, spec.high))
    assert f"| `{spec.name}` | {spec.unit} | {low}…{high} | {spec.needs} | {spec.meaning} | {tilt} |" in PAGE


@pytest.mark.parametrize("name", [*MOVES, "wording", "course"])
def test_every_other_reason_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_judged_constants_are_documented() -> None:
    assert f"mean {BOT_PRIOR @ GRADES:.2f}" in PAGE
    assert f"a share of {TEXT_SHARE:g}" in PAGE
    assert f"{WIDENED:g} times" in PAGE


def test_every_error_is_in_the_tree_that_opens_its_module() -> None:
    assert errors.__doc__ is not None
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in kinds:
        if issubclass(kind, errors.SatisfactionError) and kind is not errors.SatisfactionError:
            assert f"{kind.__name__} " in errors.__doc__
            assert kind.code in errors.__doc__
