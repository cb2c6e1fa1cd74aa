from __future__ import annotations

import pytest

from nlu.numbers import ORDER_NUMBER_PATTERN, TICKET_NUMBER_PATTERN, CodeFinder

orders = CodeFinder(ORDER_NUMBER_PATTERN)
tickets = CodeFinder(TICKET_NUMBER_PATTERN)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("A1024", "A1024"),
        ("where is a1024?", "a1024"),
        ("A-1024.", "A-1024"),
        ("cancel a 1024 please", "a 1024"),
        ("#A1024", "A1024"),
        ("订单A1024到哪", "A1024"),
        ("A 1 0 2 4", "A 1 0 2 4"),
        ("A: 1024", "A: 1024"),
        ("A1024-2", "A1024"),
    ],
)
def test_an_order_number_however_it_is_typed(text: str, written: str) -> None:
    (found,) = orders.find(text)
    assert (text[found.start : found.end], found.value) == (written, "A1024")


@pytest.mark.parametrize(
    "text",
    [
        "BA1024",
        "A1024b",
        "A102",
        "A123456789",
        "a 1024 piece puzzle",
        "a1024@example.com",
        "xa1024@b.com",
        "A1024.5",
        "T-1001",
    ],
)
def test_what_is_no_order_number(text: str) -> None:
    assert orders.find(text) == []


def test_several_order_numbers() -> None:
    assert [one.value for one in orders.find("A1024, A2048 and a-3000")] == ["A1024", "A2048", "A3000"]


@pytest.mark.parametrize("text", ["T-1001", "t1001", "T 1001", "ticket T-1001!", "工单T1001"])
def test_a_ticket_number_gets_its_hyphen(text: str) -> None:
    assert [one.value for one in tickets.find(text)] == ["T-1001"]


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [(r"\d{10}", "order 1234567890 please", "1234567890"), (r"SO\d{5}", "so-12345", "SO12345"), (r"#\d{4}", "x", None)],
)
def test_the_pattern_is_the_shops_own(pattern: str, text: str, value: str | None) -> None:
    assert [one.value for one in CodeFinder(pattern).find(text)] == ([value] if value else [])
