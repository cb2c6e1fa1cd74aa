"""Where a message is cut, and what is never cut."""

from __future__ import annotations

import pytest

from nlu.clauses import MOST_CLAUSES, clauses_of
from nlu.preparation import prepare


def pieces(text: str) -> list[tuple[str, str | None]]:
    prepared = prepare(text).text
    return [(prepared[each.start : each.end], each.border) for each in clauses_of(prepared)]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("cancel A1024 and change my phone", [("cancel A1024", None), ("change my phone", "weak")]),
        ("cancel it, and also send the bill", [("cancel it", None), ("send the bill", "strong")]),
        ("Where is it? By the way, are you open", [("Where is it", None), ("are you open", "strong")]),
        ("hi there, where is it; are you open", [("where is it", None), ("are you open", "mark")]),
        ("it costs $3.50, right", [("it costs $3.50", None), ("right", "comma")]),
        ("查一下A1024到哪了，顺便开张发票", [("查一下A1024到哪了", None), ("开张发票", "strong")]),
        ("先取消A8080，再把邮箱改一下", [("先取消A8080", None), ("把邮箱改一下", "weak")]),
        ("你好，有货吗 运费多少", [("有货吗", None), ("运费多少", "space")]),
        ("到哪了？另外，几点关门", [("到哪了", None), ("几点关门", "strong")]),
    ],
)
def test_the_clauses_of_a_message(text: str, cut: list[tuple[str, str | None]]) -> None:
    assert pieces(text) == cut


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hi",
        "cancel A1024",
        "我要退水壶和杯子",
        "还有货吗",
        "the Anderson plush",
        "also",
        "订单A1024呢",
        "Hi, good morning!",
    ],
)
def test_what_is_one_clause(text: str) -> None:
    assert pieces(text) == []


def test_nothing_is_cut_within_a_name_or_an_address() -> None:
    text = "move it to 12 Church and Mill Road, Leeds and cancel A1024"
    address = (text.index("12"), text.index(" and cancel"))
    cut = clauses_of(text, [address])
    assert [text[each.start : each.end] for each in cut] == [
        "move it to 12 Church and Mill Road, Leeds",
        "cancel A1024",
    ]


def test_a_long_story_is_not_cut() -> None:
    assert len(pieces(". ".join(["so it was"] * MOST_CLAUSES))) == MOST_CLAUSES
    assert pieces(". ".join(["so it was"] * (MOST_CLAUSES + 1))) == []
