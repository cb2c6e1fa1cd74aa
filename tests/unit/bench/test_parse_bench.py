from __future__ import annotations

import os

import pytest

from bench.parse_load import Times, on_one_core
from bench.parse_texts import LONG, Texts, held_out
from nlu.language import detect


def test_no_text_is_handed_out_twice() -> None:
    texts = Texts(20)
    handed = [*texts.short("en", 50).texts, *texts.mixed(100), *texts.short("zh", 50).texts, *texts.mixed(100)]
    assert len(set(handed)) == len(handed) == 300


def test_there_are_enough_for_a_whole_bench() -> None:
    texts = Texts(20)
    assert len(texts.short("en", 1500).texts) == len(texts.short("zh", 1500).texts) == 1500


@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_are_of_their_kind(language: str) -> None:
    texts = Texts(20)
    assert {detect(one) for one in texts.short(language, 100).texts} == {language}
    long = texts.long(language, 20).texts
    assert len(long) == 20
    assert all(LONG <= len(one) < 2 * LONG for one in long)


def test_texts_are_the_same_each_time() -> None:
    assert Texts(20).mixed(40) == Texts(20).mixed(40) != Texts(21).mixed(40)


def test_held_out_utterances_are_of_both_languages() -> None:
    assert {"en", "zh"} <= {detect(one) for one in held_out()}


def test_times_are_summed_up() -> None:
    assert Times.of([float(number) for number in range(1, 102)]) == Times(51.0, 96.0, 101.0)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system pins no process")
def test_one_core_is_for_what_starts_within() -> None:
    before = os.sched_getaffinity(0)
    with on_one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
