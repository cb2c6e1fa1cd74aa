from __future__ import annotations

import pytest

from nlu.greetings import without_greeting
from nlu.preparation import matching_form, prepare


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("hi\nmy order\nA1024", "my order a1024"),
        ("Good morning, can i talk to someone", "can i talk to someone"),
        ("hey there! hello? refund please", "refund please"),
        ("morning, are you open", "are you open"),
        ("你好\n订单\nA1024", "订单 a1024"),
        ("您好，在吗？我要退货", "我要退货"),
        ("早上好！请问什么时候发货", "请问什么时候发货"),
        ("哈囉～ 開發票", "开发票"),
        ("客服在吗\n转人工", "转人工"),
        ("hi，你好，A1024 呢", "a1024 呢"),
    ],
)
def test_what_follows_a_greeting(text: str, rest: str) -> None:
    assert without_greeting(matching_form(prepare(text).text)) == rest


@pytest.mark.parametrize("text", ["", "hi", "你好", "你好\n在吗", "Hello, good morning!", "hi !", "您好……"])
def test_a_greeting_alone_has_nothing_after_it(text: str) -> None:
    assert without_greeting(matching_form(prepare(text).text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "你好吗",
        "早上几点开门",
        "早上好用的咖啡机",
        "亲子装有吗",
        "high chair",
        "hi-fi speakers",
        "morning delivery?",
        "order A1024, hi",
    ],
)
def test_words_that_begin_alike_are_no_greeting(text: str) -> None:
    assert without_greeting(matching_form(prepare(text).text)) is None
