from __future__ import annotations

from random import Random

import pytest

from nlu.chinese_names import FAMILIAR, SURNAMES, with_another_name
from nlu.patterns import Found

TEXT = "我叫王小明，电话13912345678，住苏州"
SPANS = (("person", 2, 5), ("place", 21, 23))
PHONE = Found("phone", 8, 19, "+8613912345678")


@pytest.mark.parametrize("seed", range(20))
def test_all_that_stands_behind_a_name_moves_along(seed: int) -> None:
    renamed = with_another_name(TEXT, SPANS, [PHONE], Random(seed))
    assert renamed is not None
    text, spans, known = renamed
    named = {entity: text[start:end] for entity, start, end in spans}
    assert text.replace(named["person"], "王小明", 1) == TEXT
    assert named["person"][0] in SURNAMES
    assert len(named["person"]) in {2, 3}
    assert named["place"] == "苏州"
    assert [text[one.start : one.end] for one in known] == ["13912345678"]


def test_what_stands_before_a_name_stays() -> None:
    renamed = with_another_name("苏州的王小明", (("place", 0, 2), ("person", 3, 6)), [], Random(1))
    assert renamed is not None
    text, spans, _ = renamed
    assert spans[0] == ("place", 0, 2)
    assert (text[:3], spans[1][1], spans[1][2]) == ("苏州的", 3, len(text))


@pytest.mark.parametrize(("name", "kept"), [("张经理", "经理"), ("林姐", "姐")])
def test_titles_stay(name: str, kept: str) -> None:
    renamed = with_another_name(f"找{name}", (("person", 1, 1 + len(name)),), [], Random(3))
    assert renamed is not None
    assert renamed[0].endswith(kept)
    assert renamed[0][1] in SURNAMES


def test_who_is_called_familiarly_stays_so() -> None:
    renamed = with_another_name("找小张", (("person", 1, 3),), [], Random(3))
    assert renamed is not None
    assert renamed[0][1] in FAMILIAR


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("hello", ()),
        ("I am Jane", (("person", 5, 9),)),
        ("王小明和李雷", (("person", 0, 3), ("person", 4, 6))),
        ("思思", (("person", 0, 2),)),
        ("在苏州", (("place", 1, 3),)),
    ],
)
def test_what_is_left_alone(text: str, spans: tuple[tuple[str, int, int], ...]) -> None:
    assert with_another_name(text, spans, [], Random(0)) is None
