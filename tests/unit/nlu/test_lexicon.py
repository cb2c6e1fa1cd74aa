from __future__ import annotations

from pathlib import Path

import pytest

from nlu import lexicon
from nlu.lexicon import find_opinions


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("what a lovely room", [1]),
        ("loved it", [2]),
        ("not good at all", [-1]),
        ("it isn't bad", [1]),
        ("it isnt really that bad", [1]),
        ("not my day, good food", [1]),
        ("the lift goes to the third floor", []),
        ("房间很好", [2]),
        ("不好吃", [-1]),
        ("没有让人失望", [2]),
        ("谈不上好吃", [-1]),
        ("我的订单到哪里了", []),
        ("服务 very good", [1]),
    ],
)
def test_words_that_praise_or_blame(text: str, values: list[int]) -> None:
    assert [one.value for one in find_opinions(text)[0]] == values


def test_clauses_are_told_apart() -> None:
    opinions, clauses = find_opinions("great screen, but it died. 屏幕漂亮，可惜卡")
    assert clauses == 4
    assert [(one.value > 0, one.clause) for one in opinions] == [
        (True, 0),
        (False, 1),
        (True, 2),
        (False, 3),
        (False, 3),
    ]


@pytest.mark.parametrize("text", ["", "...!?", "🙂", "12 34"])
def test_nothing_to_find(text: str) -> None:
    assert find_opinions(text)[0] == []


def test_no_word_praises_and_blames() -> None:
    listed: dict[bool, set[str]] = {True: set(), False: set()}
    for line in Path(lexicon.__file__).with_name("lexicon.tsv").read_text("utf-8").splitlines():
        strength, _, words = line.partition("\t")
        if not line.startswith("#"):
            listed[int(strength) > 0] |= set(words.split())
    assert len(listed[True] | listed[False]) > 1500
    assert listed[True] & listed[False] == set()


def test_the_longest_chinese_word_counts() -> None:
    (one,), _ = find_opinions("不好意思的话就算了，不好吃"[-3:])
    assert (one.strength, one.negated) == (-1, False)
