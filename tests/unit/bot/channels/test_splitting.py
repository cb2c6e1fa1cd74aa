"""Long texts are cut where a reader would pause, and lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.splitting import length, split

LIMIT = 4096
SENTENCE = "The parcel left our warehouse on Monday and is on its way to you. "
SENTENCE_ZH = "您的包裹已于周一从我们的仓库发出，正在送往您的地址。"


def test_a_short_text_is_one_part() -> None:
    assert split("Hello", LIMIT) == ["Hello"]
    assert split("", LIMIT) == split(" \n", LIMIT) == []


def test_an_emoji_counts_as_telegram_counts() -> None:
    assert length("a👍") == 3
    assert split("👍" * 2048, LIMIT) == ["👍" * 2048]
    assert [length(part) for part in split("👍" * 2049, LIMIT)] == [4096, 2]


@pytest.mark.parametrize(("sentence", "end"), [(SENTENCE, "."), (SENTENCE_ZH, "。")])
def test_a_long_text_is_cut_after_a_sentence(sentence: str, end: str) -> None:
    text = (sentence * 400).strip()
    parts = split(text, LIMIT)
    assert len(parts) > 2
    assert all(part.endswith(end) and 2048 <= length(part) <= 4096 for part in parts[:-1])
    joined = " ".join(parts) if end == "." else "".join(parts)
    assert joined == text


def test_in_a_short_part_the_better_place_counts_too() -> None:
    assert split("Hello there. Good day.", 14) == ["Hello there.", "Good day."]
    assert split("您好，这里是客服。请问您需要什么？", 9) == ["您好，这里是客服。", "请问您需要什么？"]


def test_a_paragraph_is_the_better_place() -> None:
    text = SENTENCE * 40 + "\n\n" + SENTENCE * 40
    assert split(text, LIMIT) == [(SENTENCE * 40).strip(), (SENTENCE * 40).strip()]


def test_a_paragraph_that_would_leave_little_is_not() -> None:
    parts = split("Yes.\n\n" + SENTENCE * 100, LIMIT)
    assert length(parts[0]) > 2048


def test_without_sentences_it_is_cut_between_words_and_else_anywhere() -> None:
    assert split("abc def ghi", 8) == ["abc def", "ghi"]
    assert split("abcdefghij", 4) == ["abcd", "efgh", "ij"]


@pytest.mark.parametrize("sign", ["\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "e\u0301", "\u2764\ufe0f"])
def test_no_sign_is_torn_apart(sign: str) -> None:
    text = "x" * 7 + sign
    assert split(text, 8) == ["x" * 7, sign]


@given(st.text(st.sampled_from("ab 。.\n👍é🏽，,\u200d"), max_size=200), st.integers(2, 40))
def test_nothing_but_space_is_lost_and_no_part_is_too_long(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(part == part.strip() and 0 < length(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
