from __future__ import annotations

from decimal import Decimal

import pytest

from nlu.numerals import parse_han, parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", "3"),
        ("1,299.00", "1299.00"),
        ("35,90", "35.90"),
        ("Two", "2"),
        ("twenty", "20"),
        ("三百二十", "320"),
        ("两", "2"),
    ],
)
def test_numbers(text: str, number: str) -> None:
    assert parse_number(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "三天", "٣"])
def test_no_numbers(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "number"), [("十", 10), ("十二", 12), ("二十", 20), ("一百零五", 105), ("二零二六", 2026), ("三千", 3000)]
)
def test_chinese_numerals(text: str, number: int) -> None:
    assert parse_han(text) == number
