"""Hashed n-grams: the same for the same text, free of what identifies a customer, bounded."""

from __future__ import annotations

import numpy as np

from satisfaction.ngrams import LONGEST_TURN, is_chinese, ngrams, normalise


def test_numbers_and_links_are_not_told_apart() -> None:
    one, other = ngrams("Order A1024, see https://shop.example/1"), ngrams("order a99,  see https://other.example/2?x")
    assert one.keys.tolist() == other.keys.tolist()
    assert normalise("A1024") == "a0"


def test_keys_rise_and_repeats_weigh_more() -> None:
    once, twice = ngrams("早上好"), ngrams("早上好早上好")
    assert (np.diff(once.keys.astype(np.int64)) > 0).all()
    assert once.weights.max() == 1.0
    assert twice.weights.max() > 1.0


def test_the_two_scripts_share_no_scheme() -> None:
    assert ngrams("谢谢").chinese
    assert not ngrams("thanks").chinese
    # 2 characters: 2 single ones and 1 pair
    assert ngrams("谢谢").keys.size == 2
    assert ngrams("谢了").keys.size == 3


def test_word_order_is_seen() -> None:
    assert set(ngrams("not good at all").keys) != set(ngrams("all good at not").keys)


def test_nothing_gives_nothing() -> None:
    for text in ("", "  \n", "\u200b"[:0]):
        assert ngrams(text).keys.size == 0


def test_odd_text_is_no_trouble() -> None:
    for text in ("🙂", "\x00\x01", "\ud800", "a", "!", "مرحبا"):
        assert ngrams(text).keys.dtype == np.uint32


def test_a_very_long_turn_is_read_up_to_the_limit() -> None:
    assert ngrams("订单" * LONGEST_TURN).keys.tolist() == ngrams("订单" * (LONGEST_TURN // 2)).keys.tolist()


def test_script() -> None:
    assert is_chinese("订单A1024呢")
    assert not is_chinese("hello there 好")
    assert not is_chinese("")
