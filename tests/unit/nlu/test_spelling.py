from __future__ import annotations

import pytest

from nlu.spelling import Spelling

WORDS = {
    "no": 8.0,
    "cancel": 5.0,
    "order": 9.0,
    "orders": 2.0,
    "refund": 4.0,
    "help": 6.0,
    "leather": 1.0,
    "mug": 3.0,
    "card": 1.0,
}
SPELLING = Spelling(WORDS, lambda word: word in {"weather", "postcode", "cart"})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("cancle my oder", "cancel my order"),  # swapped; missing
        ("cancell", "cancel"),  # doubled
        ("refumd please", "refund please"),  # a neighbouring key
        ("refnd", "refund"),
        ("heelp", "help"),
        ("noo", "no"),
        ("oorder", "order"),
        ("ordrs", "orders"),  # nearer than the commoner "order"
        ("ordr", "order"),
    ],
)
def test_a_word_nobody_knows_becomes_the_commonest_one_slip_away(written: str, read: str) -> None:
    assert SPELLING.corrected(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "weather",  # known to the encoder, though one slip from "leather"
        "cart", "mx", "ordeeer", "blancel", "cancer", "vrder", "mag", "yup",
        "<order_number>", "oder@example.com", "re-oder", "oder's", "1oder", "",
    ],
)  # fmt: skip
def test_what_is_left_alone(text: str) -> None:
    known = Spelling(WORDS, lambda word: word in {"weather", "cart", "cancer"})
    assert known.corrected(text) == text


def test_of_words_as_common_as_each_other_the_first_is_taken() -> None:
    assert Spelling({"mail": 1.0, "main": 1.0}, lambda word: False).corrected("maix") == "mail"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("我的定单呢", "我的订单呢"),
        ("要腿款", "要退款"),
        ("再吗", "在吗"),
        ("麻烦改下收货地扯", "麻烦改下收货地址"),
        ("确定单号是A1024", "确定单号是A1024"),
        ("积木有多少块", "积木有多少块"),
    ],
)
def test_words_typed_by_sound(written: str, read: str) -> None:
    assert SPELLING.corrected(written) == read
