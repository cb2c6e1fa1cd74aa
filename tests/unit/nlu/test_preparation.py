from __future__ import annotations

import pytest

from nlu.preparation import MAX_CHARACTERS, matching_form, prepare


@pytest.mark.parametrize(
    ("original", "normal"),
    [
        ("Ａ１０２４", "A1024"),
        ("ﬁne", "fine"),
        ("e\u0301te\u0301", "été"),
        ("\u1100\u1161\u11a8", "각"),
        ("か\u3099", "が"),
        ("a\u200bb\u202e\x00c", "abc"),
        ("one\r\n\ttwo", "one two"),
        ("\ud800x", "x"),
        ("&quot;A&amp;B&quot;&nbsp;&lt;3", '"A&B" <3'),
        ("&#20320;好&#x597d;&#8203;", "你好好"),
        ("R&D; &c; &", "R&D; &c; &"),
        ("&#55296;", "\ufffd"),
        ("", ""),
    ],
)
def test_normal_form(original: str, normal: str) -> None:
    assert prepare(original).text == normal


def test_spans_lead_back_to_the_original() -> None:
    prepared = prepare("\u200b订单 Ａ１０２４ ﬁne")
    start = prepared.text.index("A1024")
    first, last = prepared.original_span(start, start + 5)
    assert prepared.original[first:last] == "Ａ１０２４"
    ligature = prepared.text.index("i")  # the second half of one character
    assert prepared.original[slice(*prepared.original_span(ligature, ligature + 1))] == "ﬁ"


def test_a_character_written_for_html_is_one_span() -> None:
    prepared = prepare("Tom &amp; Ann")
    at = prepared.text.index("&")
    assert prepared.original[slice(*prepared.original_span(at, at + 1))] == "&amp;"


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    prepared = prepare("ä" * 100_000)
    assert len(prepared.text) == MAX_CHARACTERS
    assert len(prepared.original) == 100_000


@pytest.mark.parametrize(
    ("text", "matching"),
    [
        ("SOOOOO good!!!!", "soo good!!"),
        ("A10000", "a10000"),
        ("👍🏽", "yes ok"),
        ("好的👌", "好的 yes ok"),
        ("h e l p me", "help me"),
        ("plan a b c", "plan a b c"),
        ("c a n c e l", "cancel"),
        ("好好好好吃。。。。", "好好吃。。"),
        ("訂單還沒收到貨", "订单还没收到货"),
        ("  a   b ", "a b"),
    ],
)
def test_matching_form(text: str, matching: str) -> None:
    assert matching_form(text) == matching
