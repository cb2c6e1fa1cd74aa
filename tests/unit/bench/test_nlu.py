from __future__ import annotations

import click
import pytest

from bench.nlu import named

NAMES = ["banking77", "own, en", "own, zh"]


@pytest.mark.parametrize(
    ("only", "meant"),
    [
        ((), NAMES),
        (("own",), ["own, en", "own, zh"]),
        (("own, zh",), ["own, zh"]),
        (("own, zh", "banking77"), ["banking77", "own, zh"]),
    ],
)
def test_sets_are_chosen_by_name(only: tuple[str, ...], meant: list[str]) -> None:
    assert named(NAMES, only) == meant


def test_a_set_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(click.UsageError, match=r"no set named snips; there are: banking77; own, en; own, zh"):
        named(NAMES, ["own", "snips"])
