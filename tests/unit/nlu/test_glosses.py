from __future__ import annotations

import pytest

from nlu.glosses import gloss, load_glossary
from nlu.script import simplified


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我的订单到哪里了", ["my", "order", "arrive", "where"]),
        ("取消订单", ["cancel", "order"]),
        ("退款", ["refund"]),
        ("订单 <order_number> 发货了吗", ["order", "<order_number>", "ship", "question", "mark"]),
    ],
)
def test_words_are_glossed_the_longest_first(text: str, words: list[str]) -> None:
    assert gloss(text).split() == words


def test_other_text_stays() -> None:
    assert gloss("where is it?") == "where is it?"


def test_every_word_of_the_glossary_is_chinese_or_mixed_and_every_gloss_is_plain() -> None:
    glossary = load_glossary()
    assert len(glossary) > 2000
    assert all(gloss.isascii() and gloss for gloss in glossary.values())


def test_simplified_keeps_the_length() -> None:
    text = "訂單還沒收到貨，A1024"
    assert simplified(text) == "订单还没收到货，A1024"
    assert len(simplified(text)) == len(text)
