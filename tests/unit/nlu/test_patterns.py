from __future__ import annotations

from datetime import date

import pytest

from nlu.language import detect
from nlu.patterns import PatternExtractor
from nlu.tokens import new_vocabulary, tokenise

vocabulary = new_vocabulary()
extractor = PatternExtractor(vocabulary, today=lambda: date(2026, 11, 23))


def found(text: str) -> list[tuple[str, str, str]]:
    document = tokenise(text, vocabulary)
    return [(one.name, text[one.start : one.end], one.value) for one in extractor.find(text, document, detect(text))]


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("5 stars", ("rating", "5", "5")),
        ("five-star", ("rating", "five", "5")),
        ("4 out of 5", ("rating", "4", "4")),
        ("3/5", ("rating", "3", "3")),
        ("rating: 5", ("rating", "5", "5")),
        ("打4分", ("rating", "4", "4")),
        ("给你五颗星", ("rating", "五", "5")),
        ("评分2", ("rating", "2", "2")),
        ("4", ("rating", "4", "4")),
        ("two pairs", ("quantity", "two", "2")),
        ("3 of the cushions", ("quantity", "3", "3")),
        ("x2", ("quantity", "2", "2")),
        ("买了三个", ("quantity", "三", "3")),
        ("取消两件", ("quantity", "两", "2")),
        ("二十件", ("quantity", "二十", "20")),
        ("it cost $35.90", ("amount", "$35.90", "35.90 USD")),
        ("$1,299.00", ("amount", "$1,299.00", "1299.00 USD")),
        ("US$ 15", ("amount", "US$ 15", "15.00 USD")),
        ("100 euros", ("amount", "100 euros", "100.00 EUR")),
        ("¥120", ("amount", "¥120", "120.00 CNY")),
        ("35.90元", ("amount", "35.90元", "35.90 CNY")),
        ("RMB 88", ("amount", "RMB 88", "88.00 CNY")),
        ("三百二十块", ("amount", "三百二十块", "320.00 CNY")),
        ("Tom.B@Example.org。", ("email", "Tom.B@Example.org", "tom.b@example.org")),
        ("邮箱jane@example.com谢谢", ("email", "jane@example.com", "jane@example.com")),
        ("my number is (312) 555-0164", ("phone", "(312) 555-0164", "+13125550164")),
        ("手机13122345678谢谢", ("phone", "13122345678", "+8613122345678")),
        ("13122345678", ("phone", "13122345678", "+8613122345678")),
        ("+44 20 7946 0321", ("phone", "+44 20 7946 0321", "+442079460321")),
        ("tomorrow", ("date", "tomorrow", "2026-11-24")),
    ],
)
def test_one_entity(text: str, entity: tuple[str, str, str]) -> None:
    assert found(text) == [entity]


@pytest.mark.parametrize(
    "text",
    [
        "5分钟", "三分之一", "10分", "2.5 stars", "一个问题", "三个月", "第二个", "这两件", "一块毛巾", "开一张发票",
        "12", "$",
        "5 out of", "1380013800012345", "@example.com", "a@b", "24 hours", "满分10分给8分",
    ],
)  # fmt: skip
def test_nothing(text: str) -> None:
    assert found(text) == []


def test_several_side_by_side() -> None:
    assert found("order A1024 T-1001 $5 tomorrow 3pm") == [
        ("order_number", "A1024", "A1024"),
        ("ticket_number", "T-1001", "T-1001"),
        ("amount", "$5", "5.00 USD"),
        ("date", "tomorrow", "2026-11-24"),
        ("time", "3pm", "15:00"),
    ]


def test_regions_are_a_setting() -> None:
    british = PatternExtractor(vocabulary, today=date.today, phone_regions=["GB"])
    text = "07911 123456"
    assert found(text) == []
    assert [one.value for one in british.find(text, tokenise(text, vocabulary), "en")] == ["+447911123456"]
